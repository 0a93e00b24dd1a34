"""A calibrator learned from a course's own marks: the shipped assessor's log-odds, moved and stretched, with an
intercept for each exercise that is shrunk toward none.

    logit P(right) = bias + intercept[exercise] + slope * logit p,    p the assessor's own P(right)

Penalised maximum likelihood (Platt 1999; a random intercept as in a generalised linear mixed model): slope is held near
1, bias and intercepts near 0, so that few marks change little. The loss is convex and Newton's steps are exact, so
nothing depends on a seed but the folds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adaptive.common.hashing import stable_seed
from adaptive.common.metrics import log_loss

SLOPE_SPREAD, BIAS_SPREAD = 0.5, 1.0  # standard deviations before any mark, log-odds
SPREADS = (0.0, 0.35, 0.7, 1.4)  # of exercises' intercepts; which one is chosen on learners left out
MOST = 6.0  # the assessor's log-odds are read as far as this; beyond it says no more
N_FOLDS = 5
VERSION = "1"


@dataclass(frozen=True, slots=True)
class Marked:
    """Answers with the assessor's P(right) and the teacher's decision, each (n,). learner, exercise: their keys."""

    p: np.ndarray
    right: np.ndarray
    exercise: Sequence[int]
    learner: Sequence[int]

    def __len__(self) -> int:
        return len(self.right)

    def part(self, rows: np.ndarray) -> "Marked":
        places = np.flatnonzero(rows)
        return Marked(
            self.p[places],
            self.right[places],
            [self.exercise[i] for i in places],
            [self.learner[i] for i in places],
        )


@dataclass(frozen=True, slots=True)
class Calibrator:
    """slope, bias; intercepts: exercise key -> log-odds, 0 for all others."""

    slope: float = 1.0
    bias: float = 0.0
    intercepts: dict[int, float] | None = None

    def moves(self, exercise: int) -> tuple[float, float]:
        """(slope, intercept) on the log-odds of P(right), for an answer to this exercise."""
        return self.slope, self.bias + (self.intercepts or {}).get(exercise, 0.0)

    def p_right(self, p: float | np.ndarray, exercise: int) -> np.ndarray:
        slope, intercept = self.moves(exercise)
        return 1 / (1 + np.exp(-(slope * log_odds(p) + intercept)))

    def predict(self, marked: Marked) -> np.ndarray:
        """P(right) of each, (n,)."""
        return np.array([float(self.p_right(p, e)) for p, e in zip(marked.p, marked.exercise, strict=True)])

    def to_json(self) -> dict[str, Any]:
        intercepts = {str(key): round(value, 5) for key, value in (self.intercepts or {}).items()}
        return {"slope": round(self.slope, 5), "bias": round(self.bias, 5), "intercepts": intercepts}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Calibrator":
        """Raises ValueError for what is no calibrator."""
        try:
            intercepts = {int(key): float(value) for key, value in content["intercepts"].items()}
            found = cls(float(content["slope"]), float(content["bias"]), intercepts)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"These are no parameters of a calibrator: {error}") from error
        if not np.isfinite([found.slope, found.bias, *intercepts.values()]).all():
            raise ValueError("A calibrator's parameters are finite numbers.")
        return found


def log_odds(p: float | np.ndarray) -> np.ndarray:
    """Natural, bounded by MOST."""
    held = np.clip(p, 1e-6, 1 - 1e-6)
    return np.clip(np.log(held / (1 - held)), -MOST, MOST)


def shifted(p: float | np.ndarray, shift: float | np.ndarray) -> np.ndarray:
    """P(right) with its log-odds moved; the very p where they are not."""
    return np.where(np.asarray(shift) == 0.0, p, 1.0 / (1.0 + np.exp(-(log_odds(p) + shift))))


def fit(marked: Marked, *, spread: float) -> Calibrator:
    """spread: standard deviation of the exercises' intercepts; 0: none."""
    exercises = sorted(set(marked.exercise)) if spread > 0 else []
    place = {key: index for index, key in enumerate(exercises)}
    n, width = len(marked), 2 + len(exercises)
    design = np.zeros((n, width))
    design[:, 0], design[:, 1] = log_odds(marked.p), 1.0
    for row, key in enumerate(marked.exercise):
        if key in place:
            design[row, 2 + place[key]] = 1.0
    centre = np.zeros(width)
    centre[0] = 1.0
    precision = np.array(
        [1 / SLOPE_SPREAD**2, 1 / BIAS_SPREAD**2, *([1 / spread**2] * len(exercises) if spread else [])]
    )
    wanted = np.asarray(marked.right, dtype=float)

    def loss(beta: np.ndarray) -> float:
        z = design @ beta
        return float((np.logaddexp(0, z) - wanted * z).sum() + 0.5 * (precision * (beta - centre) ** 2).sum())

    beta, value = centre.copy(), loss(centre)
    for _ in range(60):
        guess = 1 / (1 + np.exp(-(design @ beta)))
        gradient = design.T @ (guess - wanted) + precision * (beta - centre)
        curvature = (design * (guess * (1 - guess))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while loss(beta - size * step) > value + 1e-12 and size > 1e-6:
            size /= 2  # Newton's step can overshoot where the guesses are sure
        beta = beta - size * step
        before, value = value, loss(beta)
        if before - value < 1e-9:
            break
    return Calibrator(float(beta[0]), float(beta[1]), {key: float(beta[2 + index]) for key, index in place.items()})


def fold_of(kind: str, key: int, *, seed: int, n_folds: int = N_FOLDS) -> int:
    """The fold of a learner or an exercise, the same in every process."""
    return stable_seed("calibrator", kind, key, seed) % n_folds


def question_folds(marked: Marked, *, seed: int) -> np.ndarray:
    """(n,) folds that no exercise is in two of, as even as their sizes allow."""
    sizes: dict[int, int] = {}
    for key in marked.exercise:
        sizes[key] = sizes.get(key, 0) + 1
    load, fold = [0] * min(N_FOLDS, len(sizes)), {}
    for key in sorted(sizes, key=lambda key: (-sizes[key], stable_seed("question", key, seed))):
        fold[key] = load.index(min(load))
        load[fold[key]] += sizes[key]
    return np.array([fold[key] for key in marked.exercise], dtype=int)


def learner_folds(marked: Marked, *, seed: int) -> np.ndarray:
    return np.array([fold_of("learner", key, seed=seed) for key in marked.learner], dtype=int)


def apart(marked: Marked, folds: np.ndarray, *, spread: float) -> tuple[np.ndarray, dict[int, Calibrator]]:
    """((n,) P(right) of each by the calibrator that was fitted without its fold, those calibrators by fold)."""
    out, fitted = np.zeros(len(marked)), {}
    for fold in sorted(set(folds.tolist())):
        inside = folds != fold
        fitted[fold] = fit(marked.part(inside), spread=spread) if inside.any() else Calibrator()
        out[folds == fold] = fitted[fold].predict(marked.part(folds == fold))
    return out, fitted


@dataclass(frozen=True, slots=True)
class Learned:
    """calibrator: fitted on all. by_fold: those fitted without a fold of learners, for judging answers that it was
    fitted on. by_question, by_learner: (n,) P(right) of answers left out with their exercise, with their learner."""

    calibrator: Calibrator
    by_fold: dict[int, Calibrator]
    by_question: np.ndarray
    by_learner: np.ndarray
    spread: float


def learn(marked: Marked, *, seed: int, progress: Callable[[float, str], None] = lambda share, words: None) -> Learned:
    """Chooses the spread on learners left out, then fits on all. Deterministic for the same answers and seed."""
    folds = learner_folds(marked, seed=seed)
    tried: list[tuple[float, float, np.ndarray, dict[int, Calibrator]]] = []
    for index, spread in enumerate(SPREADS):
        progress(0.1 + 0.6 * index / len(SPREADS), f"learners left out, spread of exercises {spread}")
        p, fitted = apart(marked, folds, spread=spread)
        tried.append((log_loss(marked.right, p), spread, p, fitted))
    _, spread, by_learner, by_fold = min(tried, key=lambda each: each[:2])
    progress(0.7, "questions left out")
    by_question, _ = apart(marked, question_folds(marked, seed=seed), spread=spread)
    progress(0.9, "on all marks")
    return Learned(fit(marked, spread=spread), by_fold, by_question, by_learner, spread)
