"""Assignment: always the same, by weight, and independent between experiments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.experiments.assignment import assign, share_of

HALVES = [("control", 1), ("new", 1)]


@given(st.text(), st.text())
def test_a_learner_always_gets_the_same_variant(experiment, unit):
    first = assign(experiment=experiment, unit=unit, variants=HALVES)
    assert first == assign(experiment=experiment, unit=unit, variants=list(reversed(HALVES)))
    assert first in ("control", "new")


def test_variants_get_learners_by_their_weights():
    variants = [("a", 1), ("b", 3)]
    given_b = sum(assign(experiment="x", unit=f"learner {i}", variants=variants) == "b" for i in range(8000))
    assert given_b / 8000 == pytest.approx(0.75, abs=0.02)


def test_two_experiments_split_independently():
    both = [
        (assign(experiment="x", unit=str(i), variants=HALVES), assign(experiment="y", unit=str(i), variants=HALVES))
        for i in range(4000)
    ]
    assert sum(one == other for one, other in both) / 4000 == pytest.approx(0.5, abs=0.03)


def test_known_assignments_never_move():
    # A change here would put learners of running experiments into another variant.
    assert [assign(experiment="first", unit=name, variants=HALVES) for name in ("alice", "bob", "charlie")] == [
        "new",
        "control",
        "new",
    ]


def test_a_weight_of_zero_gets_nobody():
    assert {assign(experiment="x", unit=str(i), variants=[("a", 0), ("b", 1)]) for i in range(100)} == {"b"}


@pytest.mark.parametrize("variants", [[], [("a", 0)], [("a", -1)], [("a", float("inf"))], [("a", float("nan"))]])
def test_nothing_to_assign_is_an_error(variants):
    with pytest.raises(ValueError):
        assign(experiment="x", unit="alice", variants=variants)


@given(st.lists(st.text(), max_size=3))
def test_shares_lie_in_the_unit_interval(parts):
    assert 0 <= share_of(*parts) < 1
