"""Where a course stands, from what is stored: skills, learners, what waits. Nine queries, however large it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Count, Max, Q

from adaptive.assessment.agreement import agreements_of, limit_of
from adaptive.assessment.models import Agreement, Assessment
from adaptive.catalog.models import Course, Skill
from adaptive.events.models import Attempt
from adaptive.learners.models import Enrolment, Learner
from adaptive.mastery.models import SkillMastery
from adaptive.mastery.selectors import MASTERED, NEEDS_HELP, ModelStanding, model_standing

RECENT = timedelta(days=7)
MIN_TRIES = 3
MAX_EXERCISES = 10


@dataclass(frozen=True, slots=True)
class SkillStanding:
    """How the course's learners stand with one skill. The four counts add up to the number of learners.

    mean_p_mastery: over those who have met it; None where nobody has.
    """

    skill: Skill
    mean_p_mastery: float | None
    n_not_started: int
    n_started: int
    n_needs_help: int
    n_mastered: int


@dataclass(frozen=True, slots=True)
class LearnerStanding:
    learner: Learner
    cohort: str
    n_attempts: int
    last_attempt_at: datetime | None
    n_mastered: int
    n_needs_help: int


@dataclass(frozen=True, slots=True)
class ExerciseStanding:
    """One of the exercises that are most often missed."""

    external_id: str
    title: str
    n_attempts: int
    mean_score: float


@dataclass(frozen=True, slots=True)
class MarkingStanding:
    """How AI and teachers agree, as measured; None: nothing was measured yet. limit: of the error of released marks."""

    limit: float
    course: Agreement | None
    exercises: list[Agreement]


@dataclass(frozen=True, slots=True)
class CourseReport:
    course: Course
    at: datetime
    n_learners: int
    n_attempts: int
    n_attempts_recent: int
    n_queued: int
    n_needs_review: int
    skills: list[SkillStanding]
    learners: list[LearnerStanding]
    hardest: list[ExerciseStanding]
    model: ModelStanding
    marking: MarkingStanding


_IS_MASTERED = Q(n_attempts__gte=MIN_TRIES, p_mastery__gte=MASTERED)
_NEEDS_HELP = Q(n_attempts__gte=MIN_TRIES, p_mastery__lt=NEEDS_HELP)


def course_report(*, course: Course, at: datetime) -> CourseReport:
    """The report of the course. p_mastery is as of each learner's latest answer."""
    enrolled = list(
        Enrolment.objects.filter(course=course, role=Enrolment.Role.LEARNER)
        .select_related("learner", "cohort")
        .order_by("learner__display_name", "learner__external_id")
    )
    among = Enrolment.objects.filter(course=course, role=Enrolment.Role.LEARNER).values("learner")
    masteries = SkillMastery.objects.filter(skill__course=course, learner__in=among, n_attempts__gt=0)
    counts = Attempt.objects.filter(course=course, learner__in=among).aggregate(
        n=Count("pk"),
        recent=Count("pk", filter=Q(submitted_at__gte=at - RECENT)),
        queued=Count("pk", filter=Q(state=Attempt.State.QUEUED)),
        needs_review=Count("pk", filter=Q(state=Attempt.State.NEEDS_REVIEW)),
    )
    return CourseReport(
        course=course,
        at=at,
        n_learners=len(enrolled),
        n_attempts=counts["n"],
        n_attempts_recent=counts["recent"],
        n_queued=counts["queued"],
        n_needs_review=counts["needs_review"],
        skills=_skills(course, masteries, n_learners=len(enrolled)),
        learners=_learners(course, masteries, enrolled),
        hardest=_hardest(course),
        model=model_standing(course=course),
        marking=_marking(course),
    )


def _marking(course: Course) -> MarkingStanding:
    whole, of_exercises = agreements_of(course=course)
    return MarkingStanding(limit_of(course), whole, list(of_exercises.values()))


def _skills(course: Course, masteries, *, n_learners: int) -> list[SkillStanding]:
    rows = {
        row["skill"]: row
        for row in masteries.values("skill").annotate(
            met=Count("pk"),
            mean=Avg("p_mastery"),
            mastered=Count("pk", filter=_IS_MASTERED),
            needs_help=Count("pk", filter=_NEEDS_HELP),
        )
    }
    none = {"met": 0, "mean": None, "mastered": 0, "needs_help": 0}
    found = []
    for skill in Skill.objects.filter(course=course):
        row = rows.get(skill.pk, none)
        found.append(
            SkillStanding(
                skill=skill,
                mean_p_mastery=row["mean"],
                n_not_started=n_learners - row["met"],
                n_started=row["met"] - row["mastered"] - row["needs_help"],
                n_needs_help=row["needs_help"],
                n_mastered=row["mastered"],
            )
        )
    return found


def _learners(course: Course, masteries, enrolled: list[Enrolment]) -> list[LearnerStanding]:
    knows = {
        row["learner"]: row
        for row in masteries.values("learner").annotate(
            mastered=Count("pk", filter=_IS_MASTERED), needs_help=Count("pk", filter=_NEEDS_HELP)
        )
    }
    did = {
        row["learner"]: row
        for row in Attempt.objects.filter(course=course)
        .order_by()
        .values("learner")
        .annotate(n=Count("pk"), last=Max("submitted_at"))
    }
    none = {"mastered": 0, "needs_help": 0, "n": 0, "last": None}
    found = []
    for enrolment in enrolled:
        known, done = knows.get(enrolment.learner_id, none), did.get(enrolment.learner_id, none)
        found.append(
            LearnerStanding(
                learner=enrolment.learner,
                cohort=enrolment.cohort.name if enrolment.cohort else "",
                n_attempts=done["n"],
                last_attempt_at=done["last"],
                n_mastered=known["mastered"],
                n_needs_help=known["needs_help"],
            )
        )
    return found


def _hardest(course: Course) -> list[ExerciseStanding]:
    rows = (
        Assessment.objects.filter(attempt__course=course, is_current=True, is_released=True)
        .values("attempt__resource__external_id", "attempt__resource__title")
        .annotate(n=Count("pk"), mean=Avg("score"))
        .filter(n__gte=MIN_TRIES)
        .order_by("mean", "-n")[:MAX_EXERCISES]
    )
    return [
        ExerciseStanding(row["attempt__resource__external_id"], row["attempt__resource__title"], row["n"], row["mean"])
        for row in rows
    ]
