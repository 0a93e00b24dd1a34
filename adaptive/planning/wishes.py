"""What a learner asks of a plan, checked whole before anything is planned. No database here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from adaptive.common.errors import FieldError, InvalidInput
from adaptive.planning.availability import slots_of

MOST_MINUTES = 720  # a day
FURTHEST = timedelta(days=370)
MOST_DAYS_OFF = 370
MIN_TARGET = 0.01
START = time(17, 0)


@dataclass(frozen=True, slots=True)
class Wishes:
    """target: share of the exam's points. minutes_per_weekday: of Monday to Sunday. days_off: in order, each once."""

    exam_at: datetime
    target: float
    minutes_per_weekday: tuple[int, ...]
    days_off: tuple[date, ...] = ()
    start_time: time = START


def wishes_check(
    *,
    exam_at: datetime,
    target: float,
    minutes_per_weekday: Sequence[float],
    days_off: Sequence[date] = (),
    start_time: time = START,
    now: datetime,
    zone: ZoneInfo,
) -> Wishes:
    """The wishes as they can be planned. Raises InvalidInput that names every field that cannot, each in a sentence."""
    errors = [*_exam_errors(exam_at, now, zone), *_target_errors(target), *_minutes_errors(minutes_per_weekday)]
    if len(days_off) > MOST_DAYS_OFF:
        errors.append(FieldError("/days_off", _("%(n)d days off at most.") % {"n": MOST_DAYS_OFF}))
    if errors:
        raise InvalidInput(errors[0].detail, errors=errors)
    today = now.astimezone(zone).date()
    wishes = Wishes(
        exam_at=exam_at,
        target=float(target),
        minutes_per_weekday=tuple(round(minutes) for minutes in minutes_per_weekday),
        days_off=tuple(sorted({day for day in days_off if day >= today})),
        start_time=start_time.replace(second=0, microsecond=0, tzinfo=None),
    )
    if not slots_of(**slot_values(wishes), now=now, zone=zone):
        raise _bad("/minutes_per_weekday", _no_day(wishes, now, zone))
    return wishes


def slot_values(wishes: Wishes) -> dict[str, Any]:
    """For slots_of."""
    return {
        "exam_at": wishes.exam_at,
        "minutes_per_weekday": wishes.minutes_per_weekday,
        "days_off": frozenset(wishes.days_off),
        "start": wishes.start_time,
    }


def _bad(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[FieldError(pointer, detail)])


def _exam_errors(exam_at: datetime, now: datetime, zone: ZoneInfo) -> list[FieldError]:
    try:
        day, today = exam_at.astimezone(zone).date(), now.astimezone(zone).date()
    except (OverflowError, ValueError):
        return [FieldError("/exam_at", _("That is no date that can be planned for."))]
    shown = {"day": date_format(day, "DATE_FORMAT")}
    if day < today:
        return [FieldError("/exam_at", _("%(day)s has passed. Give a day from tomorrow on.") % shown)]
    if day == today:
        detail = _("The exam is today, so there is no day left to plan. Practise what is due now, and good luck.")
        return [FieldError("/exam_at", detail)]
    if exam_at - now > FURTHEST:
        return [FieldError("/exam_at", _("%(day)s is more than a year away. Plan up to a year ahead.") % shown)]
    return []


def _target_errors(target: float) -> list[FieldError]:
    if not math.isfinite(target) or not MIN_TARGET <= target <= 1:
        return [FieldError("/target", _("A target is a share of the exam's points, from 1 % to 100 %."))]
    return []


def _minutes_errors(minutes_per_weekday: Sequence[float]) -> list[FieldError]:
    if len(minutes_per_weekday) != 7:
        return [FieldError("/minutes_per_weekday", _("Seven numbers are needed, of Monday to Sunday."))]
    errors = [
        FieldError(
            f"/minutes_per_weekday/{number}",
            _("Minutes of a day are a number from 0 to %(most)d.") % {"most": MOST_MINUTES},
        )
        for number, minutes in enumerate(minutes_per_weekday)
        if not math.isfinite(minutes) or not 0 <= minutes <= MOST_MINUTES
    ]
    if not errors and not any(round(minutes) for minutes in minutes_per_weekday):
        detail = _("With 0 minutes on every day there is nothing to plan. Give at least one day some minutes.")
        errors.append(FieldError("/minutes_per_weekday", detail))
    return errors


def _no_day(wishes: Wishes, now: datetime, zone: ZoneInfo) -> str:
    days = (wishes.exam_at.astimezone(zone).date() - now.astimezone(zone).date()).days
    if days == 1 and wishes.minutes_per_weekday[now.astimezone(zone).weekday()]:
        return _("The exam is tomorrow, and what is left of today is too short for the minutes given.")
    if days == 1:
        return _("The exam is tomorrow, so today is the only day left: give today some minutes.")
    return _("Before the exam there is no day with minutes that is not a day off. Give one of them some minutes.")
