from rest_framework import serializers

from adaptive.api.shapes.fields import ExternalId, ObjectField, ShareField, StrictCharField
from adaptive.catalog.checking import KINDS
from adaptive.catalog.formats import FORMATS
from adaptive.catalog.models import Course


class CourseBody(serializers.Serializer):
    title = StrictCharField(max_length=255)
    language = StrictCharField(max_length=35, default="en", help_text="BCP 47, such as `en` or `de-AT`.")
    description = StrictCharField(required=False, allow_blank=True)
    listing = serializers.ChoiceField(
        choices=Course.Listing.values,
        required=False,
        help_text="Do learners of other courses find it in their catalogue, and may they enrol themselves (`open`)?",
    )


class CourseShape(CourseBody):
    id = serializers.CharField()
    description = serializers.CharField()
    listing = serializers.ChoiceField(choices=Course.Listing.values)


class SkillBody(serializers.Serializer):
    name = StrictCharField(max_length=255)
    description = StrictCharField(default="", allow_blank=True)
    prerequisites = serializers.ListField(child=ExternalId(), default=list, max_length=200)
    position = serializers.IntegerField(required=False, min_value=0, max_value=1_000_000)


class SkillShape(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    prerequisites = serializers.ListField(child=serializers.CharField())


class ChoiceShape(serializers.Serializer):
    id = serializers.CharField(max_length=64)
    text = serializers.CharField()
    feedback = serializers.CharField(required=False, allow_blank=True)
    misconception = serializers.CharField(required=False, allow_blank=True)


class ResourceBody(serializers.Serializer):
    """For the document only: the catalogue's own check knows every format and reads the whole body."""

    kind = serializers.ChoiceField(choices=KINDS)
    title = serializers.CharField(max_length=255)
    body = serializers.CharField(required=False, allow_blank=True, help_text="Markdown, TeX between dollars.")
    skills = serializers.ListField(child=ExternalId(), required=False, help_text="The main skill first.")
    duration_minutes = serializers.FloatField(required=False, default=3)
    url = serializers.URLField(required=False, allow_blank=True)
    language = serializers.CharField(max_length=35, required=False, allow_blank=True)
    response_format = serializers.ChoiceField(choices=list(FORMATS), required=False)
    choices = ChoiceShape(many=True, required=False)
    answer = ObjectField(
        required=False,
        help_text="By format: choice `{choice}`, multiple_choice `{choices}`, numeric `{value, tolerance}` or "
        "`{values}`, short_text and long_text `{references, accepted}`, ordering `{order}`, matching `{pairs}`, "
        "cloze `{gaps}`.",
    )
    hints = serializers.ListField(child=serializers.CharField(), required=False, help_text="From nudge to near-answer.")
    rubric = serializers.CharField(required=False, allow_blank=True)
    explanation = serializers.CharField(required=False, allow_blank=True, help_text="Shown after the answer.")
    authored_difficulty = ShareField(required=False, allow_null=True)


class ResourceShape(ResourceBody):
    id = serializers.CharField()


class ResourcePage(serializers.Serializer):
    results = ResourceShape(many=True)
    next = serializers.URLField(allow_null=True)
