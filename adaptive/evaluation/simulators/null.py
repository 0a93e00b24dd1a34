"""A world in which nothing matters: nobody learns, nobody forgets, and every exercise is as likely answered right.

Whatever is practised, the answers and the final score are the same to the last bit, so every policy must tie.
"""

import numpy as np

from .base import World
from .course import Course
from .numbers import Floats, Ints, logistic
from .parameters import parameters


class Null(World):
    name, has_graph = "null", True

    def __init__(self, course: Course, n_learners: int, seed: int, part: slice) -> None:
        super().__init__(course, n_learners, seed, part)
        p = parameters()["growth"]
        self._p: Floats = p["guess"] + (1.0 - p["guess"]) * logistic(p["base"] + p["ability_sd"] * self.ability)

    def p_correct(self) -> Floats:
        return np.repeat(self._p[:, None], self.course.n_items, axis=1)

    def gains(self) -> Floats:
        return np.zeros((self.n_learners, self.course.n_items))

    def final_score(self) -> Floats:
        return self._p

    def _learn(self, items: Ints, is_right: Floats) -> None:
        pass
