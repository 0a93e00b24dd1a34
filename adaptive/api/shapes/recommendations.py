from rest_framework import serializers

from adaptive.api.shapes.fields import ExternalId, ObjectField, ShareField, StrictCharField, StrictIntegerField
from adaptive.catalog.checking import KINDS
from adaptive.recommendation.models import ImpressionEvent, Slate


class RecommendationsBody(serializers.Serializer):
    course = ExternalId()
    count = StrictIntegerField(min_value=1, max_value=20, default=5)
    purpose = serializers.ChoiceField(choices=Slate.Purpose.values, default=Slate.Purpose.PRACTICE)
    query = StrictCharField(allow_null=True, allow_blank=True, max_length=1000, default="")
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=KINDS), required=False, allow_null=True, max_length=len(KINDS)
    )


class ReasonShape(serializers.Serializer):
    code = serializers.CharField()
    facts = ObjectField()


class ExplanationShape(serializers.Serializer):
    state = serializers.ChoiceField(choices=["ready", "pending"])
    text = serializers.CharField()
    would_change_if = ObjectField(allow_null=True)


class ItemShape(serializers.Serializer):
    position = serializers.IntegerField(help_text="From 1.")
    resource = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    score = serializers.FloatField()
    p_correct = ShareField(allow_null=True, help_text="Null where nothing is answered.")
    propensity = ShareField(help_text="The chance this resource had to be put here.")
    reasons = ReasonShape(many=True)
    explanation = ExplanationShape()


class VariantShape(serializers.Serializer):
    name = serializers.CharField()
    variant = serializers.CharField()


class SlateShape(serializers.Serializer):
    id = serializers.UUIDField()
    learner = serializers.CharField()
    course = serializers.CharField()
    purpose = serializers.ChoiceField(choices=Slate.Purpose.values)
    policy = serializers.CharField()
    experiment = VariantShape(allow_null=True)
    created_at = serializers.DateTimeField()
    items = ItemShape(many=True)
    why_empty = serializers.CharField(required=False, help_text="There when `items` is empty.")


class EventBody(serializers.Serializer):
    type = serializers.ChoiceField(choices=ImpressionEvent.Type.values)
    rating = StrictIntegerField(required=False, allow_null=True, min_value=1, max_value=5)
    reason = serializers.ChoiceField(
        choices=ImpressionEvent.Reason.values, required=False, allow_null=True, allow_blank=True
    )
