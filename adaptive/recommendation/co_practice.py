"""What learners of a course went on to after each resource, and whether they did well there: counted by a job.

A step is an answer, or a text, video or example marked as done. It went well where its own answer scored WELL_FROM; of
what is not answered, where the answer right after it did. A pair counts a learner once. Its strength

    strength = n_right / (n_learners + PRIOR)

is the share that did well, shrunk as if PRIOR more had not. Only the course's latest RECENT steps are looked at and
KEPT followers of a resource are stored: what a count costs is bounded, and what a slate reads is a few rows by index.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction

from adaptive.catalog.models import Course
from adaptive.common.clock import now
from adaptive.recommendation.models import CoPractice

RECENT = 200_000
KEPT = 20
MIN_LEARNERS = 3  # fewer say little, and might be recognised
PRIOR = 3.0
WELL_FROM = 0.8
SOON = timedelta(days=3)  # later steps are no longer "next"
AGAIN_AFTER = timedelta(hours=1)
ROUND = 20  # courses a call

SQL = """
WITH steps AS (
    (SELECT a.learner_id, a.resource_id, a.submitted_at AS at, a.id, true AS is_answer,
        coalesce(s.score, a.given_score) AS score
    FROM adaptive_attempt a LEFT JOIN adaptive_assessment s ON s.attempt_id = a.id AND s.is_current AND s.is_released
    WHERE a.course_id = %(course)s ORDER BY a.submitted_at DESC LIMIT %(recent)s)
    UNION ALL
    (SELECT slate.learner_id, i.resource_id, e.created_at, e.id, false, NULL
    FROM adaptive_impressionevent e JOIN adaptive_impression i ON i.id = e.impression_id
    JOIN adaptive_slate slate ON slate.id = i.slate_id JOIN adaptive_resource r ON r.id = i.resource_id
    WHERE slate.course_id = %(course)s AND e.type = 'complete' AND r.kind <> 'exercise'
    ORDER BY e.created_at DESC LIMIT %(recent)s)
), followed AS (
    SELECT learner_id, resource_id AS before, at, lead(resource_id) OVER w AS after, lead(at) OVER w AS after_at,
        CASE WHEN lead(is_answer) OVER w THEN lead(score) OVER w ELSE lead(score, 2) OVER w END AS score
    FROM steps WINDOW w AS (PARTITION BY learner_id ORDER BY at, is_answer DESC, id)
), met AS (
    SELECT before, after, learner_id, bool_or(score >= %(well)s) AS is_right
    FROM followed
    WHERE after <> before AND score IS NOT NULL AND after_at - at <= %(soon)s
    GROUP BY before, after, learner_id
), pairs AS (
    SELECT before, after, count(*) AS n_learners, count(*) FILTER (WHERE is_right) AS n_right
    FROM met GROUP BY before, after HAVING count(*) >= %(least)s
), best AS (
    SELECT *, n_right / (n_learners + %(prior)s::float8) AS strength,
        row_number() OVER (PARTITION BY before
            ORDER BY n_right / (n_learners + %(prior)s::float8) DESC, n_learners DESC, after) AS place
    FROM pairs WHERE n_right > 0
)
INSERT INTO adaptive_copractice (course_id, before_id, after_id, n_learners, n_right, strength)
SELECT %(course)s, best.before, best.after, best.n_learners, best.n_right, best.strength
FROM best
JOIN adaptive_resource b ON b.id = best.before AND b.course_id = %(course)s
JOIN adaptive_resource r ON r.id = best.after AND r.course_id = %(course)s AND NOT r.is_retired
WHERE best.place <= %(kept)s
"""

# Courses in which something was answered since the last count, the longest uncounted first. By two indexes.
STALE = """
SELECT c.id FROM adaptive_course c CROSS JOIN LATERAL (
    SELECT a.received_at FROM adaptive_attempt a WHERE a.course_id = c.id ORDER BY a.submitted_at DESC LIMIT 1
) latest
WHERE c.co_practice_at IS NULL OR (c.co_practice_at < %(before)s AND latest.received_at > c.co_practice_at)
ORDER BY c.co_practice_at NULLS FIRST, c.id LIMIT %(most)s
"""


@transaction.atomic
def co_practice_count(*, course_id: int, at: datetime | None = None, recent: int = RECENT) -> int:
    """Counts the course's pairs anew. Returns how many are stored. Two counts of one course wait for each other."""
    at = at or now()
    if Course.objects.select_for_update(no_key=True).filter(pk=course_id).first() is None:
        return 0
    CoPractice.objects.filter(course=course_id).delete()
    values = {
        "course": course_id,
        "recent": recent,
        "well": WELL_FROM,
        "soon": SOON,
        "least": MIN_LEARNERS,
        "prior": PRIOR,
        "kept": KEPT,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        n = cursor.rowcount
    Course.objects.filter(pk=course_id).update(co_practice_at=at)
    return n


def co_practice_sweep(*, at: datetime | None = None) -> dict[str, int]:
    """Counts anew in the courses where that is due, the longest waiting first, ROUND at most."""
    at = at or now()
    with connection.cursor() as cursor:
        cursor.execute(STALE, {"before": at - AGAIN_AFTER, "most": ROUND})
        due = [row[0] for row in cursor.fetchall()]
    return {"courses": len(due), "pairs": sum(co_practice_count(course_id=course_id, at=at) for course_id in due)}
