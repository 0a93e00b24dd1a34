"""What a query in words asks for: PostgreSQL's full text, and nearness in meaning where the query has a vector."""

from typing import Any

from django.db import connection

from adaptive.common.probability import clamp
from adaptive.recommendation.types import rounded

from .base import Found, Request
from .vector_search import Probe, nearest

NAME = "query_words"
MEANING_FROM, MEANING_FULL = 0.35, 0.75  # cosine similarity that counts as a match of 0 and of 1
WORDS_PER_MATCH = 4  # at least one in so many of the query's words must be in the text, never more than two

# People write sentences, so any of the words may match, and how many do is counted. plainto_tsquery takes any text
# and its output is quoted, so turning its "and" into "or" is safe. Stop words are gone on both sides.
SQL = """
WITH asked AS (
    SELECT tsvector_to_array(to_tsvector(adaptive_search_config(%(language)s), %(query)s)) AS words,
        replace(plainto_tsquery(adaptive_search_config(%(language)s), %(query)s)::text, '&', '|')::tsquery
            || replace(plainto_tsquery('simple', %(query)s)::text, '&', '|')::tsquery AS any_word
), hits AS (
    SELECT r.id, ts_rank(r.search, asked.any_word, 32) AS rank, cardinality(asked.words) AS n_words,
        cardinality(ARRAY(SELECT unnest(asked.words) INTERSECT SELECT unnest(tsvector_to_array(r.search)))) AS n_matched
    FROM asked CROSS JOIN adaptive_resource r
    WHERE r.search @@ asked.any_word AND r.course_id = %(course)s AND NOT r.is_retired
        AND r.kind = ANY(%(kinds)s) AND NOT (r.id = ANY(%(exclude)s))
)
SELECT id, rank, n_words, n_matched FROM hits
WHERE n_matched > 0 AND n_matched >= least(n_words / %(per_match)s::float8, 2)
ORDER BY n_matched DESC, rank DESC, id LIMIT %(limit)s
"""


def find(request: Request) -> list[Found]:
    """One query, three or four with a query vector. match in [0, 1]: mostly the share of the words that are there."""
    if not request.context.query:
        return []
    values = {
        "language": request.language,
        "query": request.context.query,
        "course": request.course_id,
        "kinds": list(request.kinds),
        "exclude": request.new_only,
        "limit": request.limit,
        "per_match": WORDS_PER_MATCH,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        rows = cursor.fetchall()
    top_rank = max((rank for _, rank, _, _ in rows), default=0.0)
    found: dict[int, dict[str, Any]] = {}
    for resource_id, rank, n_words, n_matched in rows:
        match = 0.8 * n_matched / n_words + 0.2 * (rank / top_rank if top_rank > 0 else 0.0)
        found[resource_id] = {"match": rounded(match), "n_matched": n_matched, "n_words": n_words}
    if request.query_vector is not None:
        probe = Probe(request.query_vector, request.embedding_model)
        (hits,) = nearest(
            probes=[probe],
            course_id=request.course_id,
            kinds=request.kinds,
            limit=request.limit,
            exclude=request.new_only,
        )
        for resource_id, similarity in hits:
            meaning = clamp((similarity - MEANING_FROM) / (MEANING_FULL - MEANING_FROM), 0.0, 1.0)
            if meaning > 0:
                facts = found.setdefault(resource_id, {"match": 0.0})
                facts["match"] = max(facts["match"], rounded(meaning))
                facts["similarity"] = rounded(similarity)
    ordered = sorted(found.items(), key=lambda pair: (-pair[1]["match"], pair[0]))
    return [Found(resource_id, facts) for resource_id, facts in ordered[: request.limit]]
