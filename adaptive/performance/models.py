"""What a session or a week of practice showed: facts with the attempts behind each, words that say no more than these.

The row is its own outbox, as an attempt's is: committed as pending, then told to a worker, claimed with a lease by the
database's clock, written once under the lease's token, found by the sweeper when forgotten.
"""

from django.db import models
from django.db.models.functions import Now

from adaptive.catalog.models import Course
from adaptive.learners.models import Learner


class PerformanceAssessment(models.Model):
    """An assessment of a learner's performance in one period; one per learner, course and period."""

    class Period(models.TextChoices):
        SESSION = "session"
        WEEK = "week"

    class State(models.TextChoices):
        PENDING = "pending"  # to be made, or made again because a mark changed; what was made before still stands
        READY = "ready"
        FAILED = "failed"

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="performance_assessments")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="performance_assessments")
    period = models.CharField(max_length=8, choices=Period)
    # Of a session: its first and its last answer. Of a week: from Monday, midnight, up to the next, which is left out.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    facts = models.JSONField(default=dict)  # see facts.py
    word_facts = models.JSONField(default=list)  # what the words may speak of: explanation.facts.Fact, one a line
    text = models.TextField(blank=True)
    plain_text = models.TextField(blank=True)  # from the templates; stands when the model's words are refused
    grounding = models.JSONField(default=dict)  # {is_checked, is_grounded, offending} of the plain words
    refused_text = models.TextField(blank=True)  # what the model wrote and the check refused
    is_reword_wanted = models.BooleanField(default=False)
    model = models.CharField(max_length=128, blank=True)  # of the words, where a model's stand
    prompt_version = models.CharField(max_length=64, blank=True)
    versions = models.JSONField(default=dict)  # of whatever else made it: builder, assessors of the attempts, language
    made_at = models.DateTimeField(null=True)  # when the attempts were read; null: not made yet

    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    next_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True)  # when a worker was last told; null: not of this work yet
    n_tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["learner", "course", "period", "starts_at"], name="one_performance_assessment_per_period"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gte=models.F("starts_at")), name="performance_period_runs_forward"
            ),
        ]
        indexes = [
            models.Index(fields=["learner", "course", "-ends_at"], name="performance_recent"),
            models.Index(fields=["next_at"], condition=models.Q(state="pending"), name="performance_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.period} of learner {self.learner_id} from {self.starts_at:%Y-%m-%d %H:%M}"
