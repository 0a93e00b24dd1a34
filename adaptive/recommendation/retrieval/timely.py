"""What is on a skill that the course is working on this week and the learner has not mastered yet."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection

from adaptive.recommendation.skills import is_mastered
from adaptive.recommendation.types import rounded

from .base import Found, Request
from .of_skills import resources_of_skills

NAME = "timely"
DAYS = 7
RECENT_ATTEMPTS = 2_000  # looked at, so that the cost does not grow with the course's history
MIN_LEARNERS = 3  # fewer are no course at work, and might be recognised
MAX_SKILLS = 4

SQL = """
WITH recent AS (
    SELECT a.learner_id, a.resource_id FROM adaptive_attempt a
    WHERE a.course_id = %(course)s AND a.learner_id <> %(learner)s AND a.submitted_at > %(since)s
        AND a.submitted_at <= %(at)s
    ORDER BY a.submitted_at DESC LIMIT %(recent)s
)
SELECT link.skill_id, count(DISTINCT recent.learner_id) AS n_learners,
    (SELECT count(DISTINCT learner_id) FROM recent) AS n_active
FROM recent JOIN adaptive_resourceskill link ON link.resource_id = recent.resource_id AND link.position = 0
GROUP BY link.skill_id HAVING count(DISTINCT recent.learner_id) >= %(least)s
ORDER BY n_learners DESC, link.skill_id
"""


def find(request: Request) -> list[Found]:
    """Two queries at most. Facts: skill (its name), n_learners at work on it within `days`, timeliness (their share of
    all who work) in [0, 1]."""
    context = request.context
    busy = [row for row in _skills_at_work(request) if row[0] in context.skills]
    chosen = [row for row in busy if not is_mastered(context, context.skills[row[0]])][:MAX_SKILLS]
    if not chosen:
        return []
    facts = {
        skill_id: {
            "skill": context.skills[skill_id].name,
            "n_learners": n,
            "days": DAYS,
            "timeliness": rounded(n / n_active),
        }
        for skill_id, n, n_active in chosen
    }
    rows = resources_of_skills(
        request,
        [context.skills[skill_id] for skill_id in facts],
        per_skill=max(3, request.limit // len(facts)),
        exclude=request.new_only,
    )
    best: dict[int, int] = {}  # a resource of two such skills is told of the busier one, which comes first
    for skill_id, resource_id in rows:
        best.setdefault(resource_id, skill_id)
    return [Found(resource_id, facts[skill_id]) for resource_id, skill_id in best.items()][: request.limit]


def _skills_at_work(request: Request) -> Sequence[tuple[int, int, int]]:
    """(skill id, learners at work on it, learners at work at all), the busiest first."""
    values = {
        "course": request.course_id,
        "learner": request.learner_id,
        "since": request.at - timedelta(days=DAYS),
        "at": request.at,
        "recent": RECENT_ATTEMPTS,
        "least": MIN_LEARNERS,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        return cursor.fetchall()
