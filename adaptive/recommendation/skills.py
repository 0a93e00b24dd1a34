"""What a skill's state means for recommending: mastered, ready, due. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from adaptive.common.probability import clamp

from .types import Candidate, Context, SkillState

UNKNOWN = SkillState(id=0, name="", p_mastery=0.5)


def state_of(context: Context, skill_id: int) -> SkillState:
    """The skill's state; nothing known (1/2) for one that the context does not hold."""
    return context.skills.get(skill_id, UNKNOWN)


def is_mastered(context: Context, skill: SkillState) -> bool:
    """Believed mastered, on enough attempts: a prior alone proves nothing."""
    return skill.n_attempts >= context.policy.mastered_attempts and skill.p_mastery >= context.policy.mastered_at


def is_due(context: Context, skill: SkillState) -> bool:
    """Practised before, and forgotten far enough that a review pays."""
    if skill.n_attempts == 0:
        return False
    if skill.retrievability is not None and skill.retrievability < context.policy.due_below:
        return True
    return skill.due_in_days is not None and skill.due_in_days <= 0


def readiness_of(context: Context) -> dict[int, float]:
    """Skill id -> readiness in [0, 1]: 1 where every prerequisite is known, else the weakest one's.

    A prerequisite is known when it reaches `ready_at` with an attempt behind it (or `mastered_at` without). One that is
    not gives the square of its share of `ready_at`, `unpractised_factor` of that while it is unpractised, times its own
    readiness: what lies two steps off is further off than what lies one.
    """
    ready: dict[int, float] = {}
    for first in context.skills:
        stack = [first]
        while stack:  # no recursion: a course may be one long chain
            skill_id = stack[-1]
            before = [p for p in context.skills[skill_id].prerequisites if p in context.skills]
            open_ones = [p for p in before if p not in ready and p not in stack] if skill_id not in ready else []
            if open_ones:
                stack += open_ones
            else:
                stack.pop()
                # In a cycle, which the catalogue refuses, the one still open counts as ready.
                ready.setdefault(skill_id, min((_nearness(context, p, ready.get(p, 1.0)) for p in before), default=1.0))
    return ready


def readiness_again(context: Context, ready: Mapping[int, float], order: Iterable[int]) -> dict[int, float]:
    """`ready`, with the skills in `order` (see `followers_of`) worked out anew."""
    again = dict(ready)
    for skill_id in order:
        before = [p for p in context.skills[skill_id].prerequisites if p in context.skills]
        again[skill_id] = min((_nearness(context, p, again.get(p, 1.0)) for p in before), default=1.0)
    return again


def dependents_of(context: Context) -> dict[int, list[int]]:
    """Skill id -> the skills that have it as a direct prerequisite, in the context's order."""
    found: dict[int, list[int]] = {}
    for skill in context.skills.values():
        for before in dict.fromkeys(skill.prerequisites):
            if before in context.skills:
                found.setdefault(before, []).append(skill.id)
    return found


def followers_of(dependents: Mapping[int, Sequence[int]], skill_id: int) -> list[int] | None:
    """All skills whose readiness may depend on the skill's state, prerequisites first. None: they run in a circle.

    dependents: as `dependents_of` gives them.
    """
    order: list[int] = []
    state: dict[int, bool] = {}  # False while what follows a skill is being looked at, then True
    stack = [skill_id]
    while stack:
        one = stack[-1]
        if one not in state:
            state[one] = False
            after = dependents.get(one, ())
            if any(state.get(i) is False for i in after):
                return None
            stack += [i for i in after if i not in state]
        else:
            stack.pop()
            if not state[one]:
                state[one] = True
                order.append(one)
    order.pop()  # the skill itself
    return order[::-1]


def _nearness(context: Context, skill_id: int, own_readiness: float) -> float:
    """How far a prerequisite is known, 1 where it is known well enough."""
    policy, skill = context.policy, context.skills[skill_id]
    if skill.p_mastery >= (policy.ready_at if skill.n_attempts > 0 else policy.mastered_at):
        return 1.0
    share = clamp(skill.p_mastery / policy.ready_at, 0.0, 1.0) ** 2 if policy.ready_at > 0 else 1.0
    return share * own_readiness * (policy.unpractised_factor if skill.n_attempts == 0 else 1.0)


def ancestors_of(context: Context, skill_ids: Iterable[int]) -> set[int]:
    """The skills and all that comes before them, as far as the context knows them."""
    found: set[int] = set()
    stack = [i for i in skill_ids if i in context.skills]
    while stack:
        skill_id = stack.pop()
        if skill_id not in found:
            found.add(skill_id)
            stack += [p for p in context.skills[skill_id].prerequisites if p in context.skills]
    return found


def skills_of(context: Context, candidate: Candidate) -> list[SkillState]:
    return [state_of(context, skill_id) for skill_id in candidate.skills]


def due_skills(context: Context, candidate: Candidate) -> list[SkillState]:
    return [skill for skill in skills_of(context, candidate) if is_due(context, skill)]


def is_known(context: Context, candidate: Candidate) -> bool:
    """Are all of its skills mastered and none due?"""
    skills = skills_of(context, candidate)
    return bool(skills) and all(is_mastered(context, s) and not is_due(context, s) for s in skills)
