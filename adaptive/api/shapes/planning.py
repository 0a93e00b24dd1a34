import math
from datetime import time
from typing import Any

from rest_framework import serializers

from adaptive.api.shapes.fields import ExternalId, ShareField
from adaptive.catalog.checking import KINDS
from adaptive.planning.models import StudySession
from adaptive.planning.progress import AHEAD, DONE, MISSED, PARTLY, TODAY
from adaptive.planning.types import LEARN, MOCK, REVIEW
from adaptive.planning.wishes import MOST_DAYS_OFF, MOST_MINUTES, START


class StrictNumberField(serializers.FloatField):
    """A number: not a text of digits, not true, not NaN."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        if isinstance(data, int) and abs(data) > 10**9:
            self.fail("max_value", max_value=self.max_value)
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class StudyPlanQuery(serializers.Serializer):
    course = ExternalId(required=False, help_text="Needed where the learner has plans in several courses.")


class StudyPlanBody(serializers.Serializer):
    course = ExternalId()
    exam_at = serializers.DateTimeField(help_text="From tomorrow on, at most a year ahead.")
    target = StrictNumberField(min_value=0, max_value=1, help_text="Share of the exam's points, such as 0.8.")
    minutes_per_weekday = serializers.ListField(
        child=StrictNumberField(min_value=0, max_value=MOST_MINUTES),
        min_length=7,
        max_length=7,
        help_text="Monday first.",
    )
    days_off = serializers.ListField(child=serializers.DateField(), default=list, max_length=MOST_DAYS_OFF)
    start_time = serializers.TimeField(
        default=START, help_text="When work usually begins, in the installation's time zone."
    )

    def validate_start_time(self, value: time) -> time:
        return value.replace(tzinfo=None)


class PlannedItemShape(serializers.Serializer):
    resource = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    purpose = serializers.ChoiceField(choices=[LEARN, REVIEW, MOCK])
    skill = serializers.CharField()


class StudySessionShape(serializers.Serializer):
    date = serializers.DateField()
    starts_at = serializers.DateTimeField()
    minutes = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=StudySession.Kind.values)
    status = serializers.ChoiceField(
        choices=[DONE, PARTLY, MISSED, TODAY, AHEAD], help_text="Read off the learner's attempts of that day."
    )
    resources = serializers.ListField(child=serializers.CharField(), help_text="In the order of work.")
    items = PlannedItemShape(many=True)


class ForecastBasisShape(serializers.Serializer):
    coverage = ShareField(help_text="Share of held-out learners' outcomes that fell into such a band.")
    n_forecasts = serializers.IntegerField()
    n_learners = serializers.IntegerField()
    n_questions = serializers.IntegerField(help_text="Of the exam that is forecast.")


class ForecastShape(serializers.Serializer):
    """Of the exam's score as a share, for who works as planned. 80 % of outcomes are to fall between low and high."""

    low = ShareField()
    expected = ShareField()
    high = ShareField()
    now = ShareField(help_text="Expected if the exam were now.")
    idle = ShareField(help_text="Expected at the exam without any more practice.")
    p_target = ShareField(help_text="The chance of reaching the target; coarser than the band.")
    basis = ForecastBasisShape()


class MoreTimeShape(serializers.Serializer):
    minutes = serializers.IntegerField()
    expected = ShareField()
    is_enough = serializers.BooleanField()


class ShortfallShape(serializers.Serializer):
    """What can be had where the target is beyond the plan."""

    reachable = ShareField()
    minutes = serializers.IntegerField(help_text="Of the whole plan.")
    more = MoreTimeShape(allow_null=True, help_text="With more time; null where no day has room for more.")


class StudyPlanShape(serializers.Serializer):
    learner = serializers.CharField()
    course = serializers.CharField()
    exam_at = serializers.DateTimeField()
    target = ShareField()
    minutes_per_weekday = serializers.ListField(child=serializers.IntegerField())
    days_off = serializers.ListField(child=serializers.DateField())
    start_time = serializers.TimeField()
    planned_at = serializers.DateTimeField()
    sessions = StudySessionShape(many=True)
    forecast = ForecastShape()
    shortfall = ShortfallShape(allow_null=True, help_text="Null where the target is expected to be met.")
