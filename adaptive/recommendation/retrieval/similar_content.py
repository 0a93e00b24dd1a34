"""What lies near to what was just missed: to the words that an assessment found missing, and to the exercise itself."""

from datetime import timedelta
from typing import Any

from adaptive.catalog.models import Resource
from adaptive.recommendation.features import SIMILARITY_FLOOR
from adaptive.recommendation.models import SlateHint
from adaptive.recommendation.types import rounded

from .base import Found, Request
from .vector_search import Probe, nearest

NAME = "similar_content"
HINTS_FOR = timedelta(days=3)
MAX_HINTS, MAX_MISSED = 3, 2
MISSED_BELOW = 0.8


def find(request: Request) -> list[Found]:
    """At most four queries. Each resource once, by its likeliest probe; facts: similarity, missed (title), score."""
    probes: list[Probe] = []
    about: list[dict[str, Any]] = []
    hints = (
        SlateHint.objects.filter(
            learner_id=request.learner_id,
            course_id=request.course_id,
            created_at__gte=request.at - HINTS_FOR,
            score__lt=MISSED_BELOW,
            vector__isnull=False,
        )
        .exclude(resource__embedding_model="")
        .order_by("-created_at", "-id")
        .values_list("vector", "score", "resource__title", "resource__embedding_model")[:MAX_HINTS]
    )
    for vector, score, title, model in hints:
        probes.append(Probe(vector, model))
        about.append({"missed": title, "score": rounded(score), "by": "words"})
    scores = dict(request.missed[:MAX_MISSED])
    if scores:
        missed = Resource.objects.filter(id__in=scores, course_id=request.course_id, embedding__isnull=False)
        for pk, vector, title, model in missed.values_list("id", "embedding", "title", "embedding_model"):
            probes.append(Probe(vector, model))
            about.append({"missed": title, "score": rounded(scores[pk]), "by": "exercise"})
    if not probes:
        return []
    hits = nearest(
        probes=probes,
        course_id=request.course_id,
        kinds=request.kinds,
        limit=max(5, request.limit // len(probes)),
        exclude=[*request.new_only, *scores],
    )
    best: dict[int, dict[str, Any]] = {}
    for facts, found in zip(about, hits, strict=True):
        for resource_id, similarity in found:
            if similarity >= SIMILARITY_FLOOR and similarity > best.get(resource_id, {}).get("similarity", 0.0):
                best[resource_id] = {**facts, "similarity": rounded(similarity)}
    ordered = sorted(best.items(), key=lambda pair: (-pair[1]["similarity"], pair[0]))
    return [Found(resource_id, facts) for resource_id, facts in ordered[: request.limit]]
