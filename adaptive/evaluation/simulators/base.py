"""What every world of simulated learners can do. A world holds many learners and moves them all by one step a time."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from .course import Course, CourseView
from .numbers import Floats, Ints


class World(ABC):
    """Many simulated learners of one course, whose truth is known.

    All that is random is drawn when the world is made, by learner and step (and skill), so that two policies meet the
    same learners with the same luck: their difference is theirs alone. Which part of the learners is simulated changes
    nothing for them. Use: for each step, `practise` what a policy chose; then `final_score`.
    """

    name: str
    has_graph: bool

    def __init__(self, course: Course, n_learners: int, seed: int, part: slice) -> None:
        """part: the learners to simulate out of n_learners; who they are depends on seed and n_learners alone."""
        self.course = course
        self.seed = seed
        self.learners: Ints = np.arange(n_learners)[part]
        self.step = 0
        rng = np.random.default_rng([seed, 2])
        self._luck: Floats = rng.random((n_learners, course.view.timetable.n_steps))[part]
        self.ability: Floats = rng.normal(0.0, 1.0, n_learners)
        places = self.ability.argsort().argsort()
        self.is_strong = (places >= n_learners - n_learners // 3)[part]
        self.is_weak = (places < n_learners // 3)[part]
        self._rng, self._n_all, self._part = rng, n_learners, part
        self.ability = self.ability[part]

    @property
    def view(self) -> CourseView:
        return self.course.view

    @property
    def n_learners(self) -> int:
        return len(self.learners)

    @property
    def now(self) -> float:
        """Days since the start, at the step that comes next."""
        return float(self.view.timetable.at[min(self.step, self.view.timetable.n_steps - 1)])

    @abstractmethod
    def p_correct(self) -> Floats:
        """(n_learners, n_items): the true chance to answer each exercise right now."""

    @abstractmethod
    def gains(self) -> Floats:
        """(n_learners, n_items): by how much practising it now raises the true final score, expected over luck."""

    @abstractmethod
    def final_score(self) -> Floats:
        """(n_learners,): mean true P(correct) on a typical exercise of each skill at the test, if practice ends now."""

    @abstractmethod
    def _learn(self, items: Ints, is_right: Floats) -> None:
        """What practising does to the learners."""

    def practise(self, items: Sequence[int] | Ints) -> tuple[Floats, Floats]:
        """Every learner practises one exercise. Returns (scores 0 or 1, true P(correct) before it)."""
        items = np.asarray(items, dtype=np.int64)
        if self.step >= self.view.timetable.n_steps:
            raise ValueError("The sessions are over.")
        if items.shape != (self.n_learners,) or items.min() < 0 or items.max() >= self.view.n_items:
            raise ValueError("Choose one exercise of the course for every learner.")
        p = self.p_correct()[np.arange(self.n_learners), items]
        is_right = (self._luck[:, self.step] < p).astype(np.float64)
        self._learn(items, is_right)
        self.step += 1
        return is_right, p

    def _draw(self, *shape: int, normal: bool = False) -> Floats:
        """Luck for all learners, of which the part's is kept."""
        full = (self._n_all, *shape)
        return (self._rng.normal(0.0, 1.0, full) if normal else self._rng.random(full))[self._part]
