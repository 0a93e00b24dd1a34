"""How good predicted probabilities are. Pure functions of two arrays of the same length; no Django."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_EPSILON = 1e-7


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Predictions between `low` and `high`: how many, their mean, and the mean of what happened."""

    low: float
    high: float
    n: int
    mean_predicted: float
    mean_observed: float


def auc(y: ArrayLike, p: ArrayLike) -> float:
    """Area under the ROC curve; ties count half. A score y >= .5 counts as correct. ValueError on one class only."""
    outcome, predicted = _arrays(y, p)
    right = outcome >= 0.5
    n_right = int(right.sum())
    n_wrong = len(right) - n_right
    if n_right == 0 or n_wrong == 0:
        raise ValueError("AUC is not defined where all outcomes are the same.")
    _, group, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2.0  # ranks from 1, tied values share their mean
    rank_sum = float(mean_rank[group[right]].sum())
    return (rank_sum - n_right * (n_right + 1) / 2.0) / (n_right * n_wrong)


def log_loss(y: ArrayLike, p: ArrayLike) -> float:
    """Mean of -y log p - (1 - y) log(1 - p), natural logarithm; y may be a score between 0 and 1."""
    outcome, predicted = _arrays(y, p)
    predicted = np.clip(predicted, _EPSILON, 1.0 - _EPSILON)
    return float(-np.mean(outcome * np.log(predicted) + (1.0 - outcome) * np.log1p(-predicted)))


def rmse(y: ArrayLike, p: ArrayLike) -> float:
    """Root of the mean squared error."""
    outcome, predicted = _arrays(y, p)
    return float(np.sqrt(np.mean((outcome - predicted) ** 2)))


def calibration(y: ArrayLike, p: ArrayLike, n_bins: int = 15) -> list[CalibrationBin]:
    """The non-empty ones of `n_bins` bins of equal width on [0, 1]."""
    outcome, predicted = _arrays(y, p)
    index = np.minimum((predicted * n_bins).astype(int), n_bins - 1)
    counts = np.bincount(index, minlength=n_bins)
    sum_p = np.bincount(index, weights=predicted, minlength=n_bins)
    sum_y = np.bincount(index, weights=outcome, minlength=n_bins)
    return [
        CalibrationBin(b / n_bins, (b + 1) / n_bins, int(n), float(sum_p[b] / n), float(sum_y[b] / n))
        for b, n in enumerate(counts)
        if n
    ]


def ece(y: ArrayLike, p: ArrayLike, n_bins: int = 15) -> float:
    """Expected calibration error: mean distance of predicted from observed over the bins, weighted by their rows."""
    bins = calibration(y, p, n_bins)
    return sum(b.n * abs(b.mean_predicted - b.mean_observed) for b in bins) / sum(b.n for b in bins)


def mean_auc_per_group(y: ArrayLike, p: ArrayLike, groups: Sequence[int] | NDArray) -> float | None:
    """Mean AUC over the groups that have both outcomes; None where no group has."""
    outcome, predicted = _arrays(y, p)
    group = np.asarray(groups)
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    found = []
    for rows in np.split(order, cuts):
        right = outcome[rows] >= 0.5
        if right.any() and not right.all():
            found.append(auc(outcome[rows], predicted[rows]))
    return float(np.mean(found)) if found else None


def _arrays(y: ArrayLike, p: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    outcome, predicted = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if outcome.ndim != 1 or outcome.shape != predicted.shape:
        raise ValueError(f"Outcomes and predictions must be of one length, not {outcome.shape} and {predicted.shape}.")
    if not len(outcome):
        raise ValueError("There is nothing to measure: no rows.")
    if not (np.isfinite(outcome).all() and np.isfinite(predicted).all()):
        raise ValueError("Outcomes and predictions must be finite numbers.")
    return outcome, predicted
