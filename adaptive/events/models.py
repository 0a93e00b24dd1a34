"""Attempts: append-only, the source of truth for everything that is believed about a learner.

The attempt's own row is also the outbox of the work that it needs (state, lease, tries): it is committed before
anybody is told, a worker claims it with a lease by the database's clock, and a sweeper finds what was forgotten.
"""

from django.db import models
from django.db.models.functions import Now

from adaptive.catalog.models import Course, Resource
from adaptive.learners.models import Learner
from adaptive.tenants.models import Tenant


class Attempt(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued"
        ASSESSED = "assessed"
        NEEDS_REVIEW = "needs_review"
        FAILED = "failed"

    class Source(models.TextChoices):
        PAGE = "page"
        REST = "rest"
        IMPORT = "import"
        SIMULATION = "simulation"

    # What happened. A database trigger refuses any change to these columns.
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="attempts")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="attempts")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="attempts")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="attempts")
    response = models.JSONField(null=True)
    given_score = models.FloatField(null=True)  # already scored by the LMS
    started_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    n_hints = models.PositiveSmallIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(null=True)
    source = models.CharField(max_length=10, choices=Source)
    idempotency_key = models.CharField(max_length=255, null=True)
    request_hash = models.CharField(max_length=64, blank=True)  # of all that was sent under this key
    impression_id = models.BigIntegerField(null=True)  # the place of the slate it was picked from, if any

    # The work that it needs.
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    next_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(db_default=Now())  # when a worker was last told
    n_tries = models.PositiveSmallIntegerField(default=0)  # failures that were reported
    n_lost = models.PositiveSmallIntegerField(default=0)  # workers that died with it in hand
    last_error = models.TextField(blank=True)
    # Its place in the order in which this learner's state took attempts in (per learner and course, from 1).
    # Null: not taken in. Live update and replay both follow it.
    applied_seq = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "idempotency_key"],
                condition=models.Q(idempotency_key__isnull=False),
                name="attempt_idempotency_key_once",
            ),
            models.UniqueConstraint(
                fields=["learner", "course", "applied_seq"],
                condition=models.Q(applied_seq__isnull=False),
                name="attempt_applied_once",
            ),
            models.CheckConstraint(
                condition=models.Q(response__isnull=False) | models.Q(given_score__isnull=False),
                name="attempt_has_response_or_score",
            ),
            models.CheckConstraint(
                condition=models.Q(given_score__isnull=True) | models.Q(given_score__gte=0, given_score__lte=1),
                name="attempt_given_score_is_a_share",
            ),
        ]
        indexes = [
            models.Index(fields=["learner", "course", "-submitted_at"], name="attempt_learner_course"),
            models.Index(fields=["learner", "resource"], name="attempt_learner_resource"),
            models.Index(fields=["resource", "-submitted_at"], name="attempt_resource_recent"),
            # With what is counted of late, so that a class's fortnight is read from the index alone.
            models.Index(
                fields=["course", "-submitted_at"],
                include=["id", "learner", "resource"],
                name="attempt_course_recent",
            ),
            models.Index(fields=["next_at"], condition=models.Q(state="queued"), name="attempt_waiting"),
            models.Index(fields=["course"], condition=models.Q(state="needs_review"), name="attempt_in_review"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk}"
