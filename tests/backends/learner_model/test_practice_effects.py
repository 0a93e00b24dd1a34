"""What practice does: the numbers, and how they are found in answers."""

import json
import math

import numpy as np
import pytest

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.backends.learner_model.practice_effects import PracticeEffects, amount_of, faded, mass_of
from adaptive.backends.learner_model.practice_effects_fit import MIN_ANSWERS, effects_fit, practice_before, rows_of

DAY = 86_400.0


def simulated(n_learners, growth, seed, *, prerequisites=None, unready=1.0):
    """Answers of learners whose skills grow; a skill with unknown prerequisites grows by `unready` of it."""
    rng = np.random.default_rng(seed)
    histories = {}
    for learner in range(n_learners):
        level = rng.normal(0, 0.8) + rng.normal(0, 0.7, len(growth))
        practice = np.zeros(len(growth))
        rows = []
        for step in range(40):
            k = int(rng.integers(len(growth)))
            item = int(rng.integers(5))

            def p(j, level=level, practice=practice):
                return 0.2 + 0.8 / (1 + math.exp(-level[j] - growth[j] * math.log1p(practice[j])))

            chance = 0.2 + 0.8 / (1 + math.exp(-level[k] - growth[k] * math.log1p(practice[k]) - (item - 2) * 0.4))
            rows.append(Observation(Item(10 * k + item, (k,)), float(rng.random() < chance), step * 60.0))
            before = (prerequisites or {}).get(k, ())
            practice[k] += unready if any(p(j) < 0.55 for j in before) else 1.0
        histories[learner] = rows
    return histories


def test_practice_fades_as_the_power_law_says():
    for days in (1, 7, 30, 365):
        assert amount_of(mass_of([0.0]), days) == pytest.approx((1 + days) ** -0.154, abs=0.025)
    assert amount_of(faded(mass_of([0.0]), 5.0), 2.0) == pytest.approx(amount_of(mass_of([0.0]), 7.0))
    assert amount_of(mass_of([3.0, 3.0])) == pytest.approx(2 * amount_of(mass_of([3.0])))


def test_the_numbers_survive_json():
    effects = PracticeEffects(growth=0.3, growth_of={4: 0.1, 12: 0.5}, p_learn_of={4: 0.2})
    assert PracticeEffects.from_json(json.loads(json.dumps(effects.to_json()))) == effects
    assert effects.only([12]).growth_of == {12: 0.5}
    assert (effects.growth_at(4), effects.growth_at(5)) == (0.1, 0.3)


@pytest.mark.parametrize(
    "values",
    [
        {"guess": -0.1},
        {"unready": 1.5},
        {"guess": 0.6, "slip": 0.5},
        {"growth": -1.0},
        {"growth": math.nan},
        {"growth_of": {1: 99.0}},
        {"p_learn_of": {1: 2.0}},
    ],
)
def test_numbers_that_cannot_be_are_refused(values):
    with pytest.raises(ValueError, match=r"practice effects|growth"):
        PracticeEffects(**values)


def test_practice_before_an_answer_counts_the_skills_earlier_tries():
    item = {k: Item(k, (k,)) for k in (1, 2)}
    history = [Observation(item[k], 1.0, day * DAY) for k, day in ((1, 0), (2, 0), (1, 0), (1, 7))]
    rows = rows_of({5: history})
    found = practice_before(rows, np.ones((4, 1)))[:, 0]
    assert found == pytest.approx([0.0, 0.0, 1.0, 2 * amount_of(mass_of([7.0]))])


def test_skills_that_practice_moves_more_are_told_apart():
    growth = np.array([0.05, 0.05, 0.6, 0.6, 0.05, 0.6])
    effects, figures = effects_fit(simulated(1500, growth, 1), {})
    fast = [effects.growth_of[k] for k in (2, 3, 5)]
    slow = [effects.growth_of[k] for k in (0, 1, 4)]
    assert min(fast) > max(slow)
    assert figures["advantage_of_own_growth"] > 0
    assert effects.all_or_none < 0.5


def test_wasted_practice_is_seen_where_prerequisites_are_missing():
    growth, before = np.full(6, 0.8), {3: [0], 4: [1], 5: [2]}
    wasted, _ = effects_fit(simulated(1500, growth, 2, prerequisites=before, unready=0.0), before)
    harmless, _ = effects_fit(simulated(1500, growth, 2, prerequisites=before, unready=1.0), before)
    assert wasted.unready < harmless.unready


def test_few_answers_leave_the_defaults():
    history = [Observation(Item(1, (1,)), 1.0, float(n)) for n in range(MIN_ANSWERS // 2 - 1)]
    effects, figures = effects_fit({1: history, 2: history}, {})
    assert effects == PracticeEffects() and figures["n_answers"] == MIN_ANSWERS - 2


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_answers_all_alike_give_finite_numbers(score):
    items = [Item(n, (n % 3,)) for n in range(6)]
    histories = {learner: [Observation(items[n % 6], score, n * 60.0) for n in range(60)] for learner in range(12)}
    effects, _ = effects_fit(histories, {1: [0]})
    assert all(math.isfinite(value) for value in effects.growth_of.values())
    assert math.isfinite(effects.growth)


def test_the_same_answers_give_the_same_numbers():
    histories = simulated(40, np.full(4, 0.2), 3)
    assert effects_fit(histories, {1: [0]}, seed=4)[0] == effects_fit(histories, {1: [0]}, seed=4)[0]
