from rest_framework import serializers

from adaptive.api.shapes.fields import (
    ExternalId,
    ObjectField,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
)
from adaptive.catalog.checking import KINDS
from adaptive.learners.models import Enrolment
from adaptive.learners.preferences import LENGTHS, PACES


class PreferencesBody(serializers.Serializer):
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=KINDS), required=False, max_length=len(KINDS))
    minutes_per_day = StrictIntegerField(required=False, min_value=0, max_value=1440)
    goal = StrictCharField(required=False, allow_blank=True, max_length=2000)
    length = serializers.ChoiceField(choices=LENGTHS, required=False)
    pace = serializers.ChoiceField(
        choices=PACES, required=False, help_text="`gentle`: smaller steps, `brisk`: bigger ones, within the window."
    )
    language = StrictCharField(required=False, max_length=35, help_text="Of resources, where there is a choice.")
    observe = StrictBooleanField(
        required=False,
        help_text="False: clicks, ratings and dismissals say nothing of preferences. Like length, pace and language "
        "the learner's own word on a page: what is left out here stays.",
    )


class LearnerBody(serializers.Serializer):
    """What is left out stays as it is."""

    display_name = StrictCharField(required=False, allow_blank=True, max_length=255)
    language = StrictCharField(required=False, max_length=35)
    preferences = PreferencesBody(required=False)
    ai_consent = StrictBooleanField(
        required=False,
        help_text="May a language model read this learner's answers? Without it a teacher does. What the learner "
        "said on their own page comes before it; taking it back takes back what they agreed to as well.",
    )


class LearnerShape(serializers.Serializer):
    id = serializers.CharField()
    display_name = serializers.CharField(allow_blank=True)
    language = serializers.CharField()
    preferences = PreferencesBody()
    ai_consent = serializers.BooleanField()


class EnrolmentBody(serializers.Serializer):
    role = serializers.ChoiceField(choices=Enrolment.Role.values, default=Enrolment.Role.LEARNER)
    cohort = StrictCharField(default="", allow_blank=True, allow_null=True, max_length=255)


class EnrolmentShape(serializers.Serializer):
    learner = ExternalId()
    course = ExternalId()
    role = serializers.ChoiceField(choices=Enrolment.Role.values)
    cohort = serializers.CharField(allow_null=True)


class ExportShape(serializers.Serializer):
    """All that is stored about a learner."""

    exported_at = serializers.DateTimeField()
    learner = ObjectField()
    enrolments = serializers.ListField(child=ObjectField())
    attempts = serializers.ListField(child=ObjectField())
    mastery = serializers.ListField(child=ObjectField())
    states = serializers.ListField(child=ObjectField())
    performance_assessments = serializers.ListField(child=ObjectField())
    conversations = serializers.ListField(child=ObjectField(), help_text="With the tutor: every turn.")
    study_plans = serializers.ListField(child=ObjectField())
    recommendations = serializers.ListField(child=ObjectField())
    rulings = serializers.ListField(child=ObjectField())
    experiments = serializers.ListField(child=ObjectField())
    texts_given_to_models = serializers.ListField(
        child=ObjectField(), help_text="Which model read what about the learner, when, and what was removed before."
    )
    audit = serializers.ListField(child=ObjectField())


class ErasedShape(serializers.Serializer):
    learner = serializers.CharField()
    state = serializers.CharField(help_text="`erased`")
    n_attempts_anonymised = serializers.IntegerField()
    n_attempts_deleted = serializers.IntegerField()
