from datetime import UTC, datetime, timedelta

import pytest

from adaptive.pages.presenters.bars import MasteryBar, stack
from adaptive.pages.presenters.feedback import poll_delay
from adaptive.pages.presenters.standing import STANDINGS, standing_counts
from adaptive.pages.presenters.wording import ago, minutes, percent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def number(text: str) -> float:
    assert text.endswith("%")
    return float(text[:-1])


@pytest.mark.parametrize(("before", "after"), [(0.4, 0.6), (0.6, 0.4), (0.5, 0.5), (0.0, 1.0)])
def test_a_change_is_drawn_between_before_and_after(before, after):
    bar = MasteryBar(after, "started", before)
    assert number(bar.kept) == pytest.approx(min(before, after) * 100)
    assert number(bar.moved) == pytest.approx(max(abs(after - before) * 100, 1))
    assert bar.is_gain == (after >= before)


def test_the_threshold_is_where_mastery_begins():
    assert MasteryBar(0.5).tick == "85.0%"


@pytest.mark.parametrize("statuses", [["mastered"], ["not_started"] * 200 + ["needs_help"], [*STANDINGS], []])
def test_the_stack_fills_its_room_and_shows_everybody(statuses):
    segments = stack(standing_counts(statuses))
    assert len(segments) == len(set(statuses))
    assert all(number(segment.width) >= 2 for segment in segments)
    if segments:
        assert number(segments[-1].x) + number(segments[-1].width) == pytest.approx(100, abs=0.2)


def test_all_four_standings_are_counted_with_nobody_left_out():
    counts = {count.standing.code: count.n for count in standing_counts(["mastered", "mastered", "started"])}
    assert counts == {"needs_help": 0, "started": 1, "mastered": 2, "not_started": 0}


@pytest.mark.parametrize(("p", "words"), [(0.0, "1\u00a0%"), (1.0, "99\u00a0%"), (0.456, "46\u00a0%"), (None, "")])
def test_beliefs_are_never_certain(p, words):
    assert percent(p) == words


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=3), "3 minutes ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=-2), "in 2 days"),
        (timedelta(days=40), "on Jan. 21, 2026"),
    ],
)
def test_times_in_words(back, words):
    assert ago(NOON - back, NOON) == words


def test_nothing_takes_no_time():
    assert minutes(0.2) == "1 min"


def test_looking_grows_rarer():
    delays = [poll_delay(n) for n in range(60)]
    assert delays[0] == 1 and delays == sorted(delays) and delays[-1] == 30
    assert sum(delays[:12]) < 60
