"""What the latest assessments of the learner's performance found missing, looked for in embedding space."""

from datetime import timedelta
from typing import Any

from adaptive.recommendation.features import SIMILARITY_FLOOR
from adaptive.recommendation.models import GapQuery
from adaptive.recommendation.skills import is_mastered
from adaptive.recommendation.types import rounded

from .base import Found, Request
from .vector_search import Probe, nearest

NAME = "what_was_missing"
GAPS_FOR = timedelta(days=14)
MAX_READ, MAX_GAPS = 12, 3


def find(request: Request) -> list[Found]:
    """One query, three or four where there are gaps. Each resource once, by its likeliest gap.

    facts: similarity, missed (the gap's name), score (mean of the answers behind it), assessment (its id). A gap that
    has no vector yet is passed over; so is one of a skill that has been mastered since.
    """
    read = (
        GapQuery.objects.filter(
            learner_id=request.learner_id,
            course_id=request.course_id,
            assessment__ends_at__gte=request.at - GAPS_FOR,
            vector__isnull=False,
        )
        .order_by("-assessment__ends_at", "score", "-id")
        .values_list(
            "vector", "embedding_model", "score", "assessment_id", "skill_id", "skill__name", "resource__title"
        )[:MAX_READ]
    )
    probes: list[Probe] = []
    about: list[dict[str, Any]] = []
    named: set[str] = set()
    for vector, model, score, assessment_id, skill_id, skill_name, title in read:
        name = skill_name or title
        skill = request.context.skills.get(skill_id)
        if name in named or len(probes) == MAX_GAPS or (skill is not None and is_mastered(request.context, skill)):
            continue
        named.add(name)
        probes.append(Probe(vector, model))
        about.append({"missed": name, "score": rounded(score), "assessment": assessment_id})
    if not probes:
        return []
    hits = nearest(
        probes=probes,
        course_id=request.course_id,
        kinds=request.kinds,
        limit=max(5, request.limit // len(probes)),
        exclude=request.new_only,
    )
    best: dict[int, dict[str, Any]] = {}
    for facts, found in zip(about, hits, strict=True):
        for resource_id, similarity in found:
            if similarity >= SIMILARITY_FLOOR and similarity > best.get(resource_id, {}).get("similarity", 0.0):
                best[resource_id] = {**facts, "similarity": rounded(similarity)}
    ordered = sorted(best.items(), key=lambda pair: (-pair[1]["similarity"], pair[0]))
    return [Found(resource_id, facts) for resource_id, facts in ordered[: request.limit]]
