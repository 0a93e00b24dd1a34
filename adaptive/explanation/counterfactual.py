"""What would have to be different for another pick: found and proved by running the ranker again. Pure.

"Flipping" a skill's p_mastery also moves the expected success at everything that trains the skill, by the same step in
logits times the skill's weight there, as the learner model would. The candidates stay those of the slate. Whether the
flip happens at all is asked at the end of the range, where "or more" has to hold as well; then the search narrows down
to a whole percent (what people are told), led by how much the pick's score lacks there; and the last word always has
a run of the decision with exactly that number (see rerunning).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from adaptive.common.probability import logit
from adaptive.explanation.rerunning import Base, Change, skill_moved, success_moved
from adaptive.recommendation.deciding import decide
from adaptive.recommendation.types import DIGITS, Candidate, Context, Decision

LOWEST, HIGHEST = 0.01, 0.99
NEAR = 0.016  # closer than this to an end of the range nothing is looked for
FIRST_STEP = 4  # percent: how the margin begins to change
PROVED_WITHIN = (0, 1, 2, 4, 8)  # percent beyond what the search found

Situation = tuple[Context, Sequence[Candidate]]


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


def with_mastery(context: Context, candidates: Sequence[Candidate], skill_id: int, p_mastery: float) -> Situation:
    """The same situation with another belief about one skill."""
    step = logit(p_mastery) - logit(context.skills[skill_id].p_mastery)
    return skill_moved(context, skill_id, p_mastery), [success_moved(c, skill_id, step) for c in candidates]


def with_p_correct(context: Context, candidates: Sequence[Candidate], resource_id: int, p_correct: float) -> Situation:
    """The same situation with another expected success at one exercise."""
    p = round(p_correct, DIGITS)
    return context, [replace(c, p_correct=p) if c.id == resource_id else c for c in candidates]


def instead_of(context: Context, candidates: Sequence[Candidate], original: Sequence[int]) -> int | None:
    """Who takes the place of the last of `original` (the slate's ids up to the place asked about), else None.

    None while that pick still stands there or before. A full run of the decision.
    """
    short = replace(context, count=len(original))
    return _newcomer([pick.id for pick in decide(short, candidates).picks], original)


def _newcomer(ids: Sequence[int], original: Sequence[int]) -> int | None:
    if original[-1] in ids:
        return None
    if len(ids) == len(original) and ids[-1] not in original:
        return ids[-1]
    return next((i for i in ids if i not in original), None)


def would_change_if(context: Context, candidates: Sequence[Candidate], position: int) -> Flip | None:
    """The smallest change of the pick's main skill, else of its expected success, that gives another pick.

    None where nothing does, for a pick drawn by chance (no fact put it there) and for one that a teacher pinned.
    """
    return flips_of(context, candidates, [position])[position]


def flips_of(
    context: Context,
    candidates: Sequence[Candidate],
    positions: Sequence[int],
    *,
    decision: Decision | None = None,
) -> dict[int, Flip | None]:
    """`would_change_if` of several places of one slate, which share the work. decision: of just these, where known."""
    base = Base(context, candidates, decision or decide(context, candidates))
    return {position: _flip(base, position) for position in positions}


def _flip(base: Base, position: int) -> Flip | None:
    picks, context = base.decision.picks, base.context
    if (
        not 1 <= position <= len(picks)
        or picks[position - 1].is_exploration
        or base.slate[position - 1] in context.pins
    ):
        return None
    pick = picks[position - 1].scored.candidate
    main = pick.main_skill
    if main is not None and main in context.skills:
        change = base.of_mastery(main)
        if found := _nearest(change, position):
            return _told(base, "p_mastery", change, found, skill_id=main, skill=context.skills[main].name)
    if pick.p_correct is not None:
        change = base.of_success(pick)
        if found := _nearest(change, position):
            return _told(base, "p_correct", change, found)
    return None


@dataclass(frozen=True, slots=True)
class _Found:
    direction: str
    percent: int
    instead: int


def _told(base: Base, fact: str, change: Change, found: _Found, **skill: object) -> Flip:
    return Flip(
        fact=fact,
        direction=found.direction,
        now=change.now,
        threshold=found.percent / 100,
        instead=found.instead,
        instead_title=next(c.title for c in base.candidates if c.id == found.instead),
        **skill,
    )


def _nearest(change: Change, position: int) -> _Found | None:
    """A flip in the direction in which it seems nearer, else in the other one."""
    sides = [side for side in (_side(change, 1), _side(change, -1)) if side is not None]
    sides.sort(key=lambda side: _distance(change, position, side))
    return next((found for side in sides if (found := _in_direction(change, position, side)) is not None), None)


@dataclass(frozen=True, slots=True)
class _Side:
    """outward: 1 above, -1 below. Whole percents: `inside` the last that counts as now, `end` of the range."""

    outward: int
    inside: int
    end: int

    @property
    def direction(self) -> str:
        return "above" if self.outward > 0 else "below"


def _side(change: Change, outward: int) -> _Side | None:
    now, bound = change.now, HIGHEST if outward > 0 else LOWEST
    if abs(bound - now) < NEAR:
        return None
    nearest = math.ceil(now * 100 - 1e-9) if outward > 0 else math.floor(now * 100 + 1e-9)
    if nearest == int(now * 100 + 0.5):
        nearest += outward  # "51 % or more (now about 51 %)" would puzzle people
    end = round(bound * 100)
    return _Side(outward, nearest - outward, end) if (end - nearest) * outward >= 0 else None


def _distance(change: Change, position: int, side: _Side) -> float:
    """In percent, if the margin went on as it begins; infinite where it begins the wrong way."""
    percent = side.inside + FIRST_STEP * side.outward
    if (side.end - percent) * side.outward <= 0:
        percent = side.end
    before, after = change.margin(change.now, position), change.margin(_share(percent), position)
    if after > 0:
        return abs(percent - side.inside) * (-before / (after - before) if math.isfinite(after) else 1.0)
    return abs(percent - side.inside) * -before / (after - before) if after > before else math.inf


def _in_direction(change: Change, position: int, side: _Side) -> _Found | None:
    if change.margin(_share(side.end), position) <= 0:
        return None
    outside = _narrowed(change, position, side.inside, _flipped_near(change, position, side))
    halfway = (outside + side.end) // 2
    if change.margin(_share(halfway), position) <= 0:  # it comes back in between: "or more" begins after that
        outside = _narrowed(change, position, halfway, side.end)
    if (last := _instead(change, position, side.end)) is None:
        return None
    for further in PROVED_WITHIN:
        percent = outside + further * side.outward
        if (side.end - percent) * side.outward <= 0:
            break
        if (instead := _instead(change, position, percent)) is not None:
            return _Found(side.direction, percent, instead)
    return _Found(side.direction, side.end, last)


def _flipped_near(change: Change, position: int, side: _Side) -> int:
    """A flipped percent not far beyond the first one: where the margin leads to, a little further, or the end."""
    distance = _distance(change, position, side)
    for reach in (1.15, 2.0):
        if not math.isfinite(distance):
            break
        percent = side.inside + side.outward * max(1, math.ceil(distance * reach))
        if (side.end - percent) * side.outward <= 0:
            break
        if change.margin(_share(percent), position) > 0:
            return percent
    return side.end


def _narrowed(change: Change, position: int, inside: int, outside: int) -> int:
    """The percent nearest to `inside` from which on, on the way to `outside`, the pick lacks score.

    False position (Illinois): where the straight line between the margins at both ends crosses 0, the margin of an end
    that stays twice counted half; bisection where a margin has no number.
    """
    low = change.margin(change.now if abs(change.now * 100 - inside) <= 1 else _share(inside), position)
    high = change.margin(_share(outside), position)
    kept = 0
    while abs(outside - inside) > 1:
        crossing = 0.5
        if math.isfinite(low) and math.isfinite(high) and low < 0 < high:
            crossing = low / (low - high)
        percent = round(inside + (outside - inside) * crossing)
        percent = min(max(percent, min(inside, outside) + 1), max(inside, outside) - 1)
        margin = change.margin(_share(percent), position)
        if margin > 0:
            outside, high = percent, margin
            low = low / 2 if kept > 0 else low
            kept = 1
        else:
            inside, low = percent, margin
            high = high / 2 if kept < 0 else high
            kept = -1
    return outside


def _share(percent: int) -> float:
    return min(max(percent / 100, LOWEST), HIGHEST)


def _instead(change: Change, position: int, percent: int) -> int | None:
    """Who takes the place, by a run of the decision; None while the pick stands there or before."""
    return _newcomer(change.ids(_share(percent))[:position], change.base.slate[:position])
