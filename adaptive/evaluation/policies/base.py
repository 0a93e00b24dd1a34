"""What a policy is: it sees a course, chooses an exercise for every learner, and is told the scores."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from adaptive.evaluation.simulators.base import World
from adaptive.evaluation.simulators.course import CourseView
from adaptive.evaluation.simulators.numbers import Floats, Ints


@dataclass(frozen=True, slots=True)
class Sequence:
    """What one learner did, in order: items, scores, at (days), each (n,)."""

    items: Ints
    scores: Floats
    at: Floats


History = tuple[Sequence, ...]
"""What other learners of the same course did before."""


class Policy(ABC):
    """Chooses for many learners at once, knowing only what a course shows and what they answered.

    What it does for a learner may depend on the learner's number and the seed, not on who else is simulated.
    """

    name: ClassVar[str]

    def learn(self, view: CourseView, history: History, seed: int) -> None:
        """Takes in what others did, before `start`. A policy that learns nothing from it may leave this alone."""
        return None

    @abstractmethod
    def start(self, view: CourseView, learners: Ints, seed: int) -> None:
        """A new run of these learners (their numbers)."""

    @abstractmethod
    def choose(self, step: int, at: float) -> Ints:
        """(n_learners,): the exercise for each. at: days since the start."""

    @abstractmethod
    def observe(self, items: Ints, scores: Floats, at: float) -> None:
        """What became of the choice."""


class TruthPolicy(Policy):
    """A policy that is shown the world itself: no rule to ship, a bound to compare with."""

    def see(self, world: World) -> None:
        self.world = world


def luck_of(learners: Ints, seed: int, *shape: int) -> Floats:
    """(n_learners, *shape): uniform, by learner's number, whoever else is simulated."""
    return np.array([np.random.default_rng([seed, 77, int(n)]).random(shape) for n in learners]).reshape(-1, *shape)


class NextOfSkill:
    """Hands out a skill's exercises one after the other, from the start again when they are through."""

    def __init__(self, view: CourseView, n_learners: int) -> None:
        items = [view.items_of(skill) for skill in range(view.n_skills)]
        self._count = np.array([len(of) for of in items])
        self._items = np.zeros((view.n_skills, self._count.max()), dtype=np.int64)
        for skill, of in enumerate(items):
            self._items[skill, : len(of)] = of
        self._given = np.zeros((n_learners, view.n_skills), dtype=np.int64)

    def take(self, skills: Ints) -> Ints:
        """(n_learners,) exercises for the skill of each learner."""
        rows = np.arange(len(skills))
        place = self._given[rows, skills] % self._count[skills]
        self._given[rows, skills] += 1
        return self._items[skills, place]
