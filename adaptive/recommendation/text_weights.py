"""How much what the language model expects from words counts: measured on answers, and nothing where it does not help.

    logit P(yes) = base + intercept + weight * z

with base what is believed without it and z its standardised log-odds. The weight is fitted on all folds but one, each
fold being resources of its own, and judged on that one by log loss against base + intercept. It counts only where the
judged gain is above SURE standard errors over the resources; a negative weight never does. Pure, numpy alone.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .types import Candidate

FOLDS = 5
MIN_ROWS, MIN_GROUPS = 300, 20
SURE = 2.0
MOST = 1.5
RIDGE = 1.0  # as if the weight were known to be 0 give or take 1
SWEEPS = 25
LEAN_MOST = 1.4
# Answers after which half of it is left.
HALF_AFTER_ITEM, HALF_AFTER_LEARNER = 5.0, 5.0


@dataclass(frozen=True, slots=True)
class TextWeight:
    """weight: logits per standard deviation of the model's log-odds, 0 where it does not help. mean, sd: of those
    log-odds. loss_without, loss_with: log loss on resources not fitted on; gain_in_errors: their difference in standard
    errors. measured: the weight before it was judged."""

    weight: float
    mean: float
    sd: float
    measured: float
    loss_without: float
    loss_with: float
    gain_in_errors: float
    n_rows: int
    n_resources: int

    def to_json(self) -> dict[str, Any]:
        return {k: round(v, 5) if isinstance(v, float) else v for k, v in asdict(self).items()}


def text_weight(
    base: Sequence[float], odds: Sequence[float], y: Sequence[float], resources: Sequence[int], *, seed: int = 0
) -> TextWeight | None:
    """All (n,): logit believed without it; the model's log-odds; what came of it, 0 to 1; which resource it was.

    None with fewer than MIN_ROWS rows or MIN_GROUPS resources, or where the model says the same of all.
    """
    b, x, t, group = (np.asarray(v, dtype=float) for v in (base, odds, y, resources))
    names = np.unique(group)
    if len(b) < MIN_ROWS or len(names) < MIN_GROUPS or x.std() < 1e-6:
        return None
    mean, sd = float(x.mean()), float(x.std())
    z = (x - mean) / sd
    fold_of = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % FOLDS, strict=True))
    fold = np.array([fold_of[name] for name in group])
    without, with_it = np.zeros(len(b)), np.zeros(len(b))
    for number in range(FOLDS):
        seen, left = fold != number, fold == number
        a0, _ = _fit(b[seen], z[seen], t[seen], weighs=False)
        a, w = _fit(b[seen], z[seen], t[seen])
        without[left] = _loss(b[left] + a0, t[left])
        with_it[left] = _loss(b[left] + a + max(w, 0.0) * z[left], t[left])
    gains = np.array([(without - with_it)[group == name].sum() for name in names])
    error = float(gains.std(ddof=1) * np.sqrt(len(gains)))
    errors = float(gains.sum() / error) if error > 1e-12 else 0.0
    measured = _fit(b, z, t)[1]
    weight = float(np.clip(measured, 0.0, MOST)) if errors > SURE else 0.0
    return TextWeight(
        weight, mean, sd, float(measured), float(without.mean()), float(with_it.mean()), errors, len(b), len(names)
    )


def share_of(n_item: float, n_learner: float) -> float:
    """In [0, 1]: how much words still have to say where so many answered it and the learner answered so many."""
    known_item = n_item / (n_item + HALF_AFTER_ITEM)
    known_learner = n_learner / (n_learner + HALF_AFTER_LEARNER)
    return 1.0 - known_item * known_learner


def favour_of(candidate: Candidate) -> float:
    """A multiplier of a candidate's value, within LEAN_MOST: more where it is likely liked and needed."""
    leans = sum(candidate.forecast.get(name, 0.0) for name in ("likes", "needs"))
    return min(max(math.exp(leans), 1.0 / LEAN_MOST), LEAN_MOST) if leans else 1.0


def _loss(logit: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, logit) - y * logit


def _fit(base: np.ndarray, z: np.ndarray, y: np.ndarray, *, weighs: bool = True) -> tuple[float, float]:
    """(intercept, weight) by Newton's method."""
    a = w = 0.0
    for _ in range(SWEEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(base + a + w * z, -30, 30)))
        g, h = y - p, np.maximum(p * (1.0 - p), 1e-9)
        if not weighs:
            a += float(g.sum() / h.sum())
            continue
        gradient = np.array([g.sum(), (g * z).sum() - RIDGE * w])
        curvature = np.array([[h.sum(), (h * z).sum()], [(h * z).sum(), (h * z * z).sum() + RIDGE]])
        da, dw = np.linalg.solve(curvature, gradient)
        a, w = a + float(np.clip(da, -2, 2)), w + float(np.clip(dw, -2, 2))
    return a, w
