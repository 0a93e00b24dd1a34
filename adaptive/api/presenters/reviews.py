from collections.abc import Sequence
from typing import Any

from adaptive.api.presenters.recommendations import explanation_json
from adaptive.api.presenters.times import rfc3339
from adaptive.catalog.models import Resource
from adaptive.recommendation.models import Impression, Review
from adaptive.recommendation.review_list import states_of


def other_json(resource: Resource | None) -> dict[str, Any] | None:
    if resource is None:
        return None
    return {"resource": resource.external_id, "title": resource.title, "kind": resource.kind}


def review_json(review: Review) -> dict[str, Any]:
    return {
        "decision": review.decision,
        "scope": review.scope or None,
        "with": other_json(review.instead),
        "note": review.note,
        "teacher": review.teacher.external_id if review.teacher else None,
        "created_at": rfc3339(review.created_at),
    }


def review_row_json(row: Impression, *, policies: Sequence[str]) -> dict[str, Any]:
    """Of a row as review_list reads it."""
    slate = row.slate
    return {
        "id": str(slate.pk),
        "position": row.position,
        "learner": slate.learner.external_id,
        "course": slate.course.external_id,
        "purpose": slate.purpose,
        "policy": slate.policy,
        "created_at": rfc3339(slate.created_at),
        "resource": row.resource.external_id,
        "title": row.resource.title,
        "kind": row.resource.kind,
        "score": row.score,
        "p_correct": row.p_correct,
        "confidence": row.confidence,
        "is_exploration": row.is_exploration,
        "reasons": row.reasons,
        "explanation": explanation_json(getattr(row, "explanation", None)),
        "alternative": other_json(row.alternative),
        "disagreed": row.disagreed or None,
        "states": states_of(row, policies=policies),
        "review": review_json(row.counting[0]) if row.counting else None,
    }
