"""From scores to a slate: place by place, with variety, a little exploration, and the exact chance of every pick. Pure.

What a teacher pinned comes first, in the teacher's order, without a draw. What stands in more of the course's slates
than the policy's exposure_cap allows waits until nothing else is left: a cap spreads, it never empties a slate.
At each place the remaining candidates' scores are lowered for every earlier place with the same main skill, kind or
response format. With chance 1 - exploration the best is taken, else one of the good ones, all alike. The logged
propensity is the chance of the pick for this place given the places before it; the chance of the whole slate is the
product of them.
"""

import random
from bisect import insort
from collections.abc import Sequence

from .types import Candidate, Context, Pick, Policy, Scored


def chances(adjusted: Sequence[tuple[int, float]], policy: Policy) -> dict[int, float]:
    """Candidate id -> its chance for a place, from (id, adjusted score) pairs best first. The chances sum to 1."""
    if not adjusted:
        return {}
    best_id, best = adjusted[0]
    pool = [i for i, value in adjusted[: policy.explore_at_most] if value >= policy.explore_within * best]
    if best_id not in pool:
        pool.insert(0, best_id)
    share = policy.exploration / len(pool)
    result = {i: share for i in pool if share > 0}
    result[best_id] = 1.0 - policy.exploration + share
    return result


class Crowding:
    """What stands in the slate so far, and how far that lowers the scores of what is like it."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._skills: dict[int, int] = {}
        self._kinds: dict[str, int] = {}
        self._formats: dict[str, int] = {}

    def add(self, candidate: Candidate) -> None:
        self._kinds[candidate.kind] = self._kinds.get(candidate.kind, 0) + 1
        self._formats[candidate.response_format] = self._formats.get(candidate.response_format, 0) + 1
        if candidate.skills:
            self._skills[candidate.skills[0]] = self._skills.get(candidate.skills[0], 0) + 1

    def lowered(self, scored: Scored) -> float:
        """The score as it counts for the next place; never further from 0 than the score itself."""
        candidate, policy = scored.candidate, self._policy
        factor = 1.0
        if n := self._kinds.get(candidate.kind):
            factor *= policy.same_kind_factor**n
        if candidate.skills and (n := self._skills.get(candidate.skills[0])):
            factor *= policy.same_skill_factor**n
        if candidate.response_format and (n := self._formats.get(candidate.response_format)):
            factor *= policy.same_format_factor**n
        return scored.score * factor


def is_overexposed(context: Context, resource_id: int) -> bool:
    return context.shown.get(resource_id, 0.0) > context.policy.exposure_cap


def by_claim(context: Context, scored: Sequence[Scored]) -> list[Scored]:
    """Pinned ones first, overexposed ones last, else in the order given: who is looked at first for a place."""
    return sorted(scored, key=lambda s: (s.candidate.id not in context.pins, is_overexposed(context, s.candidate.id)))


def pick_slate(context: Context, scored: Sequence[Scored]) -> tuple[Pick, ...]:
    """At most `count` picks without a repeat; the same arguments give the same slate (the seed is in the context)."""
    policy = context.policy
    draws = random.Random(context.seed)
    remaining = {s.candidate.id: s for s in sorted(scored, key=lambda s: -s.score)}
    pinned = sorted((i for i in remaining if i in context.pins), key=lambda i: context.pins[i].place, reverse=True)
    waiting = {i for i in remaining if is_overexposed(context, i)} if context.shown else set()
    crowding = Crowding(policy)
    picks: list[Pick] = []
    while remaining and len(picks) < context.count:
        if pinned:
            best_id = pinned.pop()
            chance = {best_id: 1.0}
        else:
            free = [s for i, s in remaining.items() if i not in waiting] if waiting else ()
            adjusted = _best(free or list(remaining.values()), crowding, policy)
            chance = chances(adjusted, policy)
            best_id = adjusted[0][0]
        # Two draws for every place, used or not, so that one place's luck does not shift the next one's.
        is_exploring, which = draws.random() < policy.exploration, draws.random()
        chosen_id = sorted(chance)[int(which * len(chance))] if is_exploring else best_id
        chosen = remaining.pop(chosen_id)
        picks.append(
            Pick(
                position=len(picks) + 1,
                scored=chosen,
                propensity=min(chance[chosen_id], 1.0),
                is_exploration=chosen_id != best_id,
                pool=tuple(sorted(chance)),
            )
        )
        crowding.add(chosen.candidate)
    return tuple(picks)


def _best(scored: Sequence[Scored], crowding: Crowding, policy: Policy) -> list[tuple[int, float]]:
    """(id, lowered score) of the best explore_at_most, best first. scored: the highest unlowered score first.

    Nobody's score is raised, so whoever cannot reach the worst of these as it stands need not be looked at.
    """
    best: list[tuple[float, int]] = []
    most, is_bounded = policy.explore_at_most, scored[-1].score >= 0
    for one in scored:
        if is_bounded and len(best) == most and -one.score > best[-1][0]:
            break
        insort(best, (-crowding.lowered(one), one.candidate.id))
        del best[most:]
    return [(i, -value) for value, i in best]
