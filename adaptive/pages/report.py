"""What a teacher's report reads of a class. Sums are made by the database; what is read in whole is bounded."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Avg, Case, Count, Max, Prefetch, Q, QuerySet, Sum, Value, When

from adaptive.assessment.models import Assessment
from adaptive.catalog.models import Course, Resource, Skill
from adaptive.events.models import Attempt
from adaptive.learners.models import Enrolment, Learner
from adaptive.learners.selectors import learners_in
from adaptive.mastery.models import SkillMastery
from adaptive.mastery.selectors import MASTERED, NEEDS_HELP
from adaptive.pages.selectors import HEAVY, RECENTLY, current_assessments
from adaptive.practice.reviewing import SAMPLE, drawn, in_review

RECENT_ANSWERS = 3_000  # what "lately" means in a class report: bounded, so that a long term is read as fast
FEWEST = 3  # learners (or answers) below which nothing is said about an exercise


# mastery.selectors.mastery_status in SQL, where nothing of it is true: started. A test holds them together.
STATUSES = {
    "not_started": Q(n_attempts=0),
    "mastered": Q(n_attempts__gte=3, p_mastery__gte=MASTERED),
    "needs_help": Q(n_attempts__gte=3, p_mastery__lt=NEEDS_HELP),
}


def status_case() -> Case:
    return Case(*(When(is_so, then=Value(name)) for name, is_so in STATUSES.items()), default=Value("started"))


def _masteries(course: Course) -> QuerySet[SkillMastery]:
    # By keys, not by joins: every mastery of the class is read for some of these.
    here = Enrolment.objects.filter(course=course, role=Enrolment.Role.LEARNER).values("learner")
    skills = Skill.objects.filter(course=course).order_by().values("pk")
    return SkillMastery.objects.filter(skill__in=skills, learner__in=here)


class Recent(NamedTuple):
    """One of the class's latest answers, with the mark that counts."""

    attempt_id: int
    learner_id: int
    resource_id: int
    n_hints: int
    label: str
    misconception: str

    @property
    def is_right_alone(self) -> bool:
        return self.label == Assessment.Label.CORRECT and not self.n_hints


RECENT_SQL = """
SELECT a.id, a.learner_id, a.resource_id, a.n_hints, m.label, m.misconception
FROM (
    SELECT id, learner_id, resource_id, n_hints, submitted_at FROM adaptive_attempt
    WHERE course_id = %s ORDER BY submitted_at DESC LIMIT %s
) a
JOIN adaptive_assessment m ON m.attempt_id = a.id AND m.is_current AND m.is_released
ORDER BY a.submitted_at DESC
"""


def recent_answers(*, course: Course) -> list[Recent]:
    """Of the last RECENT_ANSWERS those whose mark counts, the latest first. One query: what a report says of lately is
    counted in them, since each other query would read as many again."""
    with connection.cursor() as cursor:
        cursor.execute(RECENT_SQL, [course.pk, RECENT_ANSWERS])
        return [Recent._make(row) for row in cursor.fetchall()]


def statuses_by_skill(*, course: Course) -> dict[int, dict[str, int]]:
    """Skill id -> {status: number of learners}; who never met the skill is in no row. One query."""
    rows = _masteries(course).order_by().values("skill_id")
    counts = rows.annotate(n=Count("pk"), **{name: Count("pk", filter=is_so) for name, is_so in STATUSES.items()})
    found: dict[int, dict[str, int]] = {}
    for row in counts:
        numbers = {name: row[name] for name in STATUSES}
        numbers["started"] = row["n"] - sum(numbers.values())
        found[row["skill_id"]] = {status: n for status, n in numbers.items() if n}
    return found


@dataclass(frozen=True, slots=True)
class InNeed:
    """n_skills: in which the learner needs help. last_at: of any answer; None where it was not asked for."""

    learner_id: int
    n_skills: int
    last_at: datetime | None = None


def learners_in_need(*, course: Course) -> list[InNeed]:
    """Those first with most skills in need of help, then who knows least of these on average. One query."""
    rows = _masteries(course).filter(STATUSES["needs_help"]).order_by().values("learner_id")
    sums = rows.annotate(n=Count("pk"), mean=Avg("p_mastery")).order_by("-n", "mean", "learner_id")
    return [InNeed(row["learner_id"], row["n"]) for row in sums]


def with_last_answers(found: Sequence[InNeed], *, course: Course) -> list[InNeed]:
    """One query."""
    rows = _masteries(course).filter(learner__in=[one.learner_id for one in found]).order_by().values("learner_id")
    last_at = dict(rows.annotate(at=Max("last_attempt_at")).values_list("learner_id", "at"))
    return [replace(one, last_at=last_at.get(one.learner_id)) for one in found]


def class_learners(*, course: Course) -> dict[int, Learner]:
    """Everybody who learns in the course, by id, in the order of names."""
    rows = learners_in(course=course).only("tenant_id", "external_id", "display_name", "user_id")  # who they are, alone
    return {learner.pk: learner for learner in rows}


class Name(NamedTuple):
    """Who learns in the course, as far as a name goes."""

    pk: int
    display_name: str
    external_id: str

    def __str__(self) -> str:
        return self.display_name or self.external_id


def class_names(*, course: Course) -> list[Name]:
    """Everybody who learns in the course, in the order of names. One query; as rows of the
    model a thousand learners take four times as long."""
    return [Name._make(row) for row in learners_in(course=course).values_list("pk", "display_name", "external_id")]


def learners_by_need(*, course: Course) -> list[int]:
    """Ids of everybody who learns in the course, those in need of help first, then by name."""
    everybody = list(learners_in(course=course).values_list("pk", flat=True))
    first = dict.fromkeys(one.learner_id for one in learners_in_need(course=course))
    return [*first, *(pk for pk in everybody if pk not in first)]


def weak_skills_of(*, course: Course, learner_ids: Collection[int]) -> dict[int, list[tuple[int, float]]]:
    """Learner id -> (skill id, p_mastery) of skills in need of help, the weakest first."""
    found: dict[int, list[tuple[int, float]]] = {pk: [] for pk in learner_ids}
    rows = _masteries(course).filter(STATUSES["needs_help"], learner__in=learner_ids).order_by("p_mastery")
    for learner_id, skill_id, p in rows.values_list("learner_id", "skill_id", "p_mastery"):
        found[learner_id].append((skill_id, p))
    return found


def _most_frequent(errors: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(errors).items(), key=lambda pair: (-pair[1], pair[0]))


def errors_of(recent: Iterable[Recent], *, learner_ids: Collection[int]) -> dict[int, list[tuple[str, int]]]:
    """Learner id -> [(misconception id, how often lately)], the most frequent first."""
    found: dict[int, list[str]] = {pk: [] for pk in learner_ids}
    for one in recent:
        if one.misconception and one.learner_id in found:
            found[one.learner_id].append(one.misconception)
    return {pk: _most_frequent(errors) for pk, errors in found.items()}


def errors_of_learner(*, course: Course, learner: Learner) -> list[tuple[str, int]]:
    """The same of one learner, without reading everybody's. Two queries."""
    times = Attempt.objects.filter(course=course).order_by("-submitted_at").values_list("submitted_at", flat=True)
    since = times[RECENT_ANSWERS - 1 : RECENT_ANSWERS].first()
    rows = Assessment.objects.filter(
        attempt__learner=learner, attempt__course=course, is_current=True, is_released=True
    )
    if since is not None:
        rows = rows.filter(attempt__submitted_at__gte=since)
    return _most_frequent(rows.exclude(misconception="").values_list("misconception", flat=True))


@dataclass(frozen=True, slots=True)
class ShownError:
    """A misconception of the class; `latest`: ids of the last attempts that showed it."""

    misconception: str
    n_learners: int
    n: int
    latest: list[int]


def misconceptions_of_class(recent: Iterable[Recent], *, most: int = 5, quoted: int = 2) -> list[ShownError]:
    """Those that most learners showed lately first."""
    found: dict[str, list[Recent]] = {}
    for one in recent:
        if one.misconception:
            found.setdefault(one.misconception, []).append(one)
    rows = [
        ShownError(code, len({one.learner_id for one in shown}), len(shown), [one.attempt_id for one in shown[:quoted]])
        for code, shown in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.n_learners, -row.n, row.misconception))[:most]


def quotes_of(errors: Iterable[ShownError]) -> dict[int, Attempt]:
    """Id -> the attempt, of those that are quoted. One query."""
    rows = Attempt.objects.select_related("resource", "learner").defer(*HEAVY)
    return rows.in_bulk([pk for error in errors for pk in error.latest])


@dataclass(frozen=True, slots=True)
class Difficult:
    """An exercise and how it went lately. ease: the share of right answers without a hint."""

    resource: Resource
    n: int
    n_learners: int
    n_hinted: int
    ease: float


def difficult_exercises(recent: Iterable[Recent], *, most: int = 8) -> list[Difficult]:
    """Those first whose answers lately were most often wrong or hinted. One query."""
    found: dict[int, list[Recent]] = {}
    for one in recent:
        found.setdefault(one.resource_id, []).append(one)
    rows = [
        (sum(one.is_right_alone for one in answers) / len(answers), -len(answers), pk)
        for pk, answers in found.items()
        if len({one.learner_id for one in answers}) >= FEWEST
    ]
    hardest = sorted(rows)[:most]
    resources = Resource.objects.defer("embedding", "search").in_bulk([pk for _, _, pk in hardest])
    return [
        Difficult(
            resource=resources[pk],
            n=-n,
            n_learners=len({one.learner_id for one in found[pk]}),
            n_hinted=sum(one.n_hints > 0 for one in found[pk]),
            ease=ease,
        )
        for ease, n, pk in hardest
    ]


@dataclass(frozen=True, slots=True)
class ClassFigures:
    n_learners: int
    n_active: int
    n_recent: int
    n_review: int
    n_queued: int


def class_figures(*, course: Course, n_learners: int, at: datetime) -> ClassFigures:
    # By learner first: to count different ones among all answers takes a sort of them all.
    recently = Attempt.objects.filter(course=course, submitted_at__gte=at - RECENTLY).order_by()
    by_learner = recently.values("learner").annotate(n=Count("pk"))
    sums = by_learner.aggregate(learners=Count("learner"), answers=Sum("n"))
    return ClassFigures(
        n_learners=n_learners,
        n_active=sums["learners"],
        n_recent=sums["answers"] or 0,
        # One by one: each has a small index of its own.
        n_review=Attempt.objects.filter(course=course, state=Attempt.State.NEEDS_REVIEW).count(),
        n_queued=Attempt.objects.filter(course=course, state=Attempt.State.QUEUED).count(),
    )


def cells_of(*, course: Course, learner_ids: Sequence[int]) -> dict[tuple[int, int], tuple[str, float]]:
    """(learner id, skill id) -> (status, p_mastery), for the rows of a map that are drawn."""
    rows = _masteries(course).filter(learner__in=learner_ids).annotate(status=status_case())
    return {
        (learner, skill): (status, p)
        for learner, skill, status, p in rows.values_list("learner_id", "skill_id", "status", "p_mastery")
    }


def learners_on_skill(*, course: Course, skill: Skill) -> list[tuple[int, str, float, int, datetime | None]]:
    """(learner id, status, p_mastery, n_attempts, last attempt) on the skill, the weakest first."""
    return list(
        _masteries(course)
        .annotate(status=status_case())
        .filter(skill=skill)
        .order_by("p_mastery")
        .values_list("learner_id", "status", "p_mastery", "n_attempts", "last_attempt_at")
    )


def answers_to(*, course: Course, resource: Resource, limit: int = 500) -> list[Attempt]:
    """The latest answers to the exercise, newest first, with learner and what counts of them."""
    rows = Attempt.objects.filter(course=course, resource=resource).select_related("learner")
    return list(rows.prefetch_related(current_assessments()).order_by("-submitted_at", "-pk")[:limit])


def review_queue(*, course: Course, first: Sequence[int] = (), limit: int = 20) -> list[Attempt]:
    """What waits for a person, `first` and then the oldest, with the machine's own opinion (`attempt.opinions`)."""
    return _to_review(in_review(course=course, first=first)[:limit])


def review_sample(*, course: Course) -> list[Attempt]:
    """A few released marks that were drawn for a teacher to mark too, read like the queue."""
    return _to_review(drawn(course=course)[:SAMPLE])


def _to_review(rows: QuerySet[Attempt]) -> list[Attempt]:
    rows = rows.select_related("learner", "resource").defer(*HEAVY)
    return list(rows.prefetch_related(all_current_assessments()))


def all_current_assessments() -> Prefetch:
    """For `attempt.opinions`: the assessment that counts or waits for release, as a list of none or one."""
    return Prefetch("assessments", queryset=Assessment.objects.filter(is_current=True), to_attr="opinions")
