"""The study plan in words and drawn: what it would bring, what to do on which day, what if."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adaptive.catalog.models import Resource, Skill
from adaptive.common.clock import from_epoch
from adaptive.pages.markdown import plain_text
from adaptive.pages.presenters.bars import length
from adaptive.pages.presenters.wording import minutes, percent
from adaptive.planning.forecast import SHIPPED, basis_of
from adaptive.planning.models import StudyPlan
from adaptive.planning.progress import DONE, MISSED, PARTLY, TODAY
from adaptive.planning.selectors import SessionView, today_of, zone_here
from adaptive.planning.services import WhatIf, planned_up_to, target_within_reach
from adaptive.planning.types import LEARN, MOCK, MOCK_SESSION, REVIEW

SOON = 7  # sessions shown at once; the rest behind one press
WORTH_TELLING = 1.1  # more time that the course has work for; below, it has hardly any
MOST_TODAY = 4  # lines on the home
HARDLY = 0.005  # a difference in the expected score too small to be told


@dataclass(frozen=True, slots=True)
class BlockLine:
    purpose: str
    icon: str
    word: str
    skill: Skill
    minutes: str
    resources: list[tuple[Resource, str]]  # with their plain titles


@dataclass(frozen=True, slots=True)
class DayCard:
    """`start`: the first resource of today that was not done yet."""

    day: date
    weekday: str
    label: str
    starts_at: datetime
    minutes: str
    status: str
    is_mock: bool
    blocks: list[BlockLine]
    start: Resource | None


@dataclass(frozen=True, slots=True)
class ChartPoint:
    x: str
    y: str
    day: str
    expected: str


@dataclass(frozen=True, slots=True)
class ChartLine:
    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Lengths in percent of the drawing. The exam stands at EXAM_X; a y grows downwards."""

    points: list[ChartPoint]
    lines: list[ChartLine]
    low_y: str
    high_y: str
    band_height: str
    expected_y: str
    target_y: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The forecast in words."""

    low: str
    expected: str
    high: str
    target: str
    now: str
    idle: str
    n_questions: int
    chance: str
    is_met: bool
    basis: str
    limits: list[str]
    chart: Chart


@dataclass(frozen=True, slots=True)
class Short:
    """A target beyond the plan, and what can be had. `percent`: a target within reach, as the form takes it."""

    sentence: str
    more: str
    percent: int | None


@dataclass(frozen=True, slots=True)
class WhatIfView:
    day: str
    iso: str
    sentence: str
    can_skip: bool


@dataclass(frozen=True, slots=True)
class PlanView:
    exam_at: datetime
    exam_day: str
    days_left: str
    is_over: bool
    outcome: Outcome
    short: Short | None
    today: DayCard | None
    soon: list[DayCard]
    later: list[DayCard]
    past: list[DayCard]
    n_done: int
    n_missed: int
    total: str
    open_from: str  # the day after which nothing is planned yet, "" where the plan reaches to the exam


EXAM_X = 0.9  # of the drawing's width; the band stands behind it


def plan_view(
    plan: StudyPlan,
    views: Sequence[SessionView],
    *,
    resources: Mapping[int, Resource],
    skills: Mapping[int, Skill],
    at: datetime,
) -> PlanView:
    """resources, skills: by id, as far as the course still has them."""
    cards = [_day_card(view, resources, skills, at) for view in views]
    today = today_of(at)
    exam_day = plan.exam_at.astimezone(zone_here()).date()
    ahead = [card for card in cards if card.day > today]
    is_over = plan.exam_at <= at
    return PlanView(
        exam_at=plan.exam_at,
        exam_day=day_label(exam_day),
        days_left=_days_left((exam_day - today).days),
        is_over=is_over,
        outcome=outcome_of(plan),
        short=None if is_over else _short(plan),
        today=next((card for card in cards if card.day == today), None),
        soon=ahead[:SOON],
        later=ahead[SOON:],
        past=[card for card in cards if card.day < today and card.status in (DONE, PARTLY)],
        n_done=sum(card.status in (DONE, PARTLY) for card in cards),
        n_missed=sum(card.status == MISSED for card in cards),
        total=hours(sum(view.session.minutes for view in views if view.session.day >= today)),
        open_from=day_label(planned_until) if (planned_until := planned_up_to(plan, views, at=at)) else "",
    )


def day_label(day: date) -> str:
    return _("%(weekday)s, %(day)s") % {
        "weekday": date_format(day, "l"),
        "day": date_format(day, "MONTH_DAY_FORMAT"),
    }


def hours(n_minutes: float) -> str:
    """Minutes as people say them: "45 min", "3 h", "3 h 30 min"."""
    if n_minutes < 60:
        return minutes(n_minutes)
    whole, rest = divmod(round(n_minutes / 5) * 5, 60)
    return _("%(h)d h %(min)d min") % {"h": whole, "min": rest} if rest else _("%(h)d h") % {"h": whole}


def _days_left(n: int) -> str:
    if n <= 0:
        return ""
    if n == 1:
        return _("tomorrow")
    return ngettext("in %(n)d day", "in %(n)d days", n) % {"n": n}


PURPOSES = {
    LEARN: ("pencil", lambda: _("Practise")),
    REVIEW: ("repeat", lambda: _("Review")),
    MOCK: ("check", lambda: _("Try out")),
}


def _day_card(
    view: SessionView, resources: Mapping[int, Resource], skills: Mapping[int, Skill], at: datetime
) -> DayCard:
    session = view.session
    blocks = []
    for block in session.blocks:
        known = [(resources[pk], plain_text(resources[pk].title)) for pk in block["resources"] if pk in resources]
        if block["skill"] not in skills or not known:
            continue
        icon, word = PURPOSES[block["purpose"]]
        skill = skills[block["skill"]]
        blocks.append(BlockLine(block["purpose"], icon, word(), skill, minutes(block["minutes"]), known))
    to_do = [one for line in blocks for one, _title in line.resources if one.pk not in view.work.resource_ids]
    return DayCard(
        day=session.day,
        weekday=date_format(session.day, "l"),
        label=day_label(session.day),
        starts_at=session.starts_at,
        minutes=minutes(session.minutes),
        status=view.status,
        is_mock=session.kind == MOCK_SESSION,
        blocks=blocks,
        start=to_do[0] if to_do and view.status == TODAY else None,
    )


def outcome_of(plan: StudyPlan) -> Outcome:
    found = plan.forecast
    basis = basis_of(found["kind"])
    return Outcome(
        low=percent(found["low"]),
        expected=percent(found["expected"]),
        high=percent(found["high"]),
        target=percent_of_target(plan.target),
        now=percent(found["now"]),
        idle=percent(found["idle"]),
        n_questions=basis["n_questions"],
        chance=_chance(found["p_target"]),
        is_met=found["expected"] >= plan.target,
        basis=_basis(found["kind"], basis),
        limits=_limits(found["kind"]),
        chart=_chart(plan),
    )


def percent_of_target(share: float) -> str:
    """A target is what was asked for, so 100 % is 100 %."""
    return _("%(n)s\u00a0%%") % {"n": number_format(f"{share * 100:g}")}


def _chance(p: float) -> str:
    """In tenths, since it is not known better."""
    n = round(p * 10)
    if n <= 0:
        return _("hardly ever")
    if n >= 10:
        return _("nearly always")
    return _("in about %(n)d of 10 cases") % {"n": n}


def _basis(kind: str, basis: Mapping) -> str:
    values = {
        "coverage": percent(basis["coverage"]),
        "n_forecasts": number_format(basis["n_forecasts"], force_grouping=True),
        "n_learners": number_format(basis["n_learners"], force_grouping=True),
    }
    return (
        _(
            "The band is not a guess: we made %(n_forecasts)s such forecasts for %(n_learners)s real learners of five "
            "public records of practice, whose results had no part in making it. %(coverage)s of their results fell "
            "inside."
        )
        % values
    )


def _limits(kind: str) -> list[str]:
    limits = [
        _("It is about an exam on the skills of this course, asked like its exercises. Another exam can go otherwise."),
        _(
            "The learners on record went on practising at once; how much you forget between two days is taken from a "
            "published model of memory."
        ),
        _("What practice adds is counted as it was seen in those records, which is less than one would hope."),
    ]
    if kind == SHIPPED:
        limits.append(_("Nobody has fitted the learner model to this course yet; that would make the band narrower."))
    return limits


def _chart(plan: StudyPlan) -> Chart:
    found = plan.forecast
    points = found["points"]
    first, last = points[0]["at"], max(points[-1]["at"], points[0]["at"] + 1.0)
    drawn = [
        ChartPoint(
            x=length((point["at"] - first) / (last - first) * EXAM_X),
            y=_y(point["expected"]),
            day=day_label(from_epoch(point["at"]).astimezone(zone_here()).date()),
            expected=percent(point["expected"]),
        )
        for point in points
    ]
    return Chart(
        points=drawn,
        lines=[ChartLine(a.x, a.y, b.x, b.y) for a, b in pairwise(drawn)],
        low_y=_y(found["low"]),
        high_y=_y(found["high"]),
        band_height=length(found["high"] - found["low"]),
        expected_y=_y(found["expected"]),
        target_y=_y(plan.target),
    )


def _y(share: float) -> str:
    return length(1.0 - share)


def _short(plan: StudyPlan) -> Short | None:
    """Where the target is beyond what is expected today; what more time would bring was tried when it was planned."""
    if plan.forecast["expected"] >= plan.target:
        return None
    within = target_within_reach(plan)
    values = {"target": percent_of_target(plan.target), "expected": percent(plan.forecast["expected"])}
    sentence = _("Your target of %(target)s is beyond this plan: about %(expected)s is what to expect of it.") % values
    more = ""
    if found := (plan.shortfall or {}).get("more"):
        values |= {
            "hours": hours(found["minutes"] - plan.shortfall["minutes"]),
            "expected": percent(found["expected"]),
        }
        if found["minutes"] <= plan.shortfall["minutes"] * WORTH_TELLING:
            more = _("More time would not help: the plan holds nearly all that the course has to practise.")
        elif found["is_enough"]:
            more = _("With %(hours)s more until the exam, %(expected)s could be expected.") % values
        else:
            more = _("Even with %(hours)s more until the exam it would be about %(expected)s.") % values
    return Short(sentence, more, None if within is None else round(within * 100))


def what_if_view(found: WhatIf) -> WhatIfView:
    day = day_label(found.day)
    if found.after is None:
        text = _("%(day)s is the only day left before the exam, so it cannot be skipped. A short session still helps.")
        return WhatIfView(day, found.day.isoformat(), text % {"day": day}, False)
    before, after = found.before, found.after
    values = {
        "day": day,
        "low": percent(after.forecast.low),
        "high": percent(after.forecast.high),
        "expected": percent(after.forecast.expected),
        "before": percent(before.forecast.expected),
        "lost": hours(max(0, before.minutes - after.minutes)),
    }
    if abs(after.forecast.expected - before.forecast.expected) < HARDLY:
        text = _(
            "Without %(day)s you can expect as much as with it: about %(expected)s (in 8 of 10 cases %(low)s to "
            "%(high)s). What was planned for it moves to the days around it, as far as there is time."
        )
    else:
        text = _(
            "Without %(day)s you can expect about %(expected)s instead of %(before)s (in 8 of 10 cases %(low)s to "
            "%(high)s), with %(lost)s less of practice."
        )
    return WhatIfView(day, found.day.isoformat(), text % values, True)


@dataclass(frozen=True, slots=True)
class TodayCard:
    """The day's session on the home."""

    minutes: str
    is_done: bool
    is_mock: bool
    lines: list[tuple[str, str, Skill]]  # icon, word, skill


def today_card(view: SessionView, skills: Mapping[int, Skill]) -> TodayCard:
    lines = []
    for block in view.session.blocks:
        if block["skill"] in skills:
            icon, word = PURPOSES[block["purpose"]]
            lines.append((icon, word(), skills[block["skill"]]))
    return TodayCard(
        minutes(view.session.minutes), view.status == DONE, view.session.kind == MOCK_SESSION, lines[:MOST_TODAY]
    )
