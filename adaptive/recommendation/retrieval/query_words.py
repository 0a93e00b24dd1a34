"""What a request in words asks for: its constraints as conditions that every row keeps, its meaning by PostgreSQL's
full text and, where the words have a vector, by nearness in meaning.

Where the words name no more than a skill or a kind ("a short video on fractions"), whatever keeps the constraints
answers the request; what the learner is ready for comes first.
"""

from typing import Any

from django.db import connection

from adaptive.common.probability import clamp
from adaptive.recommendation.skills import is_mastered, readiness_of
from adaptive.recommendation.types import rounded
from adaptive.recommendation.wishes.types import SKILLS

from .base import Found, Request
from .vector_search import Probe, nearest
from .wish_filter import wish_where

NAME = "query_words"
MEANING_FROM, MEANING_FULL = 0.35, 0.75  # cosine similarity that counts as a match of 0 and of 1
WORDS_PER_MATCH = 4  # at least one in so many of the words must be in the text, never more than two
AS_ASKED = 0.5  # match of what keeps all constraints where nothing else is asked for
PER_SKILL, READY_SKILLS = 6, 60
RANKED = 2_000

# People write sentences, so any of the words may match, and how many do is counted: word by word in the index, which
# is ten times as fast as taking the text of every match apart. How well the words fit is worked out for RANKED of those
# with most of them, a cost that does not grow with the course. plainto_tsquery takes any text and its output is quoted,
# so turning its "and" into "or" is safe. Stop words are gone on both sides.
SQL = """
WITH asked AS (
    SELECT tsvector_to_array(to_tsvector(adaptive_search_config(%(language)s), %(query)s)) AS words,
        replace(plainto_tsquery(adaptive_search_config(%(language)s), %(query)s)::text, '&', '|')::tsquery
            || replace(plainto_tsquery('simple', %(query)s)::text, '&', '|')::tsquery AS any_word
), matched AS (
    SELECT r.id, count(*) AS n_matched
    FROM asked CROSS JOIN LATERAL unnest(asked.words) AS one(word)
    JOIN adaptive_resource r
        ON r.search @@ ('''' || replace(replace(one.word, '\\', '\\\\'), '''', '''''') || '''')::tsquery
    WHERE r.course_id = %(course)s AND NOT r.is_retired
        AND r.kind = ANY(%(kinds)s) AND NOT (r.id = ANY(%(exclude)s)) {wish}
    GROUP BY r.id
), most AS (
    SELECT matched.id, matched.n_matched, cardinality(asked.words) AS n_words FROM matched CROSS JOIN asked
    WHERE n_matched >= least(cardinality(asked.words) / %(per_match)s::float8, 2)
    ORDER BY n_matched DESC, matched.id LIMIT %(ranked)s
)
SELECT most.id, ts_rank(r.search, asked.any_word, 32) AS rank, n_words, n_matched
FROM most JOIN adaptive_resource r ON r.id = most.id CROSS JOIN asked
ORDER BY n_matched DESC, rank DESC, most.id LIMIT %(limit)s
"""

_FILTER = "r.course_id = %(course)s AND NOT r.is_retired AND r.kind = ANY(%(kinds)s) AND NOT (r.id = ANY(%(exclude)s))"
# A few of each skill that the learner is ready for; the LATERAL part stops at its own limit.
READY = f"""
SELECT hit.id FROM unnest(%(ready)s::bigint[]) WITH ORDINALITY AS wanted(skill_id, place)
CROSS JOIN LATERAL (
    SELECT r.id FROM adaptive_resourceskill link JOIN adaptive_resource r ON r.id = link.resource_id
    WHERE link.skill_id = wanted.skill_id AND link.position = 0 AND {_FILTER} {{wish}}
    ORDER BY r.id LIMIT %(per_skill)s
) hit ORDER BY wanted.place
"""
REST = f"SELECT r.id FROM adaptive_resource r WHERE {_FILTER} {{wish}} ORDER BY r.id LIMIT %(limit)s"


def find(request: Request) -> list[Found]:
    """At most six queries, however large the course. match in [0, 1]: mostly the share of the words that are there."""
    context = request.context
    if not context.query:
        return []
    wish = context.wish
    text = context.query if wish is None else wish.search_text
    where, wish_values = wish_where(wish)
    values = {
        "language": request.language,
        "query": text,
        "course": request.course_id,
        "kinds": list(request.kinds),
        "exclude": request.new_only,
        "limit": request.limit,
        "per_match": WORDS_PER_MATCH,
        "ranked": RANKED,
        **wish_values,
    }
    found: dict[int, dict[str, Any]] = {}
    if wish is not None and not wish.needs_match:
        found = {resource_id: {"match": AS_ASKED} for resource_id in _as_asked(request, where, values)}
    if text:
        _add_words(found, where, values)
        _add_meaning(found, request, where, wish_values)
    ordered = sorted(found.items(), key=lambda pair: (-pair[1]["match"], pair[0]))
    return [Found(resource_id, facts) for resource_id, facts in ordered[: request.limit]]


def _as_asked(request: Request, where: str, values: dict[str, Any]) -> list[int]:
    context = request.context
    ready = readiness_of(context)
    asked = {skill_id for one in context.wish.in_force if one.code == SKILLS for skill_id in one.value}
    open_skills = [
        skill
        for skill in context.skills.values()
        if not is_mastered(context, skill) and (not asked or skill.id in asked)
    ]
    chosen = [skill.id for skill in sorted(open_skills, key=lambda skill: -ready[skill.id])[:READY_SKILLS]]
    with connection.cursor() as cursor:
        cursor.execute(READY.format(wish=where), {**values, "ready": chosen, "per_skill": PER_SKILL})
        found = [row[0] for row in cursor.fetchall()][: request.limit]
        if len(found) < request.limit:
            cursor.execute(REST.format(wish=where), values)
            found += [row[0] for row in cursor.fetchall()]
    return list(dict.fromkeys(found))[: request.limit]


def _add_words(found: dict[int, dict[str, Any]], where: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SQL.format(wish=where), values)
        rows = cursor.fetchall()
    top_rank = max((rank for _, rank, _, _ in rows), default=0.0)
    for resource_id, rank, n_words, n_matched in rows:
        match = 0.8 * n_matched / n_words + 0.2 * (rank / top_rank if top_rank > 0 else 0.0)
        facts = found.setdefault(resource_id, {"match": 0.0})
        facts |= {"match": max(facts["match"], rounded(match)), "n_matched": n_matched, "n_words": n_words}


def _add_meaning(found: dict[int, dict[str, Any]], request: Request, where: str, wish_values: dict[str, Any]) -> None:
    if request.query_vector is None:
        return
    (hits,) = nearest(
        probes=[Probe(request.query_vector, request.embedding_model)],
        course_id=request.course_id,
        kinds=request.kinds,
        limit=request.limit,
        exclude=request.new_only,
        where=where,
        values=wish_values,
    )
    for resource_id, similarity in hits:
        meaning = clamp((similarity - MEANING_FROM) / (MEANING_FULL - MEANING_FROM), 0.0, 1.0)
        if meaning > 0:
            facts = found.setdefault(resource_id, {"match": 0.0})
            facts["match"] = max(facts["match"], rounded(meaning))
            facts["similarity"] = rounded(similarity)
