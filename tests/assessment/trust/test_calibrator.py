"""A calibrator learned from marks: what it finds, and that few marks change little."""

import numpy as np
import pytest

from adaptive.assessment.trust.calibrator import Calibrator, Marked, fit, learn, log_odds, question_folds
from adaptive.common.metrics import log_loss


def marked(n: int, *, seed: int = 0, slope: float = 1.0, bias: float = 0.0, spread: float = 0.0) -> Marked:
    rng = np.random.default_rng(seed)
    p = rng.beta(1.2, 1.2, n)
    exercise = rng.integers(0, 12, n)
    own = rng.normal(0, spread, 12) if spread else np.zeros(12)
    z = slope * log_odds(p) + bias + own[exercise]
    right = rng.random(n) < 1 / (1 + np.exp(-z))
    return Marked(p, right, exercise.tolist(), rng.integers(0, 60, n).tolist())


def test_what_was_put_in_is_found():
    found = fit(marked(6000, slope=0.6, bias=-0.8), spread=0.0)
    assert found.slope == pytest.approx(0.6, abs=0.08) and found.bias == pytest.approx(-0.8, abs=0.1)


def test_intercepts_are_shrunk_and_kept_where_they_help():
    assert learn(marked(1500, spread=1.2, seed=2), seed=0).spread > 0
    assert max(abs(x) for x in (fit(marked(40, seed=3), spread=0.35).intercepts or {}).values()) < 0.6


@pytest.mark.parametrize("right", [True, False])
def test_all_alike_and_one_mark_move_it_a_little(right):
    one = Marked(np.array([0.9]), np.array([right]), [1], [1])
    found = fit(one, spread=0.7)
    assert abs(found.bias) < 1.2 and 0.3 < found.slope < 1.5
    many = Marked(np.full(500, 0.9), np.full(500, right), [1] * 500, [1] * 500)
    assert np.isfinite(list(fit(many, spread=0.7).to_json()["intercepts"].values())).all()


def test_contradictory_marks_make_it_less_sure():
    p, right = np.full(200, 0.97), np.arange(200) % 2 == 0
    found = fit(Marked(p, right, [1] * 200, list(range(200))), spread=0.7)
    assert 0.4 < float(found.p_right(0.97, 1)) < 0.6


def test_learning_is_deterministic_and_better_on_questions_left_out():
    data = marked(800, slope=0.5, bias=-1.0, seed=5)
    first, second = learn(data, seed=3), learn(data, seed=3)
    assert first.calibrator == second.calibrator and (first.by_question == second.by_question).all()
    assert log_loss(data.right, first.by_question) < log_loss(data.right, data.p)
    assert learn(data, seed=4).by_fold != first.by_fold


def test_no_question_is_in_two_folds():
    data = marked(300)
    folds = question_folds(data, seed=0)
    for key in set(data.exercise):
        assert len({fold for fold, each in zip(folds, data.exercise, strict=True) if each == key}) == 1
    assert set(question_folds(marked(1), seed=0)) == {0}


def test_it_survives_json_and_refuses_what_is_none():
    found = fit(marked(100), spread=0.7)
    assert Calibrator.from_json(found.to_json()).moves(3) == pytest.approx(found.moves(3), abs=1e-4)
    for broken in (
        {},
        {"slope": 1, "bias": None, "intercepts": {}},
        {"slope": float("nan"), "bias": 0, "intercepts": {}},
    ):
        with pytest.raises(ValueError):
            Calibrator.from_json(broken)
