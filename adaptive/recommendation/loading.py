"""What was found, as candidates: the resources with their skills and the learner's expected success. One query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from adaptive.backends.learner_model.base import Item
from adaptive.catalog.models import Resource
from adaptive.mastery.items import item_difficulty
from adaptive.mastery.selectors import LearnerBelief, predicted
from adaptive.recommendation.retrieval.wish_filter import share_wrong
from adaptive.recommendation.types import Candidate, rounded

SQL = """
SELECT r.id, r.external_id, r.kind, r.title, r.duration_minutes, r.response_format, r.created_at, r.course_id,
    r.is_retired, r.has_pictures, r.language, r.authored_difficulty, d.used,
    coalesce(d.n_answers, 0), ARRAY(
        SELECT link.skill_id FROM adaptive_resourceskill link WHERE link.resource_id = r.id
        ORDER BY link.position, link.id)
FROM adaptive_resource r LEFT JOIN adaptive_itemdifficulty d ON d.resource_id = r.id
WHERE r.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """`external_ids`: resource id -> the LMS's own id of it, which decides nothing."""

    candidates: tuple[Candidate, ...]
    external_ids: Mapping[int, str]


def candidates_load(
    *, belief: LearnerBelief, at: datetime, found: Mapping[int, Mapping[str, Mapping[str, Any]]]
) -> Loaded:
    """found: resource id -> generator -> facts. The candidates stand in its order; without what was deleted since."""
    rows = _rows(found)
    items = [
        Item(
            id=pk, skill_ids=tuple(skills), difficulty=item_difficulty(authored, used), response_format=response_format
        )
        for pk, (_, _, kind, _, _, response_format, *_, authored, used, _, skills) in rows.items()
        if kind == Resource.Kind.EXERCISE
    ]
    expected = predicted(belief, items, at)
    candidates = []
    for pk, facts in found.items():
        if pk not in rows:
            continue
        _, _, kind, title, minutes, response_format, created_at, course_id, is_retired, *rest = rows[pk]
        has_pictures, language, authored, used, n_answers, skills = rest
        candidates.append(
            Candidate(
                id=pk,
                kind=kind,
                title=title,
                skills=tuple(skills),
                minutes=rounded(minutes),
                response_format=response_format,
                p_correct=rounded(expected.get(pk)),
                age_days=rounded(max((at - created_at).total_seconds() / 86_400, 0.0)),
                course_id=course_id,
                is_retired=is_retired,
                difficulty=rounded(share_wrong(used, authored)) if kind == Resource.Kind.EXERCISE else None,
                has_pictures=has_pictures,
                language=language,
                n_answers=n_answers,
                found=facts,
            )
        )
    return Loaded(tuple(candidates), {pk: row[1] for pk, row in rows.items()})


def _rows(ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    wanted = list(ids)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(SQL, [wanted])
        return {row[0]: row for row in cursor.fetchall()}
