"""When there is time to work, in whatever zone and season; and what became of a day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from adaptive.planning.availability import slots_of
from adaptive.planning.progress import Work, status_of

ALL = (20,) * 7
BERLIN = ZoneInfo("Europe/Berlin")
AT_FIVE = time(17, 0)


def days(now, exam_at, *, minutes=ALL, off=(), start=AT_FIVE, zone=ZoneInfo("UTC")):
    return slots_of(now=now, exam_at=exam_at, minutes_per_weekday=minutes, days_off=off, start=start, zone=zone)


def utc(day, hour=8, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_every_day_until_the_one_before_the_exam():
    assert [slot.day.day for slot in days(utc(2), utc(6))] == [2, 3, 4, 5]


def test_days_without_minutes_and_days_off_are_left_out():
    found = days(utc(2), utc(9), minutes=(0, 20, 20, 20, 20, 0, 45), off={date(2026, 3, 4)})
    assert [(slot.day.day, slot.minutes) for slot in found] == [(3, 20), (5, 20), (6, 20), (8, 45)]


def test_tomorrow_leaves_today_and_today_or_the_past_nothing():
    assert [slot.day.day for slot in days(utc(2), utc(3))] == [2]
    assert days(utc(2), utc(2, 23)) == [] and days(utc(5), utc(2)) == []


def test_today_begins_at_the_next_quarter_once_the_usual_time_has_passed():
    at = {now: datetime.fromtimestamp(days(now, utc(4))[0].starts_at, UTC) for now in (utc(2, 16), utc(2, 18, 7))}
    assert list(at.values()) == [utc(2, 17), utc(2, 18, 15)]
    assert [slot.day.day for slot in days(utc(2, 23, 50), utc(4))] == [3], "no work into the night"


def test_a_day_is_a_day_in_the_zone_of_the_installation():
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # already Monday in Berlin
    assert [slot.day.day for slot in days(late, utc(4), zone=BERLIN)] == [2, 3]


def test_summer_time_moves_the_clock_not_the_hour():
    found = days(datetime(2026, 3, 27, 8, tzinfo=UTC), datetime(2026, 3, 31, 8, tzinfo=UTC), zone=BERLIN)
    hours = [datetime.fromtimestamp(slot.starts_at, BERLIN).hour for slot in found]
    assert hours == [17] * 4
    assert found[2].starts_at - found[1].starts_at == timedelta(hours=23).total_seconds()


@pytest.mark.parametrize(
    ("day", "minutes", "resources", "expected"),
    [
        (5, 0.0, set(), "today"),
        (6, 0.0, set(), "ahead"),
        (4, 0.0, set(), "missed"),
        (4, 5.0, {1}, "partly"),
        (4, 13.0, {9, 8}, "done"),  # whatever it was
        (4, 6.0, {1, 2}, "done"),  # all that was planned, quickly
        (5, 20.0, {1}, "done"),
        (5, 5.0, {1}, "today"),
    ],
)
def test_what_became_of_a_day(day, minutes, resources, expected):
    found = status_of(
        day=date(2026, 3, day),
        minutes=20,
        resource_ids=frozenset({1, 2}),
        work=Work(minutes, frozenset(resources)),
        today=date(2026, 3, 5),
    )
    assert found == expected
