"""Difficulty of an exercise from its words, before anybody has answered it, and what the answers make of that.

Before: Gaussian-process regression (Rasmussen and Williams 2006, chapters 2 and 5) of known difficulties on four
likenesses of two exercises: shared skills, near embeddings, near text features, and near in both. Their weights and
the noise are chosen by the leave-one-out predictive density (section 5.4.2 there). An item known from few answers
counts less.

After: the answers overrule it by Bayes' rule, a logistic likelihood with the prediction as its Gaussian prior.

All difficulties are in logits, higher is harder, 0 an average item: the scale of `Item.difficulty`.
"""

import base64
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Params

Floats = NDArray[np.float64]

PRIOR_VARIANCE = 1.3
"""Variance of difficulty over the items of a course (a standard deviation of 1.14) where nothing better is known."""

UNKNOWN_VARIANCE = 1.0
"""Around 0, of an item of which nothing at all is known and whose answers are awaited. On three logs (see cold_start)
this predicted better than .6 and 2.3, on DBE-KT22 and Statics 2011 by little."""

MOST_ANSWERS = 200
"""Of an item that are counted, the latest; they leave a standard deviation of .16 logits."""

AVERAGE_SHARE_WRONG = 0.36
"""Share of wrong answers that a new learner gives to an item of difficulty 0 (the learner models' zero)."""

MIN_ITEMS_FOR_SKILLS = 5  # fewer known items: the overall mean
MIN_ITEMS_FOR_WORDS = 40  # fewer: skills only, as four weights cannot be chosen from a handful of items
MAX_ITEMS = 1000  # time grows with the cube; those known best are kept
_MAX_ITEMS_TO_CHOOSE = 400  # for choosing the weights, which takes some 70 inversions

_MEAN_VARIANCE = 1.0  # of the course's mean difficulty around 0
_WEIGHTS = (0.0, 0.05, 0.15, 0.4, 1.0, 2.0)
_NOISE = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5)
_ROUNDS = 3
_COMPONENTS = ("skills", "words", "features", "both")
# How far likeness reaches: for unit vectors, and per standardised feature. Chosen on DBE-KT22; the result hardly moves
# between half and twice of each.
_WORDS_REACH, _FEATURES_REACH = 0.5, 0.5
_BOTH_REACH = (0.7, 1.0)
_FARTHEST = 3.0  # standard deviations; a feature beyond counts as that


def fit_text_difficulty(
    skill_ids: Sequence[Sequence[int]],
    embeddings: Floats,
    features: Floats,
    difficulty: Floats,
    variance: Floats,
    *,
    formats: Sequence[str] = (),
) -> Params:
    """Parameters for `TextDifficulty`, JSON-able, from n items of known difficulty.

    skill_ids: of each item. embeddings: (n, d), rows of length 1. features: (n, f), NaN where one has no meaning.
    difficulty: (n,) logits; variance: (n,) how uncertain each is (1 / precision), > 0. formats: response format of
    each item, or empty. Deterministic. Fewer than 40 items: from skills only; fewer than 5: their mean, drawn to 0.
    ValueError on shapes that do not match or on difficulties that are no numbers.
    """
    known = np.asarray(difficulty, dtype=np.float64)
    uncertain = np.asarray(variance, dtype=np.float64)
    n = len(known)
    words = np.asarray(embeddings, dtype=np.float64).reshape(n, -1) if n else np.zeros((0, 0))
    counted = np.asarray(features, dtype=np.float64).reshape(n, -1) if n else np.zeros((0, 0))
    if len(skill_ids) != n or len(uncertain) != n or len(formats) not in (0, n):
        raise ValueError("Skills, difficulties, variances and formats must be of the same number of items.")
    if not (np.isfinite(known).all() and np.isfinite(uncertain).all() and (uncertain > 0).all()):
        raise ValueError("Known difficulties must be finite, their variances finite and above 0.")
    if not np.isfinite(words).all():
        raise ValueError("Embeddings must be finite numbers.")
    kept = np.sort(np.argsort(uncertain, kind="stable")[:MAX_ITEMS])
    known, uncertain, words, counted = known[kept], uncertain[kept], words[kept], counted[kept]
    n = len(kept)
    params: Params = {
        "n_items": n,
        "difficulty": [round(float(value), 4) for value in known],
        "variance": [round(max(float(value), 1e-4), 4) for value in uncertain],
        "skills": [sorted({int(skill_id) for skill_id in skill_ids[place]}) for place in kept],
        "weights": dict.fromkeys(_COMPONENTS, 0.0),
        "noise": PRIOR_VARIANCE,
    }
    if n < MIN_ITEMS_FOR_SKILLS:
        return params
    allowed: tuple[str, ...] = ("skills",)
    if n >= MIN_ITEMS_FOR_WORDS:
        allowed = _COMPONENTS
        finite = np.isfinite(counted)
        many = np.maximum(finite.sum(axis=0), 1)
        mean = np.where(finite, counted, 0.0).sum(axis=0) / many
        spread = np.sqrt((np.where(finite, counted - mean, 0.0) ** 2).sum(axis=0) / many)
        params |= {
            "feature_mean": [round(float(value), 5) for value in mean],
            "feature_spread": [round(float(value), 5) for value in spread],
            "formats": sorted({formats[place] for place in kept}) if formats else [],
            "dimensions": words.shape[1],
            # Half precision: a likeness moves in the fourth digit, and a thousand items take 1 MB instead of 4.
            "embeddings": base64.b64encode(words.astype("<f2").tobytes()).decode("ascii"),
        }
        params["features"] = np.round(
            _standardised(counted, params, [formats[place] for place in kept] if formats else []), 3
        ).tolist()
    return params | _chosen(_Likeness(params), params, allowed)


class TextDifficulty:
    """Predicts with what `fit_text_difficulty` returned."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self._likeness = _Likeness(params)
        self._known = np.array(params["difficulty"], dtype=np.float64)
        if len(self._known):
            covariance = self._likeness.among_known(params["weights"])
            covariance[np.diag_indices_from(covariance)] += params["noise"] + np.array(params["variance"])
            self._inverse = np.linalg.inv(covariance)
            self._dual = self._inverse @ self._known

    def predict(
        self, skill_ids: Sequence[Sequence[int]], embeddings: Floats, features: Floats, formats: Sequence[str] = ()
    ) -> tuple[Floats, Floats]:
        """(mean, variance) in logits, each (n,), of n items shaped as in `fit_text_difficulty`; never NaN.

        The variance is that of the item's true difficulty. Without a known item: (0, 2.3). A skill never met and
        words like no other's lead to the overall mean.
        """
        n = len(skill_ids)
        weights, noise = self.params["weights"], self.params["noise"]
        if not len(self._known) or not n:
            return np.zeros(n), np.full(n, _MEAN_VARIANCE + noise)
        across, own = self._likeness.to_known(weights, skill_ids, embeddings, features, formats)
        explained = np.einsum("ij,jk,ik->i", across, self._inverse, across)
        return across @ self._dual, np.maximum(own - explained, 0.0) + noise


def difficulty_after(prior: tuple[float, float], answers: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """(mean, variance) of an item's difficulty in logits, after answers to it.

    prior: (mean, variance > 0) before. answers: (p, score) with p = P(correct) that the learner model gave that
    learner just then FOR AN ITEM OF DIFFICULTY 0 (see `p_without_item`), so that a right answer of a strong learner
    says little; score in [0, 1]. Laplace's approximation at the mode, found by Newton steps; the order of the answers
    does not matter. Answers one by one or all at once agree to within the approximation (some hundredths of a logit).
    ValueError on a probability or score that is none, or a variance that is not above 0.
    """
    mean, variance = float(prior[0]), float(prior[1])
    if not (math.isfinite(mean) and math.isfinite(variance) and variance > 0.0):
        raise ValueError(f"A prior is a finite mean and a variance above 0, not {prior!r}.")
    rows = np.array(list(answers), dtype=np.float64).reshape(-1, 2)
    if not len(rows):
        return mean, variance
    if not ((rows >= 0.0) & (rows <= 1.0)).all():  # also catches NaN
        raise ValueError("Probabilities and scores must lie between 0 and 1.")
    p = np.clip(rows[:, 0], 1e-6, 1.0 - 1e-6)
    ease, score = np.log(p / (1.0 - p)), rows[:, 1]
    mode = mean
    for _ in range(100):
        expected = 1.0 / (1.0 + np.exp(mode - ease))
        slope = (mean - mode) / variance + float(np.sum(expected - score))
        curve = 1.0 / variance + float(np.sum(expected * (1.0 - expected)))
        # At most one logit a step: far from the mode the curve is flat and a whole Newton step overshoots.
        step = min(max(slope / curve, -1.0), 1.0)
        mode += step
        if abs(step) < 1e-9:
            break
    expected = 1.0 / (1.0 + np.exp(mode - ease))
    return mode, 1.0 / (1.0 / variance + float(np.sum(expected * (1.0 - expected))))


def p_without_item(p: float, difficulty: float) -> float:
    """P(correct) for an item of difficulty 0, from P(correct) that was predicted with `difficulty` (logits)."""
    return 1.0 / (1.0 + math.exp(-(_logit(p) + difficulty)))


def p_on_average_item(beliefs: Iterable[tuple[float, float]]) -> float:
    """P(correct) on an item of difficulty 0, from what is believed of the item's skills.

    beliefs: (p_mastery, difficulty of the skill's typical item) of each skill; the mean counts, in logits. Without any
    that of a new learner. It takes no prediction of the item itself, so it can be told from what is stored.
    """
    eases = [_logit(p) + difficulty for p, difficulty in beliefs]
    return 1.0 / (1.0 + math.exp(-math.fsum(eases) / len(eases))) if eases else 1.0 - AVERAGE_SHARE_WRONG


def _logit(p: float) -> float:
    p = min(max(p, 1e-6), 1.0 - 1e-6)
    return math.log(p / (1.0 - p))


def fitted_items(params: Params | None) -> dict[int, float]:
    """Item id -> difficulty in logits, of the items that a model with these parameters was fitted on: it overrules
    whatever is said of them. Of `blend` those of its PFA; empty for a model without difficulties of items."""
    part = (params or {}).get("pfa") or params or {}
    return _numbers(part.get("items", {}))


def fitted_skills(params: Params | None) -> dict[int, float]:
    """Skill id -> difficulty in logits of its typical exercise, which is the one that p_mastery speaks of."""
    part = (params or {}).get("pfa") or params or {}
    return _numbers(part.get("skills", {}))


def _numbers(table: dict[str, Any]) -> dict[int, float]:
    # Other models may keep something else of a skill under the same name.
    return {int(key): float(value) for key, value in table.items() if isinstance(value, int | float)}


class _Likeness:
    """The kernels, between known items and from others to them."""

    def __init__(self, params: Params) -> None:
        self._params = params
        self._skills = params["skills"]
        self._columns = {s: place for place, s in enumerate(sorted({s for one in self._skills for s in one}))}
        self._has_words = "embeddings" in params
        if self._has_words:
            raw = np.frombuffer(base64.b64decode(params["embeddings"]), dtype="<f2")
            self._words = raw.astype(np.float64).reshape(params["n_items"], params["dimensions"])
            self._features = np.array(params["features"], dtype=np.float64).reshape(params["n_items"], -1)

    def components_among_known(self, rows: NDArray[np.int64] | None = None) -> dict[str, Floats]:
        """By name, (n, n) without weights; `rows`: of these known items only."""
        rows = np.arange(len(self._skills)) if rows is None else rows
        one = self._shares([self._skills[row] for row in rows])
        found = {"skills": one @ one.T}
        if self._has_words:
            words, features = self._words[rows], self._features[rows]
            found |= _near(words, words, features, features)
        return found

    def among_known(self, weights: dict[str, float]) -> Floats:
        return _weighted(self.components_among_known(), weights)

    def to_known(
        self,
        weights: dict[str, float],
        skill_ids: Sequence[Sequence[int]],
        embeddings: Floats,
        features: Floats,
        formats: Sequence[str],
    ) -> tuple[Floats, Floats]:
        """((n, n_known) covariances, (n,) own variances)."""
        n = len(skill_ids)
        one = self._shares(skill_ids)
        found = {"skills": one @ self._shares(self._skills).T}
        # Skills never met make an item vary more, not less: its own share of the skills' variance is that of one
        # skill mean over its number of skills.
        n_skills = np.array([max(len(set(ids)), 1) for ids in skill_ids], dtype=np.float64)
        own = _MEAN_VARIANCE + weights["skills"] / n_skills
        if self._has_words:
            words = np.asarray(embeddings, dtype=np.float64).reshape(n, self._params["dimensions"])
            counted = _standardised(np.asarray(features, dtype=np.float64).reshape(n, -1), self._params, formats)
            found |= _near(np.nan_to_num(words), self._words, counted, self._features)
            own = own + sum(weights[name] for name in ("words", "features", "both"))
        return _weighted(found, weights), own

    def _shares(self, skill_ids: Sequence[Sequence[int]]) -> Floats:
        """(n, n_skills of the known items): 1 / number of skills of the item, where it has the skill."""
        out = np.zeros((len(skill_ids), len(self._columns)))
        for row, ids in enumerate(skill_ids):
            for skill_id in set(ids):
                if skill_id in self._columns:
                    out[row, self._columns[skill_id]] = 1.0 / len(set(ids))
        return out


def _near(words: Floats, known_words: Floats, features: Floats, known_features: Floats) -> dict[str, Floats]:
    apart = _squared_distances(words, known_words)
    differ = _squared_distances(features, known_features) / max(features.shape[1], 1)
    return {
        "words": np.exp(-apart / (2.0 * _WORDS_REACH**2)),
        "features": np.exp(-differ / (4.0 * _FEATURES_REACH**2)),
        "both": np.exp(-apart / (2.0 * _BOTH_REACH[0] ** 2) - differ / (4.0 * _BOTH_REACH[1] ** 2)),
    }


def _squared_distances(a: Floats, b: Floats) -> Floats:
    return np.maximum((a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2.0 * a @ b.T, 0.0)


def _weighted(components: dict[str, Floats], weights: dict[str, float]) -> Floats:
    return _MEAN_VARIANCE + sum(weights[name] * matrix for name, matrix in components.items())


def _standardised(features: Floats, params: dict[str, Any], formats: Sequence[str]) -> Floats:
    """Features in standard deviations, 0 where NaN or constant, and one column a response format met in fitting."""
    mean, spread = np.array(params["feature_mean"]), np.array(params["feature_spread"])
    if features.shape[1] != len(mean):
        raise ValueError(f"There are {features.shape[1]} features where {len(mean)} were fitted.")
    scaled = (features - mean) / np.where(spread > 1e-9, spread, np.inf)
    scaled = np.nan_to_num(np.clip(scaled, -_FARTHEST, _FARTHEST))
    met = params["formats"] if len(params["formats"]) > 1 else []
    if not met:
        return scaled
    given = formats or [""] * len(scaled)  # not said: like none of those met
    return np.hstack([scaled, 2.0 * np.array([[one == name for name in met] for one in given], dtype=np.float64)])


def _chosen(likeness: _Likeness, params: Params, allowed: Sequence[str]) -> dict[str, Any]:
    """The weights and the noise of the best leave-one-out density, one at a time, `_ROUNDS` times round."""
    n = params["n_items"]
    rows = np.unique(np.linspace(0, n - 1, min(n, _MAX_ITEMS_TO_CHOOSE)).astype(np.int64))
    known = np.array(params["difficulty"])[rows]
    uncertain = np.array(params["variance"])[rows]
    components = likeness.components_among_known(rows)
    choice = {name: 0.3 if name in allowed else 0.0 for name in _COMPONENTS} | {"noise": 0.5}

    def cost(tried: dict[str, float]) -> float:
        covariance = _weighted(components, tried)
        covariance[np.diag_indices_from(covariance)] += tried["noise"] + uncertain
        inverse = np.linalg.inv(covariance)
        spread = 1.0 / np.diag(inverse)
        missed = (inverse @ known) * spread
        return float(np.sum(np.log(spread) + missed**2 / spread)) / 2.0

    best = cost(choice)
    for _ in range(_ROUNDS):
        before = best
        for name in (*allowed, "noise"):
            for value in _NOISE if name == "noise" else _WEIGHTS:
                tried = choice | {name: value}
                if value != choice[name] and (new := cost(tried)) < best - 1e-9:
                    best, choice = new, tried
        if best == before:
            break
    return {"weights": {name: choice[name] for name in _COMPONENTS}, "noise": choice["noise"]}
