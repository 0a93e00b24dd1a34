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
    has = view.weights() > 0
    of_skill = [
        _padded([sequence.scores[has[sequence.items, skill]] for sequence in history]) for skill in range(view.n_skills)
    ]
    rates = np.tile(np.array([0.4, 0.1, 0.25, 0.15]), (view.n_skills, 1))
    for _ in range(ROUNDS):
        counted = [_expected(rates[skill], right) for skill, right in enumerate(of_skill)]
        hits, chances = (np.array(part) for part in zip(*counted, strict=True))
        mean = hits.sum(axis=0) / np.maximum(chances.sum(axis=0), 1e-9)
        rates = (hits + PSEUDO * mean) / (chances + PSEUDO)
        rates = np.clip(rates, [0.01, 0.005, 0.02, 0.02], [0.95, 0.6, 0.45, 0.4])
    return rates


def _padded(sequences: list[Floats]) -> Floats:
    """(n, longest): the scores, nan behind the end; learners without any left out."""
    met = [scores for scores in sequences if len(scores)]
    found = np.full((len(met), max((len(scores) for scores in met), default=1)), np.nan)
    for row, scores in enumerate(met):
        found[row, : len(scores)] = scores
    return found


def _expected(rates: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Forward and backward over all sequences at once: how often each chance event happened, and could have."""
    init, learn, guess, slip = rates
    n, length = scores.shape
    there, right = ~np.isnan(scores), np.nan_to_num(scores) > 0.5
    without = np.where(there, np.where(right, guess, 1 - guess), 1.0)
    with_it = np.where(there, np.where(right, 1 - slip, slip), 1.0)
    known = np.zeros((n, length))
    ahead = np.full(n, init)
    for t in range(length):
        known[:, t] = ahead * with_it[:, t] / (ahead * with_it[:, t] + (1 - ahead) * without[:, t])
        ahead = known[:, t] + (1 - known[:, t]) * learn
    smooth = known.copy()
    learnt = chances = 0.0
    for t in range(length - 2, -1, -1):
        goes_on = there[:, t + 1]
        ahead = known[:, t] + (1 - known[:, t]) * learn
        # What is known stays known, so what is not yet known now was learnt if it is known next.
        smooth[:, t] = np.where(goes_on, smooth[:, t + 1] * known[:, t] / ahead, known[:, t])
        learnt += (smooth[:, t + 1] * (1 - known[:, t]) * learn / ahead)[goes_on].sum()
        chances += (1 - smooth[goes_on, t]).sum()
    of_known, of_unknown = smooth[there], 1 - smooth[there]
    hits = np.array([smooth[:, 0].sum(), learnt, of_unknown[right[there]].sum(), of_known[~right[there]].sum()])
    return hits, np.array([n, chances, of_unknown.sum(), of_known.sum()])
