"""What the course's other learners work on, and get on well after; where nobody has worked, the order of writing."""

from django.db import connection

from adaptive.recommendation.types import rounded

from .base import Found, Request

NAME = "popular"
RECENT_ATTEMPTS = 2_000  # looked at, so that the cost does not grow with the course's history
MIN_LATER = 5  # later answers from which their mean is worth telling

# later: the score of the same learner's next attempt, whatever it was at.
SQL = """
WITH recent AS (
    SELECT a.id, a.learner_id, a.resource_id, a.submitted_at, coalesce(s.score, a.given_score) AS score
    FROM adaptive_attempt a LEFT JOIN adaptive_assessment s ON s.attempt_id = a.id AND s.is_current AND s.is_released
    WHERE a.course_id = %(course)s AND a.learner_id <> %(learner)s ORDER BY a.submitted_at DESC LIMIT %(recent)s
), followed AS (
    SELECT resource_id, learner_id,
        lead(score) OVER (PARTITION BY learner_id ORDER BY submitted_at, id) AS later
    FROM recent
), counted AS (
    SELECT resource_id, count(*) AS n, count(DISTINCT learner_id) AS n_learners, count(later) AS n_later,
        (coalesce(sum(later), 0) + 3 * 0.6) / (count(later) + 3) AS success, avg(later) AS later_success
    FROM followed GROUP BY resource_id
)
SELECT c.resource_id, c.n, c.n_learners, c.n_later, c.success, c.later_success
FROM counted c JOIN adaptive_resource r ON r.id = c.resource_id
WHERE r.course_id = %(course)s AND NOT r.is_retired AND r.kind = ANY(%(kinds)s) AND NOT (r.id = ANY(%(exclude)s))
ORDER BY c.n_learners * c.success DESC, c.resource_id LIMIT %(limit)s
"""

AUTHORED = """
SELECT r.id FROM adaptive_resource r
WHERE r.course_id = %(course)s AND NOT r.is_retired AND r.kind = ANY(%(kinds)s) AND NOT (r.id = ANY(%(exclude)s))
ORDER BY r.id LIMIT %(limit)s
"""


def find(request: Request) -> list[Found]:
    """One or two queries. popularity in [0, 1]: learners times their later success, against the most popular's."""
    values = {
        "course": request.course_id,
        "learner": request.learner_id,
        "kinds": list(request.kinds),
        "exclude": request.new_only,
        "recent": RECENT_ATTEMPTS,
        "limit": request.limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        rows = cursor.fetchall()
        top = float(rows[0][2] * rows[0][4]) if rows else 0.0
        found = [
            Found(
                resource_id,
                {
                    "popularity": rounded(n_learners * success / top) if top > 0 else 0.0,
                    "n_attempts": n,
                    "n_learners": n_learners,
                    "later_success": rounded(later) if n_later >= MIN_LATER else None,
                },
            )
            for resource_id, n, n_learners, n_later, success, later in rows
        ]
        if len(found) < request.limit // 2:
            known = {f.resource_id for f in found}
            cursor.execute(AUTHORED, values)
            found += [Found(pk, {"popularity": 0.0}) for (pk,) in cursor.fetchall() if pk not in known]
    return found[: request.limit]
