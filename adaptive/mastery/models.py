"""What the learner is believed to know, derived only from attempts. All of it can be rebuilt by replay."""

from django.db import models

from adaptive.catalog.models import Course, Skill
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner


class LearnerModelVersion(models.Model):
    """One fitted learner model: what it is, from which data, how good on data held out."""

    name = models.CharField(max_length=128)
    backend = models.CharField(max_length=255)  # dotted path
    course = models.ForeignKey(Course, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    params = models.JSONField(null=True, blank=True)  # null: the defaults that ship with the backend
    data = models.JSONField(default=dict, blank=True)
    seed = models.BigIntegerField(default=0)
    figures = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course"],
                condition=models.Q(is_active=True),
                nulls_distinct=False,
                name="one_active_learner_model",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class LearnerState(models.Model):
    """One learner in one course: the learner model's whole memory of them, one JSON value of at most 64 kB."""

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="states")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="states")
    model = models.CharField(max_length=255)  # name and version of the learner model that wrote it
    state = models.JSONField(default=dict)
    n_applied = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["learner", "course"], name="one_state_per_learner_and_course")]

    def __str__(self) -> str:
        return f"state of {self.learner_id} in {self.course_id}"


class SkillMastery(models.Model):
    """What the state says about one skill, as of `computed_at`; written with the state, for reports and reviews."""

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="masteries")
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="masteries")
    p_mastery = models.FloatField()
    n_attempts = models.PositiveIntegerField(default=0)
    last_attempt_at = models.DateTimeField(null=True)
    stability_days = models.FloatField(null=True)
    due_at = models.DateTimeField(null=True)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["learner", "skill"], name="one_mastery_per_learner_and_skill")]
        indexes = [models.Index(fields=["skill", "p_mastery"], name="mastery_skill_p")]

    def __str__(self) -> str:
        return f"{self.learner_id} on {self.skill_id}: {self.p_mastery:.2f}"


class MasteryChange(models.Model):
    """What one attempt changed in what is believed: the evidence behind every p_mastery."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="mastery_changes")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="+")
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="+")
    before = models.FloatField()
    after = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "skill"], name="one_change_per_attempt_and_skill")]
        indexes = [models.Index(fields=["learner", "skill", "-attempt"], name="mastery_change_evidence")]

    def __str__(self) -> str:
        return f"attempt {self.attempt_id}: {self.before:.2f} -> {self.after:.2f}"
