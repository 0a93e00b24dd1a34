"""The study plan's form: what was typed stays what was typed, and what can be read of it becomes wishes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from adaptive.common.errors import AdaptiveError
from adaptive.planning.models import StudyPlan
from adaptive.planning.services import days_off_with, exam_moment, wishes_of
from adaptive.planning.wishes import MOST_DAYS_OFF, START

MOST_TYPED = 40  # characters of one input
MINUTES = tuple(f"minutes-{number}" for number in range(7))
EXAM, TARGET, STARTS, OFF, OFF_FROM, OFF_TO = "exam", "target", "start", "off", "off-from", "off-to"
SINGLE = (EXAM, TARGET, STARTS, OFF_FROM, OFF_TO, *MINUTES)
# Where the services' errors belong in the form.
FIELD_OF = {
    "/exam_at": EXAM,
    "/target": TARGET,
    "/minutes_per_weekday": MINUTES[0],
    "/start_time": STARTS,
    "/days_off": OFF_FROM,
    **{f"/minutes_per_weekday/{number}": name for number, name in enumerate(MINUTES)},
}
USUAL_MINUTES = ("20", "20", "20", "20", "20", "", "")


class Unread(ValueError):
    """What was typed cannot be read; a sentence says why."""


@dataclass(frozen=True, slots=True)
class DayOff:
    value: str  # ISO
    label: str
    is_on: bool


@dataclass(slots=True)
class PlanForm:
    """typed: input name -> text. off: the days off as they are ticked. errors: input name -> sentence."""

    typed: dict[str, str]
    off: list[DayOff] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    first_day: date = date.min
    last_day: date = date.max

    @property
    def weekdays(self) -> list[dict[str, Any]]:
        """Of Monday to Sunday, for the template."""
        return [
            {"name": name, "label": WEEKDAYS[number], "value": self.typed.get(name, ""), "error": self.errors.get(name)}
            for number, name in enumerate(MINUTES)
        ]

    @property
    def value(self) -> dict[str, str]:
        return {name.replace("-", "_"): text for name, text in self.typed.items()}

    @property
    def error(self) -> dict[str, str]:
        return {name.replace("-", "_"): text for name, text in self.errors.items()}

    @property
    def sentences(self) -> list[tuple[str, str]]:
        """(input, sentence), each sentence once."""
        seen: dict[str, str] = {}
        for name, text in self.errors.items():
            seen.setdefault(text, name)
        return [(name, text) for text, name in seen.items()]

    def add(self, error: AdaptiveError) -> None:
        """What the services found wrong, each at its input."""
        for one in error.errors:
            self.errors.setdefault(FIELD_OF.get(one.pointer, EXAM), one.detail)
        if not error.errors:
            self.errors.setdefault(EXAM, error.detail)


def form_new(*, today: date, plan: StudyPlan | None) -> PlanForm:
    """As it is shown first: the plan's own wishes, or the usual ones."""
    if plan is None:
        typed = {STARTS: START.isoformat("minutes"), TARGET: "80", **dict(zip(MINUTES, USUAL_MINUTES, strict=True))}
        return _within(PlanForm(typed), today)
    wishes = wishes_of(plan)
    zone = exam_moment(today).tzinfo
    typed = {
        EXAM: wishes.exam_at.astimezone(zone).date().isoformat(),
        TARGET: f"{wishes.target * 100:g}",
        STARTS: wishes.start_time.isoformat("minutes"),
        **{name: str(minutes or "") for name, minutes in zip(MINUTES, wishes.minutes_per_weekday, strict=True)},
    }
    off = [_day_off(day.isoformat(), is_on=True) for day in wishes.days_off if day >= today]
    return _within(PlanForm(typed, off), today)


def form_typed(given: Mapping[str, Sequence[str]], *, today: date) -> PlanForm:
    """As it was sent. `off-shown` holds the days off that stood in the form, ticked or not."""
    typed = {name: (given.get(name) or [""])[-1][:MOST_TYPED] for name in SINGLE}
    on = set(given.get(OFF) or ())
    shown = list(dict.fromkeys([*(given.get("off-shown") or ()), *(given.get(OFF) or ())]))[:MOST_DAYS_OFF]
    off = [_day_off(value, is_on=value in on) for value in shown if _is_day(value)]
    return _within(PlanForm(typed, off), today)


def _within(form: PlanForm, today: date) -> PlanForm:
    form.first_day, form.last_day = today + timedelta(days=1), today + timedelta(days=365)
    return form


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _day_off(value: str, *, is_on: bool) -> DayOff:
    day = date.fromisoformat(value)
    label = _("%(weekday)s, %(day)s") % {"weekday": date_format(day, "D"), "day": date_format(day, "DATE_FORMAT")}
    return DayOff(value, label, is_on)


def lists_of(data: QueryDict) -> dict[str, list[str]]:
    return {name: data.getlist(name) for name in (*SINGLE, OFF, "off-shown") if name in data}


def wishes_read(form: PlanForm, *, plan: StudyPlan | None) -> dict[str, Any]:
    """For plan_set. What cannot be read is noted in `form.errors`; something harmless stands in its place then, so that
    the rest can still be checked, and nothing is to be made of it."""
    day = _read(form, EXAM, _exam_day, form.first_day + timedelta(days=30))
    return {
        "exam_at": _moment(day, plan),
        "target": _read(form, TARGET, _share, 0.5),
        "minutes_per_weekday": [_read(form, name, _minutes, 1.0) for name in MINUTES],
        "days_off": _days_off(form),
        "start_time": _read(form, STARTS, _time, START),
    }


def _moment(day: date, plan: StudyPlan | None) -> datetime:
    return exam_moment(day, before=plan.exam_at if plan else None)


def _read(form: PlanForm, name: str, reader: Any, otherwise: Any) -> Any:
    try:
        return reader(form.typed.get(name, "").strip())
    except Unread as error:
        form.errors[name] = str(error)
        return otherwise


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unread(_("“%(text)s” is no day; write it as 2026-06-12.") % {"text": text}) from None


def _exam_day(text: str) -> date:
    if not text:
        raise Unread(_("Give the day of the exam."))
    return _day(text)


def _number(text: str) -> float | None:
    found = re.fullmatch(r"(\d{1,6}(?:[.,]\d{1,4})?)\s*(?:%|min\.?)?", text)
    return float(found[1].replace(",", ".")) if found else None


def _share(text: str) -> float:
    value = _number(text)
    if value is None:
        raise Unread(_("Give the target as a percentage, such as 80."))
    return value / 100.0


def _minutes(text: str) -> float:
    if not text:
        return 0.0
    value = _number(text)
    if value is None:
        raise Unread(_("“%(text)s” is no number of minutes.") % {"text": text})
    return value


def _time(text: str) -> time:
    if not text:
        return START
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Unread(_("“%(text)s” is no time of day; write it as 17:00.") % {"text": text}) from None


def _days_off(form: PlanForm) -> list[date]:
    """Those that are ticked, and from the first to the last of what was added."""
    days = [date.fromisoformat(one.value) for one in form.off if one.is_on]
    first, last = form.typed.get(OFF_FROM, "").strip(), form.typed.get(OFF_TO, "").strip()
    if not first and not last:
        return days
    try:
        begins = _day(first or last)
        ends = _day(last or first)
    except Unread as error:
        form.errors[OFF_FROM] = str(error)
        return days
    if begins > ends:
        form.errors[OFF_FROM] = _("The days off end before they begin.")
        return days
    if (ends - begins).days >= MOST_DAYS_OFF:
        form.errors[OFF_FROM] = _("%(n)d days off at most.") % {"n": MOST_DAYS_OFF}
        return days
    return days_off_with(days, begins, ends)
