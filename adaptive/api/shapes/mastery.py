from rest_framework import serializers

from adaptive.api.shapes.fields import ExternalId, ShareField


class CourseQuery(serializers.Serializer):
    course = ExternalId()


class MasteryQuery(CourseQuery):
    evidence = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=50,
        help_text="So many of the attempts that moved each p_mastery most, the largest step first.",
    )


class EvidenceShape(serializers.Serializer):
    attempt = serializers.IntegerField()
    resource = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    before = ShareField()
    after = ShareField()
    contribution = serializers.FloatField(help_text="after - before, both as of the attempt.")


class SkillMasteryShape(serializers.Serializer):
    skill = serializers.CharField()
    p_mastery = ShareField()
    n_attempts = serializers.IntegerField()
    last_attempt_at = serializers.DateTimeField(allow_null=True)
    retrievability = ShareField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    evidence = EvidenceShape(many=True, required=False, help_text="Only where it was asked for.")


class PredictionsBody(serializers.Serializer):
    course = ExternalId()
    resources = serializers.ListField(child=ExternalId(), min_length=1, max_length=1000)


class PredictionShape(serializers.Serializer):
    resource = serializers.CharField()
    p_correct = ShareField()
