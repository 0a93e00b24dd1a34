"""Making a plan, making it again, and what it would be otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from adaptive.backends.learner_model.base import State
from adaptive.catalog.models import Course
from adaptive.common.clock import from_epoch, now
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.learners.models import Learner
from adaptive.mastery.selectors import LearnerBelief, learner_state
from adaptive.planning import forecast as forecasting
from adaptive.planning import planner
from adaptive.planning.availability import slots_of
from adaptive.planning.forecast import FITTED, SHIPPED, Band, Forecast
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.planning.selectors import (
    SessionView,
    items_ahead,
    material_of,
    sessions_of,
    state_mark,
    today_of,
    zone_here,
)
from adaptive.planning.types import Material, Session
from adaptive.planning.wishes import MOST_MINUTES, START, Wishes, slot_values, wishes_check

MOST_UNPLANNED = 3  # days at the end for which the course may have nothing left
MORE_TIME = (1.5, 2.0, 3.0)  # tried in turn where the target is beyond the plan


@dataclass(frozen=True, slots=True)
class _Ground:
    """All that a plan follows from, beside the wishes."""

    belief: LearnerBelief
    material: Material
    at: datetime

    @property
    def state(self) -> State:
        return self.belief.state

    @property
    def band(self) -> Band:
        return band_for(self.belief)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A plan that is not stored."""

    sessions: list[Session]
    forecast: Forecast

    @property
    def minutes(self) -> int:
        return sum(session.minutes for session in self.sessions)


def band_for(belief: LearnerBelief) -> Band:
    return forecasting.band_of(kind_of(belief))


def kind_of(belief: LearnerBelief) -> str:
    return FITTED if belief.in_use.version_id else SHIPPED


def _ground(learner: Learner, course: Course, at: datetime) -> _Ground:
    material = material_of(learner=learner, course=course)
    if not material.skills or not any(resource.item for resource in material.resources):
        detail = _("This course has no exercises yet, so there is nothing to plan.")
        raise InvalidInput(detail, errors=[FieldError("/course", detail)])
    return _Ground(learner_state(learner=learner, course=course), material, at)


def _outlook(wishes: Wishes, ground: _Ground) -> Outlook:
    model, state = ground.belief.in_use.model, ground.state
    slots = slots_of(**slot_values(wishes), now=ground.at, zone=zone_here())
    sessions = planner.plan_sessions(model.walk(state), material=ground.material, slots=slots, target=wishes.target)
    items = {resource.id: resource.item for resource in ground.material.resources if resource.item}
    found = forecasting.forecast(
        model,
        state,
        skills=ground.material.skills,
        sessions=[(one.starts_at, [items[pk] for pk in one.resource_ids if pk in items]) for one in sessions],
        now=ground.at.timestamp(),
        exam_at=wishes.exam_at.timestamp(),
        target=wishes.target,
        band=ground.band,
    )
    return Outlook(sessions, found)


def wishes_of(plan: StudyPlan) -> Wishes:
    """As they are stored."""
    return Wishes(
        exam_at=plan.exam_at,
        target=plan.target,
        minutes_per_weekday=tuple(plan.minutes_per_weekday),
        days_off=tuple(date.fromisoformat(day) for day in plan.days_off),
        start_time=plan.start_time,
    )


@transaction.atomic
def plan_set(
    *,
    learner: Learner,
    course: Course,
    exam_at: datetime,
    target: float,
    minutes_per_weekday: Sequence[float],
    days_off: Sequence[date] = (),
    start_time: time = START,
) -> StudyPlan:
    """Makes the learner's plan in the course, or makes it anew from other wishes. InvalidInput names what is wrong."""
    at = now()
    wishes = wishes_check(
        exam_at=exam_at,
        target=target,
        minutes_per_weekday=minutes_per_weekday,
        days_off=days_off,
        start_time=start_time,
        now=at,
        zone=zone_here(),
    )
    # One after the other: two of the same learner must not mix their sessions.
    Learner.objects.select_for_update(no_key=True).get(pk=learner.pk)
    plan = StudyPlan.objects.filter(learner=learner, course=course).first() or StudyPlan(learner=learner, course=course)
    return _make(plan, wishes, _ground(learner, course, at))


@transaction.atomic
def plan_renew(*, plan: StudyPlan, days_off: Sequence[date] | None = None) -> StudyPlan:
    """The plan again from now on and from what is believed now; what was missed is left behind, not piled up.

    days_off: in the place of those stored. InvalidInput where the exam has passed or no day is left.
    """
    wishes = wishes_of(plan)
    return plan_set(
        learner=plan.learner,
        course=plan.course,
        exam_at=wishes.exam_at,
        target=wishes.target,
        minutes_per_weekday=wishes.minutes_per_weekday,
        days_off=wishes.days_off if days_off is None else days_off,
        start_time=wishes.start_time,
    )


def _make(plan: StudyPlan, wishes: Wishes, ground: _Ground) -> StudyPlan:
    outlook = _outlook(wishes, ground)
    plan.exam_at, plan.target, plan.start_time = wishes.exam_at, wishes.target, wishes.start_time
    plan.minutes_per_weekday = list(wishes.minutes_per_weekday)
    plan.days_off = [day.isoformat() for day in wishes.days_off]
    plan.planned_at = ground.at
    plan.shortfall = _shortfall(wishes, ground, outlook)
    plan.versions = {
        "planner": planner.VERSION,
        "forecast": forecasting.VERSION,
        "learner_model": ground.belief.in_use.tag,
    }
    plan.forecast, plan.forecast_of = {**outlook.forecast.to_json(), "kind": kind_of(ground.belief)}, ""
    plan.save()
    _sessions_replace(plan, outlook.sessions, ground.at)
    plan.forecast_of = _mark(plan, ground.at)
    plan.save(update_fields=["forecast_of"])
    return plan


def _sessions_replace(plan: StudyPlan, sessions: Sequence[Session], at: datetime) -> None:
    """Days that are over and were worked on stay; the rest makes way. An unchanged session stays as it is."""
    today = today_of(at)
    worked = {view.session.pk for view in sessions_of(plan=plan, at=at) if view.work.resource_ids}
    before = {session.day: session for session in plan.sessions.all()}
    rows = []
    for session in sessions:
        blocks = [
            {
                "purpose": block.purpose,
                "skill": block.skill_id,
                "minutes": round(block.minutes, 1),
                "resources": list(block.resource_ids),
            }
            for block in session.blocks
        ]
        values = {
            "starts_at": from_epoch(session.starts_at),
            "minutes": session.minutes,
            "kind": session.kind,
            "blocks": blocks,
        }
        old = before.pop(session.day, None)
        if old is not None and all(getattr(old, name) == value for name, value in values.items()):
            continue
        sequence = 0 if old is None else old.sequence + 1
        rows.append(StudySession(plan=plan, day=session.day, sequence=sequence, changed_at=at, **values))
    gone = [old.pk for old in before.values() if old.day >= today or old.pk not in worked]
    plan.sessions.filter(pk__in=gone).delete()
    StudySession.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["plan", "day"],
        update_fields=["starts_at", "minutes", "kind", "blocks", "sequence", "changed_at"],
    )


def _shortfall(wishes: Wishes, ground: _Ground, outlook: Outlook) -> dict[str, Any] | None:
    """None where the target is expected to be met; else what can be had.

    {reachable: the share that is expected, minutes: of the plan, more: {factor, minutes, expected, is_enough} of the
    least time tried that is enough, or of the most that was tried; null where no day has room for more}
    """
    if outlook.forecast.expected >= wishes.target:
        return None
    more = None
    for factor in MORE_TIME:
        minutes = tuple(min(MOST_MINUTES, round(value * factor)) for value in wishes.minutes_per_weekday)
        if minutes == wishes.minutes_per_weekday:
            break
        other = _outlook(replace(wishes, minutes_per_weekday=minutes), ground)
        is_enough = other.forecast.expected >= wishes.target
        more = {
            "factor": factor,
            "minutes": other.minutes,
            "expected": round(other.forecast.expected, 4),
            "is_enough": is_enough,
        }
        if is_enough:
            break
    return {"reachable": round(outlook.forecast.expected, 4), "minutes": outlook.minutes, "more": more}


def _mark(plan: StudyPlan, at: datetime) -> str:
    mark = state_mark(learner=plan.learner, course=plan.course)
    return f"{forecasting.VERSION} {mark} {today_of(at).isoformat()} {plan.planned_at.isoformat()}"


def forecast_refresh(*, plan: StudyPlan, views: Sequence[SessionView], at: datetime) -> StudyPlan:
    """Brings the forecast up to what is believed today, for who works on as planned from here. Stored where it changed.

    views: of `sessions_of`. A mark that a teacher changed, an answer, a day that went by: each makes it anew. After the
    exam it stays as it was.
    """
    mark = _mark(plan, at)
    if plan.forecast_of == mark or plan.exam_at <= at:
        return plan
    belief = learner_state(learner=plan.learner, course=plan.course)
    skills = list(plan.course.skills.values_list("pk", flat=True))
    if not skills:
        return plan
    found = forecasting.forecast(
        belief.in_use.model,
        belief.state,
        skills=skills,
        sessions=items_ahead(views, at=at),
        now=at.timestamp(),
        exam_at=plan.exam_at.timestamp(),
        target=plan.target,
        band=band_for(belief),
    )
    plan.forecast, plan.forecast_of = {**found.to_json(), "kind": kind_of(belief)}, mark
    plan.versions = {**plan.versions, "forecast": forecasting.VERSION, "learner_model": belief.in_use.tag}
    StudyPlan.objects.filter(pk=plan.pk, planned_at=plan.planned_at).update(
        forecast=plan.forecast, forecast_of=mark, versions=plan.versions
    )
    return plan


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The plan as it would be from now on, with and without a day. sessions_after None: no day would be left."""

    day: date
    before: Outlook
    after: Outlook | None


def plan_without(*, plan: StudyPlan, day: date) -> WhatIf:
    """What if I skip this day? Both sides are planned from now, nothing is stored. InvalidInput for a day that is no
    part of the plan."""
    at = now()
    wishes = wishes_of(plan)
    ground = _ground(plan.learner, plan.course, at)
    days = {slot.day for slot in slots_of(**slot_values(wishes), now=at, zone=zone_here())}
    if day not in days:
        detail = _("On that day nothing is planned, so there is nothing to skip.")
        raise InvalidInput(detail, errors=[FieldError("/skip", detail)])
    before = _outlook(wishes, ground)
    if days == {day}:
        return WhatIf(day, before, None)
    return WhatIf(day, before, _outlook(replace(wishes, days_off=(*wishes.days_off, day)), ground))


def plan_skip(*, plan: StudyPlan, day: date) -> StudyPlan:
    """Takes a day off and plans again. InvalidInput where no day would be left."""
    return plan_renew(plan=plan, days_off=[*wishes_of(plan).days_off, day])


@transaction.atomic
def plan_delete(*, plan: StudyPlan) -> None:
    """The plan with its sessions and its calendar's address."""
    plan.delete()


def planned_up_to(plan: StudyPlan, views: Sequence[SessionView], *, at: datetime) -> date | None:
    """The last day that is planned, where days with time come after it; None where the plan reaches to the exam."""
    if not views or plan.exam_at <= at:
        return None
    last = views[-1].session.day
    later = [slot for slot in slots_of(**slot_values(wishes_of(plan)), now=at, zone=zone_here()) if slot.day > last]
    return last if len(later) > MOST_UNPLANNED else None


def target_within_reach(plan: StudyPlan) -> float | None:
    """The highest whole percentage that is expected to be met, as a share; None where there is none."""
    share = int(plan.forecast.get("expected", 0.0) * 100) / 100
    return share if share >= 0.01 else None


def exam_moment(day: date, *, before: datetime | None = None, at: time = time(9, 0)) -> datetime:
    """The exam on a day, in the installation's time zone: at the time of `before` where that is the same day."""
    zone = zone_here()
    if before is not None and before.astimezone(zone).date() == day:
        return before
    return datetime.combine(day, at, zone)


def days_off_with(days: Sequence[date], first: date, last: date) -> list[date]:
    """With the days from first to last, each once."""
    more = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return sorted({*days, *more})
