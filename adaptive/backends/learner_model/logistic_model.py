"""What all logistic learner models share: logit P(correct) = intercept + coefficients * features - difficulty.

A subclass says which features a state gives and how a state takes in an attempt. Every feature has a sign that its
coefficient must keep, so that a right answer can never lower the belief about the skill it was given on.
"""

import math
from abc import abstractmethod
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from adaptive.common.probability import clamp

from .base import Item, LearnerModel, Observation, Params, SkillView, State, check_observation
from .logistic import Fitted, Groups, fit_logistic, group_rows

P_MIN = 1e-6
HINT_DISCOUNT = 0.7
"""Each hint leaves 7/10 of a score: a right answer after one hint counts as .7 right and .3 wrong."""

_PSEUDO_ROWS = 5.0  # in the first guess of a difficulty, before the regression replaces it


def effective_score(score: float, n_hints: int) -> float:
    """The score that counts as evidence: score * .7 ^ n_hints."""
    return score * HINT_DISCOUNT**n_hints if n_hints else score


class LogisticModel(LearnerModel):
    """Base of the models whose logit is linear in features of the state."""

    FEATURES: ClassVar[tuple[tuple[str, int], ...]]
    """(name, sign) in the order of `_features`; sign +1, -1, or 0 where the feature never enters p_mastery."""

    has_items: ClassVar[bool] = True
    n_passes: ClassVar[int] = 1
    """How often the regression runs; 2 where the features themselves use the difficulties it finds."""

    def __init__(self, params: Params | None = None) -> None:
        if params is None:
            params = self.default_params()
        super().__init__(params)
        given: Mapping[str, float] = params.get("coefficients", {})
        self._coefficients = [float(given.get(name, 0.0)) for name, _ in self.FEATURES]
        self._intercept = float(params.get("intercept", 0.0))
        self._base = float(params.get("base", 0.0))
        self._items = {int(key): float(value) for key, value in params.get("items", {}).items()}
        self._skills = {int(key): float(value) for key, value in params.get("skills", {}).items()}
        self._n_features = len(self.FEATURES)

    @classmethod
    def default_params(cls) -> Params:
        """Parameters for when nothing has been fitted."""
        return {}

    @abstractmethod
    def _features(self, state: State, skill_ids: Sequence[int], item: Item | None, at: float) -> list[float]:
        """Features of answering an exercise of these skills; `item` None = a typical exercise, never seen before."""

    @abstractmethod
    def _view(self, state: State, skill_id: int, p_mastery: float, at: float) -> SkillView:
        """The other fields of a SkillView."""

    @abstractmethod
    def _met(self, state: State) -> list[int]:
        """Ids of the skills that the state holds."""

    def difficulty(self, item: Item) -> float:
        """Logits, higher is harder: fitted, else the item's own prior, else the mean of its skills, else 0."""
        fitted = self._items.get(item.id)
        if fitted is not None:
            return fitted
        if item.difficulty is not None:
            return item.difficulty
        return self._skills_difficulty(item.skill_ids)

    def _skills_difficulty(self, skill_ids: Sequence[int]) -> float:
        known = [self._skills[skill_id] for skill_id in skill_ids if skill_id in self._skills]
        return sum(known) / len(known) if known else 0.0

    def _p(self, features: list[float], difficulty: float) -> float:
        m = self._intercept - difficulty
        for weight, value in zip(self._coefficients, features, strict=True):
            m += weight * value
        if m < -30.0:
            return P_MIN
        return min(max(1.0 / (1.0 + math.exp(-m)), P_MIN), 1.0 - P_MIN)

    def predict(self, state: State, item: Item, at: float) -> float:
        return self._p(self._features(state, item.skill_ids, item, at), self.difficulty(item))

    def skill(self, state: State, skill_id: int, at: float) -> SkillView:
        one = (skill_id,)
        p = self._p(self._features(state, one, None, at), self._skills_difficulty(one))
        return self._view(state, skill_id, p, at)

    def skills(self, state: State, at: float) -> list[SkillView]:
        return [self.skill(state, skill_id, at) for skill_id in sorted(self._met(state))]

    @classmethod
    def fit(
        cls,
        histories: Mapping[str, Sequence[Observation]],
        seed: int,
        *,
        on_progress: Callable[[str], None] | None = None,
    ) -> Params:
        """Coefficients, and difficulties of the items and skills in `histories`. Deterministic; `seed` is noted."""
        observations = [observation for history in histories.values() for observation in history]
        y = np.array([observation.score for observation in observations], dtype=np.float64)
        groups = group_rows(observations)
        params = first_guess(groups, y)
        fitted = None
        for number in range(1, cls.n_passes + 1):
            if on_progress:
                on_progress(f"pass {number} of {cls.n_passes}: reading {len(observations):,} attempts")
            matrix = cls(params).extract(histories)
            if on_progress:
                on_progress(f"pass {number} of {cls.n_passes}: regression")
            fitted = fit_logistic(
                matrix,
                y,
                groups,
                signs=[sign for _, sign in cls.FEATURES],
                has_items=cls.has_items,
            )
            params = {**params, **cls._params_of(fitted, groups)}
        assert fitted is not None
        return {
            **params,
            "fitted": {
                "model": cls.name,
                "version": cls.version,
                "seed": seed,
                "n_rows": len(observations),
                "n_learners": len(histories),
                "train_log_loss": round(fitted.log_loss, 5),
            },
        }

    def extract(self, histories: Mapping[str, Sequence[Observation]]) -> np.ndarray:
        """Features of every row before its answer, (n_rows, n_features) float32, by running the model itself."""
        values = array("f")
        for history in histories.values():
            state = self.empty()
            for observation in history:
                check_observation(observation)
                item = observation.item
                values.extend(self._features(state, item.skill_ids, item, observation.at))
                self._step(state, observation)
        return np.frombuffer(values, dtype=np.float32).reshape(-1, self._n_features)

    @classmethod
    def _params_of(cls, fitted: Fitted, groups: Groups) -> dict[str, Any]:
        skill_bias = fitted.skills
        total = np.zeros(len(groups.item_ids))
        if cls.has_items:
            total += fitted.items
        # An item's skills are the same on all its rows in a sound log; where not, the mean over its rows counts.
        rows = np.bincount(groups.item_of, minlength=len(total))
        share = np.bincount(
            groups.item_of[groups.skill_row],
            weights=skill_bias[groups.skill_of] * groups.skill_weight,
            minlength=len(total),
        )
        total += share / rows
        names = [name for name, _ in cls.FEATURES]
        return {
            "intercept": round(fitted.intercept, 5),
            "coefficients": {
                name: round(float(w), 5) + 0.0 for name, w in zip(names, fitted.coefficients, strict=True)
            },
            "items": {
                str(item_id): round(-float(b), 4) + 0.0 for item_id, b in zip(groups.item_ids, total, strict=True)
            },
            "skills": {
                str(skill_id): round(-float(b), 4) + 0.0
                for skill_id, b in zip(groups.skill_ids, skill_bias, strict=True)
            },
        }


def first_guess(groups: Groups, y: np.ndarray) -> Params:
    """Difficulties from mere shares of right answers, items shrunk to their skills and skills to the whole."""
    base = float(clamp(float(y.mean()), 0.02, 0.98))
    n_skills, n_items = len(groups.skill_ids), len(groups.item_ids)
    weight = groups.skill_weight
    skill_n = np.bincount(groups.skill_of, weights=weight, minlength=n_skills)
    skill_sum = np.bincount(groups.skill_of, weights=weight * y[groups.skill_row], minlength=n_skills)
    skill_p = (skill_sum + _PSEUDO_ROWS * base) / (skill_n + _PSEUDO_ROWS)
    row_prior = np.bincount(groups.skill_row, weights=skill_p[groups.skill_of] * weight, minlength=len(y))
    row_prior[np.bincount(groups.skill_row, minlength=len(y)) == 0] = base
    item_n = np.bincount(groups.item_of, minlength=n_items)
    prior = np.bincount(groups.item_of, weights=row_prior, minlength=n_items) / item_n
    item_sum = np.bincount(groups.item_of, weights=y, minlength=n_items)
    item_p = (item_sum + _PSEUDO_ROWS * prior) / (item_n + _PSEUDO_ROWS)

    base_logit = math.log(base / (1.0 - base))

    def hardness(p: np.ndarray) -> np.ndarray:
        return base_logit - np.log(p / (1.0 - p))

    return {
        "base": round(base_logit, 4),
        "items": {str(i): round(float(d), 4) for i, d in zip(groups.item_ids, hardness(item_p), strict=True)},
        "skills": {str(i): round(float(d), 4) for i, d in zip(groups.skill_ids, hardness(skill_p), strict=True)},
    }
