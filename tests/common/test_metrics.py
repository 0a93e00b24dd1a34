import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.common.metrics import auc, calibration, ece, log_loss, mean_auc_per_group, rmse


def slow_auc(y, p):
    """The definition: of all pairs of one right and one wrong, the share in the right order, ties half."""
    pairs = [(a, b) for a, right in zip(p, y, strict=True) if right for b, wrong in zip(p, y, strict=True) if not wrong]
    return sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_auc_is_the_share_of_pairs_in_order_with_ties_as_half(rows):
    y = [float(right) for right, _ in rows]
    p = [value / 5 for _, value in rows]
    if len(set(y)) < 2:
        with pytest.raises(ValueError, match="all outcomes are the same"):
            auc(y, p)
    else:
        assert auc(y, p) == pytest.approx(slow_auc(y, p))


def test_log_loss_and_rmse_of_known_values():
    assert log_loss([1, 0], [0.8, 0.4]) == pytest.approx(-(math.log(0.8) + math.log(0.6)) / 2)
    assert log_loss([0.5], [0.5]) == pytest.approx(math.log(2))
    assert math.isfinite(log_loss([1.0], [0.0]))
    assert rmse([1, 0], [0.5, 0.5]) == 0.5


def test_ece_is_zero_when_each_bin_is_right_and_the_gap_when_not():
    y = [1, 1, 0, 1] * 25
    assert ece(y, [0.75] * 100) == pytest.approx(0.0)
    assert ece(y, [0.95] * 100) == pytest.approx(0.2)


def test_certain_predictions_fall_into_the_last_bin():
    assert [b.n for b in calibration([1, 0], [1.0, 0.0])] == [1, 1]


def test_auc_per_learner_leaves_out_learners_with_one_kind_of_answer():
    y, p = [1, 0, 1, 1], [0.9, 0.1, 0.3, 0.2]
    assert mean_auc_per_group(y, p, [7, 7, 8, 8]) == 1.0
    assert mean_auc_per_group([1, 1], [0.1, 0.2], [1, 1]) is None


@pytest.mark.parametrize(
    ("y", "p"), [([], []), ([1.0], [0.5, 0.5]), ([1.0, 0.0], [float("nan"), 0.5]), ([[1.0]], [[0.5]])]
)
def test_what_cannot_be_measured_is_refused(y, p):
    with pytest.raises(ValueError):
        log_loss(np.array(y), np.array(p))
