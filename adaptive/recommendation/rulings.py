"""What teachers want of resources, as a slate is made: read in one query, resolved, put into the context.

Of several rulings on one resource the nearest counts (learner before cohort before course), of equally near ones the
latest. A pin ends for a learner who has done the resource since: an exercise answered right, anything else marked as
done. It overrules what the learner said, or was right on, before it; what the learner says later counts again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from adaptive.learners.models import Enrolment
from adaptive.recommendation.filtering import NEVER, RIGHT_FROM, SWAPPED
from adaptive.recommendation.models import Review, Ruling
from adaptive.recommendation.types import Context, Pin, rounded

GENERATOR = "teacher"  # the name under which a slate finds what was pinned
MAX_PINS = 20  # as many as a slate has places
MAX_RULINGS = 1000  # in force for one learner; the latest are read
NEARNESS = {Review.Scope.LEARNER: 0, Review.Scope.COHORT: 1, Review.Scope.COURSE: 2}
CODES = {Ruling.Kind.NEVER: NEVER, Ruling.Kind.ASIDE: SWAPPED}

# An old tab may mark a place of yesterday's slate as done: so long before a pin a slate may have been made.
SQL = """
WITH mine AS (
    SELECT id, kind, resource_id, created_at, ends_at, 'learner' AS scope FROM adaptive_ruling
    WHERE learner_id = %(learner)s AND course_id = %(course)s AND ended_at IS NULL
    UNION ALL
    SELECT id, kind, resource_id, created_at, ends_at, 'cohort' FROM adaptive_ruling
    WHERE ended_at IS NULL AND course_id = %(course)s AND cohort_id IN (
        SELECT cohort_id FROM adaptive_enrolment WHERE learner_id = %(learner)s AND course_id = %(course)s)
    UNION ALL
    SELECT id, kind, resource_id, created_at, ends_at, 'course' FROM adaptive_ruling
    WHERE course_id = %(course)s AND learner_id IS NULL AND cohort_id IS NULL AND ended_at IS NULL
), latest AS (
    SELECT * FROM mine WHERE ends_at IS NULL OR ends_at > %(at)s ORDER BY created_at DESC, id DESC LIMIT %(most)s
)
SELECT l.kind, l.scope, l.resource_id, l.created_at, coalesce(answered.is_right, false),
    coalesce(events.is_done, false), coalesce(events.is_unwanted, false)
FROM latest l
LEFT JOIN LATERAL (
    SELECT bool_or(coalesce(CASE WHEN s.is_released THEN s.score END, a.given_score) >= %(right_from)s) AS is_right
    FROM adaptive_attempt a LEFT JOIN adaptive_assessment s ON s.attempt_id = a.id AND s.is_current
    WHERE a.learner_id = %(learner)s AND a.resource_id = l.resource_id AND a.submitted_at >= l.created_at
) answered ON l.kind = 'pin'
LEFT JOIN LATERAL (
    SELECT bool_or(e.type = 'complete' AND r.kind <> 'exercise') AS is_done,
        bool_or(e.type IN ('dismiss', 'disagree')) AS is_unwanted
    FROM adaptive_slate w JOIN adaptive_impression i ON i.slate_id = w.id AND i.resource_id = l.resource_id
    JOIN adaptive_impressionevent e ON e.impression_id = i.id AND e.created_at >= l.created_at
    JOIN adaptive_resource r ON r.id = i.resource_id
    WHERE w.learner_id = %(learner)s AND w.course_id = %(course)s AND w.created_at >= l.created_at - interval '1 day'
) events ON l.kind = 'pin'
ORDER BY l.created_at, l.kind, l.resource_id
"""


def with_rulings(context: Context, *, learner_id: int, course_id: int, at: datetime) -> Context:
    """The context with pins and ruled_out; a pin takes out of set_aside what the learner said before it. One query."""
    values = {
        "learner": learner_id,
        "course": course_id,
        "at": at,
        "most": MAX_RULINGS,
        "right_from": RIGHT_FROM,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        rows = cursor.fetchall()
    if not rows:
        return context
    counts: dict[int, tuple[str, str, datetime, bool]] = {}
    for kind, scope, resource_id, created_at, is_right, is_done, is_unwanted in rows:
        if is_right or is_done:
            continue
        before = counts.get(resource_id)
        if before is None or NEARNESS[scope] <= NEARNESS[before[1]]:
            counts[resource_id] = (kind, scope, created_at, is_unwanted)
    pinned = sorted(
        (NEARNESS[scope], created_at, resource_id, scope)
        for resource_id, (kind, scope, created_at, _) in counts.items()
        if kind == Ruling.Kind.PIN
    )[:MAX_PINS]
    pins = {
        resource_id: Pin(place=place, scope=scope, days=rounded(max((at - since).total_seconds() / 86_400, 0.0)))
        for place, (_, since, resource_id, scope) in enumerate(pinned)
    }
    unwanted = {resource_id for resource_id, row in counts.items() if row[3]}
    return replace(
        context,
        pins=pins,
        ruled_out={i: CODES[kind] for i, (kind, *_) in counts.items() if kind in CODES},
        set_aside={i: code for i, code in context.set_aside.items() if i not in pins or i in unwanted},
    )


def with_pins(context: Context, found: Mapping[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """What the generators found, and what was pinned. A request in words gets a pin only where that fits the words."""
    merged = dict(found)
    for resource_id, pin in context.pins.items():
        if resource_id in merged or not context.query:
            merged[resource_id] = {**merged.get(resource_id, {}), GENERATOR: {"scope": pin.scope}}
    return merged


def has_ruled_since(*, learner_id: int, course_id: int, moment: datetime) -> bool:
    """Has a teacher ruled, or taken a ruling back, for this learner since? One query."""
    cohorts = Enrolment.objects.filter(learner=learner_id, course=course_id, cohort__isnull=False).values("cohort")
    concerned = Q(learner=learner_id) | Q(cohort__in=cohorts) | Q(learner=None, cohort=None)
    later = Q(created_at__gt=moment) | Q(ended_at__gt=moment)
    return Ruling.objects.filter(concerned, later, course=course_id).exists()
