"""The threshold from which marks are released alone: what it promises, and marks that mean it no good."""

import numpy as np
import pytest
from scipy.stats import beta, binom

from adaptive.assessment.trust.risk import (
    COURSE_STRENGTH,
    DELTA,
    EXERCISE_STRENGTH,
    GRID,
    Curve,
    Level,
    Marks,
    bounds,
    cdf,
    level,
    n_needed,
    proven,
    upper_bound,
)

UNKNOWN = Curve(None, np.ones(len(GRID)))


def course(marks: Marks, parent: Curve = UNKNOWN, limit: float = 0.05) -> Level:
    return level(marks, parent=parent, strength=COURSE_STRENGTH, limit=limit)


def school(n: int, seed: int, wrong_at=lambda c: 1.0 - c) -> Marks:
    """n marks of a machine whose P(wrong) at a confidence is given; calibrated where nothing is said."""
    rng = np.random.default_rng(seed)
    confidence = 0.5 + 0.5 * rng.beta(2.0, 1.2, n)
    return Marks.of(confidence, rng.random(n) < wrong_at(confidence))


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 45), (3, 50), (49, 50), (17, 900), (0, 5000), (250, 5000)])
def test_bounds_are_those_of_the_textbook(k, n):
    assert upper_bound(k, n, 0.1) == pytest.approx(beta.ppf(0.9, k + 1, n - k), abs=1e-9)
    for p in (0.0, 0.01, 0.3, 1.0):
        assert cdf(k, n, p) == pytest.approx(binom.cdf(k, n, p), abs=1e-9)


def test_everything_wrong_and_nothing_at_all():
    assert upper_bound(0, 0) == upper_bound(7, 7) == 1.0
    with pytest.raises(ValueError, match="cannot be wrong"):
        upper_bound(3, 2)


def test_how_many_marks_accept_a_threshold():
    assert n_needed(0, 0.05, 0.1) == 45
    assert binom.cdf(2, n_needed(2, 0.05, 0.1), 0.05) <= 0.1


def test_without_marks_nothing_is_released():
    found = course(Marks.of([], []))
    assert (found.threshold, found.n_marked, found.n_agreed, found.n_released, found.upper) == (None, 0, 0, 0, 1.0)


@pytest.mark.parametrize("wrong", [True, False])
def test_one_mark_proves_nothing(wrong):
    assert course(Marks.of([0.99], [wrong])).threshold is None


def test_all_right_opens_the_gate_only_once_there_are_enough():
    assert course(Marks.of([0.9] * 44, [False] * 44)).threshold is None
    found = course(Marks.of([0.9] * 45, [False] * 45))
    assert found.threshold == GRID[0] and found.source == "own" and found.upper <= 0.05 + 1e-9


def test_nothing_is_released_under_the_floor_and_the_figures_say_so():
    marks = Marks.of([0.6] * 50 + [0.9] * 50, [False] * 100)
    found = level(marks, parent=UNKNOWN, strength=COURSE_STRENGTH, limit=0.05, floor=0.8)
    assert (found.threshold, found.n_released, found.n_marked) == (0.8, 50, 100)
    assert level(marks, parent=UNKNOWN, strength=COURSE_STRENGTH, limit=1.0, floor=0.8).threshold == 0.8


def test_all_wrong_never_opens_it():
    assert course(Marks.of([1.0] * 400, [True] * 400)).threshold is None


@pytest.mark.parametrize(("limit", "threshold"), [(0.0, None), (1.0, 0.0)])
def test_a_limit_of_nothing_and_of_everything(limit, threshold):
    for marks in (Marks.of([], []), school(500, 1), Marks.of([0.9] * 50, [True] * 50)):
        found = course(marks, limit=limit)
        assert found.threshold == threshold and found.source == "limit"


@pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan")])
def test_a_limit_that_is_none(limit):
    with pytest.raises(ValueError, match="limit"):
        course(school(5, 1), limit=limit)


def test_marks_that_do_not_fit_are_refused():
    for confidence, wrong in (([0.5], []), ([1.5], [True]), ([float("nan")], [True])):
        with pytest.raises(ValueError, match="confidence"):
            Marks.of(confidence, wrong)


def test_a_higher_limit_never_asks_for_more():
    marks = school(600, 4)
    places = [proven(marks, limit) for limit in (0.02, 0.05, 0.1, 0.2, 0.4)]
    known = [len(GRID) if place is None else place for place in places]
    assert known == sorted(known, reverse=True)


@pytest.mark.parametrize("wrong_at", [lambda c: 1.0 - c, lambda c: 0.3 * (c < 0.8) + 0.06, lambda c: 0 * c + 0.08])
def test_the_promise_holds(wrong_at):
    """Of many schools with the same machine, at most DELTA release marks whose true error is above the limit."""
    everything = school(200_000, 0, wrong_at)
    missed = 0
    for seed in range(1, 201):
        found = course(school(400, seed, wrong_at))
        if found.threshold is not None:
            missed += everything.wrong[everything.confidence >= found.threshold].mean() > 0.05
    assert missed / 200 <= DELTA


class TestAnExerciseAndItsCourse:
    parent = course(school(1500, 2, lambda c: 0.4 * (c < 0.85) + 0.01)).curve

    def exercise(self, marks: Marks) -> Level:
        return level(marks, parent=self.parent, strength=EXERCISE_STRENGTH, limit=0.05)

    def test_without_marks_the_courses_threshold_holds(self):
        assert self.parent.threshold is not None
        assert self.exercise(Marks.of([], [])).threshold == self.parent.threshold

    def test_the_first_agreement_changes_nothing(self):
        assert self.exercise(Marks.of([0.99], [False])).threshold == self.parent.threshold

    def test_one_error_makes_it_stricter_and_agreement_brings_it_back(self):
        caught = self.exercise(Marks.of([0.91], [True]))
        assert caught.threshold is not None and caught.threshold > 0.91
        again = self.exercise(Marks.of([0.91, *[0.95] * 40], [True, *[False] * 40]))
        assert again.threshold < 0.91

    def test_an_error_at_full_confidence_closes_it(self):
        assert self.exercise(Marks.of([1.0], [True])).threshold is None

    def test_it_goes_under_the_courses_threshold_by_proof_alone(self):
        assert self.exercise(Marks.of([0.7] * 40, [False] * 40)).threshold == self.parent.threshold
        own = self.exercise(Marks.of([0.7] * 60, [False] * 60))
        assert own.source == "own" and own.threshold < self.parent.threshold

    def test_a_course_that_releases_nothing_passes_nothing_on(self):
        found = level(Marks.of([0.9] * 5, [False] * 5), parent=UNKNOWN, strength=EXERCISE_STRENGTH, limit=0.05)
        assert found.threshold is None


def test_with_many_own_marks_shipped_figures_no_longer_count():
    kind = Curve(0.5, np.full(len(GRID), 0.001))
    bad = Marks.of([0.9] * 300, [i % 5 == 0 for i in range(300)])
    assert course(bad, parent=kind).threshold is None or course(bad, parent=kind).threshold > 0.9
    few = Marks.of([0.9] * 10, [i % 2 == 0 for i in range(10)])
    assert course(few, parent=kind).threshold > 0.9, "few marks with errors make it stricter at once"


def test_bounds_fall_with_confidence():
    found = bounds(school(300, 3))
    assert (np.diff(found) <= 0).all() and found[0] <= 1.0
