import json
import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fsrs import Card, Rating, Scheduler

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.backends.learner_model.forgetting import (
    AGAIN,
    FSRS_6_DEFAULTS,
    first_memory,
    next_memory,
    rating_of,
    retrievability,
)
from adaptive.backends.learner_model.forgetting_fit import (
    LOWER,
    SPREAD,
    UPPER,
    fit_forgetting,
    row_losses,
    sequences_of,
)

from .forgetful import DAY, FAST_FORGETTING, forgetful_learners
from .histories import history

OTHER = tuple(round(value * 1.07, 4) for value in FSRS_6_DEFAULTS)


@pytest.mark.parametrize("seed", [0, 1])
def test_where_learners_forget_as_usual_the_defaults_stay(seed):
    fit = fit_forgetting(forgetful_learners(200, seed=seed), has_time=True)
    assert fit.w == FSRS_6_DEFAULTS and not fit.is_accepted
    assert "not clearly less" in fit.reason and fit.gain_low < 0
    assert abs(fit.gain) < 0.003


@pytest.mark.parametrize("seed", [0, 1])
def test_where_they_forget_otherwise_the_fit_is_accepted_and_predicts_better(seed):
    fit = fit_forgetting(forgetful_learners(200, FAST_FORGETTING, seed=seed), has_time=True)
    assert fit.is_accepted and fit.gain_low > 0.01
    assert fit.w[20] == pytest.approx(FAST_FORGETTING[20], abs=0.1)
    assert fit.w[2] == pytest.approx(FAST_FORGETTING[2], rel=0.5)
    # On learners of another seed: nearly as good as the truth, far better than the defaults.
    others = sequences_of(forgetful_learners(200, FAST_FORGETTING, seed=seed + 100))
    n = others.counts.sum()
    ours, default, truth = (row_losses(others, w).sum() / n for w in (fit.w, FSRS_6_DEFAULTS, FAST_FORGETTING))
    assert default - ours > 0.9 * (default - truth)


def test_a_fit_is_json_deterministic_in_bounds_and_serves_as_w():
    learners = forgetful_learners(60, FAST_FORGETTING)
    fit, again = (fit_forgetting(learners, has_time=True, seed=3) for _ in range(2))
    assert json.loads(json.dumps(fit.as_json()))["w"] == list(again.w)
    assert all(low <= value <= high for low, value, high in zip(LOWER, fit.w, UPPER, strict=True))
    assert len(SPREAD) == len(fit.w) == 21
    stability, difficulty = next_memory(*first_memory(3, fit.w), 4.0, 3, fit.w)
    assert stability > 0 and 1 <= difficulty <= 10 and 0 < retrievability(9.0, stability, fit.w) < 1
    Scheduler(parameters=fit.w)  # the package accepts them too


def test_few_answers_or_few_learners_keep_the_defaults():
    fit = fit_forgetting(forgetful_learners(20, FAST_FORGETTING), has_time=True)
    assert fit.w == FSRS_6_DEFAULTS and not fit.is_accepted and fit.loss_default is None
    assert "of 20 learners" in fit.reason and "1,000 of 30 learners are needed" in fit.reason
    assert not fit_forgetting({}, has_time=True).is_accepted


def test_without_times_there_is_nothing_to_fit():
    fit = fit_forgetting(forgetful_learners(100, FAST_FORGETTING), has_time=False)
    assert fit.w == FSRS_6_DEFAULTS and "no times" in fit.reason
    hurried = {
        str(n): [Observation(o.item, o.score, 1e9 + 30 * k) for k, o in enumerate(rows)]
        for n, rows in enumerate(forgetful_learners(60).values())
    }
    assert "Only 0 answers" in fit_forgetting(hurried, has_time=True).reason


@pytest.mark.parametrize("w", [FSRS_6_DEFAULTS, FAST_FORGETTING, OTHER])
def test_all_sequences_at_once_is_one_after_the_other(w):
    """The vectorised memory is that of `forgetting`, with hints, parts of scores and times that go backwards."""
    histories = {str(seed): history(seed, 60) for seed in range(8)}
    sequences = sequences_of(histories)
    losses = row_losses(sequences, w)
    assert sequences.counts.sum() > 200
    for row in range(len(sequences.length)):
        memory = None
        for place in range(sequences.length[row]):
            days, score = sequences.days[row, place], sequences.score[row, place]
            if memory is None:
                memory = first_memory(rating_of(score), w)
                continue
            p = min(max(retrievability(days, memory[0], w), 1e-4), 1 - 1e-4)
            expected = -score * np.log(p) - (1 - score) * np.log1p(-p) if days >= 1 else 0.0
            assert losses[row, place] == pytest.approx(expected, rel=1e-9, abs=1e-12)
            memory = next_memory(*memory, days, rating_of(score), w)


def test_an_attempt_at_two_skills_is_a_practice_of_each_and_time_never_goes_back():
    both, one = Item(id=1, skill_ids=(1, 2)), Item(id=2, skill_ids=(2,))
    rows = [Observation(both, 1.0, 0.0), Observation(one, 1.0, 3 * DAY, n_hints=1), Observation(both, 0.0, 2 * DAY)]
    sequences = sequences_of({"alice": rows})
    assert sequences.length.tolist() == [3, 2]
    assert sequences.days.tolist() == [[0, 3, 0], [0, 3, 0]]
    assert sequences.score[0].tolist() == pytest.approx([1, 0.7, 0])
    assert sequences.counts.sum() == 2


# --- Against the published package, learning steps and fuzzing off, whole days. ---


def package(reviews, w) -> list[tuple[float, float]]:
    scheduler = Scheduler(parameters=w, learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    card, at, found = Card(), datetime(2026, 1, 1, tzinfo=UTC), []
    for days, rating in reviews:
        at += timedelta(days=days)
        card, _ = scheduler.review_card(card, Rating(rating), at)
        found.append((card.stability, card.difficulty))
    return found


def ours(reviews, w) -> list[tuple[float, float]]:
    found, memory = [], None
    for days, rating in reviews:
        memory = first_memory(rating, w) if memory is None else next_memory(*memory, days, rating, w)
        found.append(memory)
    return found


@pytest.mark.parametrize("w", [FSRS_6_DEFAULTS, FAST_FORGETTING, OTHER])
def test_whole_days_agree_with_the_package_for_any_history(w):
    rng = random.Random(7)
    for _ in range(200):
        reviews = [(0, rng.randint(1, 4)), *((rng.choice([1, 2, 5, 30, 300]), rng.randint(1, 4)) for _ in range(8))]
        for mine, theirs in zip(ours(reviews, w), package(reviews, w), strict=True):
            assert mine == pytest.approx(theirs, rel=1e-9)


def test_right_answers_within_a_day_agree_with_the_package():
    rng = random.Random(8)
    for _ in range(100):
        reviews = [(0, rng.randint(1, 4)), *((rng.choice([0, 0, 3]), rng.randint(2, 4)) for _ in range(8))]
        for mine, theirs in zip(ours(reviews, FSRS_6_DEFAULTS), package(reviews, FSRS_6_DEFAULTS), strict=True):
            assert mine == pytest.approx(theirs, rel=1e-9)


def test_defaults_and_retrievability_are_those_of_the_package():
    scheduler = Scheduler(enable_fuzzing=False)
    assert tuple(scheduler.parameters) == FSRS_6_DEFAULTS
    at = datetime(2026, 1, 1, tzinfo=UTC)
    card, _ = scheduler.review_card(Card(), Rating.Good, at)
    for days in (0, 1, 7, 100):
        theirs = scheduler.get_card_retrievability(card, at + timedelta(days=days))
        assert retrievability(days, card.stability) == pytest.approx(theirs, rel=1e-12)


def test_where_we_differ_from_the_package_on_purpose():
    # 1. Forgetting again and again within a day: ours has a floor.
    missed = [(0, AGAIN)] * 6
    assert ours(missed, FSRS_6_DEFAULTS)[-1][0] == FSRS_6_DEFAULTS[0]
    assert package(missed, FSRS_6_DEFAULTS)[-1][0] < 0.05
    # 2. Parts of days count: the package looks at whole days since the last review.
    parts = [(0, 3), (2.75, 3)]
    assert package(parts, FSRS_6_DEFAULTS)[-1] == pytest.approx(package([(0, 3), (2, 3)], FSRS_6_DEFAULTS)[-1])
    assert ours(parts, FSRS_6_DEFAULTS)[-1][0] > package(parts, FSRS_6_DEFAULTS)[-1][0]
    # 3. Ours stops at a hundred years, the package caps the interval and lets stability grow.
    ages = [(0, 4), *[(36_500, 4)] * 12]
    assert ours(ages, FSRS_6_DEFAULTS)[-1][0] == 36_500 < package(ages, FSRS_6_DEFAULTS)[-1][0]
