"""When the attempts of a log were made, where the log says little about it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adaptive.backends.learner_model.logs import LogRow
from adaptive.practice.log_times import LONGEST_PAUSE, times_of

END = 1_800_000_000.0


def row(number: int, *, learner: str = "l", **values: object) -> LogRow:
    return LogRow(number=number, learner=learner, item="i", skills="", score=1.0, position=number, **values)


def gaps(rows: list[LogRow]) -> list[float]:
    return [later.submitted - earlier.submitted for earlier, later in pairwise(times_of(rows, end=END))]


def test_a_log_with_times_keeps_them() -> None:
    rows = [row(1, at=5.0, elapsed="10-20"), row(2, at=900.0, elapsed="60+")]
    assert times_of(rows, end=END) == [(5.0, 15.0), (900.0, None)]


def test_without_anything_it_is_one_attempt_a_minute_and_the_last_at_the_end() -> None:
    rows = [row(number) for number in range(4)]
    assert [moment.submitted for moment in times_of(rows, end=END)] == [END - 180, END - 120, END - 60, END]


def test_buckets_are_built_up_from_their_middles() -> None:
    rows = [row(1, elapsed="5-10", lag=""), row(2, elapsed="10-20", lag="2-4"), row(3, elapsed="30-40", lag="10-20")]
    assert gaps(rows) == [3 + 15, 15 + 35]


def test_an_open_pause_is_between_its_least_and_a_week() -> None:
    rows = [row(number, elapsed="10-20", lag="60+") for number in range(300)]
    found = gaps(rows)
    assert min(found) >= 60 and max(found) <= LONGEST_PAUSE + 16
    assert min(found) < 3600 and max(found) > 2 * 86_400, "short and long ones"


def test_pauses_belong_to_the_learner_and_are_the_same_every_time() -> None:
    def of(learner: str) -> list[float]:
        return gaps([row(number, learner=learner, elapsed="", lag="60+") for number in range(5)])

    assert of("a") == of("a") != of("b")


def test_no_rows_no_times() -> None:
    assert times_of([], end=END) == []


BUCKETS = st.sampled_from(["", "0-5", "5-10", "60+", "120+", "nonsense", "+", "-", "9-1"])


@given(st.lists(st.tuples(BUCKETS, BUCKETS), min_size=1, max_size=30))
def test_time_never_runs_backwards_and_ends_at_the_end(buckets: list[tuple[str, str]]) -> None:
    rows = [row(number, elapsed=elapsed, lag=lag) for number, (elapsed, lag) in enumerate(buckets)]
    moments = [moment.submitted for moment in times_of(rows, end=END)]
    assert moments == sorted(moments) and moments[-1] == END
