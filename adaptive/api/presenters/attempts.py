from typing import Any

from adaptive.api.presenters.times import rfc3339
from adaptive.assessment.models import Assessment
from adaptive.assessment.showing import feedback_shown
from adaptive.events.models import Attempt
from adaptive.learners.languages import spoken_to
from adaptive.mastery.models import MasteryChange
from adaptive.practice.selectors import Feedback


def assessment_json(assessment: Assessment, attempt: Attempt) -> dict[str, Any]:
    with spoken_to(learner=attempt.learner, course=attempt.course):
        feedback = feedback_shown(assessment)
    return {
        "score": assessment.score,
        "label": assessment.label,
        "feedback": feedback,
        "misconception": assessment.misconception,
        "confidence": assessment.confidence,
        "assessor": {
            "kind": assessment.assessor_kind,
            "model": assessment.model,
            "prompt_version": assessment.prompt_version,
        },
    }


def change_json(change: MasteryChange) -> dict[str, Any]:
    return {"skill": change.skill.external_id, "before": round(change.before, 6), "after": round(change.after, 6)}


def attempt_json(feedback: Feedback) -> dict[str, Any]:
    attempt = feedback.attempt
    return {
        "id": attempt.pk,
        "state": feedback.state,
        "learner": attempt.learner.external_id,
        "course": attempt.course.external_id,
        "resource": attempt.resource.external_id,
        "response": attempt.response,
        "started_at": rfc3339(attempt.started_at),
        "submitted_at": rfc3339(attempt.submitted_at),
        "n_hints": attempt.n_hints,
        "latency_ms": attempt.latency_ms,
        "assessment": assessment_json(feedback.assessment, attempt) if feedback.assessment else None,
        "mastery": [change_json(change) for change in feedback.changes],
    }


def queued_json(attempt: Attempt) -> dict[str, Any]:
    """The attempt as it was when it was stored, before anybody read it."""
    return attempt_json(Feedback(attempt, Attempt.State.QUEUED, None, [], ""))
