"""What would have to be different for another pick: found and proved by running the ranker again. Pure.

"Flipping" a skill's p_mastery also moves the expected success at everything that trains the skill, by the same step in
logits times the skill's weight there, as the learner model would. The candidates stay those of the slate. The search
goes outward from the present value, narrows down by bisection, rounds outward to a whole percent (what people are
told), and the last word always has a full run of the decision with exactly that number.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from adaptive.common.probability import logit, sigmoid
from adaptive.recommendation.deciding import decide
from adaptive.recommendation.filtering import filter_candidates
from adaptive.recommendation.gain import Gains
from adaptive.recommendation.ranking import scored_of
from adaptive.recommendation.reranking import by_claim, pick_slate
from adaptive.recommendation.skills import readiness_of
from adaptive.recommendation.types import DIGITS, Candidate, Context, Decision

LOWEST, HIGHEST = 0.01, 0.99
STEPS = 8  # looked at in each direction
NARROWED_TO = 0.006
BEYOND = 3  # further values at which the flip must hold before "or more" is said

CONTENDERS = 25  # untouched candidates beside those of the slate that the search looks at

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
    decision = decision or decide(context, candidates)
    slate = [pick.id for pick in decision.picks]
    titles = {candidate.id: candidate.title for candidate in candidates}
    result: dict[int, Flip | None] = {}
    for position in positions:
        result[position] = None
        if not 1 <= position <= len(slate) or decision.picks[position - 1].is_exploration:
            continue
        if slate[position - 1] in context.pins:
            continue
        pick, original = decision.picks[position - 1].scored.candidate, slate[:position]
        for change in _changes(context, candidates, pick):
            rerun = _Rerun(context, decision, change)
            found = _search(change.now, lambda p, c=change, r=rerun, o=original: r.instead(*c.to(p), o) is not None)
            proof = _proved(found, change, rerun, original)
            if proof:
                direction, threshold, instead = proof
                result[position] = Flip(
                    fact=change.fact,
                    direction=direction,
                    now=change.now,
                    threshold=threshold,
                    instead=instead,
                    instead_title=titles[instead],
                    skill_id=change.skill_id,
                    skill=change.skill,
                )
                break
    return result


@dataclass(frozen=True, slots=True)
class _Change:
    """One fact that may be flipped. `to`: value -> the situation with it. `resource_id`: it concerns this one alone."""

    fact: str
    now: float
    to: Callable[[float], Situation]
    skill_id: int | None = None
    skill: str = ""
    resource_id: int | None = None


def _changes(context: Context, candidates: Sequence[Candidate], pick: Candidate) -> list[_Change]:
    changes = []
    main = pick.main_skill
    if main is not None and main in context.skills:
        skill = context.skills[main]
        changes.append(
            _Change(
                fact="p_mastery",
                now=skill.p_mastery,
                to=lambda p: with_mastery(context, candidates, main, p),
                skill_id=main,
                skill=skill.name,
            )
        )
    if pick.p_correct is not None:
        changes.append(
            _Change(
                fact="p_correct",
                now=pick.p_correct,
                to=lambda p: with_p_correct(context, candidates, pick.id, p),
                resource_id=pick.id,
            )
        )
    return changes


class _Rerun:
    """Runs the decision again, scoring only what the change touches and leaving out who stands no chance.

    Fast enough for a search; what it finds is confirmed by a full run.
    """

    def __init__(self, context: Context, decision: Decision, change: _Change) -> None:
        self.change = change
        self.scored = by_claim(context, decision.scored)
        self.ready = readiness_of(context)
        self.most = context.count + CONTENDERS

    def instead(self, context: Context, candidates: Sequence[Candidate], original: Sequence[int]) -> int | None:
        ready = self.ready
        if self.change.resource_id is not None:
            touched = {self.change.resource_id}
        else:
            ready = readiness_of(context)
            changed = {i for i, value in ready.items() if value != self.ready[i]} | {self.change.skill_id}
            # A prerequisite is credited with what it unlocks, so what waits for it, and waits beside it, matters too.
            waiting = [s for s in context.skills.values() if s.id in changed or not changed.isdisjoint(s.prerequisites)]
            skills = changed.union(*(s.prerequisites for s in waiting))
            touched = {c.id for c in candidates if not skills.isdisjoint(c.skills)}
        kept, _ = filter_candidates(context, [c for c in candidates if c.id in touched])
        others = [scored for scored in self.scored if scored.candidate.id not in touched][: self.most]
        gains = Gains(context, ready)
        scored = [*others, *(scored_of(context, candidate, ready, gains) for candidate in kept)]
        short = replace(context, count=len(original))
        return _newcomer([pick.id for pick in pick_slate(short, scored)], original)


def _search(now: float, is_flipped: Callable[[float], bool]) -> list[tuple[str, float]]:
    """(direction, value just beyond which the pick changes), the nearest first; at most one of each direction."""
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
    found: Sequence[tuple[str, float]], change: _Change, rerun: _Rerun, original: Sequence[int]
) -> tuple[str, float, int] | None:
    """The nearest flip that a full run confirms at a whole percent, and that holds at every value tried beyond it."""
    for direction, value in found:
        outward = 1 if direction == "above" else -1
        first = math.ceil(value * 100 - 1e-9) if outward > 0 else math.floor(value * 100 + 1e-9)
        if first == int(change.now * 100 + 0.5):
            first += outward  # "51 % or more (now about 51 %)" would puzzle people
        for percent in (first, first + outward):
            threshold = percent / 100
            if not LOWEST <= threshold <= HIGHEST:
                break
            instead = instead_of(*change.to(threshold), original)
            if instead is None:
                continue
            bound = HIGHEST if outward > 0 else LOWEST
            beyond = [threshold + (bound - threshold) * k / BEYOND for k in range(1, BEYOND + 1)]
            if all(rerun.instead(*change.to(p), original) is not None for p in beyond):
                return direction, threshold, instead
            break
    return None
