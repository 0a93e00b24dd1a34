"""From scores to a slate: place by place, with variety, a little exploration, and the exact chance of every pick. Pure.

What a teacher pinned comes first, in the teacher's order, without a draw. What stands in more of the course's slates
than the policy's exposure_cap allows waits until nothing else is left: a cap spreads, it never empties a slate.
At each place the remaining candidates' scores are lowered for every earlier place with the same main skill, kind or
response format. With chance 1 - exploration the best is taken, else one of the good ones, all alike. The logged
propensity is the chance of the pick for this place given the places before it; the chance of the whole slate is the
product of them.
"""

import random
from collections import Counter
from collections.abc import Sequence

from .types import Context, Pick, Policy, Scored


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


def adjusted_score(scored: Scored, skills: Counter, kinds: Counter, formats: Counter, policy: Policy) -> float:
    candidate = scored.candidate
    factor = policy.same_kind_factor ** kinds[candidate.kind]
    if candidate.main_skill is not None:
        factor *= policy.same_skill_factor ** skills[candidate.main_skill]
    if candidate.response_format:
        factor *= policy.same_format_factor ** formats[candidate.response_format]
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
    remaining = {s.candidate.id: s for s in scored}
    pinned = sorted((i for i in remaining if i in context.pins), key=lambda i: context.pins[i].place, reverse=True)
    waiting = {i for i in remaining if is_overexposed(context, i)} if context.shown else set()
    skills: Counter = Counter()
    kinds: Counter = Counter()
    formats: Counter = Counter()
    picks: list[Pick] = []
    while remaining and len(picks) < context.count:
        if pinned:
            best_id = pinned.pop()
            chance = {best_id: 1.0}
        else:
            free = [(i, s) for i, s in remaining.items() if i not in waiting] or list(remaining.items())
            lowered = [(-adjusted_score(s, skills, kinds, formats, policy), i) for i, s in free]
            lowered.sort()
            adjusted = [(i, -value) for value, i in lowered[: policy.explore_at_most]]
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
        candidate = chosen.candidate
        kinds[candidate.kind] += 1
        formats[candidate.response_format] += 1
        if candidate.main_skill is not None:
            skills[candidate.main_skill] += 1
    return tuple(picks)
