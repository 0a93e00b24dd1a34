"""What the latest assessments of the learner's performance found missing, looked for in embedding space."""

from datetime import timedelta
from typing import Any

from django.db import connection

from adaptive.recommendation.features import SIMILARITY_FLOOR
from adaptive.recommendation.skills import is_mastered
from adaptive.recommendation.types import rounded

from .base import Found, Request
from .vector_search import Probe, Stored, nearest

NAME = "what_was_missing"
GAPS_FOR = timedelta(days=14)
MAX_READ, MAX_GAPS = 12, 3

GAPS = """
SELECT g.vector::text, g.embedding_model, g.score, g.assessment_id, g.skill_id, s.name, r.title
FROM adaptive_gapquery g JOIN adaptive_performanceassessment p ON p.id = g.assessment_id
LEFT JOIN adaptive_skill s ON s.id = g.skill_id LEFT JOIN adaptive_resource r ON r.id = g.resource_id
WHERE g.learner_id = %(learner)s AND g.course_id = %(course)s AND p.ends_at >= %(since)s AND g.vector IS NOT NULL
ORDER BY p.ends_at DESC, g.score, g.id DESC LIMIT %(most)s
"""


def find(request: Request) -> list[Found]:
    """One query, three or four where there are gaps. Each resource once, by its likeliest gap.

    facts: similarity, missed (the gap's name), score (mean of the answers behind it), assessment (its id). A gap that
    has no vector yet is passed over; so is one of a skill that has been mastered since.
    """
    values = {
        "learner": request.learner_id,
        "course": request.course_id,
        "since": request.at - GAPS_FOR,
        "most": MAX_READ,
    }
    with connection.cursor() as cursor:
        cursor.execute(GAPS, values)
        read = cursor.fetchall()
    probes: list[Probe] = []
    about: list[dict[str, Any]] = []
    named: set[str] = set()
    for vector, model, score, assessment_id, skill_id, skill_name, title in read:
        name = skill_name or title
        skill = request.context.skills.get(skill_id)
        if name in named or len(probes) == MAX_GAPS or (skill is not None and is_mastered(request.context, skill)):
            continue
        named.add(name)
        probes.append(Probe(Stored(vector), model))
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
