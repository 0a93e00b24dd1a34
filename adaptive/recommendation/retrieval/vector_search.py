"""Nearest resources in embedding space under filters, exact where that is cheap.

Measured on pgvector 0.8.5 with 100,000 vectors of 384 and a filter that leaves 1 %: HNSW with iterative scan finds 85 %
of the true neighbours in 47 ms, sorting the filtered rows finds all in 1.7 ms, and the planner prefers the former. So
up to EXACT_UP_TO filtered rows are put aside first (MATERIALIZED keeps the planner from using the index) and sorted;
above that the index is scanned on, in relaxed order, until enough rows pass the filter.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

EXACT_UP_TO = 5_000
# Where more is asked of rows than course and kind, few pass: to walk the index until enough do takes longer.
EXACT_WHERE_UP_TO = 20_000
# With 100 a walk through the index missed the right cluster more often, at no gain in time (docs/recommender-speed.md).
EF_SEARCH = 200
LARGE_FOR = 60.0  # seconds that a set which was too large to sort is taken to be so still
MOST_KEPT = 1_000

_FILTER = """
    r.course_id = %(course)s AND NOT r.is_retired AND r.kind = ANY(%(kinds)s)
    AND r.embedding IS NOT NULL AND NOT (r.id = ANY(%(exclude)s))
"""
_PROBES = "unnest(%(vectors)s::text[]::vector[], %(models)s::text[]) WITH ORDINALITY AS probe(vector, model, place)"

# How many rows there are and, where these are few enough to be sorted, the nearest of them: filtered once.
EXACT = f"""
WITH pool AS MATERIALIZED (
    SELECT r.id, r.embedding, r.embedding_model FROM adaptive_resource r WHERE {_FILTER} LIMIT %(cap)s
), size AS MATERIALIZED (SELECT count(*) AS n FROM pool)
SELECT size.n, near.place, near.id, near.distance
FROM size LEFT JOIN LATERAL (
    SELECT probe.place, hit.id, hit.distance
    FROM {_PROBES}
    CROSS JOIN LATERAL (
        SELECT pool.id, pool.embedding <=> probe.vector AS distance
        FROM pool WHERE pool.embedding_model = probe.model AND size.n < %(cap)s
        ORDER BY distance, pool.id LIMIT %(limit)s
    ) hit
) near ON true
ORDER BY near.place, near.distance, near.id
"""

INDEXED = f"""
SELECT probe.place, hit.id, hit.distance
FROM {_PROBES}
CROSS JOIN LATERAL (
    SELECT r.id, r.embedding <=> probe.vector AS distance
    FROM adaptive_resource r WHERE {_FILTER} AND r.embedding_model = probe.model
    ORDER BY r.embedding <=> probe.vector LIMIT %(limit)s
) hit
ORDER BY probe.place, hit.distance, hit.id
"""

_large: dict[tuple, float] = {}  # (course, kinds, limit, conditions, their values) -> until when

# For this transaction only.
SCAN = "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', %s, true)"


class Stored(str):
    """A vector as the database itself wrote it (`vector::text`): it goes back as it is, and is never numbers here."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """A place in embedding space. Vectors of different models are never compared, so the model belongs to it."""

    vector: Sequence[float]  # or Stored
    model: str


def nearest(
    *,
    probes: Sequence[Probe],
    course_id: int,
    kinds: Sequence[str],
    limit: int,
    exclude: Sequence[int] = (),
    exact_up_to: int | None = None,
    where: str = "",
    values: Mapping[str, Any] | None = None,
) -> list[list[tuple[int, float]]]:
    """For each probe the ids of the `limit` nearest resources with their cosine similarity, nearest first.

    `where`: further conditions on adaptive_resource r in SQL, beginning with AND; `values`: theirs.
    One query (three on a large filtered set, two where that is known), however many probes.
    """
    results: list[list[tuple[int, float]]] = [[] for _ in probes]
    if not probes or limit < 1:
        return results
    if exact_up_to is None:
        exact_up_to = EXACT_WHERE_UP_TO if where else EXACT_UP_TO
    key = (course_id, tuple(sorted(kinds)), exact_up_to, where, repr(values) if where else "")
    values = {
        **(values or {}),
        "course": course_id,
        "kinds": list(kinds),
        "exclude": list(exclude),
        "limit": limit,
        "cap": exact_up_to + 1,
        "vectors": [as_text(probe.vector) for probe in probes],
        "models": [probe.model for probe in probes],
    }
    # The settings of the scan need a transaction; a slate is made in one already, so no savepoint of its own.
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        rows = None if _is_large(key) else _sorted(cursor, where, values, key)
        if rows is None:
            cursor.execute(SCAN, [str(max(EF_SEARCH, min(limit, 1000)))])
            cursor.execute(_with(INDEXED, where), values)
            rows = cursor.fetchall()
    for place, resource_id, distance in rows:
        results[place - 1].append((resource_id, 1.0 - float(distance)))
    return results


def _sorted(cursor: Any, where: str, values: Mapping[str, Any], key: tuple) -> list[tuple[int, int, float]] | None:
    """The nearest of all rows that pass the filter; None where these are too many to sort, which is remembered."""
    cursor.execute(_with(EXACT, where), values)
    rows = cursor.fetchall()
    if rows[0][0] < values["cap"]:
        return [row[1:] for row in rows if row[1] is not None]
    if len(_large) >= MOST_KEPT:
        _large.clear()
    _large[key] = time.monotonic() + LARGE_FOR
    return None


def _is_large(key: tuple) -> bool:
    """Was it too large to sort a moment ago? Counting costs more than the search; where a course has shrunk since, the
    index finds what there is all the same."""
    return _large.get(key, 0.0) > time.monotonic()


def _with(sql: str, where: str) -> str:
    return sql.replace(_FILTER, f"{_FILTER} {where}") if where else sql


def as_text(vector: Sequence[float]) -> str:
    """pgvector's own notation; float() lets nothing but numbers through."""
    if isinstance(vector, Stored):
        return vector
    return "[" + ",".join(repr(float(x)) for x in vector) + "]"
