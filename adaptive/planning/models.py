"""A learner's way to an exam: what they asked for, and the dated sessions that were made of it.

Sessions and forecast can be made again at any time from what is asked for and what is believed; whether a session was
done is never stored, it is read off the attempts.
"""

import uuid
from datetime import time

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from adaptive.catalog.models import Course
from adaptive.learners.models import Learner


class StudyPlan(models.Model):
    """One plan per learner and course."""

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="study_plans")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="study_plans")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # of the calendar's events

    # What was asked for.
    exam_at = models.DateTimeField()
    target = models.FloatField(validators=[MinValueValidator(0), MaxValueValidator(1)])  # share of the exam's points
    minutes_per_weekday = models.JSONField()  # [7 whole numbers], Monday first
    days_off = models.JSONField(default=list, blank=True)  # [ISO dates], in order
    start_time = models.TimeField(default=time(17, 0))  # in the installation's time zone

    # What was made of it.
    planned_at = models.DateTimeField()
    shortfall = models.JSONField(null=True, blank=True)  # where the target is beyond the plan, see services.py
    forecast = models.JSONField(default=dict)  # planning.forecast.Forecast, and the kind of its band
    forecast_of = models.CharField(max_length=255, blank=True)  # names all that the forecast depends on
    versions = models.JSONField(default=dict)  # {planner, forecast, model}

    # The calendar feed: half of its secret address, "" while there is none. See calendar.py.
    feed_key = models.CharField(max_length=43, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "course"], name="one_study_plan_per_learner_and_course"),
            models.UniqueConstraint(fields=["feed_key"], condition=~models.Q(feed_key=""), name="study_feed_key_once"),
            models.CheckConstraint(
                condition=models.Q(target__gt=0, target__lte=1), name="study_plan_target_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"plan of {self.learner_id} for {self.exam_at:%Y-%m-%d}"


class StudySession(models.Model):
    """One day's work in a plan."""

    class Kind(models.TextChoices):
        PRACTICE = "practice"
        MOCK = "mock"

    plan = models.ForeignKey(StudyPlan, on_delete=models.CASCADE, related_name="sessions")
    day = models.DateField()
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    blocks = models.JSONField()  # [{purpose, skill: id, minutes, resources: [id]}]
    # For calendars: how often the session of this day was changed, and when last.
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["plan", "day"], name="one_study_session_a_day")]

    def __str__(self) -> str:
        return f"{self.kind} on {self.day}"

    @property
    def resource_ids(self) -> list[int]:
        return [pk for block in self.blocks for pk in block["resources"]]
