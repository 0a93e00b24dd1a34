"""Skills practised before and forgotten far enough that a review pays; the most forgotten first."""

from adaptive.recommendation.skills import is_due

from .base import Found, Request
from .of_skills import resources_of_skills

NAME = "due_review"
MAX_SKILLS = 8


def find(request: Request) -> list[Found]:
    context = request.context
    due = [skill for skill in context.skills.values() if is_due(context, skill)]
    due.sort(key=lambda skill: (1.0 if skill.retrievability is None else skill.retrievability, skill.id))
    chosen = due[:MAX_SKILLS]
    if not chosen:
        return []
    per_skill = max(2, request.limit // len(chosen))
    found = resources_of_skills(request, chosen, per_skill=per_skill, exclude=request.exclude)
    return [Found(resource_id, {"skill": skill_id}) for skill_id, resource_id in found][: request.limit]
