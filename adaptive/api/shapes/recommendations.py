from typing import Any

from rest_framework import serializers

from adaptive.api.shapes.fields import ExternalId, ObjectField, ShareField, StrictCharField, StrictIntegerField
from adaptive.catalog.checking import KINDS
from adaptive.recommendation.models import ImpressionEvent, Slate
from adaptive.recommendation.services import MAX_COUNT, TAKEN_BACK, query_clean


class CountField(StrictIntegerField):
    """Any whole number, held within 1 and MAX_COUNT: who asks for more gets as many as there may be."""

    def to_internal_value(self, data: Any) -> int:
        return max(1, min(super().to_internal_value(data), MAX_COUNT))


class QueryField(StrictCharField):
    """Any text a learner may type, of any length: what cannot be seen and what is too long is left out, not refused."""

    def to_internal_value(self, data: Any) -> str:
        return query_clean(super().to_internal_value(data))


class RecommendationsBody(serializers.Serializer):
    course = ExternalId()
    count = CountField(default=5, help_text="Held within 1 and 20.")
    purpose = serializers.ChoiceField(choices=Slate.Purpose.values, default=Slate.Purpose.PRACTICE)
    query = QueryField(
        allow_null=True,
        allow_blank=True,
        default="",
        help_text="A request in words. Every item keeps its constraints: kind, minutes, difficulty, skill, pictures.",
    )
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=KINDS), required=False, allow_null=True, max_length=len(KINDS)
    )
    without = serializers.ListField(
        child=serializers.ChoiceField(choices=TAKEN_BACK),
        required=False,
        allow_null=True,
        max_length=len(TAKEN_BACK),
        help_text="Codes of `understood` that shall not count.",
    )


class ReasonShape(serializers.Serializer):
    code = serializers.CharField()
    facts = ObjectField()


class ExplanationShape(serializers.Serializer):
    state = serializers.ChoiceField(choices=["ready", "pending"])
    text = serializers.CharField()
    would_change_if = ObjectField(allow_null=True)


class SummaryShape(serializers.Serializer):
    sentences = serializers.ListField(
        child=serializers.CharField(), help_text="At most two, the author's own, as Markdown with TeX in $."
    )
    about = serializers.ListField(child=serializers.CharField(), help_text="What the learner lacks that they speak of.")


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
    summary = SummaryShape(
        allow_null=True, help_text="Chosen for this learner in feed and catalogue; null elsewhere and of no text."
    )


class VariantShape(serializers.Serializer):
    name = serializers.CharField()
    variant = serializers.CharField()


class UnderstoodShape(serializers.Serializer):
    code = serializers.ChoiceField(choices=TAKEN_BACK)
    value = serializers.JSONField(help_text="Kinds, minutes, words of difficulty, ids of skills, true or false.")
    label = serializers.CharField(help_text="In words, to be shown back.")
    words = serializers.CharField(help_text="Of the query, where it was read from.")
    is_in_force = serializers.BooleanField(help_text="False where it was in `without`.")
    is_missed = serializers.BooleanField(help_text="Of `words`: nothing in the course fits them; the rest is kept.")
    n_without = serializers.IntegerField(
        allow_null=True, help_text="Of an empty slate: how many items there would be without it alone; 20: or more."
    )


class OfferShape(serializers.Serializer):
    position = serializers.IntegerField(help_text="From 1.")
    course = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    language = serializers.CharField()
    score = serializers.FloatField()
    reasons = ReasonShape(many=True)
    explanation = serializers.CharField(help_text="The reasons in words; empty where nothing speaks for it.")
    may_enrol = serializers.BooleanField(help_text="May the learner enrol themselves?")
    enrolled_at = serializers.DateTimeField(allow_null=True, help_text="Taken up, here or with PUT .../enrolments/.")


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
    courses = OfferShape(
        many=True, required=False, help_text="Of the catalogue: courses to take up next that the learner is not in."
    )
    understood = UnderstoodShape(many=True, required=False, help_text="There when a `query` was given.")


class EventBody(serializers.Serializer):
    type = serializers.ChoiceField(choices=ImpressionEvent.Type.values)
    rating = StrictIntegerField(required=False, allow_null=True, min_value=1, max_value=5)
    reason = serializers.ChoiceField(
        choices=ImpressionEvent.Reason.values, required=False, allow_null=True, allow_blank=True
    )
