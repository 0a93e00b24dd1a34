"""Known or not: knowledge tracing with exercises of unequal difficulty, for the all-or-none picture of practice.

Each skill is known or not and once known stays so (Corbett & Anderson 1995); P(known) starts at `known`, and each try
at an unknown skill makes it known with `learn`. An exercise that is d logits harder than a typical one is answered
right with sigmoid(logit(1 - slip) - d) by who knows all of its skills, else with sigmoid(logit(guess) - d) (Pardos and
Heffernan 2011 give each exercise a guess and a slip of its own; one number for both needs fewer answers). What is
forgotten between tries is not traced: reviews go by the forgetting curve. `tracing_fit` finds the rates.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from adaptive.common.probability import logit, sigmoid


class Rates(NamedTuple):
    """Probabilities of one skill, each in (0, 1); guess + slip < 1."""

    known: float
    learn: float
    guess: float
    slip: float


class Known(NamedTuple):
    """p: P(known). new: the part of it that was learnt by the answers traced; the rest was known before them."""

    p: float
    new: float


@dataclass(frozen=True, slots=True)
class Answer:
    """skills: ids. difficulty: logits that were known beforehand, None for unknown. score: in [0, 1]."""

    skills: Sequence[int]
    difficulty: float | None
    score: float


def trace(rates: Mapping[int, Rates], answers: Iterable[Answer], *, per_logit: float) -> dict[int, Known]:
    """What is known after the answers, which come in order of time, of each skill that has rates and was practised.

    per_logit: what a logit of difficulty counts. A part of a success moves P(known) part of the way.
    """
    known: dict[int, Known] = {}
    for answer in answers:
        skills = [(k, rates[k]) for k in dict.fromkeys(answer.skills) if k in rates]
        if not skills:
            continue
        harder = per_logit * (answer.difficulty or 0.0)
        low = sigmoid(sum(logit(r.guess) for _, r in skills) / len(skills) - harder)
        high = sigmoid(sum(logit(1.0 - r.slip) for _, r in skills) / len(skills) - harder)
        before = [known.get(k) or Known(r.known, 0.0) for k, r in skills]
        everything = math.prod(one.p for one in before)
        right, wrong = _seen(before, everything, low, high), _seen(before, everything, 1.0 - low, 1.0 - high)
        for (k, r), one, if_right, if_wrong in zip(skills, before, right, wrong, strict=True):
            seen = answer.score * if_right + (1.0 - answer.score) * if_wrong
            learnt = (1.0 - seen) * r.learn
            # What is seen now says the same of both parts.
            known[k] = Known(seen + learnt, one.new / one.p * seen + learnt)
    return known


def _seen(before: Sequence[Known], everything: float, low: float, high: float) -> list[float]:
    """P(known) of each skill after what happens with `high` to who knows all of them, else with `low`."""
    whole = everything * high + (1.0 - everything) * low
    return [(everything * high + (one.p - everything) * low) / whole for one in before]
