"""What would have to be different for another pick: found and proved by running the ranker again. Pure.

"Flipping" a skill's p_mastery also moves the expected success at everything that trains the skill, by the same step in
logits times the skill's weight there, as the learner model would. The candidates stay those of the slate. The search
goes outward from the present value, narrows down by bisection, rounds outward to a whole percent (what people are
told), and the last word always has a full run of the decision with exactly that number.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from adaptive.common.probability import clamp, logit, sigmoid
from adaptive.recommendation.deciding import decide
from adaptive.recommendation.types import DIGITS, Candidate, Context

LOWEST, HIGHEST = 0.01, 0.99
STEPS = 8  # looked at in each direction
NARROWED_TO = 0.006
BEYOND = 3  # further values at which the flip must hold before "or more" is said

Flipped = Callable[[float], tuple[Context, Sequence[Candidate]]]


@dataclass(frozen=True, slots=True)
class Flip:
    """ "With `fact` at `threshold` (now `now`), `instead` would have stood in the place of the pick, or before it."

    fact: "p_mastery" (of `skill_id`) or "p_correct" (of the pick itself). direction: "above" or "below": beyond the
    threshold it holds as well. threshold: a whole percent, as a share.
    """

    fact: str
    direction: str
    now: float
    threshold: float
    instead: int
    instead_title: str
    skill_id: int | None = None
    skill: str = ""


def with_mastery(
    context: Context, candidates: Sequence[Candidate], skill_id: int, p_mastery: float
) -> tuple[Context, list[Candidate]]:
    """The same situation with another belief about one skill."""
    skill = context.skills[skill_id]
    step = logit(p_mastery) - logit(skill.p_mastery)
    moved = []
    for candidate in candidates:
        if candidate.p_correct is not None and skill_id in candidate.skills:
            weights = [1.0 / (place + 1) for place in range(len(candidate.skills))]
            weight = weights[candidate.skills.index(skill_id)] / sum(weights)
            p = sigmoid(logit(candidate.p_correct) + weight * step)
            candidate = replace(candidate, p_correct=round(p, DIGITS))
        moved.append(candidate)
    skills = {**context.skills, skill_id: replace(skill, p_mastery=round(p_mastery, DIGITS))}
    return replace(context, skills=skills), moved


def with_p_correct(
    context: Context, candidates: Sequence[Candidate], resource_id: int, p_correct: float
) -> tuple[Context, list[Candidate]]:
    """The same situation with another expected success at one exercise."""
    p = round(p_correct, DIGITS)
    return context, [replace(c, p_correct=p) if c.id == resource_id else c for c in candidates]


def instead_of(context: Context, candidates: Sequence[Candidate], original: Sequence[int]) -> int | None:
    """Who takes the place of the last of `original` (the slate's ids up to the place asked about), else None.

    None while that pick still stands there or before.
    """
    short = replace(context, count=len(original))
    ids = [pick.id for pick in decide(short, candidates).picks]
    if original[-1] in ids:
        return None
    if len(ids) == len(original) and ids[-1] not in original:
        return ids[-1]
    return next((i for i in ids if i not in original), None)


def would_change_if(context: Context, candidates: Sequence[Candidate], position: int) -> Flip | None:
    """The smallest change of the pick's main skill, else of its expected success, that gives another pick.

    None where nothing does, and for a pick drawn by chance (no fact put it there).
    """
    picks = decide(context, candidates).picks
    if not 1 <= position <= len(picks) or picks[position - 1].is_exploration:
        return None
    original = [pick.id for pick in picks[:position]]
    pick = picks[position - 1].scored.candidate
    titles = {candidate.id: candidate.title for candidate in candidates}
    relevant = _contenders(context, candidates)

    main = pick.main_skill
    if main is not None and main in context.skills:
        skill = context.skills[main]
        found = _search(skill.p_mastery, original, lambda p: with_mastery(context, relevant, main, p))
        if found and (proof := _proved(found, original, lambda p: with_mastery(context, candidates, main, p))):
            direction, threshold, instead = proof
            return Flip("p_mastery", direction, skill.p_mastery, threshold, instead, titles[instead], main, skill.name)
    if pick.p_correct is not None:
        found = _search(pick.p_correct, original, lambda p: with_p_correct(context, relevant, pick.id, p))
        if found and (proof := _proved(found, original, lambda p: with_p_correct(context, candidates, pick.id, p))):
            direction, threshold, instead = proof
            return Flip("p_correct", direction, pick.p_correct, threshold, instead, titles[instead])
    return None


def _contenders(context: Context, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Without those that no belief can bring back (wrong course, set aside, just answered): they only cost time."""
    dropped = decide(replace(context, count=1), candidates).dropped
    return [c for c in candidates if dropped.get(c.id, "mastered") in ("mastered", "not_due")]


def _search(now: float, original: Sequence[int], flipped: Flipped) -> list[tuple[str, float]]:
    """(direction, value just beyond which the pick changes), the nearest first; at most one of each direction."""

    def is_flipped(p: float) -> bool:
        return instead_of(*flipped(p), original) is not None

    found = []
    for direction, bound in (("above", HIGHEST), ("below", LOWEST)):
        step = (bound - now) / STEPS
        if abs(step) < 0.002:
            continue
        inside = now
        for k in range(1, STEPS + 1):
            outside = now + k * step
            if is_flipped(outside):
                while abs(outside - inside) > NARROWED_TO:
                    middle = (inside + outside) / 2
                    if is_flipped(middle):
                        outside = middle
                    else:
                        inside = middle
                found.append((direction, outside))
                break
            inside = outside
    return sorted(found, key=lambda pair: abs(pair[1] - now))


def _proved(
    found: Sequence[tuple[str, float]], original: Sequence[int], flipped: Flipped
) -> tuple[str, float, int] | None:
    """The nearest flip that a full run confirms at a whole percent and at every value tried beyond it."""
    for direction, value in found:
        outward = 1 if direction == "above" else -1
        first = math.ceil(value * 100 - 1e-9) if outward > 0 else math.floor(value * 100 + 1e-9)
        for percent in (first, first + outward):
            threshold = percent / 100
            if not LOWEST <= threshold <= HIGHEST:
                break
            instead = instead_of(*flipped(threshold), original)
            if instead is None:
                continue
            bound = HIGHEST if outward > 0 else LOWEST
            beyond = [threshold + (bound - threshold) * k / BEYOND for k in range(1, BEYOND + 1)]
            if all(instead_of(*flipped(clamp(p, LOWEST, HIGHEST)), original) is not None for p in beyond):
                return direction, threshold, instead
            break
    return None
