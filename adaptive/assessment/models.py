"""What was made of an attempt. An assessment is never changed; a better one supersedes it."""

from django.db import models
from django.db.models.functions import Now
from pgvector.django import VectorField

from adaptive.catalog.models import EMBEDDING_DIMENSIONS, Course, Resource
from adaptive.events.models import Attempt


class AssessorVersion(models.Model):
    """What was learned from a course's own marks and has the last word on the shipped assessor's: its card."""

    class Kind(models.TextChoices):
        CALIBRATOR = "calibrator"
        ADAPTER = "adapter"  # low-rank adapters of the cross-encoder, with a calibrator over them

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="assessor_versions")
    kind = models.CharField(max_length=32, choices=Kind)
    kind_version = models.CharField(max_length=32)  # of the code that learned it: another would read it otherwise
    base = models.CharField(max_length=128, blank=True)  # the assessor it corrects; it says nothing of another
    params = models.JSONField()
    data = models.JSONField(default=dict)  # what it was learned from
    figures = models.JSONField(default=dict)  # how good on answers left out
    seed = models.BigIntegerField(default=0)
    fit_seconds = models.FloatField(null=True, blank=True)
    is_active = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course"], condition=models.Q(is_active=True), name="one_active_assessor_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class AssessorFit(models.Model):
    """Learning that was asked for. Like an attempt's, its row is the outbox of the work."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    OPEN = ("queued", "running")

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=32, choices=AssessorVersion.Kind)
    seed = models.BigIntegerField(default=0)
    activate = models.BooleanField(default=False)
    asked_by = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    progress = models.TextField(blank=True)
    done_share = models.FloatField(default=0.0)
    outcome = models.TextField(blank=True)  # in words, once it is done
    error = models.TextField(blank=True)  # in words
    version = models.ForeignKey(AssessorVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    # The work. All times are the database's.
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(db_default=Now())
    n_tries = models.PositiveSmallIntegerField(default=0)  # failures that were reported
    n_lost = models.PositiveSmallIntegerField(default=0)  # workers that died with it in hand

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course"],
                condition=models.Q(status__in=["queued", "running"]),
                name="one_open_assessor_fit_per_course",
            )
        ]

    def __str__(self) -> str:
        return f"assessor fit {self.pk}"


class Assessment(models.Model):
    class Label(models.TextChoices):
        CORRECT = "correct"
        PARTIALLY_CORRECT = "partially_correct"
        CONTRADICTORY = "contradictory"
        IRRELEVANT = "irrelevant"
        INCORRECT = "incorrect"

    class AssessorKind(models.TextChoices):
        KEY = "key"
        LLM = "llm"
        TEACHER = "teacher"
        LMS = "lms"

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="assessments")
    is_current = models.BooleanField(default=True)
    # A mark that is held back counts for nothing until a teacher has looked at it.
    is_released = models.BooleanField(default=True)
    score = models.FloatField()
    label = models.CharField(max_length=18, choices=Label)
    feedback = models.TextField(blank=True)
    misconception = models.CharField(max_length=255, blank=True)
    missing = models.TextField(blank=True)  # words of what the answer lacked
    confidence = models.FloatField(default=1.0)
    assessor_kind = models.CharField(max_length=8, choices=AssessorKind)
    model = models.CharField(max_length=128, blank=True)
    prompt_version = models.CharField(max_length=64, blank=True)
    # What was learned from the school's own marks and had the last word; None: the assessor as it ships.
    version = models.ForeignKey(
        AssessorVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="assessments"
    )
    # Drawn by chance to be marked by a teacher too, though it was released: so agreement is measured on all of them.
    is_audit = models.BooleanField(default=False, db_default=False)
    assessed_by = models.CharField(max_length=255, blank=True)  # the teacher, where one marked
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["attempt"], condition=models.Q(is_audit=True, is_current=True), name="assessment_audit_waits"
            ),
            # Few answers show a named error; who looks for these need not read all marks there are.
            models.Index(
                fields=["attempt"],
                include=["misconception"],
                condition=models.Q(is_current=True, is_released=True) & ~models.Q(misconception=""),
                name="assessment_shown_error",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt"], condition=models.Q(is_current=True), name="one_current_assessment"
            ),
            # The fence's last line: a second worker cannot write a second machine assessment.
            models.UniqueConstraint(
                fields=["attempt"], condition=~models.Q(assessor_kind="teacher"), name="one_machine_assessment"
            ),
            models.CheckConstraint(condition=models.Q(score__gte=0, score__lte=1), name="assessment_score_is_a_share"),
            models.CheckConstraint(
                condition=models.Q(confidence__gte=0, confidence__lte=1), name="assessment_confidence_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.score:.2f}) for attempt {self.attempt_id}"


class AnswerVector(models.Model):
    """Where the words of an answer lie, kept while it waits for a teacher: to see which answers are alike."""

    attempt = models.OneToOneField(Attempt, on_delete=models.CASCADE, related_name="vector")
    embedding = VectorField(dimensions=EMBEDDING_DIMENSIONS)  # of length 1
    model = models.CharField(max_length=128)

    def __str__(self) -> str:
        return f"vector of attempt {self.attempt_id}"


class Agreement(models.Model):
    """How the machine's marks of a course (resource None) or an exercise agree with its teachers', as measured.

    Computed from the marks; can be computed again at any time. See assessment/trust/risk.py for the terms.
    """

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="agreements")
    resource = models.ForeignKey(Resource, null=True, blank=True, on_delete=models.CASCADE, related_name="agreements")
    model = models.CharField(max_length=128, blank=True)  # whose marks: figures of one assessor say nothing of another
    version = models.ForeignKey(AssessorVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    limit = models.FloatField()  # of the error among marks released alone
    delta = models.FloatField()  # chance that is taken of the limit being missed all the same
    n_marked = models.PositiveIntegerField()
    n_agreed = models.PositiveIntegerField()
    n_contradictory = models.PositiveIntegerField(default=0)  # the same text, marked otherwise by a teacher
    threshold = models.FloatField(null=True, blank=True)  # None: nothing is released alone
    source = models.CharField(max_length=8)  # own, parent or limit
    n_released = models.PositiveIntegerField()  # marked answers at or above the threshold
    n_wrong = models.PositiveIntegerField()  # the machine's errors among them
    upper = models.FloatField()  # bound on the error among released at 1 - delta
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "resource"], nulls_distinct=False, name="one_agreement_each")
        ]

    def __str__(self) -> str:
        return f"agreement on {self.n_agreed} of {self.n_marked}"
