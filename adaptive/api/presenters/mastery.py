from typing import Any

from adaptive.api.presenters.times import rfc3339
from adaptive.mastery.selectors import SkillMasteryView


def skill_mastery_json(view: SkillMasteryView) -> dict[str, Any]:
    return {
        "skill": view.skill.external_id,
        "p_mastery": round(view.p_mastery, 6),
        "n_attempts": view.n_attempts,
        "last_attempt_at": rfc3339(view.last_attempt_at),
        "retrievability": None if view.retrievability is None else round(view.retrievability, 6),
        "due_at": rfc3339(view.due_at),
    }
