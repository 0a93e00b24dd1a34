"""When there is time to work: from minutes per weekday and days off to dated slots. Pure."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from adaptive.planning.types import Slot

QUARTER = timedelta(minutes=15)


def slots_of(
    *,
    now: datetime,
    exam_at: datetime,
    minutes_per_weekday: Sequence[int],
    days_off: Collection[date],
    start: time,
    zone: ZoneInfo,
) -> list[Slot]:
    """One slot a day from today until the day before the exam, in order.

    minutes_per_weekday: of Monday to Sunday. start: when work usually begins, in `zone`. Today's slot begins at the
    next quarter of an hour where `start` has passed; it is left out where it would reach into tomorrow.
    """
    here, exam_day = now.astimezone(zone), exam_at.astimezone(zone).date()
    slots = []
    day = here.date()
    while day < exam_day:
        minutes = minutes_per_weekday[day.weekday()]
        if minutes > 0 and day not in days_off:
            begins = datetime.combine(day, start, zone)
            has_room = True
            if begins < here:
                begins = _next_quarter(here)
                has_room = (begins + timedelta(minutes=minutes)).date() == day
            if has_room:
                slots.append(Slot(day, begins.timestamp(), minutes))
        day += timedelta(days=1)
    return slots


def _next_quarter(moment: datetime) -> datetime:
    whole = moment.replace(minute=0, second=0, microsecond=0)
    return whole + QUARTER * (-((whole - moment) // QUARTER))
