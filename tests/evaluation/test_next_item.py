"""Ranking the next item of a log."""

import numpy as np
import pytest

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.common.errors import InvalidInput
from adaptive.evaluation.next_item import (
    LATER_AT_LEAST,
    WARM_UP,
    CameNext,
    Neighbours,
    Popular,
    course_of,
    evaluate_log,
)
from adaptive.evaluation.next_item import Ranks as RanksOf
from adaptive.evaluation.policies.ours import Ours

N_ITEMS = 30


def log_in_order(n_learners: int = 25) -> dict[str, list[Observation]]:
    """Everybody practises all items in one order."""
    rng = np.random.default_rng(0)
    return {
        f"alice{n}": [
            Observation(Item(i, (i // 5,)), float(rng.random() < 0.6), 1.6e9 + 60 * i) for i in range(N_ITEMS)
        ]
        for n in range(n_learners)
    }


def test_where_all_go_one_way_who_copies_it_is_right_and_popularity_is_not() -> None:
    report = evaluate_log(log_in_order(), policy=Ours(), fits=False, most_learners=3)
    figures = report["all"]
    assert figures["came_next"]["hit@1"]["value"] == 1.0 and figures["came_next"]["mrr"]["value"] == 1.0
    assert figures["popular"]["hit@1"]["value"] < 0.2
    assert figures["item_knn"]["hit@10"]["value"] > 0.5
    for row in figures.values():  # every event of every ranker is ranked among all items
        assert row["n_events"] == report["n_test_learners"] * (N_ITEMS - WARM_UP - LATER_AT_LEAST)
    assert report["later_success"]["ours"]["n_events"] < figures["ours"]["n_events"]
    assert report["n_items"] == N_ITEMS


def test_test_learners_are_not_learnt_from() -> None:
    log = log_in_order()
    course = course_of(log)
    assert set(course.train) | set(course.test) == set(log) and not set(course.train) & set(course.test)
    bob = next(iter(course.test))
    changed = {**log, bob: list(reversed(log[bob]))}
    before, after = course_of(log), course_of(changed)
    for ranker in (Popular, Neighbours, CameNext):
        a, b = ranker(before), ranker(after)
        a.begin(), b.begin()
        a.take(3, 1.0, 0.0), b.take(3, 1.0, 0.0)
        # Items are numbered as they are met, the first learner's stay the same here.
        assert list(a.order(0.0)) == list(b.order(0.0))


def test_our_ranking_holds_every_item_once() -> None:
    course = course_of(log_in_order())
    policy = Ours()
    policy.start(course.view, np.zeros(1, dtype=int), 0)
    for t in range(4):
        assert sorted(policy.ranking(0, t, t / 1440)) == list(range(N_ITEMS))
        policy.observe(np.array([t]), np.array([1.0]), t / 1440)
    # What was just answered right rests, and so comes after all else that is not known yet.
    assert not set(policy.ranking(0, 4, 4 / 1440)[:20]) & {0, 1, 2, 3}


def test_figures_of_ranks() -> None:
    ranks = RanksOf(np.array([0, 0, 1]), np.array([1, 4, 20]), np.array([True, False, True]))
    found = ranks.figures(only_success=False)
    assert found["hit@1"]["value"] == pytest.approx(1 / 3) and found["hit@5"]["value"] == pytest.approx(2 / 3)
    assert found["mrr"]["value"] == pytest.approx((1 + 0.25 + 0.05) / 3)
    assert ranks.figures(only_success=True)["n_events"] == 2
    low, high = found["mrr"]["interval"]
    assert low <= found["mrr"]["value"] <= high


def test_a_log_of_one_learner_is_refused_in_a_sentence() -> None:
    with pytest.raises(InvalidInput, match="too few learners"):
        evaluate_log({"bob": log_in_order(1)["alice0"]}, policy=Ours(), fits=False, most_learners=3)
    with pytest.raises(InvalidInput, match="too few learners"):
        evaluate_log({}, policy=Ours(), fits=False, most_learners=3)
