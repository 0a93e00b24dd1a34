from rest_framework import serializers

from adaptive.api.paging import PageQuery
from adaptive.api.shapes.fields import ExternalId, ShareField, StrictCharField
from adaptive.api.shapes.recommendations import ExplanationShape, ReasonShape
from adaptive.catalog.checking import KINDS
from adaptive.recommendation.models import ImpressionEvent, Review, Slate
from adaptive.recommendation.review_list import STATES
from adaptive.recommendation.reviewing import MAX_NOTE

STATE_HELP = (
    "new: open and not reviewed; low_confidence, new_policy, explored: of these; disagreed: the learner disagreed; "
    "reviewed: decided. Left out: all of them. What is more than 14 days old is in none."
)


class ReviewsQuery(PageQuery):
    state = serializers.ChoiceField(choices=STATES, required=False, allow_blank=True, default="", help_text=STATE_HELP)


class OtherShape(serializers.Serializer):
    resource = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)


class ReviewShape(serializers.Serializer):
    decision = serializers.ChoiceField(choices=Review.Decision.values)
    scope = serializers.CharField(allow_null=True, help_text="learner, cohort or course; null for approve.")
    note = serializers.CharField(allow_blank=True)
    teacher = serializers.CharField(allow_null=True, help_text="Null: the LMS decided.")
    created_at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "with": OtherShape(allow_null=True)}


class ReviewRowShape(serializers.Serializer):
    id = serializers.UUIDField(help_text="Of the recommendation.")
    position = serializers.IntegerField(help_text="From 1.")
    learner = serializers.CharField()
    course = serializers.CharField()
    purpose = serializers.ChoiceField(choices=Slate.Purpose.values)
    policy = serializers.CharField()
    created_at = serializers.DateTimeField()
    resource = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    score = serializers.FloatField()
    p_correct = ShareField(allow_null=True)
    confidence = ShareField(
        allow_null=True, help_text="That the pick beats the alternative; the spread behind it is assumed, not measured."
    )
    is_exploration = serializers.BooleanField()
    reasons = ReasonShape(many=True)
    explanation = ExplanationShape()
    alternative = OtherShape(allow_null=True, help_text="What would have stood here instead.")
    disagreed = serializers.ChoiceField(choices=ImpressionEvent.Reason.values, allow_null=True)
    states = serializers.ListField(child=serializers.ChoiceField(choices=STATES))
    review = ReviewShape(allow_null=True)


class ReviewPageShape(serializers.Serializer):
    results = ReviewRowShape(many=True)
    next = serializers.URLField(allow_null=True)


class ReviewBody(serializers.Serializer):
    decision = serializers.ChoiceField(choices=Review.Decision.values)
    note = StrictCharField(required=False, allow_null=True, allow_blank=True, max_length=MAX_NOTE)
    scope = serializers.ChoiceField(
        choices=Review.Scope.values,
        required=False,
        allow_null=True,
        help_text="Of pin (left out: the learner) and never (left out: the learner's cohort, else the learner).",
    )
    teacher = ExternalId(required=False, allow_null=True, help_text="Who decides; must teach the course.")

    def get_fields(self) -> dict[str, serializers.Field]:
        swapped = ExternalId(required=False, allow_null=True, help_text="Of swap; left out: the alternative.")
        return {**super().get_fields(), "with": swapped}
