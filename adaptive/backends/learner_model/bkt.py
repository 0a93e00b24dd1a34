"""Bayesian knowledge tracing with forgetting: the baseline that today's products ship.

Each skill is known or not (Corbett & Anderson 1995): P(known) starts at p_init, grows by p_learn an attempt, falls by
p_forget (Khajah et al. 2016); who knows slips with p_slip, who does not guesses with p_guess. Where attempts have real
times, P(known) also falls back towards p_init as (1 + days) ^ -.154 between them. Parameters are fitted per skill by
expectation-maximisation, rare skills held near the whole by pseudo-counts. An exercise of several skills is predicted
with their mean and teaches each. There is no item difficulty and no ability; that is what makes it a baseline.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from .base import Item, LearnerModel, Observation, Params, SkillView, State
from .forgetting import retention
from .logistic_model import effective_score

MAX_SKILLS, KEEP_SKILLS = 700, 650
DEFAULTS = {"p_init": 0.5, "p_learn": 0.1, "p_forget": 0.02, "p_guess": 0.25, "p_slip": 0.15}
_ROUNDS = 20
_PSEUDO = 10.0  # pseudo-counts that hold a skill near the mean of all skills


class Bkt(LearnerModel):
    """P(known) per skill. State: n attempts, t latest time, k by skill id = [attempts, order, time, P(known)]."""

    name: ClassVar[str] = "bkt"
    version: ClassVar[str] = "1"

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        self._shared = {**DEFAULTS, **self.params.get("shared", {})}
        self._by_skill = {int(key): {**self._shared, **value} for key, value in self.params.get("skills", {}).items()}

    def empty(self) -> State:
        return {"n": 0, "t": 0.0, "k": {}}

    def _copy(self, state: State) -> State:
        return {"n": state["n"], "t": state["t"], "k": dict(state["k"])}

    def _of(self, skill_id: int) -> dict[str, float]:
        return self._by_skill.get(skill_id, self._shared)

    def _known(self, state: State, skill_id: int, at: float) -> float:
        """P(known) at the moment `at`."""
        p_init = self._of(skill_id)["p_init"]
        s = state["k"].get(str(skill_id))
        if s is None:
            return p_init
        return p_init + (s[3] - p_init) * retention(int((max(at, state["t"]) - s[2]) / 3600.0) / 24.0)

    def _p_correct(self, skill_id: int, known: float) -> float:
        of = self._of(skill_id)
        return known * (1.0 - of["p_slip"]) + (1.0 - known) * of["p_guess"]

    def predict(self, state: State, item: Item, at: float) -> float:
        ids = item.skill_ids
        if not ids:  # nothing is known of such an exercise but the course's mean
            return self._p_correct(-1, self._shared["p_init"])
        return sum(self._p_correct(skill_id, self._known(state, skill_id, at)) for skill_id in ids) / len(ids)

    def _step(self, state: State, observation: Observation) -> None:
        at = max(observation.at, state["t"]) if state["n"] else observation.at
        score = effective_score(observation.score, observation.n_hints)
        skills = state["k"]
        order = state["n"] + 1
        for skill_id in observation.item.skill_ids:
            of = self._of(skill_id)
            known = self._known(state, skill_id, at)
            right = known * (1.0 - of["p_slip"]) / self._p_correct(skill_id, known)
            wrong = known * of["p_slip"] / (1.0 - self._p_correct(skill_id, known))
            posterior = score * right + (1.0 - score) * wrong  # a part of a success moves it part of the way
            learnt = posterior * (1.0 - of["p_forget"]) + (1.0 - posterior) * of["p_learn"]
            s = skills.get(str(skill_id))
            skills[str(skill_id)] = [1 if s is None else s[0] + 1, order, round(at), round(learnt, 6)]
        state["n"], state["t"] = order, at
        if len(skills) > MAX_SKILLS:
            for key in sorted(skills, key=lambda k: (skills[k][1], int(k)))[: len(skills) - KEEP_SKILLS]:
                del skills[key]

    def skill(self, state: State, skill_id: int, at: float) -> SkillView:
        s = state["k"].get(str(skill_id))
        p = self._p_correct(skill_id, self._known(state, skill_id, at))
        if s is None:
            return SkillView(skill_id, p, 0, None, None, None, None)
        return SkillView(skill_id, p, s[0], float(s[2]), None, None, None)

    def skills(self, state: State, at: float) -> list[SkillView]:
        return [self.skill(state, skill_id, at) for skill_id in sorted(int(key) for key in state["k"])]

    @classmethod
    def fit(
        cls,
        histories: Mapping[str, Sequence[Observation]],
        seed: int,
        *,
        on_progress: Callable[[str], None] | None = None,
    ) -> Params:
        """Parameters per skill by expectation-maximisation. Deterministic; `seed` is noted."""
        sequences: dict[tuple[str, int], list[float]] = {}
        for learner, history in histories.items():
            for observation in history:
                for skill_id in observation.item.skill_ids:
                    score = effective_score(observation.score, observation.n_hints)
                    sequences.setdefault((learner, skill_id), []).append(score)
        if not sequences:
            return {"shared": dict(DEFAULTS), "skills": {}}
        skill_ids = sorted({skill_id for _, skill_id in sequences})
        index = {skill_id: number for number, skill_id in enumerate(skill_ids)}
        skill_of = np.array([index[skill_id] for _, skill_id in sequences])
        counts = _Sequences(list(sequences.values()), skill_of)
        shared, by_skill = counts.fit(len(skill_ids))
        names = list(DEFAULTS)
        return {
            "shared": {name: round(float(v), 5) for name, v in zip(names, shared, strict=True)},
            "skills": {
                str(skill_id): {name: round(float(v), 5) for name, v in zip(names, by_skill[number], strict=True)}
                for skill_id, number in index.items()
            },
            "fitted": {"model": cls.name, "version": cls.version, "seed": seed, "n_learners": len(histories)},
        }


class _Sequences:
    """All (learner, skill) sequences, longest first, so that step t of all of them is one array operation."""

    def __init__(self, sequences: list[list[float]], skill_of: np.ndarray) -> None:
        order = sorted(range(len(sequences)), key=lambda n: -len(sequences[n]))
        self.skill_of = skill_of[order]
        lengths = np.array([len(sequences[n]) for n in order])
        self.active = [int(np.searchsorted(-lengths, -t, side="left")) for t in range(int(lengths[0]))]
        self.steps = [
            np.array([sequences[order[row]][t] for row in range(n_active)]) for t, n_active in enumerate(self.active)
        ]

    def fit(self, n_skills: int) -> tuple[np.ndarray, np.ndarray]:
        """(shared parameters (5,), per skill (n_skills, 5)), in the order of DEFAULTS."""
        by_skill = np.tile(np.array(list(DEFAULTS.values())), (n_skills, 1))
        shared = by_skill[0]
        for _ in range(_ROUNDS):
            hits, chances = self._expected(by_skill, n_skills)
            shared = _bounded(hits.sum(0) / np.maximum(chances.sum(0), 1e-9))
            by_skill = _bounded((hits + _PSEUDO * shared) / (chances + _PSEUDO))
        return shared, by_skill

    def _expected(self, by_skill: np.ndarray, n_skills: int) -> tuple[np.ndarray, np.ndarray]:
        """Forward-backward: expected number of times each chance event happened, and could have, per skill."""
        init, learn, forget, guess, slip = by_skill[self.skill_of].T
        n_steps = len(self.steps)
        likelihoods = []  # (P(score | not known), P(score | known)) at each step
        filtered = []  # P(known | scores up to and with this step)
        known = init
        for t, (n, score) in enumerate(zip(self.active, self.steps, strict=True)):
            if t:
                known = filtered[-1][:n]
                known = known * (1.0 - forget[:n]) + (1.0 - known) * learn[:n]
            without = score * guess[:n] + (1.0 - score) * (1.0 - guess[:n])
            with_it = score * (1.0 - slip[:n]) + (1.0 - score) * slip[:n]
            likelihoods.append((without, with_it))
            filtered.append(known[:n] * with_it / (known[:n] * with_it + (1.0 - known[:n]) * without))

        hits, chances = np.zeros((n_skills, 5)), np.zeros((n_skills, 5))

        def add(place: int, n: int, hit: np.ndarray, chance: np.ndarray) -> None:
            hits[:, place] += np.bincount(self.skill_of[:n], weights=hit, minlength=n_skills)
            chances[:, place] += np.bincount(self.skill_of[:n], weights=chance, minlength=n_skills)

        smoothed_next = filtered[-1]
        for t in range(n_steps - 1, -1, -1):
            n, score = self.active[t], self.steps[t]
            if t == n_steps - 1:
                smoothed = filtered[t]
            else:
                # Kalman-like smoothing of two states, for those sequences that go on; the rest end here.
                m = self.active[t + 1]
                now = filtered[t][:m]
                stay, gain = now * (1.0 - forget[:m]), (1.0 - now) * learn[:m]
                ahead = np.clip(stay + gain, 1e-12, 1.0 - 1e-12)
                known_next, unknown_next = smoothed_next[:m] / ahead, (1.0 - smoothed_next[:m]) / (1.0 - ahead)
                lost = now * forget[:m] * unknown_next
                learnt = gain * known_next
                kept = stay * known_next
                smoothed = filtered[t].copy()
                smoothed[:m] = kept + lost
                add(1, m, learnt, 1.0 - smoothed[:m])
                add(2, m, lost, smoothed[:m])
            add(3, n, score * (1.0 - smoothed), 1.0 - smoothed)
            add(4, n, (1.0 - score) * smoothed, smoothed)
            if t == 0:
                add(0, n, smoothed, np.ones(n))
            smoothed_next = smoothed
        return hits, chances


def _bounded(values: np.ndarray) -> np.ndarray:
    """Held where a right answer speaks for knowing (guess < 1 - slip) and knowing lasts (learn < 1 - forget)."""
    return np.clip(values, 0.001, np.array([0.999, 0.6, 0.3, 0.5, 0.4]))
