"""Our learner model: counted features and several abilities under boosted trees, a recurrent network beside them.

P(correct) of an exercise = a calibrated blend, in logits, of
- boosted trees over what the learner's answers look like from it (`counters`), over what two models of several
  abilities expect (`factors`: one with a single ability, one with as many as the data want) and over what neighbouring
  exercises say (`neighbours`);
- recurrent networks over the same and over the whole sequence (`recurrent`);
- PFA with forgetting (`pfa`), where the log is small.
How much each counts, how many trees, epochs and abilities: chosen inside, on learners held out of the training part.

p_mastery of a skill is told by PFA with forgetting, which is fitted with it: it keeps the promises that mastery needs
(a right answer never lowers it, every attempt's contribution can be told, it forgets), which trees and networks do not.

Features of a training row never come from its own learner's answers to that item: difficulties, loadings and neighbours
are fitted on other learners (five groups). A few items are hidden in each group, so that unseen items are no surprise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from adaptive.common.probability import clamp, sigmoid

from . import counters, factors
from .base import Item, LearnerModel, Observation, Params, SkillView, State, check_observation
from .counters import Eases
from .factors import Belief, Factors
from .logistic_model import P_MIN, effective_score
from .neighbours import Neighbours, Recent
from .packing import pack_array, unpack_array
from .pfa import PfaForgetting
from .recurrent import Recurrent, Seen
from .trees import Trees


class PfaInside(PfaForgetting):
    """The same with a smaller memory, since it is part of a larger state."""

    max_skills, keep_skills = 150, 140
    max_items, keep_items = 60, 50


@dataclass(slots=True)
class View:
    """One exercise seen from one state, with all that prediction and update share."""

    counted: counters.Look
    abilities: list[tuple[Belief, factors.Seen]]
    expected: float
    recent: Recent | None
    row: np.ndarray
    nets: list[tuple[np.ndarray, Seen, float]]


class Parts:
    """What a row of features is made of: eases, ability models, neighbours; used by fitting and by the model itself.

    Fitting needs rows without neighbours first, because those are fitted on what the abilities leave open.
    """

    def __init__(self, eases: Eases, abilities: Sequence[Factors], neighbours: Neighbours | None = None) -> None:
        self.eases, self.abilities, self.neighbours = eases, list(abilities), neighbours

    def empty(self) -> State:
        state = {**counters.empty(), "f": [factors.empty(one.k) for one in self.abilities]}
        if self.neighbours:
            state["h"] = self.neighbours.empty()
        return state

    def look(self, state: State, item: Item, at: float) -> View:
        counted = counters.look(state, self.eases, item, at)
        features = counted.features
        seen = []
        for one, packed in zip(self.abilities, state["f"], strict=True):
            belief = factors.unpack(packed, one.k)
            found = factors.look(one, belief, *one.of(item, self.eases))
            seen.append((belief, found))
            features += found.features
        expected = expected_of(features[-1])
        recent = None
        if self.neighbours:
            recent = self.neighbours.unpack(state["h"])
            features += self.neighbours.look(recent, item.id)
        return View(counted, seen, expected, recent, np.array(features, dtype=np.float32), [])

    def take(self, state: State, item: Item, view: View, score: float, elapsed_seconds: float) -> None:
        counters.take(state, self.eases, item, view.counted, score, elapsed_seconds)
        state["f"] = [factors.pack(factors.take(belief, seen, score)) for belief, seen in view.abilities]
        if self.neighbours and view.recent:
            state["h"] = self.neighbours.take(view.recent, item.id, score - view.expected)


def expected_of(logit: float) -> float:
    """P(correct) by the larger ability model, from its last feature."""
    return sigmoid(float(np.float32(logit)))


def outcome_of(view: View, score: float, elapsed_seconds: float | None) -> tuple[float, float, float, float]:
    """The answer as the networks see it (recurrent.N_OUTCOME numbers)."""
    taken = 0.0 if elapsed_seconds is None else float(np.log1p(max(elapsed_seconds, 0.0))) / 5.0
    return score - 0.5, score - view.counted.p_item, taken, float(elapsed_seconds is not None)


class Blend(LearnerModel):
    """Counters, abilities, trees and networks; mastery by PFA with forgetting. Unfitted it is PFA with forgetting."""

    name: ClassVar[str] = "blend"
    version: ClassVar[str] = "2"

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        given = self.params
        self._pfa = PfaInside(given.get("pfa"))
        self._parts: Parts | None = None
        self._trees: Trees | None = None
        self._nets: list[Recurrent] = []
        self._weights = {"pfa": 1.0}
        self._bias = 0.0
        if given.get("weights"):
            self._weights = {name: float(weight) for name, weight in given["weights"].items()}
            self._bias = float(given["bias"])
            self._parts = Parts(
                _eases_from(given["eases"]),
                [Factors.from_params(one) for one in given["abilities"]],
                Neighbours.from_params(given["neighbours"]),
            )
            if given.get("trees"):
                self._trees = Trees.from_params(given["trees"])
            self._nets = [Recurrent.from_params(one) for one in given["nets"]]

    def empty(self) -> State:
        state: State = {"n": 0, "p": self._pfa.empty()}
        if self._parts:
            state["b"] = self._parts.empty()
            state["r"] = [pack_array(net.empty()) for net in self._nets]
        return state

    def _copy(self, state: State) -> State:
        new = {**state, "p": self._pfa._copy(state["p"])}
        if self._parts:
            new["b"] = counters.copy(state["b"])
        return new

    def _view(self, state: State, item: Item, at: float) -> View:
        assert self._parts is not None
        view = self._parts.look(state["b"], item, at)
        for net, packed in zip(self._nets, state["r"], strict=True):
            view.nets.append((unpack_array(packed, (2, net.n_hidden)), *net.look(item, view.row)))
        return view

    def _p(self, state: State, view: View, item: Item, at: float) -> float:
        logit = self._bias
        weights = self._weights
        if self._trees and weights.get("trees"):
            logit += weights["trees"] * self._trees.logit(view.row)
        if self._nets and weights.get("nets"):
            of_nets = [net.logit(*seen) for net, seen in zip(self._nets, view.nets, strict=True)]
            logit += weights["nets"] * sum(of_nets) / len(of_nets)
        if weights.get("pfa"):
            p = self._pfa.predict(state["p"], item, at)
            logit += weights["pfa"] * float(np.log(p / (1.0 - p)))
        return clamp(sigmoid(logit), P_MIN, 1.0 - P_MIN)

    def predict(self, state: State, item: Item, at: float) -> float:
        if not self._parts:
            return self._pfa.predict(state["p"], item, at)
        return self._p(state, self._view(state, item, at), item, at)

    def predict_then_step(self, state: State, observation: Observation) -> float:
        check_observation(observation)
        if not self._parts:
            p = self._pfa.predict(state["p"], observation.item, observation.at)
            self._step(state, observation)
            return p
        view = self._view(state, observation.item, observation.at)
        p = self._p(state, view, observation.item, observation.at)
        self._take(state, observation, view)
        return p

    def _step(self, state: State, observation: Observation) -> None:
        view = self._view(state, observation.item, observation.at) if self._parts else None
        self._take(state, observation, view)

    def _take(self, state: State, observation: Observation, view: View | None) -> None:
        state["n"] += 1
        self._pfa._step(state["p"], observation)
        if self._parts and view:
            score = effective_score(observation.score, observation.n_hints)
            elapsed = observation.elapsed_seconds
            if self._nets:
                outcome = outcome_of(view, score, elapsed)
                state["r"] = [
                    pack_array(net.take(before, seen, outcome))
                    for net, (before, seen, _) in zip(self._nets, view.nets, strict=True)
                ]
            self._parts.take(state["b"], observation.item, view, score, elapsed or 0.0)

    def skill(self, state: State, skill_id: int, at: float) -> SkillView:
        return self._pfa.skill(state["p"], skill_id, at)

    def skills(self, state: State, at: float) -> list[SkillView]:
        return self._pfa.skills(state["p"], at)

    @classmethod
    def fit(
        cls,
        histories: Mapping[str, Sequence[Observation]],
        seed: int,
        *,
        on_progress: Callable[[str], None] | None = None,
    ) -> Params:
        from .blend_fit import fit_blend  # fitting alone needs it, and it is long

        return fit_blend(cls, histories, seed, on_progress or (lambda words: None))


def eases_to_params(eases: Eases) -> dict[str, Any]:
    items, skills = sorted(eases.items), sorted(eases.skills)
    return {
        "base": eases.base,
        "item_ids": items,
        "items": pack_array(np.array([eases.items[i] for i in items]).reshape(-1, 2)),
        "skill_ids": skills,
        "skills": pack_array(np.array([eases.skills[s] for s in skills])),
    }


def _eases_from(params: Mapping[str, Any]) -> Eases:
    items, skills = params["item_ids"], params["skill_ids"]
    of_items = unpack_array(params["items"], (len(items), 2)).tolist()
    of_skills = unpack_array(params["skills"], (len(skills),)).tolist()
    return Eases(
        float(params["base"]),
        {int(i): (ease, known) for i, (ease, known) in zip(items, of_items, strict=True)},
        {int(s): ease for s, ease in zip(skills, of_skills, strict=True)},
    )


def rounded(eases: Eases) -> Eases:
    """As they come back from parameters, so that fitting and use see the same numbers."""
    return _eases_from(eases_to_params(eases))
