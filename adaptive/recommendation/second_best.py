"""What would have stood in a place instead, and how sure it is that the pick is better. Pure.

    confidence = Phi((pick - other) / sqrt(sd_pick^2 + sd_other^2)),  sd = score * SPREAD / sqrt(1 + answers)

with the scores as they were lowered for this place, and the answers so far on the resource's main skill. SPREAD is
assumed, not measured: the number sorts picks for a teacher's attention, it is no probability to bet on. 1/2 is a
toss-up, below it stands what was drawn by chance though another one scored higher.
"""

import math
from dataclasses import dataclass

from .reranking import Crowding, by_claim
from .skills import state_of
from .types import DIGITS, Context, Decision, Scored

SPREAD = 0.5
LOOKED_AT = 25  # best by score that do not stand in the slate


@dataclass(frozen=True, slots=True)
class SecondBest:
    """id: None where nothing else could stand here. confidence: None where nothing was weighed (a pin, no other)."""

    id: int | None
    confidence: float | None


def second_bests(context: Context, decision: Decision) -> dict[int, SecondBest]:
    """By position. The other one is the best that stands nowhere in the slate."""
    picked = {pick.id for pick in decision.picks}
    others = [s for s in by_claim(context, decision.scored) if s.candidate.id not in picked][:LOOKED_AT]
    crowding = Crowding(context.policy)
    found: dict[int, SecondBest] = {}
    for pick in decision.picks:
        lowered = [(crowding.lowered(s), s) for s in others]
        best = max(lowered, key=lambda pair: (pair[0], -pair[1].candidate.id), default=None)
        if best is None:
            found[pick.position] = SecondBest(None, None)
        elif pick.id in context.pins:
            found[pick.position] = SecondBest(best[1].candidate.id, None)
        else:
            own = crowding.lowered(pick.scored)
            sure = confidence(own, best[0], _answers(context, pick.scored), _answers(context, best[1]))
            found[pick.position] = SecondBest(best[1].candidate.id, sure)
        crowding.add(pick.scored.candidate)
    return found


def confidence(own: float, other: float, own_answers: int, other_answers: int) -> float:
    """P(pick is better), in [0, 1]."""
    variance = (own * SPREAD) ** 2 / (1 + own_answers) + (other * SPREAD) ** 2 / (1 + other_answers)
    if variance <= 0.0:
        return 0.5 if own == other else float(own > other)
    return round(0.5 * (1.0 + math.erf((own - other) / math.sqrt(2.0 * variance))), DIGITS)


def _answers(context: Context, scored: Scored) -> int:
    main = scored.candidate.main_skill
    return 0 if main is None else state_of(context, main).n_attempts
