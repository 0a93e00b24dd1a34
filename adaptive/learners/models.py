"""Who the learner is; never what they know."""

from django.conf import settings
from django.db import models

from adaptive.tenants.models import Tenant


class Learner(models.Model):
    """One person as an LMS knows them. `external_id` is the LMS's own string."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="learners")
    external_id = models.CharField(max_length=255)
    display_name = models.CharField(max_length=255, blank=True)
    # "" until somebody said: the learner on a page, their browser at the first login, or the LMS.
    language = models.CharField(max_length=35, blank=True, default="")
    preferences = models.JSONField(default=dict, blank=True)  # kinds, minutes_per_day, goal
    ai_consent = models.BooleanField(default=False)  # the LMS's word; the learner's own comes before it
    consents = models.JSONField(default=dict, blank=True)  # {purpose: bool}, the learner's own word; see consents.py
    # May the teachers of their courses see the assessments of their performance? The learner's own choice, on a page.
    shares_performance = models.BooleanField(default=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="learner"
    )
    is_simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="learner_once_per_tenant"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="learner_has_external_id"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.external_id


class Cohort(models.Model):
    """A group taught together in one course."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="cohorts")
    course = models.ForeignKey("adaptive.Course", on_delete=models.CASCADE, related_name="cohorts")
    name = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["course", "name"], name="cohort_once_per_course")]

    def __str__(self) -> str:
        return self.name


class Enrolment(models.Model):
    """Who is in which course, in which role and cohort."""

    class Role(models.TextChoices):
        LEARNER = "learner"
        TEACHER = "teacher"

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="enrolments")
    course = models.ForeignKey("adaptive.Course", on_delete=models.CASCADE, related_name="enrolments")
    cohort = models.ForeignKey(Cohort, null=True, blank=True, on_delete=models.SET_NULL, related_name="enrolments")
    role = models.CharField(max_length=10, choices=Role, default=Role.LEARNER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["learner", "course"], name="enrolled_once_per_course")]
        indexes = [models.Index(fields=["course", "role"], name="enrolment_course_role")]

    def __str__(self) -> str:
        return f"{self.learner_id} in {self.course_id} as {self.role}"
