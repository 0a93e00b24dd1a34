import json
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.backends.learner_model.difficulty import (
    MIN_ITEMS_FOR_SKILLS,
    MIN_ITEMS_FOR_WORDS,
    PRIOR_VARIANCE,
    TextDifficulty,
    difficulty_after,
    fit_text_difficulty,
    p_without_item,
)


def course(n: int, seed: int = 0, *, by_skill: float = 0.0, by_words: float = 0.0, by_feature: float = 0.0):
    """(skills, embeddings, features, difficulty, variance) of n items whose difficulty follows what is named."""
    rng = np.random.default_rng(seed)
    skill_ids = [(int(rng.integers(6)),) for _ in range(n)]
    centre = rng.normal(size=(4, 12))
    group = rng.integers(4, size=n)
    words = centre[group] + 0.4 * rng.normal(size=(n, 12))
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    features = rng.normal(size=(n, 3)) * (1.0, 50.0, 0.0)
    of_skill = np.linspace(-1.5, 1.5, 6)
    of_group = np.array([-1.0, 1.5, 0.5, -1.5])
    difficulty = (
        by_skill * of_skill[[one[0] for one in skill_ids]]
        + by_words * of_group[group]
        + by_feature * features[:, 1] / 50.0
        + 0.2 * rng.normal(size=n)
    )
    return skill_ids, words, features, difficulty, np.full(n, 0.02)


def halves(data, n: int):
    skills, words, features, difficulty, variance = data
    first = (skills[:n], words[:n], features[:n], difficulty[:n], variance[:n])
    return first, (skills[n:], words[n:], features[n:]), difficulty[n:]


@pytest.mark.parametrize("cause", ["by_skill", "by_words", "by_feature"])
def test_whatever_makes_items_hard_is_found(cause):
    train, new, truth = halves(course(160, **{cause: 1.0}), 110)
    params = json.loads(json.dumps(fit_text_difficulty(*train)))
    mean, variance = TextDifficulty(params).predict(*new)
    assert mean.shape == variance.shape == (50,)
    assert np.corrcoef(mean, truth)[0, 1] > 0.8
    inside = np.abs(mean - truth) < 1.645 * np.sqrt(variance)
    assert 0.75 <= inside.mean() <= 1.0


def test_noise_is_not_mistaken_for_knowledge():
    rng = np.random.default_rng(1)
    skills, words, features, _, variance = course(120)
    params = fit_text_difficulty(skills, words, features, rng.normal(size=120), variance)
    mean, variance = TextDifficulty(params).predict(skills[:30], -words[:30], features[:30] + 5.0)
    assert np.abs(mean).max() < 0.8 and (variance > 0.6).all()


def test_an_item_known_from_few_answers_counts_less():
    skills, words, features, difficulty, variance = course(80, by_words=1.0)
    wrong = difficulty.copy()
    wrong[:20] += 6.0
    unsure = variance.copy()
    unsure[:20] = 50.0
    rows = (skills[40:], words[40:], features[40:])
    clean, careful, fooled = (
        TextDifficulty(fit_text_difficulty(skills, words, features, *given)).predict(*rows)[0]
        for given in ((difficulty, variance), (wrong, unsure), (wrong, variance))
    )
    assert np.abs(careful - clean).max() < 0.5 * np.abs(fooled - clean).max()


def test_few_items_fall_back_to_skills_then_to_the_mean_then_to_nothing():
    skills, words, features, difficulty, variance = course(MIN_ITEMS_FOR_WORDS - 1, by_skill=1.0)
    model = TextDifficulty(fit_text_difficulty(skills, words, features, difficulty, variance))
    same = model.predict([(0,), (0,), (99,)], np.eye(12)[:3], np.full((3, 3), np.nan))[0]
    assert same[0] == same[1] and same[0] < same[2] - 0.5  # the words say nothing yet, the skills do
    assert abs(same[2] - difficulty.mean()) < 0.4

    n = MIN_ITEMS_FOR_SKILLS - 1
    params = fit_text_difficulty(skills[:n], words[:n], features[:n], np.full(n, 1.0), variance[:n])
    mean, spread = TextDifficulty(params).predict(skills, words, features)
    assert np.ptp(mean) == 0.0 and 0.3 < mean[0] < 1.0 and (spread > PRIOR_VARIANCE).all()

    nothing = TextDifficulty(fit_text_difficulty([], np.zeros((0, 12)), np.zeros((0, 3)), [], []))
    mean, spread = nothing.predict(skills, words, features)
    assert (mean == 0.0).all() and (spread >= PRIOR_VARIANCE).all()


def test_gaps_constants_and_formats_never_give_nan():
    skills, words, features, difficulty, variance = course(60)
    features[::3, 0] = np.nan
    features[:, 2] = np.nan
    formats = ["single_choice", "numeric", "short_text"] * 20
    params = fit_text_difficulty(skills, words, features, difficulty, variance, formats=formats)
    model = TextDifficulty(json.loads(json.dumps(params)))
    new = (skills, np.full_like(words, np.nan), np.full_like(features, np.nan))
    for given_formats in (formats, ["essay"] * 60, []):
        mean, spread = model.predict(*new, given_formats)
        assert np.isfinite(mean).all() and (spread > 0).all()
    mean, _ = model.predict([()], np.zeros((1, 12)), np.zeros((1, 3)))
    assert np.isfinite(mean).all()


def test_a_response_format_that_is_harder_is_found():
    skills, words, features, difficulty, variance = course(150)
    formats = ["single_choice" if number % 2 else "numeric" for number in range(150)]
    difficulty = difficulty + np.array([0.0 if number % 2 else 2.0 for number in range(150)])
    params = fit_text_difficulty(skills, words, features, difficulty, variance, formats=formats)
    mean, _ = TextDifficulty(params).predict(skills[:2], words[:2], features[:2], ["numeric", "single_choice"])
    assert mean[0] > mean[1] + 1.0


def test_the_same_items_give_the_same_parameters_and_a_thousand_are_enough():
    data = course(60, by_words=1.0)
    assert fit_text_difficulty(*data) == fit_text_difficulty(*data)
    rng = np.random.default_rng(0)
    n = 1010
    many = ([(1,)] * n, rng.normal(size=(n, 4)), np.zeros((n, 2)), np.zeros(n), np.r_[np.full(n - 1, 0.1), 9.0])
    params = fit_text_difficulty(*many)
    assert params["n_items"] == 1000 and max(params["variance"]) == 0.1  # those known best


@pytest.mark.parametrize(
    "change",
    [
        {"difficulty": np.full(50, np.nan)},
        {"variance": np.zeros(50)},
        {"skill_ids": [(1,)] * 49},
        {"embeddings": np.full((50, 12), np.inf)},
        {"formats": ["single_choice"]},
    ],
)
def test_what_cannot_be_is_refused(change):
    names = ("skill_ids", "embeddings", "features", "difficulty", "variance")
    with pytest.raises(ValueError, match="must be"):
        fit_text_difficulty(**{**dict(zip(names, course(50), strict=True)), **change})


def test_a_matrix_of_other_features_is_refused():
    skills, words, features, difficulty, variance = course(60)
    model = TextDifficulty(fit_text_difficulty(skills, words, features, difficulty, variance))
    with pytest.raises(ValueError, match="2 features where 3"):
        model.predict(skills, words, features[:, :2])


def answers(difficulty: float, n: int, seed: int = 0) -> list[tuple[float, float]]:
    """Of n learners of abilities around .6, as (P for an item of difficulty 0, score)."""
    rng = random.Random(seed)
    rows = []
    for _ in range(n):
        ease = rng.gauss(0.6, 1.0)
        right = rng.random() < 1.0 / (1.0 + math.exp(difficulty - ease))
        rows.append((1.0 / (1.0 + math.exp(-ease)), float(right)))
    return rows


@pytest.mark.parametrize("truth", [-2.0, 0.0, 1.5])
def test_answers_overrule_a_wrong_prior(truth):
    missed = [abs(difficulty_after((-truth, 1.0), answers(truth, 400, seed))[0] - truth) for seed in range(10)]
    assert np.mean(missed) < 0.25
    few = [difficulty_after((-truth, 1.0), answers(truth, 5, seed))[0] for seed in range(10)]
    assert min(-truth, truth) - 0.5 <= np.mean(few) <= max(-truth, truth) + 0.5


def test_after_twenty_answers_the_item_is_known_to_half_a_logit():
    mean, variance = difficulty_after((0.0, 1.0), answers(0.5, 20))
    assert 0.1 < variance < 0.3 and abs(mean - 0.5) < 2.5 * math.sqrt(variance)


def test_the_posterior_covers_the_truth_as_often_as_it_says():
    rng = random.Random(3)
    hits = 0
    for seed in range(300):
        truth = rng.gauss(0.0, 1.0)
        mean, variance = difficulty_after((0.0, 1.0), answers(truth, 12, seed))
        hits += abs(mean - truth) < 1.645 * math.sqrt(variance)
    assert 0.85 < hits / 300 < 0.95


def test_who_answered_counts():
    strong, weak = difficulty_after((0.0, 1.0), [(0.95, 0.0)]), difficulty_after((0.0, 1.0), [(0.3, 0.0)])
    assert strong[0] > weak[0] > 0.0
    assert difficulty_after((0.0, 1.0), [(0.95, 1.0)])[0] > difficulty_after((0.0, 1.0), [(0.3, 1.0)])[0]


def test_one_by_one_is_about_all_at_once_and_parts_of_scores_count():
    rows = answers(1.0, 20)
    step = (0.0, 1.0)
    for row in rows:
        step = difficulty_after(step, [row])
    whole = difficulty_after((0.0, 1.0), rows)
    assert step == pytest.approx(whole, abs=0.08)
    assert difficulty_after((0.0, 1.0), [(0.5, 0.5)])[0] == pytest.approx(0.0, abs=1e-9)
    assert difficulty_after((0.3, 0.7), []) == (0.3, 0.7)


@given(
    st.floats(-6, 6),
    st.floats(0.001, 20),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=40),
)
def test_answers_never_give_nan_nor_less_certainty(mean, variance, rows):
    new_mean, new_variance = difficulty_after((mean, variance), rows)
    assert math.isfinite(new_mean) and 0.0 < new_variance <= variance + 1e-12


@pytest.mark.parametrize("prior", [(0.0, 0.0), (math.nan, 1.0), (0.0, math.inf)])
def test_a_prior_that_is_none_is_refused(prior):
    with pytest.raises(ValueError, match="prior"):
        difficulty_after(prior, [])


@pytest.mark.parametrize("row", [(1.2, 1.0), (0.5, -0.1), (math.nan, 1.0)])
def test_answers_that_are_none_are_refused(row):
    with pytest.raises(ValueError, match="between 0 and 1"):
        difficulty_after((0.0, 1.0), [row])


def test_the_item_can_be_taken_out_of_a_prediction():
    p = 1.0 / (1.0 + math.exp(-(0.7 - 1.2)))
    assert p_without_item(p, 1.2) == pytest.approx(1.0 / (1.0 + math.exp(-0.7)))
    assert 0.0 < p_without_item(0.0, -3.0) < p_without_item(1.0, 3.0) <= 1.0
