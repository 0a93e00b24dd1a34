"""Reading what an assessment is made of, and assessments for who may see them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import FilteredRelation, Q, QuerySet
from django.utils.timezone import get_default_timezone

from adaptive.catalog.models import Course, Resource, ResourceSkill
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.performance.facts import LONGEST_SECONDS, Row
from adaptive.performance.models import PerformanceAssessment

MAX_ROWS = 2000  # of a period; beyond, the latest
USUAL_ATTEMPTS = 200  # before the period, for the learner's usual pace
Period = PerformanceAssessment.Period


def week_of(moment: datetime, *, zone: ZoneInfo | None = None) -> tuple[datetime, datetime]:
    """Monday, midnight, of the moment's week in the installation's time zone, and the next one's."""
    local = moment.astimezone(zone or get_default_timezone())
    monday = (local - timedelta(days=local.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    return monday, monday + timedelta(days=7)


def _attempts(assessment: PerformanceAssessment) -> QuerySet[Attempt]:
    rows = Attempt.objects.filter(
        learner_id=assessment.learner_id, course_id=assessment.course_id, submitted_at__gte=assessment.starts_at
    ).exclude(state=Attempt.State.FAILED)
    if assessment.period == Period.SESSION:
        return rows.filter(submitted_at__lte=assessment.ends_at)
    return rows.filter(submitted_at__lt=assessment.ends_at)


def _seconds(latency_ms: int | None, started_at: datetime | None, submitted_at: datetime) -> float | None:
    """What was measured of the time an answer took; None where nothing was, or the learner was away."""
    if latency_ms is not None:
        found = latency_ms / 1000
    elif started_at is not None:
        found = (submitted_at - started_at).total_seconds()
    else:
        return None
    return found if 0 < found <= LONGEST_SECONDS else None


def rows_of(assessment: PerformanceAssessment) -> list[Row]:
    """The period's attempts in the order of answering, with the assessment that counts of each. Three queries."""
    latest = list(
        _attempts(assessment)
        .annotate(current=FilteredRelation("assessments", condition=Q(assessments__is_current=True)))
        .order_by("-submitted_at", "-pk")
        .values_list(
            "pk",
            "resource_id",
            "submitted_at",
            "started_at",
            "latency_ms",
            "n_hints",
            "current__score",
            "current__is_released",
            "current__missing",
            "current__misconception",
        )[:MAX_ROWS]
    )
    resources = {row[1] for row in latest}
    titles = dict(Resource.objects.filter(pk__in=resources).values_list("pk", "title"))
    main: dict[int, tuple[int, str]] = {}
    links = ResourceSkill.objects.filter(resource__in=resources).order_by("resource_id", "position", "pk")
    for resource_id, skill_id, name in links.values_list("resource_id", "skill_id", "skill__name"):
        main.setdefault(resource_id, (skill_id, name))
    zone = get_default_timezone()
    rows = []
    for pk, resource_id, submitted_at, started_at, latency_ms, n_hints, score, released, missing, code in latest:
        skill_id, skill_name = main.get(resource_id, (None, ""))
        # A mark that is held back counts for nothing until a teacher has looked, here as everywhere.
        counts = score is not None and bool(released)
        rows.append(
            Row(
                id=pk,
                resource=resource_id,
                title=titles[resource_id],
                day=submitted_at.astimezone(zone).date(),
                score=score if counts else None,
                skill=skill_id,
                skill_name=skill_name,
                n_hints=n_hints,
                seconds=_seconds(latency_ms, started_at, submitted_at),
                missing=missing or "" if counts else "",
                misconception=code or "" if counts else "",
            )
        )
    return rows[::-1]


def usual_seconds_of(assessment: PerformanceAssessment) -> list[float]:
    """How long the learner's answers in the course took before the period, the latest first. One query."""
    before = (
        Attempt.objects.filter(
            learner_id=assessment.learner_id, course_id=assessment.course_id, submitted_at__lt=assessment.starts_at
        )
        .order_by("-submitted_at", "-pk")
        .values_list("latency_ms", "started_at", "submitted_at")[:USUAL_ATTEMPTS]
    )
    return [seconds for row in before if (seconds := _seconds(*row)) is not None]


def assessors_of(assessment: PerformanceAssessment) -> list[str]:
    """Who or what made the marks that count in the period: "key", "teacher", "llm MODEL PROMPT"."""
    made = (
        _attempts(assessment)
        .filter(assessments__is_current=True, assessments__is_released=True)
        .order_by()
        .values_list("assessments__assessor_kind", "assessments__model", "assessments__prompt_version")
        .distinct()
    )
    return sorted({" ".join(part for part in row if part) for row in made})


def performance_of(*, learner: Learner, course: Course, limit: int | None = None) -> QuerySet[PerformanceAssessment]:
    """The learner's assessments in the course that have been made, the latest first."""
    found = PerformanceAssessment.objects.filter(learner=learner, course=course, made_at__isnull=False)
    found = found.order_by("-ends_at", "-starts_at", "-pk")
    return found if limit is None else found[:limit]


def performance_for_teacher(
    *, learner: Learner, course: Course, limit: int | None = None
) -> QuerySet[PerformanceAssessment]:
    """The same for the course's teachers: none without the learner's consent."""
    if not learner.shares_performance:
        return PerformanceAssessment.objects.none()
    return performance_of(learner=learner, course=course, limit=limit)
