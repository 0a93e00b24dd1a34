from dataclasses import asdict
from typing import Any

from adaptive.api.presenters.times import rfc3339
from adaptive.catalog.models import Course
from adaptive.explanation.models import Explanation
from adaptive.explanation.offers import offer_facts
from adaptive.learners.languages import spoken_to
from adaptive.recommendation.models import CourseOffer, Impression, Slate
from adaptive.recommendation.selectors import understood_of


def explanation_json(explanation: Explanation | None) -> dict[str, Any]:
    if explanation is None:
        return {"state": "pending", "text": "", "would_change_if": None}
    return {
        "state": explanation.state,
        "text": explanation.text,
        "would_change_if": explanation.would_change_if,
    }


def item_json(impression: Impression) -> dict[str, Any]:
    explanation = getattr(impression, "explanation", None)
    return {
        "position": impression.position,
        "resource": impression.resource.external_id,
        "title": impression.resource.title,
        "kind": impression.resource.kind,
        "score": impression.score,
        "p_correct": impression.p_correct,
        "propensity": impression.propensity,
        "reasons": impression.reasons,
        "explanation": explanation_json(explanation),
        "summary": (explanation.summary or None) if explanation else None,
    }


def offer_json(offer: CourseOffer) -> dict[str, Any]:
    return {
        "position": offer.position,
        "course": offer.course.external_id,
        "title": offer.course.title,
        "description": offer.course.description,
        "language": offer.course.language,
        "score": offer.score,
        "reasons": offer.reasons,
        "explanation": " ".join(fact.text for fact in offer_facts(offer.reasons)),
        "may_enrol": offer.course.listing == Course.Listing.OPEN,
        "enrolled_at": rfc3339(offer.enrolled_at),
    }


def slate_json(slate: Slate) -> dict[str, Any]:
    impressions = list(slate.impressions.all())
    experiment = {"name": slate.experiment.name, "variant": slate.variant} if slate.experiment else None
    body: dict[str, Any] = {
        "id": str(slate.pk),
        "learner": slate.learner.external_id,
        "course": slate.course.external_id,
        "purpose": slate.purpose,
        "policy": slate.policy,
        "experiment": experiment,
        "created_at": rfc3339(slate.created_at),
        "items": [item_json(impression) for impression in impressions],
    }
    if slate.purpose == Slate.Purpose.CATALOGUE and not slate.query:
        with spoken_to(learner=slate.learner, course=slate.course):
            body["courses"] = [offer_json(offer) for offer in slate.offers.select_related("course")]
    if not impressions:
        body["why_empty"] = slate.why_empty
    if slate.query:
        with spoken_to(learner=slate.learner, course=slate.course):
            body["understood"] = [asdict(one) for one in understood_of(slate=slate)]
    return body
