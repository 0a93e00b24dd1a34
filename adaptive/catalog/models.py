"""What can be learned and with what: courses, skills with prerequisites, resources with their embeddings."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from pgvector.django import HnswIndex, VectorField

from adaptive.tenants.models import Tenant

EMBEDDING_DIMENSIONS = 384
PICTURE = r"!\[[^\]]*\]\(|<(img|svg|figure)[ >/]"  # in Markdown or HTML


class Course(models.Model):
    class Listing(models.TextChoices):
        """May learners of the tenant who are not in the course find it in their catalogue, and enrol themselves?"""

        UNLISTED = "unlisted"
        LISTED = "listed"  # they see it, and ask somebody to enrol them
        OPEN = "open"  # they enrol themselves

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="courses")
    external_id = models.CharField(max_length=255)
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    language = models.CharField(max_length=35, default="en")
    # Null: the installation's own value (see adaptive.conf).
    zpd_low = models.FloatField(null=True, blank=True)
    zpd_high = models.FloatField(null=True, blank=True)
    release_confidence = models.FloatField(null=True, blank=True)
    # The largest share of wrong marks among those that are released without a person, such as 0.05.
    release_error_limit = models.FloatField(null=True, blank=True)
    is_ai_enabled = models.BooleanField(default=True)
    listing = models.CharField(max_length=8, choices=Listing, default=Listing.UNLISTED, db_default=Listing.UNLISTED)
    misconceptions = models.JSONField(default=list, blank=True)  # [{id, name, description}]
    # Grows when the skills or the difficulty of an exercise change: what was computed from them is then rebuilt.
    item_version = models.PositiveIntegerField(default=0)
    co_practice_at = models.DateTimeField(null=True, blank=True, editable=False)  # when it was counted, see CoPractice
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="course_once_per_tenant"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="course_has_external_id"),
            models.CheckConstraint(
                condition=models.Q(release_error_limit__isnull=True)
                | models.Q(release_error_limit__gte=0, release_error_limit__lte=1),
                name="release_error_limit_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Skill(models.Model):
    """The smallest thing that can be learned and tested (knowledge component)."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="skills")
    external_id = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    position = models.PositiveIntegerField(default=0)
    prerequisites = models.ManyToManyField(
        "self", through="SkillPrerequisite", symmetrical=False, related_name="dependents"
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["course", "external_id"], name="skill_once_per_course"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="skill_has_external_id"),
        ]

    def __str__(self) -> str:
        return self.name


class SkillPrerequisite(models.Model):
    """`prerequisite` should be known before `skill`. The services refuse a cycle."""

    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="prerequisite_links")
    prerequisite = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="dependent_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["skill", "prerequisite"], name="prerequisite_once"),
            models.CheckConstraint(
                condition=~models.Q(skill=models.F("prerequisite")), name="skill_is_not_its_own_prerequisite"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prerequisite_id} before {self.skill_id}"


class ResponseFormat(models.TextChoices):
    CHOICE = "choice"
    MULTIPLE_CHOICE = "multiple_choice"
    NUMERIC = "numeric"
    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    ORDERING = "ordering"
    MATCHING = "matching"
    CLOZE = "cloze"


WORDS_FORMATS = frozenset({ResponseFormat.SHORT_TEXT, ResponseFormat.LONG_TEXT})


class Resource(models.Model):
    """Anything that can be recommended. An exercise is a resource that is answered and scored."""

    class Kind(models.TextChoices):
        EXERCISE = "exercise"
        READING = "reading"
        VIDEO = "video"
        WORKED_EXAMPLE = "worked_example"

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="resources")
    external_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=Kind)
    title = models.CharField(max_length=255)
    body = models.TextField(blank=True)  # Markdown, TeX between dollars
    url = models.URLField(max_length=2000, blank=True)
    language = models.CharField(max_length=35, blank=True)
    duration_minutes = models.FloatField(default=3)
    skills = models.ManyToManyField(Skill, through="ResourceSkill", related_name="resources")

    # Of an exercise only. Shapes: see assessment.keys, one module a format.
    response_format = models.CharField(max_length=16, choices=ResponseFormat, blank=True)
    choices = models.JSONField(default=list, blank=True)  # [{id, text, feedback, misconception}]
    answer = models.JSONField(default=dict, blank=True)
    hints = models.JSONField(default=list, blank=True)  # [text], the ladder from nudge to near-answer
    rubric = models.TextField(blank=True)
    explanation = models.TextField(blank=True)  # shown after the answer
    misconceptions = models.JSONField(default=list, blank=True)  # [misconception id of the course]
    authored_difficulty = models.FloatField(null=True, blank=True)  # share expected to get it wrong

    # Off: a person marks its answers in words, whatever the course allows.
    is_ai_enabled = models.BooleanField(default=True, db_default=True)

    is_retired = models.BooleanField(default=False)
    source = models.CharField(max_length=255, blank=True)
    attribution = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    embedding = VectorField(dimensions=EMBEDDING_DIMENSIONS, null=True, blank=True)
    embedding_model = models.CharField(max_length=128, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)  # of what the embedding was made from
    embedded_hash = models.CharField(max_length=64, blank=True)
    search = SearchVectorField(null=True)  # written by a database trigger
    has_pictures = models.GeneratedField(
        expression=models.Q(body__iregex=PICTURE), output_field=models.BooleanField(), db_persist=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "external_id"], name="resource_once_per_course"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="resource_has_external_id"),
            models.CheckConstraint(
                condition=models.Q(kind="exercise", response_format__gt="") | ~models.Q(kind="exercise"),
                name="exercise_has_response_format",
            ),
            models.CheckConstraint(
                condition=models.Q(authored_difficulty__isnull=True)
                | models.Q(authored_difficulty__gte=0, authored_difficulty__lte=1),
                name="authored_difficulty_is_a_share",
            ),
            models.CheckConstraint(condition=models.Q(duration_minutes__gt=0), name="duration_is_positive"),
        ]
        indexes = [
            models.Index(fields=["course", "kind", "is_retired"], name="resource_course_kind"),
            HnswIndex(
                name="resource_embedding_hnsw",
                fields=["embedding"],
                m=16,
                ef_construction=200,
                opclasses=["vector_cosine_ops"],
            ),
            GinIndex(fields=["search"], name="resource_search"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_exercise(self) -> bool:
        return self.kind == self.Kind.EXERCISE

    @property
    def is_words(self) -> bool:
        """Must its answers be read (by the language model) rather than compared with a key?"""
        return self.response_format in WORDS_FORMATS


class ResourceSkill(models.Model):
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="skill_links")
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="resource_links")
    position = models.PositiveSmallIntegerField(default=0)  # 0: the main skill
    # Written by database triggers from the resource and its difficulty, for retrieval (recommendation/retrieval).
    kind = models.CharField(max_length=16, blank=True, db_default="")
    offered_as = models.PositiveSmallIntegerField(null=True, blank=True)  # 0 main skill, 1 another; null: not offered
    share_wrong = models.FloatField(db_default=0.3)  # expected to get it wrong; 0.3 where nothing is known

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["resource", "skill"], name="resource_skill_once")]
        # Two, since ties go by resource in either direction of difficulty.
        indexes = [
            models.Index(
                fields=["skill", "offered_as", share_wrong, "resource"],
                include=["kind"],
                condition=models.Q(offered_as__isnull=False),
                name=name,
            )
            for name, share_wrong in (("skill_resources_up", "share_wrong"), ("skill_resources_down", "-share_wrong"))
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} trains {self.skill_id}"
