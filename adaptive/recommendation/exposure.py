"""In how many of a course's latest slates a resource stood: read only where the policy caps it."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection

from adaptive.recommendation.types import Context, rounded

LATELY = timedelta(days=1)
MOST_SLATES = 1000  # the latest of the day: the cost does not grow with the course
LEAST_SLATES = 20  # below that a share says nothing

SQL = """
WITH lately AS (
    SELECT id FROM adaptive_slate WHERE course_id = %(course)s AND created_at > %(since)s AND created_at <= %(at)s
    ORDER BY created_at DESC LIMIT %(most)s
)
SELECT i.resource_id, count(*), (SELECT count(*) FROM lately)
FROM lately JOIN adaptive_impression i ON i.slate_id = lately.id GROUP BY i.resource_id
"""


def with_exposure(context: Context, *, course_id: int, at: datetime) -> Context:
    """The context with the shares of what is over the cap. No query without a cap, else one."""
    cap = context.policy.exposure_cap
    if cap >= 1.0:
        return context
    with connection.cursor() as cursor:
        cursor.execute(SQL, {"course": course_id, "since": at - LATELY, "at": at, "most": MOST_SLATES})
        rows = cursor.fetchall()
    if not rows or rows[0][2] < LEAST_SLATES:
        return context
    # As it would be with this slate: the cap is kept by the slate that is being made, not broken by it first.
    shown = {resource_id: rounded((n + 1) / (n_slates + 1)) for resource_id, n, n_slates in rows}
    return replace(context, shown={i: share for i, share in shown.items() if share > cap})
