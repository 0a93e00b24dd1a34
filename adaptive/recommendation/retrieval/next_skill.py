"""Skills that are not mastered: those where a try is expected to add most, readiness counted in."""

from adaptive.recommendation.gain import Gains
from adaptive.recommendation.skills import is_mastered, readiness_of

from .base import Found, Request
from .of_skills import resources_of_skills

NAME = "next_skill"
MAX_SKILLS = 12
NEAR = 1  # digits of a gain that count here: among skills about as good the course's order stands


def find(request: Request) -> list[Found]:
    context = request.context
    open_skills = [skill for skill in context.skills.values() if not is_mastered(context, skill)]
    gains = Gains(context, readiness_of(context))
    # Stable sort, so the course's order stands among equals.
    chosen = sorted(open_skills, key=lambda skill: -round(gains.roughly(skill), NEAR))[:MAX_SKILLS]
    if not chosen:
        return []
    per_skill = max(3, request.limit // len(chosen))
    found = resources_of_skills(request, chosen, per_skill=per_skill, exclude=request.new_only)
    return [Found(resource_id, {"skill": skill_id}) for skill_id, resource_id in found][: request.limit]
