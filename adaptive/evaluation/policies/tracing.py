"""The rules that products ship, on Bayesian knowledge tracing (Corbett & Anderson 1995) without forgetting."""

import numpy as np

from adaptive.evaluation.simulators.course import CourseView
from adaptive.evaluation.simulators.numbers import Floats, Ints

from .base import History, NextOfSkill, Policy, luck_of

# What OATutor takes where nothing was fitted (its defaultBKTParams).
DEFAULTS = {"p_init": 0.1, "p_learn": 0.1, "p_guess": 0.1, "p_slip": 0.1}
# Medians over the skills of ASSISTments 2009 (see the simulators' parameters), for who has no answers to fit on.
TYPICAL = {"p_init": 0.66, "p_learn": 0.095, "p_guess": 0.23, "p_slip": 0.2}
MASTERED = 0.95
ROUNDS = 15
PSEUDO = 20.0


class Tracing(Policy):
    """P(known) of every skill of every learner; `_known` (n_learners, n_skills)."""

    rates = DEFAULTS

    def __init__(self) -> None:
        self._fitted: Floats | None = None

    def learn(self, view: CourseView, history: History, seed: int) -> None:
        self._fitted = fit_tracing(view, history)

    def start(self, view: CourseView, learners: Ints, seed: int) -> None:
        self._view = view
        rates = self._fitted
        if rates is None:
            rates = np.tile(np.array(list(self.rates.values())), (view.n_skills, 1))
        self._init, self._learn, self._guess, self._slip = rates.T
        self._known = np.tile(self._init, (len(learners), 1))
        self._next = NextOfSkill(view, len(learners))
        self._has = view.weights() > 0

    def observe(self, items: Ints, scores: Floats, at: float) -> None:
        known, right = self._known, scores[:, None] > 0.5
        with_it = np.where(right, 1.0 - self._slip, self._slip)
        without = np.where(right, self._guess, 1.0 - self._guess)
        seen = known * with_it / (known * with_it + (1.0 - known) * without)
        self._known = np.where(self._has[items], seen + (1.0 - seen) * self._learn, known)


class LowestMastery(Tracing):
    """The skill believed least known comes next (OATutor's rule); among equals any."""

    name = "lowest"

    def start(self, view: CourseView, learners: Ints, seed: int) -> None:
        super().start(view, learners, seed)
        self._luck = luck_of(learners, seed, view.timetable.n_steps, view.n_skills)

    def choose(self, step: int, at: float) -> Ints:
        return self._next.take((np.round(self._known, 6) + 1e-7 * self._luck[:, step]).argmin(axis=1))


class MasteryOrder(Tracing):
    """Skill after skill in the course's order, each until it is believed known at .95."""

    name = "mastery"
    rates = TYPICAL

    def choose(self, step: int, at: float) -> Ints:
        is_open = self._known < MASTERED
        first = is_open.argmax(axis=1)
        return self._next.take(np.where(is_open.any(axis=1), first, self._known.argmin(axis=1)))


def fit_tracing(view: CourseView, history: History) -> Floats:
    """(n_skills, 4): p_init, p_learn, p_guess, p_slip by expectation-maximisation, skills held near their mean."""
    n_learners = len(history.items)
    of_skill: list[list[tuple[int, Floats]]] = []
    has = view.weights() > 0
    for skill in range(view.n_skills):
        met = has[history.items, skill]
        of_skill.append([(n, history.scores[n, met[n]]) for n in range(n_learners) if met[n].any()])
    rates = np.tile(np.array([0.4, 0.1, 0.25, 0.15]), (view.n_skills, 1))
    for _ in range(ROUNDS):
        hits, chances = np.zeros((view.n_skills, 4)), np.zeros((view.n_skills, 4))
        for skill, sequences in enumerate(of_skill):
            for _, scores in sequences:
                h, c = _expected(rates[skill], scores)
                hits[skill] += h
                chances[skill] += c
        mean = hits.sum(axis=0) / np.maximum(chances.sum(axis=0), 1e-9)
        rates = (hits + PSEUDO * mean) / (chances + PSEUDO)
        rates = np.clip(rates, [0.01, 0.005, 0.02, 0.02], [0.95, 0.6, 0.45, 0.4])
    return rates


def _expected(rates: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Forward and backward over one sequence: how often each chance event happened, and could have."""
    init, learn, guess, slip = rates
    n = len(scores)
    like = np.stack([np.where(scores > 0.5, guess, 1 - guess), np.where(scores > 0.5, 1 - slip, slip)], axis=1)
    move = np.array([[1 - learn, learn], [0.0, 1.0]])
    forward, backward = np.zeros((n, 2)), np.ones((n, 2))
    forward[0] = np.array([1 - init, init]) * like[0]
    forward[0] /= forward[0].sum()
    for t in range(1, n):
        forward[t] = (forward[t - 1] @ move) * like[t]
        forward[t] /= forward[t].sum()
    for t in range(n - 2, -1, -1):
        backward[t] = move @ (like[t + 1] * backward[t + 1])
        backward[t] /= backward[t].sum()
    both = forward * backward
    both /= both.sum(axis=1, keepdims=True)
    learnt = 0.0
    for t in range(n - 1):
        pair = forward[t][:, None] * move * (like[t + 1] * backward[t + 1])[None, :]
        learnt += pair[0, 1] / pair.sum()
    right = scores > 0.5
    hits = np.array([both[0, 1], learnt, both[right, 0].sum(), both[~right, 1].sum()])
    chances = np.array([1.0, both[:-1, 0].sum(), both[:, 0].sum(), both[:, 1].sum()])
    return hits, chances
