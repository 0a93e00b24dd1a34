"""Which variant a learner gets, and proof that they met it."""

from django.db import models

from adaptive.learners.models import Learner
from adaptive.tenants.models import Tenant


class Experiment(models.Model):
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="experiments")
    name = models.SlugField(max_length=64)
    hypothesis = models.TextField(blank=True)
    variants = models.JSONField()  # [{"name": "control", "weight": 1, "policy": {...}}]
    is_running = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="experiment_once_per_tenant")]

    def __str__(self) -> str:
        return self.name


class Exposure(models.Model):
    """The learner really met the variant: written with the first slate that the variant made."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="exposures")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="exposures")
    variant = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "learner"], name="first_exposure_only")]

    def __str__(self) -> str:
        return f"{self.learner_id} met {self.variant}"
