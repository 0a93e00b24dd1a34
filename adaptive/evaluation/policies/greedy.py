"""Greedy expected gain with a tracer of its own: what a careful rule without our learner model gets.

The tracer holds, for every learner, a normal belief over ability and the learner's own deviation at each skill, in
logits, moved by one extended Kalman step an answer. It takes what practice adds for known: SLOPE a log(1 +
opportunities), forgotten as (1 + days) ^ -FORGETTING. It chooses the exercise whose practice should most raise the
expected score a week after the last session, worth less where a prerequisite that the course names is not known or
success lies outside the window.
"""

import numpy as np

from adaptive.evaluation.simulators.course import CourseView
from adaptive.evaluation.simulators.numbers import Floats, Ints

from .base import History, Policy

ABILITY_VAR, SKILL_VAR, SKILL_MEAN_VAR = 0.8, 0.5, 0.5
SLOPE, FORGETTING, GUESS, BASE = 0.2, 0.15, 0.2, 0.3
AUTHORED_VAR, ITEM_VAR = 0.5, 1.2  # of an author's error, and of difficulties
LOW, HIGH, EDGE, REST = 0.45, 0.9, 0.1, 0.3
READY_AT, READY_SLOPE, READY_REST = 0.6, 0.1, 0.1


class Greedy(Policy):
    name = "greedy"

    def __init__(self) -> None:
        self._means: Floats | None = None
        self._eases: Floats | None = None

    def learn(self, view: CourseView, history: History, seed: int) -> None:
        """Mean logit of every skill and exercise from other learners' answers, held near the whole by their number."""
        weights = view.weights()
        right, count = np.zeros(view.n_items), np.zeros(view.n_items)
        for sequence in history:
            np.add.at(right, sequence.items, sequence.scores)
            np.add.at(count, sequence.items, 1.0)
        by_skill, n_skill = weights.T @ right, weights.T @ count
        whole = right.sum() / max(count.sum(), 1.0)
        share = (by_skill + 10 * whole) / (n_skill + 10)
        self._means = _logit(share)
        expected = _p(weights @ self._means)
        of_items = (right + 5 * expected) / (count + 5)
        self._eases = _logit(of_items) - weights @ self._means

    def start(self, view: CourseView, learners: Ints, seed: int) -> None:
        self._view, n, k = view, len(learners), view.n_skills
        self._weights = view.weights()
        self._means_used = np.full(k, BASE) if self._means is None else self._means
        if self._eases is not None:
            self._ease = self._eases
        elif view.authored is not None:
            self._ease = -view.authored * ITEM_VAR / (ITEM_VAR + AUTHORED_VAR)
        else:
            self._ease = np.zeros(view.n_items)
        # The belief over ability and, for each skill, its deviation; what skills share is in ability.
        of_skill = SKILL_VAR + (SKILL_MEAN_VAR if self._means is None else 0.0)
        self._mean = np.zeros((n, k + 1))
        self._cov = np.tile(np.diag([ABILITY_VAR, *([of_skill] * k)]), (n, 1, 1))
        self._n = np.zeros((n, k))
        self._added = np.zeros((n, k, view.timetable.n_steps))
        self._step = 0
        self._at = view.timetable.at

    def _level(self, at: float) -> Floats:
        kept = (1.0 + np.maximum(at - self._at[: self._step], 0.0)) ** -FORGETTING
        learnt = self._added[:, :, : self._step] @ kept
        return self._means_used + self._mean[:, :1] + self._mean[:, 1:] + learnt

    def choose(self, step: int, at: float) -> Ints:
        level, at_test = self._level(at), self._level(self._view.timetable.test_at)
        worth = self._ready(level)
        p = _p(level @ self._weights.T + self._ease)
        outside = np.maximum(np.maximum(LOW - p, p - HIGH), 0.0)
        in_window = REST + (1.0 - REST) * np.exp(-((outside / EDGE) ** 2))
        spread = self._cov[:, 0, 0][:, None] + np.diagonal(self._cov, axis1=1, axis2=2)[:, 1:]
        # What a logit is worth in P(correct), the uncertainty averaged out.
        s = 1.0 / (1.0 + np.exp(-at_test / np.sqrt(1.0 + 0.35 * spread)))
        adds = SLOPE * np.log1p(1.0 / (1.0 + self._n)) * worth * s * (1.0 - s)
        return ((adds @ self._weights.T) * in_window).argmax(axis=1)

    def _ready(self, level: Floats) -> Floats:
        known = 1.0 / (1.0 + np.exp(-(_p(level) - READY_AT) / READY_SLOPE))
        ready = np.ones_like(level)
        for skill, before in enumerate(self._view.prerequisites):
            if before:
                ready[:, skill] = READY_REST + (1.0 - READY_REST) * known[:, list(before)].min(axis=1)
        return ready

    def observe(self, items: Ints, scores: Floats, at: float) -> None:
        w = self._weights[items]
        logit = (self._level(at) * w).sum(axis=1) + self._ease[items]
        s = 1.0 / (1.0 + np.exp(-logit))
        p = GUESS + (1.0 - GUESS) * s
        slope = (1.0 - GUESS) * s * (1.0 - s)
        h = np.concatenate([np.ones((len(items), 1)), w], axis=1) * slope[:, None]
        towards = np.einsum("nij,nj->ni", self._cov, h)
        of_answer = np.einsum("ni,ni->n", h, towards) + p * (1.0 - p)
        gain = towards / of_answer[:, None]
        self._mean += gain * (scores - p)[:, None]
        self._cov -= gain[:, :, None] * towards[:, None, :]
        self._added[:, :, self._step] = SLOPE * np.log1p(w / (1.0 + self._n))
        self._n += w
        self._step += 1


def _p(logit: Floats) -> Floats:
    return GUESS + (1.0 - GUESS) / (1.0 + np.exp(-logit))


def _logit(p: Floats) -> Floats:
    inside = np.clip((p - GUESS) / (1.0 - GUESS), 0.03, 0.97)
    return np.log(inside / (1.0 - inside))
