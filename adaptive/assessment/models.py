"""What was made of an attempt. An assessment is never changed; a better one supersedes it."""

from django.db import models

from adaptive.events.models import Attempt


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
    assessed_by = models.CharField(max_length=255, blank=True)  # the teacher, where one marked
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
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
