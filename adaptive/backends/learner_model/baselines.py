"""The published logistic baselines: PFA (Pavlik et al. 2009) and Best-LR (Gervet et al. 2020), neither forgets."""

import math
from collections.abc import Sequence
from typing import ClassVar

from .base import Item, Observation, Params, SkillView, State
from .logistic_model import LogisticModel, effective_score

MAX_SKILLS, KEEP_SKILLS = 900, 850


class BestLr(LogisticModel):
    """Item and skill difficulties, log counts of successes and failures, per skill and overall.

    State: n attempts, w successes, t latest time, k by skill id = [attempts, order, time, successes].
    """

    name: ClassVar[str] = "best-lr"
    version: ClassVar[str] = "1"
    FEATURES: ClassVar[tuple[tuple[str, int], ...]] = (
        ("skill_successes", 1),
        ("skill_failures", -1),
        ("all_successes", 1),
        ("all_failures", -1),
    )

    @classmethod
    def default_params(cls) -> Params:
        """Round figures near those found on ASSISTments and DBE logs, for trying the baseline without a log."""
        rough = {"skill_successes": 0.5, "skill_failures": -0.4, "all_successes": 0.5, "all_failures": -0.5}
        return {"intercept": 0.5, "coefficients": rough}

    def empty(self) -> State:
        return {"n": 0, "w": 0.0, "t": 0.0, "k": {}}

    def _copy(self, state: State) -> State:
        return {"n": state["n"], "w": state["w"], "t": state["t"], "k": dict(state["k"])}

    def _features(self, state: State, skill_ids: Sequence[int], item: Item | None, at: float) -> list[float]:
        won = lost = 0.0
        for skill_id in skill_ids:
            s = state["k"].get(str(skill_id))
            if s is not None:
                won += math.log1p(s[3])
                lost += math.log1p(s[0] - s[3])
        part = 1.0 / len(skill_ids) if skill_ids else 0.0
        return [won * part, lost * part, math.log1p(state["w"]), math.log1p(state["n"] - state["w"])]

    def _step(self, state: State, observation: Observation) -> None:
        score = effective_score(observation.score, observation.n_hints)
        at = max(observation.at, state["t"]) if state["n"] else observation.at
        order = state["n"] + 1
        skills = state["k"]
        for skill_id in observation.item.skill_ids:
            n, _, _, won = skills.get(str(skill_id), (0, 0, 0, 0.0))
            skills[str(skill_id)] = [n + 1, order, round(at), round(won + score, 3)]
        state["n"], state["w"], state["t"] = order, round(state["w"] + score, 3), at
        if len(skills) > MAX_SKILLS:
            for key in sorted(skills, key=lambda k: (skills[k][1], int(k)))[: len(skills) - KEEP_SKILLS]:
                del skills[key]

    def _met(self, state: State) -> list[int]:
        return [int(key) for key in state["k"]]

    def _view(self, state: State, skill_id: int, p_mastery: float, at: float) -> SkillView:
        n, _, last, _ = state["k"].get(str(skill_id), (0, 0, None, 0.0))
        return SkillView(skill_id, p_mastery, n, None if last is None else float(last), None, None, None)


class Pfa(BestLr):
    """Performance factors analysis: skill difficulties and the log counts of the skill alone."""

    name: ClassVar[str] = "pfa"
    has_items: ClassVar[bool] = False
    FEATURES: ClassVar[tuple[tuple[str, int], ...]] = (("skill_successes", 1), ("skill_failures", -1))

    def _features(self, state: State, skill_ids: Sequence[int], item: Item | None, at: float) -> list[float]:
        return super()._features(state, skill_ids, item, at)[:2]
