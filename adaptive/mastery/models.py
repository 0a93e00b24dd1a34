"""What the learner is believed to know, derived only from attempts. All of it can be rebuilt by replay."""

from django.db import models
from django.db.models.functions import Now

from adaptive.catalog.models import Course, Resource, Skill
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner


class LearnerModelVersion(models.Model):
    """One fitted learner model: what it is, from which data, how good on data held out."""

    name = models.CharField(max_length=128)
    backend = models.CharField(max_length=255)  # dotted path
    # The version of the backend's code that fitted it: another one would read these parameters otherwise.
    model_version = models.CharField(max_length=32, blank=True)
    course = models.ForeignKey(Course, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    params = models.JSONField(null=True, blank=True)  # null: the defaults that ship with the backend
    data = models.JSONField(default=dict, blank=True)
    seed = models.BigIntegerField(default=0)
    figures = models.JSONField(default=dict, blank=True)
    fit_seconds = models.FloatField(null=True, blank=True)
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


class DifficultyFit(models.Model):
    """The regression of difficulty on words that was fitted with a learner model version; apart from it, since half a
    megabyte of known exercises must not be read with every version."""

    version = models.OneToOneField(LearnerModelVersion, on_delete=models.CASCADE, related_name="difficulty_fit")
    params = models.JSONField()  # see backends/learner_model/difficulty.py
    embedding_model = models.CharField(max_length=128, blank=True)  # "": from skills alone, without words
    n_items = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"difficulty of version {self.version_id}"


class ItemDifficulty(models.Model):
    """How hard an exercise is that the learner model was not fitted on: foretold, then overruled by its answers.

    All difficulties are in logits, higher is harder, 0 an average exercise (`Item.difficulty`). Everything here but
    `used` can be computed again at any time; learners' states are replayed with `used`, so that alone is published
    with a new `item_version` of the course.
    """

    class Source(models.TextChoices):
        WORDS = "words"  # and skills, format, the author's mark
        SKILLS = "skills"  # and the author's mark
        AUTHOR = "author"
        NONE = "none"

    resource = models.OneToOneField(Resource, on_delete=models.CASCADE, related_name="item_difficulty")
    # What foretold it, and the exercise as it was then.
    fit = models.ForeignKey(DifficultyFit, null=True, blank=True, on_delete=models.SET_NULL, related_name="items")
    source = models.CharField(max_length=8, choices=Source)
    content_hash = models.CharField(max_length=64, blank=True)
    seen_updated_at = models.DateTimeField()  # the resource's own `updated_at`
    waits_for_embedding = models.BooleanField(default=False)
    words_since = models.DateTimeField(null=True, blank=True)  # answers to earlier words do not count
    prior_mean = models.FloatField()
    prior_variance = models.FloatField()
    # After its answers.
    mean = models.FloatField()
    variance = models.FloatField()
    n_answers = models.PositiveIntegerField(default=0)
    counted_until = models.BigIntegerField(default=0)  # key of the course's latest attempt when they were counted
    counted_at = models.DateTimeField(null=True, blank=True)
    computed_at = models.DateTimeField()
    # What the learner model is told; null: the author's mark, else nothing.
    used = models.FloatField(null=True, blank=True)
    used_n_answers = models.PositiveIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "item difficulties"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(prior_variance__gt=0, variance__gt=0), name="difficulty_is_uncertain"
            )
        ]

    def __str__(self) -> str:
        return f"difficulty of {self.resource_id}: {self.mean:+.2f}"


class LearnerModelFit(models.Model):
    """A fit that was asked for. Like an attempt's, its row is the outbox of the work: a lost message loses nothing."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    OPEN = ("queued", "running")

    # What was asked for, and by whom.
    course = models.ForeignKey(Course, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    backend = models.CharField(max_length=255)  # dotted path
    seed = models.BigIntegerField(default=0)
    path = models.TextField(blank=True)  # a log to fit on; "": the attempts
    file_hash = models.CharField(max_length=64, blank=True)  # of the log as it was when asked for
    activate = models.BooleanField(default=False)
    force = models.BooleanField(default=False)
    asked_by = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # What has become of it.
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    progress = models.TextField(blank=True)
    done_share = models.FloatField(default=0.0)
    outcome = models.TextField(blank=True)  # in words, once it is done
    error = models.TextField(blank=True)  # in words
    version = models.ForeignKey(LearnerModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    # The work. All times are the database's.
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(db_default=Now())
    n_tries = models.PositiveSmallIntegerField(default=0)  # failures that were reported
    n_lost = models.PositiveSmallIntegerField(default=0)  # processes that died with it in hand

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course"],
                condition=models.Q(status__in=["queued", "running"]),
                nulls_distinct=False,
                name="one_open_fit_per_course",
            )
        ]

    def __str__(self) -> str:
        return f"fit {self.pk}"


class LearnerState(models.Model):
    """One learner in one course: the learner model's whole memory of them, one JSON value of at most 64 kB."""

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="states")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="states")
    # The fitted model that wrote it, and alone may read it; None: the defaults that ship.
    version = models.ForeignKey(LearnerModelVersion, null=True, on_delete=models.SET_NULL, related_name="states")
    model = models.CharField(max_length=255)  # the tag of what wrote it, see mastery/versions.py
    state = models.JSONField(default=dict)
    n_applied = models.PositiveIntegerField(default=0)
    n_rebuilds = models.PositiveIntegerField(default=0)  # tells a replay at work that its past was rewritten meanwhile
    # Where the background replay failed on this learner: why, and when it will try again.
    replay_error = models.TextField(blank=True)
    replay_after = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["learner", "course"], name="one_state_per_learner_and_course")]
        indexes = [models.Index(fields=["course", "model"], name="state_course_model")]

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
