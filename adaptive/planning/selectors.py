"""Reading plans, and what they are made from. No function runs more queries when there is more data."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils.timezone import get_default_timezone

from adaptive.backends.learner_model.base import Item
from adaptive.catalog.models import Course, Resource, ResourceSkill
from adaptive.catalog.selectors import prerequisites_of, skills_of
from adaptive.common.errors import NotFound
from adaptive.events.models import Attempt
from adaptive.learners.models import Enrolment, Learner
from adaptive.mastery.items import items_of
from adaptive.mastery.models import LearnerState
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.planning.progress import DONE, Work, status_of
from adaptive.planning.types import Material, PlanResource
from adaptive.recommendation.models import ImpressionEvent, Ruling


def zone_here() -> ZoneInfo:
    """The installation's time zone: in it a day is a day."""
    return get_default_timezone()


def today_of(at: datetime) -> date:
    return at.astimezone(zone_here()).date()


def plan_find(*, learner: Learner, course: Course) -> StudyPlan | None:
    found = StudyPlan.objects.filter(learner=learner, course=course).first()
    if found:
        found.learner, found.course = learner, course
    return found


def plan_get(*, learner: Learner, course: Course) -> StudyPlan:
    """Raises NotFound."""
    found = plan_find(learner=learner, course=course)
    if found is None:
        raise NotFound(f"“{learner.external_id}” has no study plan in “{course.external_id}” yet: POST one.")
    return found


def plans_of(*, learner: Learner) -> list[StudyPlan]:
    return list(StudyPlan.objects.filter(learner=learner).select_related("course").order_by("pk"))


def _never(*, learner: Learner, course: Course) -> set[int]:
    """Ids of resources that a teacher does not want for this learner, their cohort or the course. One query."""
    cohorts = Enrolment.objects.filter(learner=learner, course=course, cohort__isnull=False).values("cohort")
    concerned = Q(learner=learner) | Q(cohort__in=cohorts) | Q(learner=None, cohort=None)
    ruled = Ruling.objects.filter(concerned, course=course, kind=Ruling.Kind.NEVER, ended_at=None)
    return set(ruled.values_list("resource_id", flat=True))


def material_of(*, learner: Learner, course: Course) -> Material:
    """The course as the planner sees it, without what a teacher ruled out; how often the learner did each resource."""
    main: dict[int, int] = {}
    links = ResourceSkill.objects.filter(resource__course=course, resource__is_retired=False)
    for resource_id, skill_id in links.order_by("resource_id", "position", "pk").values_list("resource_id", "skill_id"):
        main.setdefault(resource_id, skill_id)
    rows = list(
        Resource.objects.filter(course=course, is_retired=False)
        .order_by("pk")
        .values_list("pk", "kind", "duration_minutes")
    )
    never = _never(learner=learner, course=course)
    items = items_of(pk for pk, kind, _ in rows if kind == Resource.Kind.EXERCISE)
    attempts = Attempt.objects.filter(learner=learner, course=course).order_by()
    n_done = dict(attempts.values_list("resource_id").annotate(n=Count("pk")))
    read = ImpressionEvent.objects.filter(
        type=ImpressionEvent.Type.COMPLETE, impression__slate__learner=learner, impression__slate__course=course
    )
    for resource_id in read.order_by().values_list("impression__resource_id", flat=True).distinct():
        n_done.setdefault(resource_id, 1)
    return Material(
        skills=tuple(skills_of(course=course).values_list("pk", flat=True)),
        resources=tuple(
            PlanResource(pk, main[pk], minutes, items.get(pk), n_done.get(pk, 0))
            for pk, _, minutes in rows
            if pk in main and pk not in never
        ),
        prerequisites={skill: tuple(before) for skill, before in prerequisites_of(course=course).items()},
    )


def work_by_day(*, learner: Learner, course: Course, since: date, zone: ZoneInfo) -> dict[date, Work]:
    """What was answered, and read to its end, on each day since then: a resource counts once a day. Two queries."""
    begins = datetime.combine(since, datetime.min.time(), zone)
    found: dict[date, dict[int, float]] = defaultdict(dict)
    answered = Attempt.objects.filter(learner=learner, course=course, submitted_at__gte=begins)
    read = ImpressionEvent.objects.filter(
        type=ImpressionEvent.Type.COMPLETE,
        impression__slate__learner=learner,
        impression__slate__course=course,
        created_at__gte=begins,
    )
    for rows in (
        answered.values_list("submitted_at", "resource_id", "resource__duration_minutes"),
        read.values_list("created_at", "impression__resource_id", "impression__resource__duration_minutes"),
    ):
        for at, resource_id, minutes in rows:
            found[at.astimezone(zone).date()][resource_id] = minutes
    return {day: Work(sum(some.values()), frozenset(some)) for day, some in found.items()}


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session with what became of it: done, partly, missed, today or ahead."""

    session: StudySession
    status: str
    work: Work


def sessions_of(*, plan: StudyPlan, at: datetime) -> list[SessionView]:
    """The plan's sessions in order of time, each with its status. Three queries."""
    sessions = list(plan.sessions.all())
    if not sessions:
        return []
    today = today_of(at)
    work: dict[date, Work] = {}
    if sessions[0].day <= today:
        work = work_by_day(learner=plan.learner, course=plan.course, since=sessions[0].day, zone=zone_here())
    views = []
    for session in sessions:
        done = work.get(session.day, Work())
        status = status_of(
            day=session.day,
            minutes=session.minutes,
            resource_ids=frozenset(session.resource_ids),
            work=done,
            today=today,
        )
        views.append(SessionView(session, status, done))
    return views


def session_today(*, learner: Learner, course: Course, at: datetime) -> SessionView | None:
    """Today's session of the learner's plan, with what was done of it. One query where there is none, else three."""
    today = today_of(at)
    session = StudySession.objects.filter(plan__learner=learner, plan__course=course, day=today).first()
    if session is None:
        return None
    work = work_by_day(learner=learner, course=course, since=today, zone=zone_here()).get(today, Work())
    status = status_of(
        day=today,
        minutes=session.minutes,
        resource_ids=frozenset(session.resource_ids),
        work=work,
        today=today,
    )
    return SessionView(session, status, work)


def items_ahead(views: Sequence[SessionView], *, at: datetime) -> list[tuple[float, list[Item]]]:
    """What is still to be answered, session by session: (starts at, exercises). Two queries."""
    now, today = at.timestamp(), today_of(at)
    open_views = [view for view in views if view.session.day >= today and view.status != DONE]
    wanted = {pk for view in open_views for pk in view.session.resource_ids}
    exercises = Resource.objects.filter(pk__in=wanted, kind=Resource.Kind.EXERCISE, is_retired=False)
    items = items_of(exercises.values_list("pk", flat=True))
    return [
        (
            max(view.session.starts_at.timestamp(), now),
            [items[pk] for pk in view.session.resource_ids if pk in items and pk not in view.work.resource_ids],
        )
        for view in open_views
    ]


def resources_planned(views: Sequence[SessionView]) -> dict[int, Resource]:
    """The resources of the sessions by id, as far as the course still has them. One query."""
    wanted = {pk for view in views for pk in view.session.resource_ids}
    return {row.pk: row for row in Resource.objects.filter(pk__in=wanted).defer("embedding", "search")}


def state_mark(*, learner: Learner, course: Course) -> str:
    """Changes with everything that changes what is believed about the learner. One query."""
    row = (
        LearnerState.objects.filter(learner=learner, course=course)
        .values_list("model", "version_id", "n_applied", "n_rebuilds")
        .first()
    )
    return "new" if row is None else " ".join(str(part) for part in row)


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
