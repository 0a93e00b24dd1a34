"""The circuit breaker and the budget, on a clock of the test's own."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from adaptive.backends.llm.limits import MAX_PAUSE_SECONDS, Budget, CircuitBreaker, SharedBudget


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def breaker_of(clock: Clock, *, failures_to_open: int = 2) -> CircuitBreaker:
    return CircuitBreaker(failures_to_open=failures_to_open, open_seconds=30, clock=clock)


def test_failures_in_a_row_open_it_and_a_success_closes_it(clock: Clock) -> None:
    breaker = breaker_of(clock)
    assert breaker.enter() and not breaker.failed() and not breaker.is_open()
    assert breaker.enter() and breaker.failed() and breaker.is_open()
    assert not breaker.enter()
    clock.now += 30
    assert not breaker.is_open() and breaker.enter()
    breaker.worked()
    assert not breaker.failed(), "the count began anew"


def test_a_success_in_between_starts_the_count_anew(clock: Clock) -> None:
    breaker = breaker_of(clock)
    breaker.failed()
    breaker.worked()
    assert not breaker.failed()


def test_after_the_pause_one_call_tries_and_the_others_wait_for_its_report(clock: Clock) -> None:
    breaker = breaker_of(clock, failures_to_open=1)
    breaker.failed()
    clock.now += 30
    assert [breaker.enter() for _ in range(3)] == [True, False, False]
    breaker.worked()
    assert [breaker.enter() for _ in range(3)] == [True, True, True]


def test_a_failed_try_opens_it_again_at_once(clock: Clock) -> None:
    breaker = breaker_of(clock, failures_to_open=3)
    for _ in range(3):
        breaker.failed()
    clock.now += 30
    assert breaker.enter() and breaker.failed()
    clock.now += 29
    assert not breaker.enter()


def test_a_try_that_never_reports_holds_up_the_others_for_one_pause_only(clock: Clock) -> None:
    breaker = breaker_of(clock, failures_to_open=1)
    breaker.failed()
    clock.now += 30
    assert breaker.enter()
    clock.now += 29
    assert not breaker.enter()
    clock.now += 1
    assert breaker.enter()


def test_a_pause_that_the_server_asks_for_has_a_limit(clock: Clock) -> None:
    breaker = breaker_of(clock)
    breaker.pause(1e9)
    clock.now += MAX_PAUSE_SECONDS - 1
    assert not breaker.enter()
    clock.now += 1
    assert breaker.enter()


def test_what_is_held_back_counts_until_it_is_settled(clock: Clock) -> None:
    budget = Budget(tokens=100, seconds=60, clock=clock)
    assert budget.hold(80)
    assert not budget.hold(30)
    budget.settle(80, 50)
    assert budget.spent == 50 and budget.hold(50)
    assert budget.is_spent()


def test_the_budget_is_whole_again_when_its_time_is_over(clock: Clock) -> None:
    budget = Budget(tokens=100, seconds=60, clock=clock)
    assert budget.hold(100)
    clock.now += 59
    assert budget.is_spent()
    clock.now += 1
    assert not budget.is_spent() and budget.hold(100)


def test_what_is_settled_in_the_next_stretch_makes_no_debt_and_no_credit(clock: Clock) -> None:
    budget = Budget(tokens=100, seconds=60, clock=clock)
    budget.hold(100)
    clock.now += 60
    budget.settle(100, 40)
    assert budget.spent == 0
    assert not budget.hold(101)


def test_without_a_limit_the_budget_only_counts(clock: Clock) -> None:
    budget = Budget(tokens=0, seconds=60, clock=clock)
    assert budget.hold(10**9) and not budget.is_spent()
    assert budget.spent == 10**9


def shared(path: Path, clock: Clock, tokens: int = 100) -> SharedBudget:
    return SharedBudget(path, tokens=tokens, seconds=60, clock=clock)


def test_a_shared_budget_is_one_for_all_and_outlives_them(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "made" / "budget.json"
    one, other = shared(path, clock), shared(path, clock)
    assert one.hold(80) and not other.hold(30)
    one.settle(80, 50)
    assert other.spent == 50 and other.hold(50) and one.is_spent()
    del one, other
    assert shared(path, clock).is_spent(), "a restart does not begin anew"
    clock.now += 60
    assert shared(path, clock).hold(100)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"spent": -5, "ends_at": 1}', '{"spent": 1, "ends_at": NaN}', "\x00" * 5000]
)
def test_a_budgets_file_that_says_nothing_begins_anew(tmp_path: Path, clock: Clock, text: str) -> None:
    path = tmp_path / "budget.json"
    path.write_text(text)
    budget = shared(path, clock)
    assert budget.hold(60) and shared(path, clock).spent == 60


def test_where_the_file_cannot_be_kept_each_counts_alone(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("")
    one, other = (shared(tmp_path / "file" / "budget.json", clock) for _ in range(2))
    assert one.hold(100) and one.is_spent() and not one.hold(1) and other.hold(100)


def test_a_file_that_can_be_read_but_not_written_gives_nothing_back(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = shared(tmp_path / "budget.json", clock)
    assert budget.hold(40)

    def full(*args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    assert budget.hold(40) and not budget.hold(40) and budget.spent == 80


def test_a_clock_that_is_set_back_locks_nobody_out_for_long(tmp_path: Path, clock: Clock) -> None:
    budget = shared(tmp_path / "budget.json", clock)
    assert budget.hold(100)
    clock.now -= 1_000_000
    assert budget.hold(100)


def _take(path: Path) -> int:
    budget = SharedBudget(path, tokens=250, seconds=600)
    return sum(budget.hold(1) for _ in range(100))


def test_processes_at_once_take_no_more_than_there_is(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        assert sum(pool.map(_take, [tmp_path / "budget.json"] * 4)) == 250


@pytest.mark.parametrize(
    "build",
    [
        lambda: CircuitBreaker(failures_to_open=0, open_seconds=1),
        lambda: CircuitBreaker(failures_to_open=1, open_seconds=-1),
        lambda: Budget(tokens=-1, seconds=1),
        lambda: Budget(tokens=1, seconds=0),
    ],
)
def test_limits_that_cannot_be_are_refused(build: object) -> None:
    with pytest.raises(ValueError, match="must"):
        build()  # type: ignore[operator]
