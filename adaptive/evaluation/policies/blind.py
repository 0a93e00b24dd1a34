"""Rules that do not look at the learner."""

import numpy as np

from adaptive.evaluation.simulators.course import CourseView
from adaptive.evaluation.simulators.numbers import Floats, Ints

from .base import NextOfSkill, Policy, luck_of


class Random(Policy):
    """Any exercise, each as likely as the next."""

    name = "random"

    def start(self, view: CourseView, learners: Ints, seed: int) -> None:
        luck = luck_of(learners, seed, view.timetable.n_steps)
        self._items = np.minimum((luck * view.n_items).astype(np.int64), view.n_items - 1)

    def choose(self, step: int, at: float) -> Ints:
        return self._items[:, step]

    def observe(self, items: Ints, scores: Floats, at: float) -> None:
        return None


class Path(Policy):
    """The same exercises for everybody, in a given order. skills or items: (n_steps,), one of them."""

    name = "path"

    def __init__(self, *, skills: Ints | None = None, items: Ints | None = None) -> None:
        self._skills, self._items = skills, items

    def start(self, view: CourseView, learners: Ints, seed: int) -> None:
        self._n = len(learners)
        self._next = NextOfSkill(view, 1)
        if self._items is None:
            self._plan = np.array([int(self._next.take(np.array([s]))[0]) for s in self._skills])
        else:
            self._plan = np.asarray(self._items)

    def choose(self, step: int, at: float) -> Ints:
        return np.full(self._n, self._plan[step])

    def observe(self, items: Ints, scores: Floats, at: float) -> None:
        return None


class Fixed(Path):
    """The course's plan: its skills in order, the time there is divided evenly among them."""

    name = "fixed"

    def __init__(self) -> None:
        super().__init__()

    def start(self, view: CourseView, learners: Ints, seed: int) -> None:
        n = view.timetable.n_steps
        self._skills = np.arange(n) * view.n_skills // n
        super().start(view, learners, seed)
