from typing import Any

from adaptive.api.presenters.times import rfc3339
from adaptive.mastery.models import MasteryChange
from adaptive.mastery.selectors import SkillMasteryView


def evidence_json(change: MasteryChange) -> dict[str, Any]:
    return {
        "attempt": change.attempt_id,
        "resource": change.attempt.resource.external_id,
        "submitted_at": rfc3339(change.attempt.submitted_at),
        "before": round(change.before, 6),
        "after": round(change.after, 6),
        "contribution": round(change.after - change.before, 6),
    }


def skill_mastery_json(view: SkillMasteryView, evidence: list[MasteryChange] | None = None) -> dict[str, Any]:
    """evidence None: not asked for."""
    return {
        "skill": view.skill.external_id,
        "p_mastery": round(view.p_mastery, 6),
        "n_attempts": view.n_attempts,
        "last_attempt_at": rfc3339(view.last_attempt_at),
        "retrievability": None if view.retrievability is None else round(view.retrievability, 6),
        "due_at": rfc3339(view.due_at),
        **({} if evidence is None else {"evidence": [evidence_json(change) for change in evidence]}),
    }
