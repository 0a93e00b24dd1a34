"""What can be asked of a plan, and in which words the rest is refused."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from adaptive.common.errors import InvalidInput
from adaptive.planning.wishes import wishes_check

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)


def check(**values):
    wanted = {
        "exam_at": NOW + timedelta(days=20),
        "target": 0.8,
        "minutes_per_weekday": [20] * 7,
        "now": NOW,
        "zone": ZoneInfo("UTC"),
        **values,
    }
    return wishes_check(**wanted)


@pytest.mark.parametrize(
    ("values", "pointer", "said"),
    [
        ({"exam_at": NOW - timedelta(days=1)}, "/exam_at", "March 1, 2026 has passed. Give a day from tomorrow on."),
        ({"exam_at": NOW - timedelta(days=4000)}, "/exam_at", "has passed"),
        ({"exam_at": NOW + timedelta(hours=3)}, "/exam_at", "The exam is today"),
        ({"exam_at": NOW + timedelta(days=400)}, "/exam_at", "more than a year away"),
        ({"exam_at": datetime.max.replace(tzinfo=UTC)}, "/exam_at", "more than a year away"),
        ({"exam_at": datetime.min.replace(tzinfo=UTC)}, "/exam_at", "has passed"),
        ({"target": 0.0}, "/target", "from 1 % to 100 %"),
        ({"target": 1.2}, "/target", "from 1 % to 100 %"),
        ({"target": float("nan")}, "/target", "from 1 % to 100 %"),
        ({"minutes_per_weekday": [20] * 6}, "/minutes_per_weekday", "Seven numbers"),
        ({"minutes_per_weekday": [0] * 7}, "/minutes_per_weekday", "With 0 minutes on every day"),
        ({"minutes_per_weekday": [0.2] * 7}, "/minutes_per_weekday", "With 0 minutes on every day"),
        ({"minutes_per_weekday": [20, -1, 20, 20, 20, 20, 20]}, "/minutes_per_weekday/1", "from 0 to 720"),
        ({"minutes_per_weekday": [20, 20, 5000, 20, 20, 20, 20]}, "/minutes_per_weekday/2", "from 0 to 720"),
        ({"minutes_per_weekday": [float("inf")] * 7}, "/minutes_per_weekday/0", "from 0 to 720"),
        ({"days_off": [date(2026, 3, 3)] * 400}, "/days_off", "370 days off at most"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_a_sentence(values, pointer, said):
    with pytest.raises(InvalidInput) as caught:
        check(**values)
    assert caught.value.errors[0].pointer == pointer and said in caught.value.errors[0].detail


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(InvalidInput) as caught:
        check(exam_at=NOW - timedelta(days=1), target=7, minutes_per_weekday=[0] * 7)
    assert [error.pointer for error in caught.value.errors] == ["/exam_at", "/target", "/minutes_per_weekday"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"exam_at": NOW + timedelta(days=1), "minutes_per_weekday": [0, *[20] * 6]}, "today is the only day left"),
        ({"exam_at": NOW + timedelta(days=1), "minutes_per_weekday": [400] * 7}, "too short for the minutes given"),
        ({"exam_at": NOW + timedelta(days=3), "minutes_per_weekday": [0, 0, 0, 0, 0, 0, 9]}, "no day with minutes"),
        ({"exam_at": NOW + timedelta(days=2), "days_off": [date(2026, 3, 2), date(2026, 3, 3)]}, "not a day off"),
    ],
)
def test_no_day_left_says_what_would_help(values, said):
    with pytest.raises(InvalidInput) as caught:
        check(**values)
    assert said in caught.value.detail


def test_days_off_come_out_in_order_each_once_and_none_that_is_over():
    off = [date(2026, 3, 9), date(2026, 3, 5), date(2026, 3, 9), date(2026, 2, 1)]
    found = check(days_off=off, minutes_per_weekday=[20.4] * 7, start_time=time(18, 30, 59))
    assert found.days_off == (date(2026, 3, 5), date(2026, 3, 9))
    assert found.minutes_per_weekday == (20,) * 7 and found.start_time == time(18, 30)
