"""The resources of some skills, in one query however many there are: a few of each, of a fitting difficulty."""

from collections.abc import Sequence

from django.db import connection

from adaptive.backends.learner_model.difficulty import AVERAGE_SHARE_WRONG
from adaptive.common.probability import logit, sigmoid
from adaptive.recommendation.types import Context, SkillState

from .base import Request

TYPICAL_DIFFICULTY = 0.3  # share that gets a typical exercise wrong; also of those without an authored difficulty

# The LATERAL part runs once a skill and stops at its own limit. Main skill before second skill, then the difficulty
# nearest to the wanted one (foretold and answered where that is published, else the author's), then the order of
# writing.
SQL = """
SELECT wanted.skill_id, hit.resource_id
FROM unnest(%(skills)s::bigint[], %(targets)s::float8[]) WITH ORDINALITY AS wanted(skill_id, target, place)
CROSS JOIN LATERAL (
    SELECT link.resource_id
    FROM adaptive_resourceskill link JOIN adaptive_resource r ON r.id = link.resource_id
    LEFT JOIN adaptive_itemdifficulty d ON d.resource_id = r.id
    WHERE link.skill_id = wanted.skill_id AND r.course_id = %(course)s AND NOT r.is_retired
        AND r.kind = ANY(%(kinds)s) AND NOT (r.id = ANY(%(exclude)s))
    ORDER BY link.position > 0, abs(
        coalesce(1 / (1 + exp(-(d.used + %(average)s))), r.authored_difficulty, %(typical)s) - wanted.target
    ), r.id
    LIMIT %(limit)s
) hit
ORDER BY wanted.place
"""


def target_difficulty(skill: SkillState, context: Context) -> float:
    """The authored difficulty at which this learner's success would fall into the middle of the window."""
    middle = (context.zpd_low + context.zpd_high) / 2
    stated = context.stated.get(skill.id, 0.0)
    shift = logit(middle) - logit(skill.p_mastery) - stated
    return 1.0 - sigmoid(logit(1.0 - TYPICAL_DIFFICULTY) + shift)


def resources_of_skills(
    request: Request, skills: Sequence[SkillState], *, per_skill: int, exclude: Sequence[int]
) -> list[tuple[int, int]]:
    """(skill id, resource id) pairs, at most `per_skill` of each skill, skills in the order given."""
    if not skills:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            SQL,
            {
                "skills": [skill.id for skill in skills],
                "targets": [target_difficulty(skill, request.context) for skill in skills],
                "course": request.course_id,
                "kinds": list(request.kinds),
                "exclude": list(exclude),
                "typical": TYPICAL_DIFFICULTY,
                "average": logit(AVERAGE_SHARE_WRONG),
                "limit": per_skill,
            },
        )
        return cursor.fetchall()
