"""Forgetting: the FSRS-6 memory model as pure functions of numbers, and a power law for evidence.

Formulas and default constants: FSRS-6, as in the package `fsrs` (py-fsrs, MIT licence) by Open Spaced Repetition; see
https://github.com/open-spaced-repetition/awesome-fsrs/wiki/The-Algorithm. Unlike that package, days may be fractions,
intervals are not rounded to whole days, nothing is random and nothing asks for the time.
"""

import math
from collections.abc import Sequence

from .base import SECONDS_PER_DAY

FSRS_6_DEFAULTS: tuple[float, ...] = (
    *(0.212, 1.2931, 2.3065, 8.2956),  # first stability, in days, by rating
    *(6.4133, 0.8334, 3.0194, 0.001),  # difficulty
    *(1.8722, 0.1666, 0.796),  # stability after recall
    *(1.4835, 0.0614, 0.2629, 1.6483),  # stability after a lapse
    *(0.6014, 1.8729),  # hard penalty, easy bonus
    *(0.5425, 0.0912, 0.0658),  # stability within a day
    0.1542,  # decay of the forgetting curve
)
AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4

STABILITY_MIN, STABILITY_MAX = 0.001, 36_500.0  # days; the upper one is the longest interval of the fsrs package
DIFFICULTY_MIN, DIFFICULTY_MAX = 1.0, 10.0
DUE_RETRIEVABILITY = 0.9  # stability is defined as the days until retrievability is .9, so due_at = last + stability

EVIDENCE_DECAY = FSRS_6_DEFAULTS[20]


def rating_of(score: float) -> int:
    """The FSRS rating of an effective score: under .5 forgotten, under .8 hard, else good.

    Never "easy", because a score does not say how easy the answer came.
    """
    return AGAIN if score < 0.5 else HARD if score < 0.8 else GOOD


def retrievability(days: float, stability: float, w: Sequence[float] = FSRS_6_DEFAULTS) -> float:
    """P(recalled) `days` after the last practice: (1 + factor * days / stability) ^ -decay; 1 at 0, .9 at stability."""
    factor = 0.9 ** (-1.0 / w[20]) - 1.0
    return (1.0 + factor * max(days, 0.0) / stability) ** -w[20]


def due_at(last_at: float, stability: float) -> float:
    """The moment (epoch seconds) when retrievability has fallen to .9."""
    return last_at + stability * SECONDS_PER_DAY


def first_memory(rating: int, w: Sequence[float] = FSRS_6_DEFAULTS) -> tuple[float, float]:
    """(stability in days, difficulty 1..10) after the first practice."""
    return _stability_within(w[rating - 1]), _difficulty_within(_first_difficulty(rating, w))


def next_memory(
    stability: float, difficulty: float, days: float, rating: int, w: Sequence[float] = FSRS_6_DEFAULTS
) -> tuple[float, float]:
    """(stability, difficulty) after practising `days` after the previous time.

    One difference from the package: forgetting again within a day never leaves less than a new skill first forgotten
    has (.212 days). Flash cards are rarely missed ten times an hour, exercises of one skill are, and without a floor
    the stability fell to minutes and days of right answers did not bring it back.
    """
    if days < 1.0:
        grown = math.exp(w[17] * (rating - 3 + w[18])) * stability ** -w[19]
        if rating != AGAIN:
            grown = max(grown, 1.0)
        new_stability = stability * grown
        if rating == AGAIN:
            new_stability = max(new_stability, min(stability, w[0]))
    else:
        recalled = retrievability(days, stability, w)
        if rating == AGAIN:
            long_term = (
                w[11] * difficulty ** -w[12] * ((stability + 1.0) ** w[13] - 1.0) * math.exp((1.0 - recalled) * w[14])
            )
            new_stability = min(long_term, stability / math.exp(w[17] * w[18]))
        else:
            new_stability = stability * (
                1.0
                + math.exp(w[8])
                * (11.0 - difficulty)
                * stability ** -w[9]
                * (math.exp((1.0 - recalled) * w[10]) - 1.0)
                * (w[15] if rating == HARD else w[16] if rating == EASY else 1.0)
            )
    damped = difficulty + (10.0 - difficulty) * (-w[6] * (rating - 3)) / 9.0
    new_difficulty = w[7] * _first_difficulty(EASY, w) + (1.0 - w[7]) * damped
    return _stability_within(new_stability), _difficulty_within(new_difficulty)


def retention(days: float, decay: float = EVIDENCE_DECAY) -> float:
    """What is left of evidence after `days`: (1 + days) ^ -decay, the form and exponent found on real logs."""
    return (1.0 + days) ** -decay if days > 0.0 else 1.0


def _first_difficulty(rating: int, w: Sequence[float]) -> float:
    return w[4] - math.exp(w[5] * (rating - 1)) + 1.0


def _stability_within(stability: float) -> float:
    return min(max(stability, STABILITY_MIN), STABILITY_MAX)


def _difficulty_within(difficulty: float) -> float:
    return min(max(difficulty, DIFFICULTY_MIN), DIFFICULTY_MAX)
