"""The summaries of a slate's places, where people choose what to open: in the feed and the catalogue."""

from collections.abc import Sequence
from typing import Any

from adaptive.catalog.models import Resource
from adaptive.explanation.summaries import MAX_BODY, Want, summary_of
from adaptive.recommendation.models import GapQuery, Impression, Slate
from adaptive.recommendation.types import Candidate

PURPOSES = (Slate.Purpose.FEED, Slate.Purpose.CATALOGUE)
GAPS = 3  # of the latest assessments, whose words count
GAP_WEIGHT, MISSED_WEIGHT = 1.0, 0.8


def summaries_for(
    slate: Slate, impressions: Sequence[Impression], candidates: Sequence[Candidate]
) -> dict[int, dict[str, Any]]:
    """Resource id -> its summary for this learner. Two queries, none for other purposes.

    Of an exercise only its question can be summed up: hints, answer and explanation are not looked at.
    """
    if slate.purpose not in PURPOSES or not impressions:
        return {}
    texts = Resource.objects.filter(pk__in=[impression.resource_id for impression in impressions])
    bodies = {pk: (body[:MAX_BODY], language) for pk, body, language in texts.values_list("pk", "body", "language")}
    gaps = _gaps(slate)
    skills = {row["id"]: row for row in slate.context.get("skills", ())}
    own = {candidate.id: candidate.skills for candidate in candidates}
    found = {}
    for impression in impressions:
        body, language = bodies.get(impression.resource_id, ("", ""))
        wants = [*gaps, *_missed(impression)]
        for place, skill_id in enumerate(own.get(impression.resource_id, ())):
            if skill := skills.get(skill_id):
                weight = (1.0 - skill["p_mastery"]) / (place + 1)
                wants.append(Want(skill["name"], skill["name"], weight))
        found[impression.resource_id] = summary_of(body, wants, language=language or slate.course.language)
    return found


def _gaps(slate: Slate) -> list[Want]:
    rows = (
        GapQuery.objects.filter(learner=slate.learner_id, course=slate.course_id)
        .order_by("-assessment__ends_at", "score", "-id")
        .values_list("text", "score", "skill__name", "resource__title")[:GAPS]
    )
    return [Want(name or title, text, GAP_WEIGHT * (1.0 - score)) for text, score, name, title in rows]


def _missed(impression: Impression) -> list[Want]:
    titles = [reason["facts"].get("missed") for reason in impression.reasons]
    return [Want(title, title, MISSED_WEIGHT) for title in dict.fromkeys(titles) if title]
