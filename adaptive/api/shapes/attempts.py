from rest_framework import serializers

from adaptive.api.shapes.fields import ExternalId, ObjectField, ShareField, StrictCharField, StrictIntegerField
from adaptive.assessment.models import Assessment
from adaptive.events.models import Attempt


class AttemptBody(serializers.Serializer):
    learner = ExternalId()
    course = ExternalId()
    resource = ExternalId()
    response = ObjectField(required=False, allow_null=True, help_text='The shape of the answer: `{"value": "3/4"}`.')
    score = serializers.FloatField(
        required=False, allow_null=True, help_text="In [0, 1], instead of `response`: already scored by the LMS."
    )
    started_at = serializers.DateTimeField(required=False, allow_null=True)
    submitted_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Now, where left out.")
    n_hints = StrictIntegerField(default=0)
    latency_ms = StrictIntegerField(required=False, allow_null=True)

    def validate_score(self, value: float | None) -> float | None:
        if isinstance(self.initial_data.get("score"), bool | str):
            raise serializers.ValidationError("A score is a number from 0 to 1.")
        return value


class BulkLineBody(AttemptBody):
    idempotency_key = StrictCharField(
        required=False, max_length=255, help_text="The line's own key; without it the call's key and line number serve."
    )


class AssessorShape(serializers.Serializer):
    kind = serializers.ChoiceField(choices=Assessment.AssessorKind.values)
    model = serializers.CharField(allow_blank=True)
    prompt_version = serializers.CharField(allow_blank=True)


class AssessmentShape(serializers.Serializer):
    score = ShareField()
    label = serializers.ChoiceField(choices=Assessment.Label.values)
    feedback = serializers.CharField(allow_blank=True)
    misconception = serializers.CharField(allow_blank=True)
    confidence = ShareField()
    assessor = AssessorShape()


class MasteryChangeShape(serializers.Serializer):
    skill = serializers.CharField()
    before = ShareField()
    after = ShareField()


class AttemptShape(serializers.Serializer):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Attempt.State.values)
    learner = serializers.CharField()
    course = serializers.CharField()
    resource = serializers.CharField()
    response = ObjectField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField()
    n_hints = serializers.IntegerField()
    latency_ms = serializers.IntegerField(allow_null=True)
    assessment = AssessmentShape(allow_null=True)
    mastery = MasteryChangeShape(many=True)


class ContestBody(serializers.Serializer):
    reason = StrictCharField(max_length=2000)


class BulkLineShape(serializers.Serializer):
    """One line of the answer for each line of the body."""

    line = serializers.IntegerField(help_text="From 1.")
    id = serializers.IntegerField(required=False)
    state = serializers.ChoiceField(choices=Attempt.State.values, required=False)
    error = ObjectField(required=False, help_text="A problem document: why this line was not stored.")
