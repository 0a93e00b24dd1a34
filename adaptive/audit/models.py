"""Who or what decided what, on which inputs, and what a model was given to read.

Audit entries are added and never changed (a database trigger holds that).
"""

from django.db import models

from adaptive.tenants.models import Tenant


class AuditEntry(models.Model):
    class ActorKind(models.TextChoices):
        PERSON = "person"
        SYSTEM = "system"
        MODEL = "model"
        LMS = "lms"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="audit_entries")
    at = models.DateTimeField(auto_now_add=True)
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor = models.CharField(max_length=255, blank=True)
    action = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=64)
    inputs = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "-at"], name="audit_subject"),
            models.Index(fields=["tenant", "-at"], name="audit_tenant_at"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_kind} {self.subject_id}"


class SentText(models.Model):
    """A text about one learner that was given to a model, as it was given: written before the model gets it.

    For the learner, who may see all of it; it goes with them, and by itself after a while (see services).
    """

    class Purpose(models.TextChoices):
        MARKING = "marking"
        WORDING = "wording"
        TUTOR = "tutor"
        SEARCH = "search"

    learner = models.ForeignKey("adaptive.Learner", on_delete=models.CASCADE, related_name="sent_texts")
    at = models.DateTimeField(auto_now_add=True)
    purpose = models.CharField(max_length=10, choices=Purpose)
    model = models.CharField(max_length=160)  # name and version
    host = models.CharField(max_length=255, blank=True)  # "" for a model on this machine, else whose server
    text = models.TextField()  # after removal; of a very long one the beginning
    n_characters = models.PositiveIntegerField()  # of the whole text
    removed = models.JSONField(default=dict)  # {"name": 2, "email": 1}
    n_times = models.PositiveIntegerField(default=1)  # the same text for the same thing again, such as another try
    subject_kind = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["learner", "-id"], name="sent_text_learner"),
            models.Index(fields=["learner", "subject_id"], name="sent_text_subject"),
            models.Index(fields=["at"], name="sent_text_at"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} text of {self.learner_id} to {self.model}"
