"""Skills that are not mastered and whose prerequisites are ready; the nearest to ready where none is."""

from adaptive.recommendation.skills import is_mastered, readiness_of

from .base import Found, Request
from .of_skills import resources_of_skills

NAME = "next_skill"
MAX_SKILLS = 8


def find(request: Request) -> list[Found]:
    context = request.context
    open_skills = [skill for skill in context.skills.values() if not is_mastered(context, skill)]
    ready = readiness_of(context)
    # Stable sort: among equally ready skills the course's order stands.
    chosen = sorted(open_skills, key=lambda skill: -ready[skill.id])[:MAX_SKILLS]
    if not chosen:
        return []
    per_skill = max(3, request.limit // len(chosen))
    found = resources_of_skills(request, chosen, per_skill=per_skill, exclude=request.new_only)
    return [Found(resource_id, {"skill": skill_id}) for skill_id, resource_id in found][: request.limit]
