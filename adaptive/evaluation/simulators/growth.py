"""Worlds in which practice adds to a skill little by little (additive factors; Cen, Koedinger & Junker 2006).

logit of knowing = base + skill's mean + ability + the learner's own deviation at the skill + what was learnt
P(correct) = guess + (1 - guess) * logistic(logit - difficulty); of two skills, the mean of their logits

An opportunity adds slope * (log(1 + n + m) - log(1 + n)) to what was learnt, with n the opportunities so far, counted
by what they were worth, and m what this one is worth. Each addition is forgotten on its own as (1 + days) ^ -.154, so
that practising never speeds forgetting up. The worlds differ in m:

additive       1 (split over the skills of the exercise)
prerequisites  times a multiplier in (0, 1] of the least known prerequisite's true P(correct)
window         times 1 where the true P(correct) of the exercise lies in .4-.9, falling to REST outside
all            both, and learners differ in pace
"""

import numpy as np

from .base import World
from .course import Course
from .numbers import Floats, Ints, logistic
from .parameters import parameters

DEPTH_STEP = 0.3  # logits by which a skill one step further in starts lower, where prerequisites matter
KNOWN_AT, KNOWN_SLOPE = 0.6, 0.07  # true P(correct) of a prerequisite at which practice is worth half
REST = 0.1  # of what practice teaches, far outside the window
LOW, HIGH, EDGE = 0.4, 0.9, 0.08
PACE_SD = 0.3  # of the logarithm of a learner's pace


class Growth(World):
    """The four worlds; see the module."""

    needs_prerequisites = False
    needs_window = False
    has_pace = False

    def __init__(self, course: Course, n_learners: int, seed: int, part: slice) -> None:
        super().__init__(course, n_learners, seed, part)
        p = parameters()["growth"]
        k, s = course.n_skills, course.view.timetable.n_steps
        self._guess, self._exponent = p["guess"], p["forgetting"]
        of_course = np.random.default_rng([hash_of(course), 4])
        means = of_course.normal(0.0, p["skill_mean_sd"], k)
        if self.needs_prerequisites:
            means -= DEPTH_STEP * (course.depth - course.depth.mean())
        spread = p["slope_log_sd"] if course.slope_log_sd is None else course.slope_log_sd
        self.slope = p["slope_mean"] * np.exp(spread * of_course.normal(0.0, 1.0, k) - spread**2 / 2)
        own = self._draw(k, normal=True) * p["skill_sd"]
        self._initial: Floats = p["base"] + means + p["ability_sd"] * self.ability[:, None] + own
        self._pace = np.ones(self.n_learners)
        if self.has_pace:
            self._pace = np.exp(self._draw(normal=True) * PACE_SD - PACE_SD**2 / 2)
        self._n: Floats = np.zeros((self.n_learners, k))
        self._added: Floats = np.zeros((self.n_learners, k, s))
        self._weights = course.view.weights()
        self._at = course.view.timetable.at

    def _level(self, at: float) -> Floats:
        """(n_learners, n_skills): the logit of knowing at a moment, with what was practised so far."""
        kept = (1.0 + np.maximum(at - self._at[: self.step], 0.0)) ** -self._exponent
        return self._initial + self._added[:, :, : self.step] @ kept

    def _p(self, logit: Floats) -> Floats:
        return self._guess + (1.0 - self._guess) * logistic(logit)

    def p_correct(self) -> Floats:
        return self._p(self._level(self.now) @ self._weights.T - self.course.difficulty)

    def _worth_of_skills(self, level: Floats) -> Floats:
        """(n_learners, n_skills): what practice of a skill is worth, by its prerequisites."""
        worth = np.ones_like(level)
        if self.needs_prerequisites:
            known = logistic((self._p(level) - KNOWN_AT) / KNOWN_SLOPE)
            for skill, before in enumerate(self.course.prerequisites):
                if before:
                    worth[:, skill] = known[:, list(before)].min(axis=1)
        return worth * self._pace[:, None]

    def _worth_of_items(self, p: Floats) -> Floats:
        if not self.needs_window:
            return np.ones_like(p)
        outside = np.maximum(np.maximum(LOW - p, p - HIGH), 0.0)
        return REST + (1.0 - REST) * np.exp(-((outside / EDGE) ** 2))

    def _addition(self, n: Floats, worth: Floats, slope: Floats) -> Floats:
        return slope * np.log1p(worth / (1.0 + n))

    def gains(self) -> Floats:
        level, at_test = self._level(self.now), self._level(self.view.timetable.test_at)
        worth = self._worth_of_skills(level)
        of_items = self._worth_of_items(self._p(level @ self._weights.T - self.course.difficulty))
        kept = (1.0 + self.view.timetable.test_at - self.now) ** -self._exponent
        before = self._p(at_test)
        total = np.zeros_like(of_items)
        for place in range(2):
            has = [item for item, skills in enumerate(self.view.skills) if len(skills) > place]
            skill = np.array([self.view.skills[item][place] for item in has], dtype=np.int64)
            m = of_items[:, has] * worth[:, skill] * self._weights[has, skill]
            added = self._addition(self._n[:, skill], m, self.slope[skill]) * kept
            total[:, has] += self._p(at_test[:, skill] + added) - before[:, skill]
        return total / self.course.n_skills

    def final_score(self) -> Floats:
        return self._p(self._level(self.view.timetable.test_at)).mean(axis=1)

    def _learn(self, items: Ints, is_right: Floats) -> None:
        rows = np.arange(self.n_learners)
        level = self._level(self.now)
        p = self._p((level * self._weights[items]).sum(axis=1) - self.course.difficulty[items])
        m = self._worth_of_items(p)[:, None] * self._worth_of_skills(level) * self._weights[items]
        self._added[rows, :, self.step] = self._addition(self._n, m, self.slope)
        self._n += m


def hash_of(course: Course) -> int:
    """A number that is the same for the same course: what is true of its skills belongs to it, not to its learners."""
    return int(abs(course.difficulty[:8]).sum() * 1e6)


class Additive(Growth):
    name, has_graph = "additive", False


class Prerequisites(Growth):
    name, has_graph, needs_prerequisites = "prerequisites", True, True


class Window(Growth):
    name, has_graph, needs_window = "window", False, True


class All(Growth):
    name, has_graph, needs_prerequisites, needs_window, has_pace = "all", True, True, True, True
