"""Known or not: what answers say of it, and how the rates are found."""

import numpy as np
import pytest

from adaptive.backends.learner_model.answer_rows import rows_of
from adaptive.backends.learner_model.base import Item, Observation
from adaptive.backends.learner_model.practice_effects import PracticeEffects
from adaptive.backends.learner_model.practice_effects_fit import effects_fit
from adaptive.backends.learner_model.tracing import Answer, Rates, trace
from adaptive.backends.learner_model.tracing_fit import foretold, tracing_fit

RATES = {1: Rates(0.5, 0.1, 0.2, 0.1), 2: Rates(0.4, 0.3, 0.25, 0.1)}


def simulated(n_learners, seed, *, learn=(0.05, 0.3, 0.15, 0.05), hard=(-0.8, 0.0, 0.8)):
    """Learners who know a skill or do not; items a course's author rated rightly."""
    rng = np.random.default_rng(seed)
    histories = {}
    for learner in range(n_learners):
        knows, rows = rng.random(len(learn)) < 0.4, []
        for step in range(40):
            k, item = int(rng.integers(len(learn))), int(rng.integers(len(hard)))
            level = (2.0 if knows[k] else -1.3) - hard[item]
            score = float(rng.random() < 1 / (1 + np.exp(-level)))
            rows.append(Observation(Item(10 * k + item, (k,), float(hard[item])), score, step * 60.0))
            knows[k] |= rng.random() < learn[k]
        histories[learner] = rows
    return histories


def test_one_answer_by_hand():
    found = trace(RATES, [Answer((1,), None, 1.0)], per_logit=0.5)[1]
    seen = 0.5 * 0.9 / (0.5 * 0.9 + 0.5 * 0.2)
    assert found.p == pytest.approx(seen + (1 - seen) * 0.1)
    assert found.new == pytest.approx((1 - seen) * 0.1), "what was known before is not new"


def test_a_miss_lowers_and_a_hard_success_says_more():
    def p(score, difficulty):
        return trace(RATES, [Answer((1,), difficulty, score)], per_logit=1.0)[1].p

    assert p(0.0, 0.0) < 0.5 < p(1.0, 0.0) < p(1.0, 2.0)
    assert p(0.0, 0.0) < p(0.4, 0.0) < p(1.0, 0.0)


def test_who_misses_an_exercise_of_two_skills_is_doubted_in_both():
    found = trace(RATES, [Answer((1, 2), None, 0.0)], per_logit=0.5)
    alone = trace(RATES, [Answer((1,), None, 0.0)], per_logit=0.5)
    assert found[1].p > alone[1].p, "it may have been the other skill"
    assert set(found) == {1, 2}


def test_skills_without_rates_are_passed_over():
    assert trace(RATES, [Answer((7,), None, 1.0), Answer((), None, 1.0)], per_logit=0.5) == {}
    assert trace({}, [Answer((1,), None, 1.0)], per_logit=0.5) == {}


def test_the_rates_are_found_again():
    rows = rows_of(simulated(1200, 3))
    fit = tracing_fit(rows)
    known, learn, guess, slip = fit.rates.T
    assert learn[1] > learn[2] > max(learn[0], learn[3])
    assert known == pytest.approx(0.4, abs=0.08)
    assert guess == pytest.approx(1 / (1 + np.exp(1.3)), abs=0.06)
    assert slip == pytest.approx(1 / (1 + np.exp(2.0)), abs=0.05)
    assert fit.per_logit == pytest.approx(1.0, abs=0.25)


def test_where_skills_are_known_or_not_that_picture_is_taken():
    effects, _ = effects_fit(simulated(400, 4), {})
    assert effects.all_or_none > 0.8
    assert set(effects.rates_of) == {0, 1, 2, 3}
    assert PracticeEffects.from_json(effects.to_json()) == effects
    assert set(effects.only([2]).rates_of) == {2}


def test_fitting_is_the_same_twice_and_others_are_left_out():
    rows = rows_of(simulated(60, 5))
    half = np.arange(60) % 2 == 0
    first, second = tracing_fit(rows, learners=half), tracing_fit(rows, learners=half)
    assert (first.rates == second.rates).all() and (first.hardness == second.hardness).all()
    p = foretold(rows, first, ~half)
    assert np.isnan(p[half[rows.learner]]).all() and ((p > 0) & (p < 1))[~half[rows.learner]].all()


@pytest.mark.parametrize("rates", [(0.5, 0.1, 0.6, 0.5), (1.0, 0.1, 0.2, 0.1), (float("nan"), 0.1, 0.2, 0.1)])
def test_rates_that_cannot_be_are_refused(rates):
    with pytest.raises(ValueError, match="practice effects"):
        PracticeEffects(rates_of={3: Rates(*rates)})


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_answers_all_alike_give_finite_rates(score):
    histories = {n: [Observation(Item(i, (i % 2,)), score, i * 60.0) for i in range(30)] for n in range(20)}
    fit = tracing_fit(rows_of(histories))
    assert np.isfinite(fit.rates).all() and (fit.rates[:, 2] + fit.rates[:, 3] < 1).all()
