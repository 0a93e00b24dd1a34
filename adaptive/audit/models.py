"""Who or what decided what, on which inputs. Rows are added and never changed (a database trigger holds that)."""

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
