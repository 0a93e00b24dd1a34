import numpy as np

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.backends.learner_model.logistic import fit_logistic, group_rows


def simulated(seed=0, n=20_000, n_items=60, n_skills=5, weights=(0.8, -0.5)):
    rng = np.random.default_rng(seed)
    features = rng.normal(3.0, 2.0, size=(n, len(weights))).astype(np.float32)
    item_bias = rng.normal(0, 0.7, n_items)
    skill_bias = rng.normal(0, 1.0, n_skills)
    item_of = rng.integers(0, n_items, n)
    logits = 0.3 + features @ np.array(weights) + item_bias[item_of] + skill_bias[item_of % n_skills]
    y = (rng.random(n) < 1 / (1 + np.exp(-logits))).astype(float)
    pool = [Item(i, (i % n_skills,)) for i in range(n_items)]
    rows = group_rows([Observation(pool[i], score, 0.0) for i, score in zip(item_of, y, strict=True)])
    return features, y, rows, item_bias, skill_bias


def test_it_finds_the_numbers_that_made_the_data():
    features, y, rows, item_bias, skill_bias = simulated()
    fitted = fit_logistic(features, y, rows, signs=[0, 0])
    assert np.allclose(fitted.coefficients, [0.8, -0.5], atol=0.05)
    total = fitted.items + fitted.skills[[rows.skill_ids.index(i % 5) for i in rows.item_ids]]
    truth = np.array([item_bias[i] + skill_bias[i % 5] for i in rows.item_ids])
    assert np.corrcoef(total, truth)[0, 1] > 0.97
    assert 0.25 < fitted.item_variance < 0.9


def test_a_coefficient_of_the_wrong_sign_becomes_zero():
    features, y, rows, *_ = simulated()
    fitted = fit_logistic(features, y, rows, signs=[1, 1])
    assert abs(fitted.coefficients[0] - 0.8) < 0.2  # what the other would have explained is noise now
    assert fitted.coefficients[1] == 0.0


def test_rare_items_stay_near_their_skill():
    pool = [Item(1, (1,)), Item(2, (1,))]
    observations = [Observation(pool[0], float(n % 4 > 0), 0.0) for n in range(400)]
    observations.append(Observation(pool[1], 0.0, 0.0))
    y = np.array([o.score for o in observations])
    fitted = fit_logistic(np.zeros((401, 1), dtype=np.float32), y, group_rows(observations), signs=[0])
    p = 1 / (1 + np.exp(-(fitted.intercept + fitted.items + fitted.skills[0])))
    assert abs(p[0] - 0.75) < 0.02
    assert p[1] > 0.5  # one wrong answer does not make an item impossible


def test_parts_of_scores_and_items_without_skills_are_fine():
    observations = [Observation(Item(n % 3, ()), 0.25 * (n % 5), 0.0) for n in range(300)]
    y = np.array([o.score for o in observations])
    fitted = fit_logistic(np.ones((300, 1), dtype=np.float32), y, group_rows(observations), signs=[1])
    assert np.isfinite(fitted.coefficients).all() and np.isfinite(fitted.intercept)
    assert fitted.skills.size == 0
