"""What lies near to what was just missed: to the words that an assessment found missing, and to the exercise itself."""

from datetime import timedelta
from typing import Any

from django.db import connection

from adaptive.recommendation.features import SIMILARITY_FLOOR
from adaptive.recommendation.types import rounded

from .base import Found, Request
from .vector_search import Probe, Stored, nearest

NAME = "similar_content"
HINTS_FOR = timedelta(days=3)
MAX_HINTS, MAX_MISSED = 3, 2
MISSED_BELOW = 0.8

HINTS = """
SELECT h.vector::text, h.score, r.title, r.embedding_model
FROM adaptive_slatehint h JOIN adaptive_resource r ON r.id = h.resource_id
WHERE h.learner_id = %(learner)s AND h.course_id = %(course)s AND h.created_at >= %(since)s AND h.score < %(below)s
    AND h.vector IS NOT NULL AND r.embedding_model <> ''
ORDER BY h.created_at DESC, h.id DESC LIMIT %(most)s
"""
MISSED = """
SELECT r.id, r.embedding::text, r.title, r.embedding_model FROM adaptive_resource r
WHERE r.id = ANY(%(ids)s) AND r.course_id = %(course)s AND r.embedding IS NOT NULL
"""


def find(request: Request) -> list[Found]:
    """At most four queries. Each resource once, by its likeliest probe; facts: similarity, missed (title), score."""
    probes: list[Probe] = []
    about: list[dict[str, Any]] = []
    values = {
        "learner": request.learner_id,
        "course": request.course_id,
        "since": request.at - HINTS_FOR,
        "below": MISSED_BELOW,
        "most": MAX_HINTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(HINTS, values)
        hints = cursor.fetchall()
    for vector, score, title, model in hints:
        probes.append(Probe(Stored(vector), model))
        about.append({"missed": title, "score": rounded(score), "by": "words"})
    scores = dict(request.missed[:MAX_MISSED])
    if scores:
        with connection.cursor() as cursor:
            cursor.execute(MISSED, {"ids": list(scores), "course": request.course_id})
            missed = cursor.fetchall()
        for pk, vector, title, model in missed:
            probes.append(Probe(Stored(vector), model))
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
