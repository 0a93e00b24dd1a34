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
from numpy.typing import NDArray

from adaptive.common.probability import clamp, sigmoid

from . import counters, factors
from .base import Item, LearnerModel, Observation, Params, SkillView, State, Walk, check_observation
from .counters import Counts, Eases
from .factors import Belief, Factors, OneBelief
from .logistic_model import P_MIN, effective_score
from .neighbours import Neighbours, Recent
from .packing import pack_array, unpack_array
from .pfa import PfaForgetting
from .recurrent import Nets, Recurrent, Seen
from .trees import Trees


class PfaInside(PfaForgetting):
    """The same with a smaller memory, since it is part of a larger state."""

    max_skills, keep_skills = 150, 140
    max_items, keep_items = 60, 50


@dataclass(slots=True)
class View:
    """One exercise seen from one state, with all that prediction and update share."""

    counted: counters.Look
    abilities: list[factors.Seen]
    expected: float
    row: np.ndarray  # (n_features,) float32
    nets: Seen | None


@dataclass(slots=True)
class Kept:
    """What `Parts` keeps of one learner, in memory: no number is packed, all are rounded as if they had been."""

    counts: Counts
    beliefs: list[Belief | OneBelief]
    recent: Recent | None


class Parts:
    """What a row of features is made of: eases, ability models, neighbours; used by fitting and by the model itself.

    Fitting needs rows without neighbours first, because those are fitted on what the abilities leave open.
    """

    def __init__(self, eases: Eases, abilities: Sequence[Factors], neighbours: Neighbours | None = None) -> None:
        self.eases, self.abilities, self.neighbours = eases, list(abilities), neighbours

    def empty_state(self) -> State:
        state = {**counters.empty(), "f": [factors.empty(one.k) for one in self.abilities]}
        if self.neighbours:
            state["h"] = self.neighbours.empty()
        return state

    def read(self, state: State) -> Kept:
        beliefs = [factors.unpack(packed, one.k) for one, packed in zip(self.abilities, state["f"], strict=True)]
        recent = self.neighbours.unpack(state["h"]) if self.neighbours else None
        return Kept(counters.read(state), beliefs, recent)

    def write(self, kept: Kept) -> State:
        state = {**counters.write(kept.counts), "f": [factors.pack(belief) for belief in kept.beliefs]}
        if self.neighbours and kept.recent:
            state["h"] = self.neighbours.pack(kept.recent)
        return state

    def empty(self) -> Kept:
        return self.read(self.empty_state())

    def look(self, kept: Kept, item: Item, at: float) -> View:
        counted = counters.look(kept.counts, self.eases, item, at)
        features = counted.features
        seen = []
        for one, belief in zip(self.abilities, kept.beliefs, strict=True):
            found = factors.look(one, belief, *one.of(item, self.eases))
            seen.append(found)
            features += found.features
        expected = expected_of(features[-1])
        if self.neighbours and kept.recent:
            features += self.neighbours.look(kept.recent, item.id)
        return View(counted, seen, expected, np.array(features, dtype=np.float32), None)

    def take(self, kept: Kept, item: Item, view: View, score: float, elapsed_seconds: float) -> None:
        """Take in the answer to what was looked at last, changing `kept`."""
        counters.take(kept.counts, self.eases, item, view.counted, score, elapsed_seconds)
        both = zip(kept.beliefs, view.abilities, strict=True)
        kept.beliefs = [factors.in_single(factors.take(belief, seen, score)) for belief, seen in both]
        if self.neighbours and kept.recent:
            self.neighbours.take(kept.recent, item.id, score - view.expected)


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
        self._nets: Nets | None = None
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
            if given["nets"]:
                self._nets = Nets([Recurrent.from_params(one) for one in given["nets"]])

    def empty(self) -> State:
        state: State = {"n": 0, "p": self._pfa.empty()}
        if self._parts:
            state["b"] = self._parts.empty_state()
            state["r"] = [pack_array(one) for one in self._nets.empty()] if self._nets else []
        return state

    def walk(self, state: State | None = None) -> "BlendWalk":
        return BlendWalk(self, self.empty() if state is None else state)

    def _copy(self, state: State) -> State:
        return {**state, "p": self._pfa._copy(state["p"])}  # `_step` replaces all the rest

    def _p(self, pfa_state: State, memory: NDArray[np.float32] | None, view: View, item: Item, at: float) -> float:
        logit = self._bias
        weights = self._weights
        if self._trees and weights.get("trees"):
            logit += weights["trees"] * self._trees.logit(view.row)
        if self._nets and weights.get("nets") and memory is not None and view.nets:
            of_nets = self._nets.logits(memory, view.nets)
            logit += weights["nets"] * sum(of_nets) / len(of_nets)
        if weights.get("pfa"):
            p = self._pfa.predict(pfa_state, item, at)
            logit += weights["pfa"] * float(np.log(p / (1.0 - p)))
        return clamp(sigmoid(logit), P_MIN, 1.0 - P_MIN)

    def predict(self, state: State, item: Item, at: float) -> float:
        return self.walk(state).predict(item, at)

    def _step(self, state: State, observation: Observation) -> None:
        walk = self.walk(state)
        walk.take(observation)
        state.update(walk.state())

    def predict_then_step(self, state: State, observation: Observation) -> float:
        walk = self.walk(state)
        p = walk.predict_then_take(observation)
        state.update(walk.state())
        return p

    def update(self, state: State, observation: Observation) -> State:
        walk = self.walk(state)
        walk.take(observation)
        return walk.state()

    def skill(self, state: State, skill_id: int, at: float) -> SkillView:
        return self._pfa.skill(state["p"], skill_id, at)

    def views(self, state: State, skill_ids: Sequence[int], at: float) -> list[SkillView]:
        return self._pfa.views(state["p"], skill_ids, at)

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


class BlendWalk(Walk):
    """One learner's attempts with nothing packed in between; the numbers are those that packing leaves."""

    def __init__(self, model: Blend, state: State) -> None:
        self._blend = model
        self._pfa = model._pfa._copy(state["p"])
        self._n: int = state["n"]
        self._kept: Kept | None = None
        self._memory: NDArray[np.float32] | None = None  # of the nets (n, 2, H)
        if model._parts:
            self._kept = model._parts.read(state["b"])
            if model._nets:
                of_one = (2, model._nets.n_hidden)
                self._memory = np.stack([unpack_array(packed, of_one) for packed in state["r"]])

    def state(self) -> State:
        model = self._blend
        state: State = {"n": self._n, "p": model._pfa._copy(self._pfa)}
        if model._parts and self._kept:
            state["b"] = model._parts.write(self._kept)
            state["r"] = [] if self._memory is None else [pack_array(one) for one in self._memory]
        return state

    def _view(self, item: Item, at: float) -> View | None:
        model = self._blend
        if not (model._parts and self._kept):
            return None
        view = model._parts.look(self._kept, item, at)
        if model._nets:
            view.nets = model._nets.look(item, view.row)
        return view

    def _p(self, view: View | None, item: Item, at: float) -> float:
        if view is None:
            return self._blend._pfa.predict(self._pfa, item, at)
        return self._blend._p(self._pfa, self._memory, view, item, at)

    def _take(self, view: View | None, observation: Observation) -> None:
        model = self._blend
        self._n += 1
        model._pfa._step(self._pfa, observation)
        if view is None or not (model._parts and self._kept):
            return
        score = effective_score(observation.score, observation.n_hints)
        elapsed = observation.elapsed_seconds
        if model._nets and view.nets and self._memory is not None:
            self._memory = model._nets.take(self._memory, view.nets, outcome_of(view, score, elapsed))
        model._parts.take(self._kept, observation.item, view, score, elapsed or 0.0)

    def predict(self, item: Item, at: float) -> float:
        return self._p(self._view(item, at), item, at)

    def take(self, observation: Observation) -> None:
        check_observation(observation)
        self._take(self._view(observation.item, observation.at), observation)

    def predict_then_take(self, observation: Observation) -> float:
        check_observation(observation)
        item, at = observation.item, observation.at
        view = self._view(item, at)
        p = self._p(view, item, at)
        self._take(view, observation)
        return p

    def skill(self, skill_id: int, at: float) -> SkillView:
        return self._blend._pfa.skill(self._pfa, skill_id, at)


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
