"""What a skill's state means for recommending: mastered, ready, due. Pure."""

from collections.abc import Iterable

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
    for skill_id in context.skills:
        _readiness(context, skill_id, ready)
    return ready


def _readiness(context: Context, skill_id: int, ready: dict[int, float]) -> float:
    if skill_id not in ready:
        ready[skill_id] = 1.0  # holds while its own prerequisites are looked at: a cycle must not loop
        skill = context.skills[skill_id]
        ready[skill_id] = min(
            (_nearness(context, p, ready) for p in skill.prerequisites if p in context.skills), default=1.0
        )
    return ready[skill_id]


def _nearness(context: Context, prerequisite_id: int, ready: dict[int, float]) -> float:
    policy, skill = context.policy, context.skills[prerequisite_id]
    if skill.p_mastery >= (policy.ready_at if skill.n_attempts > 0 else policy.mastered_at):
        return 1.0
    share = clamp(skill.p_mastery / policy.ready_at, 0.0, 1.0) ** 2 if policy.ready_at > 0 else 1.0
    if skill.n_attempts == 0:
        share *= policy.unpractised_factor
    return share * _readiness(context, prerequisite_id, ready)


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
