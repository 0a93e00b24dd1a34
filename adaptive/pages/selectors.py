"""What pages read beside what the domains offer. No function runs more queries when there is more data."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, OuterRef, Prefetch, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber
from django.http import Http404

from adaptive.assessment.models import Assessment
from adaptive.catalog.models import Course, Resource, ResourceSkill, Skill
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.models import MasteryChange, SkillMastery
from adaptive.mastery.selectors import mastery_status
from adaptive.recommendation.models import CourseOffer, Impression, ImpressionEvent, Slate

HEAVY = ("resource__embedding", "resource__search")
WRITTEN = ("body", "choices", "answer", "hints", "rubric", "explanation", "misconceptions", "attribution")


def main_skill_links() -> Prefetch:
    """For `resource.skill_links.all()`: the skills in order, the main one first, with the skill itself."""
    return Prefetch("skill_links", queryset=ResourceSkill.objects.select_related("skill").order_by("position"))


def skills_of_resource(resource: Resource) -> list[Skill]:
    """Of a resource read here, without another query."""
    return [link.skill for link in resource.skill_links.all()]


def resource_in(*, course: Course, resource_id: int) -> Resource:
    """The resource with its skills. Raises Http404."""
    found = (
        Resource.objects.filter(course=course, pk=resource_id)
        .defer("embedding", "search")
        .prefetch_related(main_skill_links())
        .first()
    )
    if found is None:
        raise Http404
    found.course = course
    return found


def impression_in(*, learner: Learner, slate_id: UUID, position: int) -> Impression:
    """A place of one of the learner's own slates, with resource, skills and explanation. Raises Http404."""
    found = (
        Impression.objects.filter(slate=slate_id, position=position, slate__learner=learner)
        .select_related("slate", "slate__course", "resource", "explanation")
        .defer(*HEAVY)
        .prefetch_related(
            Prefetch("resource__skill_links", queryset=ResourceSkill.objects.select_related("skill")), "events"
        )
        .first()
    )
    if found is None:
        raise Http404
    return found


def offer_in(*, learner: Learner, slate_id: UUID, position: int) -> CourseOffer:
    """A course among those that a slate of the learner's own offers. Raises Http404."""
    rows = CourseOffer.objects.filter(slate=slate_id, position=position, slate__learner=learner)
    found = (
        rows.select_related("course", "slate", "slate__learner").defer("slate__context", "slate__candidates").first()
    )
    if found is None:
        raise Http404
    return found


def skills_at_a_glance(*, courses: Sequence[int], limit: int = 4) -> dict[int, tuple[list[str], int]]:
    """Course id -> (names of its first skills, how many it has). One query, none for no courses."""
    if not courses:
        return {}
    place = Window(RowNumber(), partition_by=F("course"), order_by=["position", "pk"])
    rows = Skill.objects.filter(course__in=courses).annotate(
        place=place, n=Window(Count("pk"), partition_by=F("course"))
    )
    found: dict[int, tuple[list[str], int]] = {}
    for skill in rows.filter(place__lte=limit).order_by("course", "place"):
        found.setdefault(skill.course_id, ([], skill.n))[0].append(skill.name)
    return found


DONE = {ImpressionEvent.Type.COMPLETE, ImpressionEvent.Type.DISMISS, ImpressionEvent.Type.DISAGREE}


def impressions_open(*, slate: Slate) -> list[Impression]:
    """The places of the slate that still wait: neither answered since it was made, nor done, nor turned down."""
    impressions = list(
        Impression.objects.filter(slate=slate)
        .select_related("resource", "explanation")
        .defer(*HEAVY)
        .prefetch_related("events")
        .order_by("position")
    )
    answered = set(
        Attempt.objects.filter(
            learner_id=slate.learner_id,
            resource__in=[impression.resource_id for impression in impressions],
            submitted_at__gte=slate.created_at,
        ).values_list("resource_id", flat=True)
    )
    for impression in impressions:
        impression.slate = slate
    return [
        impression
        for impression in impressions
        if impression.resource_id not in answered and not DONE & {event.type for event in impression.events.all()}
    ]


def attempt_in(*, course: Course, attempt_id: int, learner: Learner | None = None) -> Attempt:
    """An attempt of the course (of this learner alone, where given), with its resource and skills. Raises Http404."""
    rows = Attempt.objects.filter(course=course, pk=attempt_id)
    if learner is not None:
        rows = rows.filter(learner=learner)
    found = (
        rows.select_related("learner", "resource")
        .defer(*HEAVY)
        .prefetch_related(Prefetch("resource__skill_links", queryset=ResourceSkill.objects.select_related("skill")))
        .first()
    )
    if found is None:
        raise Http404
    found.course = found.resource.course = course
    return found


def current_assessments() -> Prefetch:
    """For `attempt.current`: the released assessment that counts, as a list of none or one."""
    counts = Assessment.objects.filter(is_current=True, is_released=True)
    return Prefetch("assessments", queryset=counts, to_attr="current")


def changes_with_skills() -> Prefetch:
    rows = MasteryChange.objects.select_related("skill").order_by("skill__position", "skill_id")
    return Prefetch("mastery_changes", queryset=rows, to_attr="changes")


def tries(*, learner: Learner, resource: Resource, limit: int = 8) -> list[Attempt]:
    """The learner's latest attempts at this exercise, oldest first, with what counts of them."""
    rows = (
        Attempt.objects.filter(learner=learner, resource=resource)
        .prefetch_related(current_assessments())
        .order_by("-submitted_at", "-pk")[:limit]
    )
    return list(reversed(rows))


def results_query(*, learner: Learner, course: Course) -> QuerySet[Attempt]:
    """The learner's attempts in the course, newest first, with resource, assessment and what changed."""
    return (
        Attempt.objects.filter(learner=learner, course=course)
        .select_related("resource")
        .defer(*HEAVY)
        .prefetch_related(current_assessments(), changes_with_skills())
        .order_by("-submitted_at", "-pk")
    )


def results(*, learner: Learner, course: Course, limit: int = 6) -> list[Attempt]:
    """The latest of them."""
    return list(results_query(learner=learner, course=course)[:limit])


def attempts_by_id(*, learner: Learner, ids: Iterable[int]) -> dict[int, Attempt]:
    """The learner's attempts with these ids, with exercise and what counts of them. Two queries, none for no ids."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = (
        Attempt.objects.filter(learner=learner, pk__in=wanted)
        .select_related("resource")
        .defer(*HEAVY)
        .prefetch_related(current_assessments())
        .order_by("submitted_at", "pk")
    )
    return {attempt.pk: attempt for attempt in rows}


def marks_on(*, learner: Learner, skill: Skill, limit: int = 8) -> list[Attempt]:
    """The latest attempts that moved the belief about the skill, oldest first."""
    rows = (
        # The learner twice: the changes have an index of learner and skill.
        Attempt.objects.filter(learner=learner, mastery_changes__learner=learner, mastery_changes__skill=skill)
        .prefetch_related(current_assessments())
        .order_by("-submitted_at", "-pk")[:limit]
    )
    return list(reversed(rows))


def helpers_for(*, course: Course, skills: Iterable[Skill], limit: int = 2) -> list[Resource]:
    """Readings and worked examples on these skills, those on the main one first."""
    rows = (
        Resource.objects.filter(course=course, is_retired=False, skill_links__skill__in=[skill.pk for skill in skills])
        .exclude(kind=Resource.Kind.EXERCISE)
        .defer("embedding", "search")
        .order_by("skill_links__position", "pk")
    )
    return list(dict.fromkeys(rows[: limit * 2]))[:limit]


def resources_on(*, course: Course, skill: Skill) -> QuerySet[Resource]:
    """All that the course has on the skill as its main one, exercises last."""
    return (
        Resource.objects.filter(course=course, is_retired=False, skill_links__skill=skill, skill_links__position=0)
        .defer("embedding", "search")
        .order_by("-kind", "pk")
    )


def misses(attempts: Iterable[Attempt]) -> int:
    """How many of the latest attempts in a row, up to now, were not right."""
    n = 0
    for attempt in attempts:
        if current := getattr(attempt, "current", []):
            n = 0 if is_right(current[0]) else n + 1
    return n


def is_right(assessment: Assessment) -> bool:
    """By its label: a model's score for a right answer need not be a full one."""
    return assessment.label == Assessment.Label.CORRECT


def newly_mastered(*, learner: Learner, changes: Iterable[MasteryChange]) -> set[int]:
    """Ids of the skills that these changes, the learner's latest, made mastered."""
    changes = list(changes)
    rows = SkillMastery.objects.filter(learner=learner, skill__in=[change.skill_id for change in changes])
    n_attempts = dict(rows.values_list("skill_id", "n_attempts"))
    return {
        change.skill_id
        for change in changes
        if (n := n_attempts.get(change.skill_id, 0))
        and mastery_status(p_mastery=change.after, n_attempts=n) == "mastered"
        and mastery_status(p_mastery=change.before, n_attempts=n - 1) != "mastered"
    }


def last_right_at(attempts: Iterable[Attempt]) -> datetime | None:
    found = None
    for attempt in attempts:
        if (current := getattr(attempt, "current", [])) and is_right(current[0]):
            found = attempt.submitted_at
    return found


def course_of_latest_attempt(*, learner: Learner, courses: Sequence[int]) -> int | None:
    """The id of the one among these courses that the learner worked in last. One query."""
    # A look into the index for each course: the learner's latest attempt of all would be looked for from the end of
    # the table, which for who never answered is all of it.
    latest = Attempt.objects.filter(learner=learner, course=OuterRef("pk")).order_by("-submitted_at")
    rows = Course.objects.filter(pk__in=courses).annotate(at=Subquery(latest.values("submitted_at")[:1]))
    return rows.filter(at__isnull=False).order_by("-at").values_list("pk", flat=True).first()


def slates_shown(*, learner: Learner, course: Course, limit: int = 5) -> list[Slate]:
    """The learner's latest slates with their places, explanations and what became of them."""
    unread = ("generators", "features", "reasons", "explanation__would_change_if", "explanation__summary")
    places = (
        Impression.objects.select_related("resource", "explanation")
        .defer(*HEAVY, *(f"resource__{name}" for name in WRITTEN), *unread)
        .prefetch_related("events")
        .order_by("position")
    )
    rows = Slate.objects.filter(learner=learner, course=course).defer("candidates", "context")
    return list(rows.prefetch_related(Prefetch("impressions", queryset=places)).order_by("-created_at")[:limit])


RECENTLY = timedelta(days=7)
