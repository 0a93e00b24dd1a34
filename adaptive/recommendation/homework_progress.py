"""How far homework is: read off the answers since it was given, never ticked by anybody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from adaptive.catalog.models import Course
from adaptive.learners.models import Enrolment, Learner
from adaptive.recommendation.filtering import RIGHT_FROM
from adaptive.recommendation.homework import FIRST_AFTER_DUE
from adaptive.recommendation.models import Homework, Ruling

# The exercises of each, in the order they were given.
WHAT = """what AS (
    SELECT homework_id, resource_id, min(id) AS place FROM adaptive_ruling
    WHERE homework_id = ANY(%(homework)s) GROUP BY homework_id, resource_id
)"""
# Whoever learns in the course now: a cohort's new learner is in, who has left is out.
WHO = """who AS (
    SELECT DISTINCT r.homework_id, e.learner_id, h.created_at
    FROM (
        SELECT DISTINCT homework_id, learner_id, cohort_id FROM adaptive_ruling WHERE homework_id = ANY(%(homework)s)
    ) r
    JOIN adaptive_homework h ON h.id = r.homework_id
    JOIN adaptive_enrolment e ON e.course_id = h.course_id AND e.role = 'learner'
        AND (e.learner_id = r.learner_id OR e.cohort_id = r.cohort_id OR (r.learner_id IS NULL AND r.cohort_id IS NULL))
    WHERE %(learner)s::bigint IS NULL OR e.learner_id = %(learner)s
)"""
SCORE = "coalesce(CASE WHEN s.is_released THEN s.score END, a.given_score)"
IS_RIGHT = f"coalesce(bool_or({SCORE} >= %(right_from)s), false)"
SQL = f"""
WITH {WHAT}, {WHO}
SELECT who.homework_id, who.learner_id, what.resource_id, count(a.id),
    count(a.id) FILTER (WHERE s.is_released OR a.given_score IS NOT NULL), {IS_RIGHT}, max(a.submitted_at)
FROM who
JOIN what ON what.homework_id = who.homework_id
LEFT JOIN adaptive_attempt a ON a.learner_id = who.learner_id AND a.resource_id = what.resource_id
    AND a.submitted_at >= who.created_at
LEFT JOIN adaptive_assessment s ON s.attempt_id = a.id AND s.is_current
GROUP BY who.homework_id, who.learner_id, what.resource_id, what.place
ORDER BY who.homework_id, who.learner_id, what.place
"""
# Summed up by the database: a row a homework. From the answers to its exercises since then, not from every learner at
# every exercise: of a thousand learners most have not begun.
COUNTS = f"""
WITH {WHAT}, {WHO}, tried AS (
    SELECT what.homework_id, a.learner_id, what.resource_id, {IS_RIGHT} AS is_right
    FROM what
    JOIN adaptive_homework h ON h.id = what.homework_id
    JOIN adaptive_attempt a ON a.resource_id = what.resource_id AND a.submitted_at >= h.created_at
    LEFT JOIN adaptive_assessment s ON s.attempt_id = a.id AND s.is_current
    GROUP BY what.homework_id, a.learner_id, what.resource_id
), far AS (
    SELECT homework_id, learner_id, count(*) FILTER (WHERE is_right) AS n_right
    FROM tried GROUP BY homework_id, learner_id
), size AS (
    SELECT homework_id, count(*) AS n FROM what GROUP BY homework_id
)
SELECT who.homework_id, count(*), count(*) FILTER (WHERE far.n_right = size.n),
    count(*) FILTER (WHERE far.n_right < size.n)
FROM who
JOIN size ON size.homework_id = who.homework_id
LEFT JOIN far ON far.homework_id = who.homework_id AND far.learner_id = who.learner_id
GROUP BY who.homework_id
"""


@dataclass(frozen=True, slots=True)
class Tries:
    """One learner at one exercise since it was given. `n_read`: of the tries, those with a mark that counts."""

    resource_id: int
    n: int
    n_read: int
    is_right: bool
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """One learner's homework: exercise by exercise, in the order they were given."""

    tries: tuple[Tries, ...]

    @property
    def n_right(self) -> int:
        return sum(one.is_right for one in self.tries)

    @property
    def n_tried(self) -> int:
        return sum(one.n > 0 for one in self.tries)

    @property
    def is_done(self) -> bool:
        return self.n_right == len(self.tries)


@dataclass(frozen=True, slots=True)
class Counts:
    """Learners of one homework; `n_begun`: of those who have not done it."""

    n_learners: int = 0
    n_done: int = 0
    n_begun: int = 0


def counts_of(*, homework: Collection[Homework]) -> dict[int, Counts]:
    """Homework id -> how many learners are how far. One query, none for none."""
    found = {one.pk: Counts() for one in homework}
    if found:
        with connection.cursor() as cursor:
            cursor.execute(COUNTS, {"homework": list(found), "learner": None, "right_from": RIGHT_FROM})
            found |= {pk: Counts(*counts) for pk, *counts in cursor.fetchall()}
    return found


def counted(progress: Mapping[int, Progress]) -> Counts:
    """The same counts, of what progress_of read of one homework."""
    n_done = sum(one.is_done for one in progress.values())
    return Counts(len(progress), n_done, sum(not one.is_done and one.n_tried > 0 for one in progress.values()))


def progress_of(
    *, homework: Collection[Homework], learner: Learner | None = None
) -> Mapping[int, Mapping[int, Progress]]:
    """Homework id -> learner id -> progress, of all it was given to (or of one of them). One query, none for none."""
    found: dict[int, dict[int, list[Tries]]] = {one.pk: {} for one in homework}
    if not found:
        return {}
    with connection.cursor() as cursor:
        values = {"homework": list(found), "learner": learner.pk if learner else None, "right_from": RIGHT_FROM}
        cursor.execute(SQL, values)
        for homework_id, learner_id, resource_id, n, n_read, is_right, last_at in cursor.fetchall():
            row = Tries(resource_id, n, n_read, is_right, last_at)
            found[homework_id].setdefault(learner_id, []).append(row)
    return {pk: {who: Progress(tuple(tries)) for who, tries in rows.items()} for pk, rows in found.items()}


def homework_of_course(*, course: Course) -> QuerySet[Homework]:
    """All that was given in the course, what was taken back too, the latest first."""
    return Homework.objects.filter(course=course).select_related("teacher", "course").order_by("-created_at", "-pk")


def homework_open(*, learner: Learner, course: Course, at: datetime) -> list[Homework]:
    """What the learner was given and nobody took back, until a week after its day; what is due first first."""
    cohorts = Enrolment.objects.filter(learner=learner, course=course, cohort__isnull=False).values("cohort")
    mine = Q(learner=learner) | Q(cohort__in=cohorts) | Q(learner=None, cohort=None)
    pins = Ruling.objects.filter(mine, homework=OuterRef("pk"))
    rows = Homework.objects.filter(Exists(pins), course=course, ended_at=None)
    rows = rows.filter(Q(due_at=None) | Q(due_at__gt=at - FIRST_AFTER_DUE))
    return list(rows.order_by("due_at", "-created_at", "-pk")[:20])


def exercises_in(*, homework: Sequence[Homework]) -> dict[int, str]:
    """Resource id -> title, of all exercises of these. One query, none for none."""
    if not homework:
        return {}
    rows = Ruling.objects.filter(homework__in=[one.pk for one in homework])
    return dict(rows.values_list("resource_id", "resource__title").distinct())


@dataclass(frozen=True, slots=True)
class GivenTo:
    """For whom homework is: a cohort's name, a number of chosen learners, or (neither) everybody in the course."""

    cohort: str = ""
    n_learners: int = 0


def given_to(*, homework: Collection[Homework]) -> dict[int, GivenTo]:
    """Homework id -> for whom it is. One query, none for none."""
    if not homework:
        return {}
    rows = Ruling.objects.filter(homework__in=[one.pk for one in homework])
    found: dict[int, tuple[str, set[int]]] = {}
    for pk, cohort, learner_id in rows.values_list("homework_id", "cohort__name", "learner_id").distinct():
        _name, learners = found.setdefault(pk, (cohort or "", set()))
        if learner_id is not None:
            learners.add(learner_id)
    return {pk: GivenTo(cohort, len(learners)) for pk, (cohort, learners) in found.items()}
