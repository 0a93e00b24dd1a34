"""What others went on to after what the learner did last, and did well: counted beforehand (see co_practice)."""

from django.db import connection

from adaptive.recommendation.types import rounded

from .base import Found, Request

NAME = "co_practised"
LATEST = 5  # of the learner's exercises and texts that are followed
WITHIN_DAYS = 14.0
MINUTES_PER_DAY = 1440.0

SQL = """
SELECT DISTINCT ON (c.after_id) c.after_id, b.title, c.n_learners, c.n_right, c.strength
FROM unnest(%(before)s::bigint[]) WITH ORDINALITY AS last(id, place)
JOIN adaptive_copractice c ON c.before_id = last.id
JOIN adaptive_resource r ON r.id = c.after_id
JOIN adaptive_resource b ON b.id = last.id
WHERE c.course_id = %(course)s AND r.course_id = %(course)s AND NOT r.is_retired
    AND r.kind = ANY(%(kinds)s) AND NOT (r.id = ANY(%(exclude)s))
ORDER BY c.after_id, c.strength DESC, last.place
"""


def find(request: Request) -> list[Found]:
    """One query, none for who did nothing lately. At most LATEST times co_practice.KEPT rows are read.

    Facts: after (title of what the learner did), n_learners that went on so, n_right of them that did well, strength.
    """
    lately = sorted(
        (tried.minutes_ago, pk)
        for pk, tried in request.context.tried.items()
        if tried.minutes_ago <= WITHIN_DAYS * MINUTES_PER_DAY
    )[:LATEST]
    if not lately:
        return []
    values = {
        "before": [pk for _, pk in lately],
        "course": request.course_id,
        "kinds": list(request.kinds),
        "exclude": request.new_only,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        rows = cursor.fetchall()
    rows.sort(key=lambda row: (-row[4], row[0]))
    return [
        Found(pk, {"after": title, "n_learners": n, "n_right": n_right, "strength": rounded(strength)})
        for pk, title, n, n_right, strength in rows[: request.limit]
    ]
