"""Courses to take up next, from what the learner is in, finished and looked at; and what became of each offer.

Offered are courses of the learner's tenant that are listed or open, that they are not in, and that hold something.

    score = (LOOKED_AT * looked_at + NEAR * near * (1 if finished else UNFINISHED) + TOGETHER * together) * language

looked_at   likeness of the course to what the learner answered and opened lately, wherever that was
near        likeness to the nearest course that the learner is in; finished: FINISHED_FROM of its skills mastered
together    share of those in the learner's courses who are in this one too, none under MIN_TOGETHER of them
language    OTHER_LANGUAGE where it is in none that the learner learns in, reads or asked for

A likeness is a cosine of means of embeddings, 0 at SIMILARITY_FLOOR. A course is known by SAMPLE of its resources, so
that the cost does not grow with it; at most MOST_COURSES are looked at, the newest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import now
from adaptive.common.errors import NotAllowed
from adaptive.common.probability import clamp
from adaptive.learners.models import Enrolment, Learner
from adaptive.learners.preferences import stated_of
from adaptive.mastery.models import SkillMastery
from adaptive.mastery.selectors import MASTERED
from adaptive.recommendation.features import SIMILARITY_FLOOR
from adaptive.recommendation.models import CourseOffer, Slate
from adaptive.recommendation.preferences import base_of
from adaptive.recommendation.types import rounded

COUNT = 6
MOST_COURSES, MOST_OWN = 200, 20
SAMPLE = 30  # resources of a course
LATELY = 20  # of the latest that the learner answered in each course, and opened
LOOKED_AT, NEAR, TOGETHER = 0.4, 0.3, 0.3
UNFINISHED, FINISHED_FROM = 0.6, 0.8
MIN_TOGETHER = 3  # fewer say little, and might be recognised
OTHER_LANGUAGE = 0.4
PUT_AWAY_FOR = timedelta(days=30)
COUNTS_FOR = timedelta(days=30)  # an enrolment so long after it was shown still comes from the offer

# Means of embeddings of one model: of courses, and of what the learner did and opened (course 0).
PLACES = """
WITH sampled AS (
    SELECT c.id, r.embedding, r.embedding_model AS model
    FROM unnest(%(courses)s::bigint[]) AS c(id) CROSS JOIN LATERAL (
        SELECT embedding, embedding_model FROM adaptive_resource
        WHERE course_id = c.id AND kind = ANY(%(kinds)s) AND NOT is_retired AND embedding IS NOT NULL
        ORDER BY course_id, kind, is_retired LIMIT %(sample)s
    ) r
), met AS (
    SELECT a.resource_id FROM unnest(%(own)s::bigint[]) AS c(id) CROSS JOIN LATERAL (
        SELECT resource_id FROM adaptive_attempt WHERE learner_id = %(learner)s AND course_id = c.id
        ORDER BY submitted_at DESC LIMIT %(lately)s
    ) a
    UNION
    SELECT i.resource_id FROM (
        SELECT e.impression_id FROM adaptive_slate s JOIN adaptive_impression i ON i.slate_id = s.id
        JOIN adaptive_impressionevent e ON e.impression_id = i.id AND e.type IN ('click', 'start', 'complete')
        WHERE s.learner_id = %(learner)s AND s.course_id = ANY(%(own)s) AND s.created_at > %(since)s
        ORDER BY e.created_at DESC LIMIT %(lately)s
    ) opened JOIN adaptive_impression i ON i.id = opened.impression_id
), seen AS (
    SELECT 0::bigint AS id, r.embedding, r.embedding_model AS model
    FROM met JOIN adaptive_resource r ON r.id = met.resource_id WHERE r.embedding IS NOT NULL
), places AS (
    SELECT id, model, avg(embedding) AS vector
    FROM (SELECT * FROM sampled UNION ALL SELECT * FROM seen) rows GROUP BY id, model
)
SELECT a.id, b.id, 1 - (a.vector <=> b.vector)
FROM places a JOIN places b ON a.model = b.model
WHERE (a.id = 0 OR a.id = ANY(%(own)s)) AND b.id = ANY(%(offered)s)
"""

TOGETHER_SQL = """
WITH mine AS MATERIALIZED (
    SELECT course_id, learner_id FROM adaptive_enrolment
    WHERE course_id = ANY(%(own)s) AND role = 'learner' AND learner_id <> %(learner)s
), sizes AS MATERIALIZED (SELECT course_id, count(*) AS n FROM mine GROUP BY course_id)
SELECT theirs.course_id, mine.course_id, count(*), min(sizes.n)
FROM mine JOIN adaptive_enrolment theirs
    ON theirs.learner_id = mine.learner_id AND theirs.course_id = ANY(%(offered)s) AND theirs.role = 'learner'
JOIN sizes ON sizes.course_id = mine.course_id
GROUP BY theirs.course_id, mine.course_id HAVING count(*) >= %(least)s
"""


@dataclass(frozen=True, slots=True)
class _Own:
    """A course the learner is in. `share`: of its skills that are mastered."""

    title: str
    share: float

    @property
    def is_finished(self) -> bool:
        return self.share >= FINISHED_FROM


@transaction.atomic
def offers_make(*, slate: Slate, at: datetime | None = None) -> list[CourseOffer]:
    """Stores the courses that go with a slate of the catalogue, best first. Eight queries at most, two with none."""
    at = at or now()
    learner = slate.learner
    enrolments = list(Enrolment.objects.filter(learner=learner).select_related("course").order_by("-created_at"))
    courses = _offered(learner, [e.course_id for e in enrolments], at)
    if not courses:
        return []
    own_courses = [e.course for e in enrolments if e.role == Enrolment.Role.LEARNER][:MOST_OWN]
    own = _own(learner, own_courses)
    likeness = _likeness(learner, list(own), list(courses), at)
    together = _together(learner, list(own), list(courses))
    languages = {base_of(course.language) for course in own_courses}
    languages |= {base_of(one) for one in (learner.language, stated_of(learner.preferences).language) if one}
    scored = []
    for course in courses.values():
        score, reasons = _judge(course, own, likeness, together.get(course.pk, ()))
        if languages and base_of(course.language) not in languages:
            score *= OTHER_LANGUAGE
        scored.append((rounded(score), course, reasons))
    scored.sort(key=lambda row: (-row[0], -row[1].pk))
    return CourseOffer.objects.bulk_create(
        CourseOffer(slate=slate, position=place, course=course, score=score, reasons=reasons)
        for place, (score, course, reasons) in enumerate(scored[:COUNT], start=1)
    )


def _offered(learner: Learner, own: Sequence[int], at: datetime) -> dict[int, Course]:
    """Courses that may be offered, by id. One query."""
    put_away = CourseOffer.objects.filter(slate__learner=learner, dismissed_at__gte=at - PUT_AWAY_FOR)
    rows = (
        Course.objects.filter(tenant=learner.tenant_id, listing__in=[Course.Listing.LISTED, Course.Listing.OPEN])
        .exclude(pk__in=own)
        .exclude(pk__in=put_away.values("course"))
        .filter(Exists(Resource.objects.filter(course=OuterRef("pk"), is_retired=False)))
        .order_by("-pk")[:MOST_COURSES]
    )
    return {course.pk: course for course in rows}


def _own(learner: Learner, courses: Sequence[Course]) -> dict[int, _Own]:
    """The learner's courses with how far each is done. Two queries."""
    n_skills: dict[int, int] = {}
    if courses:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT course_id, count(*) FROM adaptive_skill WHERE course_id = ANY(%s) GROUP BY course_id",
                [[course.pk for course in courses]],
            )
            n_skills = dict(cursor.fetchall())
    mastered: dict[int, int] = {}
    rows = SkillMastery.objects.filter(learner=learner, p_mastery__gte=MASTERED, n_attempts__gte=3)
    for course_id in rows.values_list("skill__course_id", flat=True):
        mastered[course_id] = mastered.get(course_id, 0) + 1
    return {c.pk: _Own(c.title, mastered.get(c.pk, 0) / n if (n := n_skills.get(c.pk, 0)) else 0.0) for c in courses}


def _likeness(
    learner: Learner, own: Sequence[int], offered: Sequence[int], at: datetime
) -> dict[tuple[int, int], float]:
    """(own course, or 0 for the learner's own place; offered course) -> cosine. One query."""
    values = {
        "courses": [*own, *offered],
        "own": list(own),
        "offered": list(offered),
        "kinds": Resource.Kind.values,
        "sample": SAMPLE,
        "lately": LATELY,
        "learner": learner.pk,
        "since": at - timedelta(days=120),
    }
    with connection.cursor() as cursor:
        cursor.execute(PLACES, values)
        rows = cursor.fetchall()
    found: dict[tuple[int, int], float] = {}
    for mine, other, cosine in rows:  # one for each model of embeddings
        found[mine, other] = max(found.get((mine, other), -1.0), float(cosine))
    return found


def _together(learner: Learner, own: Sequence[int], offered: Sequence[int]) -> dict[int, list[tuple[int, int, float]]]:
    """Offered course -> [(own course, learners in both, their share of the others in the own one)]. One query."""
    values = {"offered": list(offered), "own": list(own), "learner": learner.pk, "least": MIN_TOGETHER}
    found: dict[int, list[tuple[int, int, float]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(TOGETHER_SQL, values)
        for course_id, mine, n, n_others in cursor.fetchall():
            found.setdefault(course_id, []).append((mine, n, n / n_others))
    return found


def _likened(cosine: float) -> float:
    return clamp((cosine - SIMILARITY_FLOOR) / (1.0 - SIMILARITY_FLOOR), 0.0, 1.0)


def _judge(
    course: Course,
    own: Mapping[int, _Own],
    likeness: Mapping[tuple[int, int], float],
    together: Sequence[tuple[int, int, float]],
) -> tuple[float, list[dict[str, Any]]]:
    """(score, reasons as [{code, facts}], the weightiest first)."""
    weighed: list[tuple[float, str, dict[str, Any]]] = []
    if (cosine := likeness.get((0, course.pk), 0.0)) > SIMILARITY_FLOOR:
        weighed.append((LOOKED_AT * _likened(cosine), "looked_at", {"similarity": rounded(cosine)}))
    near = [
        (_likened(cosine) * (1.0 if own[mine].is_finished else UNFINISHED), -mine, cosine)
        for (mine, other), cosine in likeness.items()
        if other == course.pk and mine and cosine > SIMILARITY_FLOOR
    ]
    if near:
        worth, minus_id, cosine = max(near)
        one = own[-minus_id]
        facts: dict[str, Any] = {"course": one.title, "similarity": rounded(cosine)}
        if one.is_finished:
            weighed.append((NEAR * worth, "after_finished", {**facts, "share": rounded(one.share)}))
        else:
            weighed.append((NEAR * worth, "near_course", facts))
    if together:
        share, n, mine = max((share, n, mine) for mine, n, share in together)
        weighed.append((TOGETHER * share, "taken_together", {"course": own[mine].title, "n_learners": n}))
    weighed.sort(key=lambda row: (-row[0], row[1]))
    return sum(worth for worth, _, _ in weighed), [{"code": code, "facts": facts} for _, code, facts in weighed]


def offers_open(*, slate: Slate) -> list[CourseOffer]:
    """The slate's offers that still stand: neither taken up nor put away, still listed, the learner not in yet."""
    mine = Enrolment.objects.filter(learner=slate.learner_id).values("course")
    rows = slate.offers.select_related("course").filter(dismissed_at=None)
    listed = Q(course__listing__in=[Course.Listing.LISTED, Course.Listing.OPEN])
    return list(rows.filter(listed).exclude(course__in=mine).order_by("position"))


def offers_shown(*, offers: Sequence[CourseOffer], at: datetime | None = None) -> None:
    """Notes once that these were shown. One query, none where all were."""
    if new := [offer.pk for offer in offers if offer.shown_at is None]:
        CourseOffer.objects.filter(pk__in=new, shown_at=None).update(shown_at=at or now())


@transaction.atomic
def offer_take_up(*, offer: CourseOffer, at: datetime | None = None) -> tuple[Enrolment, bool]:
    """Enrols the learner in the course of an offer of theirs, once. Returns (enrolment, was it made now).

    Raises NotAllowed where the course does not let learners enrol themselves (any more).
    """
    learner = offer.slate.learner
    course = Course.objects.select_for_update(no_key=True).get(pk=offer.course_id)
    held = Enrolment.objects.filter(learner=learner, course=course).first()
    if held is not None:
        return held, False
    if course.listing != Course.Listing.OPEN or course.tenant_id != learner.tenant_id:
        raise NotAllowed("This course does not let learners enrol themselves: ask a teacher of it.")
    enrolment = Enrolment.objects.create(learner=learner, course=course, role=Enrolment.Role.LEARNER)
    CourseOffer.objects.filter(pk=offer.pk).update(enrolled_at=at or now())
    audit_record(
        tenant=course.tenant,
        action="course_taken_up",
        subject=learner,
        actor_kind=AuditEntry.ActorKind.PERSON,
        inputs={"slate": str(offer.slate_id), "position": offer.position, "reasons": offer.reasons},
        outcome={"course": course.external_id},
    )
    return enrolment, True


def offer_put_away(*, offer: CourseOffer, at: datetime | None = None) -> None:
    """The learner does not want it: it stays away for PUT_AWAY_FOR."""
    CourseOffer.objects.filter(pk=offer.pk, dismissed_at=None).update(dismissed_at=at or now())


def enrolment_noted(*, learner: Learner, course: Course, at: datetime | None = None) -> None:
    """Somebody else enrolled the learner: it counts for the latest offer of the course that was shown lately."""
    at = at or now()
    latest = (
        CourseOffer.objects.filter(slate__learner=learner, course=course, shown_at__gte=at - COUNTS_FOR)
        .order_by("-shown_at", "-pk")
        .values_list("pk", "enrolled_at")
        .first()
    )
    if latest is not None and latest[1] is None:
        CourseOffer.objects.filter(pk=latest[0], enrolled_at=None).update(enrolled_at=at)


def conversions(*, tenant_id: int, since: datetime) -> dict[str, int]:
    """Of the offers shown since then: how many, how many put away, how many taken up."""
    shown = CourseOffer.objects.filter(slate__tenant=tenant_id, shown_at__gte=since)
    return {
        "shown": shown.count(),
        "put_away": shown.exclude(dismissed_at=None).count(),
        "taken_up": shown.exclude(enrolled_at=None).count(),
    }
