"""Slates and what became of them. A slate is a receipt: it keeps all that it was made from."""

import uuid

from django.db import models
from pgvector.django import VectorField

from adaptive.catalog.models import EMBEDDING_DIMENSIONS, Course, Resource
from adaptive.events.models import Attempt
from adaptive.experiments.models import Experiment
from adaptive.learners.models import Cohort, Learner
from adaptive.tenants.models import Tenant


class SlateHint(models.Model):
    """What an assessment tells the next slate: the words (and the place in embedding space) of what was missing."""

    attempt = models.OneToOneField(Attempt, on_delete=models.CASCADE, related_name="slate_hint")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="slate_hints")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="slate_hints")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField()
    missing = models.TextField(blank=True)
    misconception = models.CharField(max_length=255, blank=True)
    vector = VectorField(dimensions=EMBEDDING_DIMENSIONS, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["learner", "course", "-created_at"], name="slate_hint_recent")]

    def __str__(self) -> str:
        return f"hint from attempt {self.attempt_id}"


class GapQuery(models.Model):
    """A gap that an assessment of performance found, as a query of retrieval: its words and their place in embedding
    space, which a worker writes as soon as it has the model."""

    assessment = models.ForeignKey("adaptive.PerformanceAssessment", on_delete=models.CASCADE, related_name="gaps")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="gap_queries")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="gap_queries")
    skill = models.ForeignKey("adaptive.Skill", null=True, on_delete=models.CASCADE, related_name="+")
    resource = models.ForeignKey(Resource, null=True, on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    score = models.FloatField()  # mean of the answers behind it
    vector = VectorField(dimensions=EMBEDDING_DIMENSIONS, null=True, blank=True)
    embedding_model = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "gap queries"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(skill__isnull=False, resource__isnull=True)
                | models.Q(skill__isnull=True, resource__isnull=False),
                name="gap_is_of_a_skill_or_a_resource",
            ),
            models.CheckConstraint(condition=models.Q(score__gte=0, score__lte=1), name="gap_score_is_a_share"),
        ]
        indexes = [
            models.Index(fields=["learner", "course"], name="gap_query_learner"),
            models.Index(fields=["id"], condition=models.Q(vector__isnull=True), name="gap_query_waiting"),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class RecommenderVersion(models.Model):
    """What was learned from a course's answers about practice there, for ranking; see recommendation/effects.py."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="recommender_versions")
    effects = models.JSONField()  # see backends/learner_model/practice_effects.py
    data = models.JSONField(default=dict, blank=True)  # what it was learned from
    figures = models.JSONField(default=dict, blank=True)
    # How much counts what the language model expects from words: question -> see text_weights.TextWeight.
    words = models.JSONField(default=dict, blank=True, db_default={})
    seed = models.BigIntegerField(default=0)
    is_active = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course"], condition=models.Q(is_active=True), name="one_active_recommender_version"
            )
        ]

    def __str__(self) -> str:
        return f"recommender version {self.pk}"


class TextForecast(models.Model):
    """What the language model expects of a resource from its words alone; see text_forecasts."""

    resource = models.OneToOneField(Resource, on_delete=models.CASCADE, related_name="text_forecast")
    values = models.JSONField()  # question -> log-odds of yes at each standing
    model = models.CharField(max_length=200)
    prompt = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64, blank=True)  # the resource's when it was read
    made_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"text forecast of {self.resource_id}"


class Slate(models.Model):
    class Purpose(models.TextChoices):
        PRACTICE = "practice"
        REVIEW = "review"
        FEED = "feed"
        CATALOGUE = "catalogue"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="slates")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="slates")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="slates")
    purpose = models.CharField(max_length=10, choices=Purpose)
    query = models.TextField(blank=True)
    policy = models.CharField(max_length=64)
    experiment = models.ForeignKey(Experiment, null=True, blank=True, on_delete=models.SET_NULL, related_name="slates")
    variant = models.CharField(max_length=64, blank=True)
    learner_model = models.CharField(max_length=255, blank=True)
    seed = models.BigIntegerField(default=0)
    context = models.JSONField(default=dict)  # what was known: mastery by skill, window, settings
    candidates = models.JSONField(default=list)  # [{resource, generators, features, score, p_correct, dropped}]
    why_empty = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["learner", "course", "-created_at"], name="slate_learner_recent"),
            models.Index(fields=["course", "-created_at"], name="slate_course_recent"),
            models.Index(fields=["course", "policy", "created_at"], name="slate_course_policy"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Impression(models.Model):
    """One place of a slate: a resource at a position, with the chance (propensity) it had to be put there."""

    slate = models.ForeignKey(Slate, on_delete=models.CASCADE, related_name="impressions")
    position = models.PositiveSmallIntegerField()  # from 1
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="impressions")
    generators = models.JSONField(default=list)
    score = models.FloatField()
    p_correct = models.FloatField(null=True)  # null where nothing is answered
    propensity = models.FloatField()
    is_exploration = models.BooleanField(default=False)
    features = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)  # [{code, facts}]
    # What would have stood here instead, for who reviews (see second_best). Without an index: nothing looks it up, and
    # a resource that is deleted may leave its number here.
    alternative = models.ForeignKey(
        Resource,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    confidence = models.FloatField(null=True, blank=True)  # that the pick beats it; null where nothing was weighed
    shown_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["slate", "position"], name="one_resource_per_position"),
            models.UniqueConstraint(fields=["slate", "resource"], name="no_repeat_in_slate"),
            models.CheckConstraint(
                condition=models.Q(propensity__gt=0, propensity__lte=1), name="propensity_is_a_probability"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slate_id} at {self.position}"


class ImpressionEvent(models.Model):
    class Type(models.TextChoices):
        IMPRESSION = "impression"
        CLICK = "click"
        START = "start"
        COMPLETE = "complete"
        DISMISS = "dismiss"
        RATE = "rate"
        DISAGREE = "disagree"

    class Reason(models.TextChoices):
        TOO_EASY = "too_easy"
        TOO_HARD = "too_hard"
        SEEN = "seen"
        NOT_NOW = "not_now"

    impression = models.ForeignKey(Impression, on_delete=models.CASCADE, related_name="events")
    type = models.CharField(max_length=10, choices=Type)
    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=10, choices=Reason, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["impression", "type"], name="impression_event_type"),
            models.Index(
                fields=["-created_at"], condition=models.Q(type="disagree"), name="impression_event_disagreed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} on {self.impression_id}"


class CourseOffer(models.Model):
    """One place among the courses that a slate of the catalogue offers to take up, and what became of it."""

    slate = models.ForeignKey(Slate, on_delete=models.CASCADE, related_name="offers")
    position = models.PositiveSmallIntegerField()  # from 1
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="offers")
    score = models.FloatField()
    reasons = models.JSONField(default=list)  # [{code, facts}]
    shown_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    enrolled_at = models.DateTimeField(null=True, blank=True)  # by the learner, from here

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["slate", "position"], name="one_course_per_position")]

    def __str__(self) -> str:
        return f"course {self.course_id} at {self.position} of {self.slate_id}"


class CoPractice(models.Model):
    """How many learners went on from one resource to another, and did well there; see co_practice."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="+")
    before = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+", db_index=False)
    after = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    n_learners = models.PositiveIntegerField()
    n_right = models.PositiveIntegerField()
    strength = models.FloatField()

    class Meta:
        verbose_name_plural = "co-practice"
        constraints = [models.UniqueConstraint(fields=["before", "after"], name="co_practice_once")]

    def __str__(self) -> str:
        return f"{self.after_id} after {self.before_id}"


class Review(models.Model):
    """A teacher's word on one place of a slate. One counts at a time; those before it stay, undone."""

    class Decision(models.TextChoices):
        APPROVE = "approve"
        SWAP = "swap"
        PIN = "pin"
        NEVER = "never"

    class Scope(models.TextChoices):
        LEARNER = "learner"
        COHORT = "cohort"
        COURSE = "course"

    impression = models.ForeignKey(Impression, on_delete=models.CASCADE, related_name="reviews")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="reviews")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="reviews")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    decision = models.CharField(max_length=10, choices=Decision)
    scope = models.CharField(max_length=10, choices=Scope, blank=True)  # of what follows; "" where nothing does
    instead = models.ForeignKey(Resource, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    note = models.TextField(blank=True)  # for colleagues, not for the learner
    teacher = models.ForeignKey(Learner, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    batch = models.UUIDField(default=uuid.uuid4, db_index=True)  # decided in one go, undone in one go
    created_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["impression"], condition=models.Q(undone_at__isnull=True), name="one_review_counts"
            )
        ]
        indexes = [
            models.Index(fields=["course", "-created_at"], name="review_course_recent"),
            models.Index(
                fields=["learner", "resource"], condition=models.Q(undone_at__isnull=True), name="review_of_learner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} of impression {self.impression_id}"


class Homework(models.Model):
    """Exercises that a teacher gives to learners, a cohort or (neither) the whole course, with a day to be done by.

    Which exercises and for whom is in its pins, so that a slate puts them first like any other pin."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="homework")
    title = models.CharField(max_length=200)  # as the learners read it
    misconception = models.CharField(max_length=255, blank=True)  # of the card that it was given from; for teachers
    due_at = models.DateTimeField(null=True, blank=True)  # the end of the last day
    teacher = models.ForeignKey(Learner, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # Of what, for whom, until and on which day: a form that is sent twice is given once.
    same = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # taken back

    class Meta:
        verbose_name_plural = "homework"
        constraints = [
            models.UniqueConstraint(
                fields=["course", "same"], condition=models.Q(ended_at__isnull=True), name="homework_given_once"
            )
        ]
        indexes = [models.Index(fields=["course", "-created_at"], name="homework_course_recent")]

    def __str__(self) -> str:
        return self.title


class Ruling(models.Model):
    """What a teacher wants of a resource, for one learner, a cohort or (neither) the whole course, until it ends."""

    class Kind(models.TextChoices):
        PIN = "pin"  # first, until the learner has done it
        NEVER = "never"
        ASIDE = "aside"  # swapped for another one, until `ends_at`

    kind = models.CharField(max_length=10, choices=Kind)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="rulings")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="rulings")
    learner = models.ForeignKey(Learner, null=True, blank=True, on_delete=models.CASCADE, related_name="rulings")
    cohort = models.ForeignKey(Cohort, null=True, blank=True, on_delete=models.CASCADE, related_name="rulings")
    # Of the learner it was decided on: gone with them, where a ruling for everybody stays.
    review = models.ForeignKey(Review, null=True, blank=True, on_delete=models.SET_NULL, related_name="rulings")
    homework = models.ForeignKey(Homework, null=True, blank=True, on_delete=models.CASCADE, related_name="pins")
    teacher = models.ForeignKey(Learner, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # taken back

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(learner__isnull=True) | models.Q(cohort__isnull=True), name="ruling_has_one_scope"
            )
        ]
        # Small ones over what is in force: a slate reads all three.
        indexes = [
            models.Index(
                fields=["learner", "course"],
                condition=models.Q(ended_at__isnull=True, learner__isnull=False),
                name="ruling_of_learner",
            ),
            models.Index(
                fields=["cohort"],
                condition=models.Q(ended_at__isnull=True, cohort__isnull=False),
                name="ruling_of_cohort",
            ),
            models.Index(
                fields=["course"],
                condition=models.Q(ended_at__isnull=True, learner__isnull=True, cohort__isnull=True),
                name="ruling_of_course",
            ),
            models.Index(fields=["course", "-created_at"], name="ruling_course_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} resource {self.resource_id}"

    @property
    def scope(self) -> str:
        if self.learner_id is not None:
            return Review.Scope.LEARNER
        return Review.Scope.COHORT if self.cohort_id is not None else Review.Scope.COURSE
