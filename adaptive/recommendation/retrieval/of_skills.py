"""The resources of some skills, in one query however many there are: a few of each, of a fitting difficulty."""

from collections.abc import Sequence

from django.db import connection

from adaptive.common.probability import logit, sigmoid
from adaptive.recommendation.types import Context, SkillState

from .base import Request

TYPICAL_DIFFICULTY = 0.3  # share that gets a typical exercise wrong; also of those without an authored difficulty

# Main skill before second skill, then the difficulty nearest to the wanted one (foretold and answered where that is
# published, else the author's), then the order of writing. A trigger keeps all of it beside the link (catalog's
# migration 0010), so that an index gives the nearest above and below the target one after the other: the cost does not
# grow with what a skill has.
_BRANCH = """
    (SELECT link.resource_id, link.offered_as, abs(link.share_wrong - wanted.target) AS off
    FROM adaptive_resourceskill link
    WHERE link.skill_id = wanted.skill_id AND link.offered_as = {place} AND link.share_wrong {side} wanted.target
        AND link.kind = ANY(%(kinds)s) AND NOT (link.resource_id = ANY(%(exclude)s))
    ORDER BY link.share_wrong {direction}, link.resource_id LIMIT %(limit)s)
"""
_BRANCHES = "UNION ALL".join(
    _BRANCH.format(place=place, side=side, direction=direction)
    for place in (0, 1)
    for side, direction in ((">=", "ASC"), ("<", "DESC"))
)
SQL = f"""
SELECT wanted.skill_id, hit.resource_id
FROM unnest(%(skills)s::bigint[], %(targets)s::float8[]) WITH ORDINALITY AS wanted(skill_id, target, place)
CROSS JOIN LATERAL (
    SELECT nearest.resource_id, nearest.offered_as, nearest.off
    FROM ({_BRANCHES}) nearest
    ORDER BY nearest.offered_as, nearest.off, nearest.resource_id LIMIT %(limit)s
) hit
ORDER BY wanted.place, hit.offered_as, hit.off, hit.resource_id
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
                "kinds": list(request.kinds),
                "exclude": list(exclude),
                "limit": per_skill,
            },
        )
        return cursor.fetchall()
