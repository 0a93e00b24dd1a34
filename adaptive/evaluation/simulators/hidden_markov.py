"""A world in which a skill is known or not (Corbett & Anderson 1995, by skill from real answers), and is forgotten.

An exercise is answered right with 1 - slip by who knows all of its skills, else with guess; its difficulty moves both.
Practice turns not known into known with p_learn. What is known is forgotten at a rate of .154 / firmness a day, so that
something learnt today is still known after d days with (1 + d) ^ -.154; firmness, in days, grows by one a day and half
as much again with each practice, so that practising never speeds forgetting up. What was known at the start is firm.
"""

import numpy as np

from .base import World
from .course import Course
from .growth import hash_of
from .numbers import Floats, Ints, log_odds, logistic
from .parameters import parameters

FIRM_AT_START = 30.0  # days
FIRMER = 1.5  # by each practice
DIFFICULTY_FACTOR = 0.7  # of an exercise's logits, on slip and on guess
LEARNS_BY_ABILITY = 0.5  # logits of p_learn for one logit of ability


class HiddenMarkov(World):
    name, has_graph = "hidden_markov", False

    def __init__(self, course: Course, n_learners: int, seed: int, part: slice) -> None:
        super().__init__(course, n_learners, seed, part)
        found = parameters()
        self._exponent = found["growth"]["forgetting"]
        k, table = course.n_skills, course.view.timetable
        of_course = np.random.default_rng([hash_of(course), 5])
        rows = found["hidden_markov"]["skills"]
        chosen = [rows[int(n)] for n in of_course.integers(len(rows), size=k)]
        self._guess, self._slip = (np.array([row[name] for row in chosen]) for name in ("p_guess", "p_slip"))
        ability = found["growth"]["ability_sd"] * self.ability[:, None]
        p_init = logistic(log_odds(np.array([row["p_init"] for row in chosen])) + ability)
        self.p_learn: Floats = logistic(
            log_odds(np.array([row["p_learn"] for row in chosen])) + LEARNS_BY_ABILITY * ability
        )
        self.is_known = self._draw(k) < p_init
        self._firm = np.where(self.is_known, FIRM_AT_START, 1.0)
        self._luck_learning = self._draw(k, table.n_steps)
        self._luck_keeping = self._draw(k, table.n_sessions)
        self._n = np.zeros((self.n_learners, k), dtype=np.int64)
        self._kept_until = 0.0
        weights = course.view.weights()
        self._has = weights > 0
        self._weights = weights
        moved = DIFFICULTY_FACTOR * course.difficulty
        self._item_guess = logistic(log_odds(weights @ self._guess) - moved)
        self._item_right = 1.0 - logistic(log_odds(weights @ self._slip) + moved)

    def _advance(self) -> None:
        """Forgetting up to now: between sessions, of whole days; minutes count for nothing."""
        table = self.view.timetable
        if self.step >= table.n_steps or self.now - self._kept_until < 0.5:
            return
        days = self.now - self._kept_until
        keeps = (1.0 + days / self._firm) ** -self._exponent
        self.is_known &= self._luck_keeping[:, :, table.session_of(self.step)] < keeps
        self._firm = np.where(self.is_known, self._firm + days, 1.0)
        self._kept_until = self.now

    def p_correct(self) -> Floats:
        self._advance()
        knows = (~self.is_known).astype(np.float64) @ self._has.T.astype(np.float64) == 0
        return np.where(knows, self._item_right, self._item_guess)

    def _known_at_test(self, firm: Floats) -> Floats:
        days = self.view.timetable.test_at - self._kept_until
        return (1.0 + days / firm) ** -self._exponent

    def gains(self) -> Floats:
        self._advance()
        worth = 1.0 - self._slip - self._guess
        learns = self.p_learn * self._known_at_test(np.ones(()))
        firmer = self._known_at_test(self._firm * FIRMER + 1.0) - self._known_at_test(self._firm)
        gain = np.where(self.is_known, firmer, learns) * worth
        # Of two skills each gets its share of the chance, or of the growth in firmness.
        return gain @ self._weights.T / self.course.n_skills

    def final_score(self) -> Floats:
        known = self.is_known * self._known_at_test(self._firm)
        return (self._guess + (1.0 - self._slip - self._guess) * known).mean(axis=1)

    def _learn(self, items: Ints, is_right: Floats) -> None:
        weights = self._weights[items]
        rows = np.arange(self.n_learners)
        luck = self._luck_learning[rows[:, None], np.arange(self.course.n_skills), np.minimum(self._n, 49)]
        learns = ~self.is_known & (weights > 0) & (luck < self.p_learn * weights)
        was_known = self.is_known.copy()
        self.is_known |= learns
        grown = self._firm + weights * (self._firm * (FIRMER - 1.0) + 1.0)
        self._firm = np.where(was_known, grown, np.where(learns, 1.0, self._firm))
        self._n += weights > 0
