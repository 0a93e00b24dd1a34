"""What a teacher reviews: the picks that stand open now, those that learners disagreed with, and what was decided.

Open are the places of each learner's latest slate (practice and review, no request in words) of the last days, as far
as they have not been answered. No function runs more queries when there is more data.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery

from adaptive.catalog.models import Course, Resource
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.events.models import Attempt
from adaptive.learners.models import Enrolment, Learner
from adaptive.recommendation.models import Impression, ImpressionEvent, Review, Ruling, Slate
from adaptive.recommendation.rulings import GENERATOR

LATELY = timedelta(days=14)
UNSURE_BELOW = 0.6  # confidence
NEW, UNSURE, NEW_POLICY, EXPLORED, DISAGREED, REVIEWED = (
    *("new", "low_confidence", "new_policy", "explored"),
    *("disagreed", "reviewed"),
)
STATES = (NEW, UNSURE, NEW_POLICY, EXPLORED, DISAGREED, REVIEWED)
OPTIONS = 8

# A loose scan of the index (course, policy, created_at): its cost does not grow with the slates.
POLICIES = """
WITH RECURSIVE names AS (
    (SELECT policy FROM adaptive_slate WHERE course_id = %(course)s ORDER BY policy LIMIT 1)
    UNION ALL
    SELECT (SELECT s.policy FROM adaptive_slate s WHERE s.course_id = %(course)s AND s.policy > names.policy
        ORDER BY s.policy LIMIT 1) FROM names WHERE names.policy IS NOT NULL
)
SELECT policy, (SELECT min(s.created_at) FROM adaptive_slate s
    WHERE s.course_id = %(course)s AND s.policy = names.policy) FROM names WHERE policy IS NOT NULL
"""


def new_policies(*, course: Course, at: datetime) -> list[str]:
    """Names of the policies that came into the course lately, while there had been another one before. One query."""
    with connection.cursor() as cursor:
        cursor.execute(POLICIES, {"course": course.pk})
        first = dict(cursor.fetchall())
    if not first:
        return []
    oldest = min(first.values())
    return sorted(name for name, since in first.items() if since > oldest and since >= at - LATELY)


def _open(course: Course, at: datetime) -> QuerySet[Impression]:
    latest = (
        Slate.objects.filter(learner=OuterRef("learner"), course=course, created_at__gte=at - LATELY, query="")
        .filter(purpose__in=[Slate.Purpose.PRACTICE, Slate.Purpose.REVIEW])
        .order_by("-created_at")
        .values("pk")[:1]
    )
    who = Enrolment.objects.filter(course=course, role=Enrolment.Role.LEARNER).annotate(latest=Subquery(latest))
    answered = Attempt.objects.filter(
        learner=OuterRef("slate__learner"),
        resource=OuterRef("resource"),
        submitted_at__gte=OuterRef("slate__created_at"),
    )
    # One query for the slates, so that the database does not look for each of them twice.
    slates = [key for key in who.values_list("latest", flat=True) if key is not None]
    return Impression.objects.filter(slate__in=slates).exclude(Exists(answered))


def _waiting(rows: QuerySet[Impression], at: datetime) -> QuerySet[Impression]:
    """Without what was reviewed already, here or on an earlier slate, and without what a teacher put there."""
    reviewed = Review.objects.filter(
        learner=OuterRef("slate__learner"), resource=OuterRef("resource"), undone_at=None, created_at__gte=at - LATELY
    )
    return rows.exclude(Exists(reviewed)).exclude(generators__contains=[GENERATOR])


def _disagreed(course: Course, at: datetime) -> QuerySet[Impression]:
    events = ImpressionEvent.objects.filter(
        type=ImpressionEvent.Type.DISAGREE, created_at__gte=at - LATELY, impression__slate__course=course
    )
    reviewed = Review.objects.filter(impression=OuterRef("pk"), undone_at=None)
    return Impression.objects.filter(pk__in=events.values("impression")).exclude(Exists(reviewed))


def review_rows(*, course: Course, state: str = "", at: datetime) -> QuerySet[Impression]:
    """Places to review, unordered and bare: `rows_of` reads the rest of those that are shown.

    state: one of STATES; "" for all that is open or was decided or disagreed with lately. Raises InvalidInput.
    """
    if state and state not in STATES:
        detail = f"“{state[:40]}” is no state: use {', '.join(STATES)}."
        raise InvalidInput(detail, errors=[FieldError("/state", detail)])
    decided = Review.objects.filter(course=course, undone_at=None, created_at__gte=at - LATELY)
    if state == REVIEWED:
        rows = Impression.objects.filter(pk__in=decided.values("impression"))
    elif state == DISAGREED:
        rows = _disagreed(course, at)
    elif state == "":
        rows = Impression.objects.filter(
            Q(pk__in=_open(course, at).values("pk"))
            | Q(pk__in=_disagreed(course, at).values("pk"))
            | Q(pk__in=decided.values("impression"))
        )
    else:
        rows = _waiting(_open(course, at), at)
        if state == UNSURE:
            rows = rows.filter(confidence__lt=UNSURE_BELOW)
        elif state == EXPLORED:
            rows = rows.filter(is_exploration=True)
        elif state == NEW_POLICY:
            rows = rows.filter(slate__policy__in=new_policies(course=course, at=at))
    return rows.only("pk")


def rows_of(keys: Sequence[int]) -> list[Impression]:
    """The places with these ids, in this order, each with all that a row shows: `.disagreed` (None or the reason),
    `.counting` (a list of none or one review that counts), learner, resource, alternative and explanation. Two queries.
    """
    by_key = _with_all(Impression.objects.filter(pk__in=keys)).in_bulk(list(keys))
    return [by_key[key] for key in keys if key in by_key]


def _with_all(rows: QuerySet[Impression]) -> QuerySet[Impression]:
    said = ImpressionEvent.objects.filter(impression=OuterRef("pk"), type=ImpressionEvent.Type.DISAGREE).order_by("-pk")
    reviews = Review.objects.filter(undone_at=None).select_related("instead", "teacher")
    reviews = reviews.defer("instead__embedding", "instead__search", "instead__body")
    heavy = [f"{which}__{name}" for which in ("resource", "alternative") for name in ("embedding", "search", "body")]
    return (
        rows.annotate(disagreed=Subquery(said.values("reason")[:1]))
        .select_related("slate__learner", "slate__course", "resource", "alternative", "explanation")
        .defer(*heavy, "slate__context", "slate__candidates")
        .prefetch_related(Prefetch("reviews", queryset=reviews, to_attr="counting"))
    )


def keys_to_review(*, course: Course, state: str, at: datetime) -> list[int]:
    """Ids of the places in this state: first places first, the least sure first; what was decided by date. One query.

    All of them, as numbers alone: what sorts wide rows to show twenty takes several times as long.
    """
    rows = review_rows(course=course, state=state, at=at)
    if state == REVIEWED:
        rows = rows.order_by("-pk")
    else:
        rows = rows.order_by("position", F("confidence").asc(nulls_last=True), "-pk")
    return list(rows.values_list("pk", flat=True))


def review_row(*, course: Course, slate_id: uuid.UUID, position: int) -> Impression | None:
    """One place of the course as a row, whatever its state."""
    rows = Impression.objects.filter(slate=slate_id, slate__course=course, position=position)
    return _with_all(rows).first()


def states_of(row: Impression, *, policies: Sequence[str]) -> list[str]:
    """The states of a row of review_rows. policies: those of new_policies."""
    found = []
    if row.counting:
        found.append(REVIEWED)
    elif row.disagreed:
        found.append(DISAGREED)
    elif GENERATOR not in row.generators:
        found.append(NEW)
    if row.confidence is not None and row.confidence < UNSURE_BELOW:
        found.append(UNSURE)
    if row.slate.policy in policies:
        found.append(NEW_POLICY)
    if row.is_exploration:
        found.append(EXPLORED)
    return found


def swap_options(*, row: Impression) -> list[Resource]:
    """What could stand in the place instead, best first, from the slate's receipt. Two queries."""
    slate = Slate.objects.only("candidates").get(pk=row.slate_id)
    picked = set(Impression.objects.filter(slate=row.slate_id).values_list("resource_id", flat=True))
    scored: list[Mapping[str, Any]] = [
        c for c in slate.candidates if c["dropped"] is None and c["resource"] not in picked
    ]
    ids = [c["resource"] for c in sorted(scored, key=lambda c: -(c["score"] or 0.0))[:OPTIONS]]
    ids = list(dict.fromkeys([row.alternative_id, *ids] if row.alternative_id else ids))
    rows = Resource.objects.filter(pk__in=ids, course=row.slate.course_id, is_retired=False)
    by_id = {resource.pk: resource for resource in rows.defer("embedding", "search", "body")}
    return [by_id[i] for i in ids if i in by_id]


def cohorts_of(*, course: Course, learner_ids: Sequence[int]) -> dict[int, str]:
    """Learner id -> name of their cohort in the course; who is in none is left out. One query."""
    rows = Enrolment.objects.filter(course=course, learner__in=learner_ids, cohort__isnull=False)
    return dict(rows.values_list("learner_id", "cohort__name"))


def last_batch(*, course: Course, teacher: Learner, at: datetime, within: timedelta) -> list[Review]:
    """What this teacher decided last in the course and could take back, as one batch. Two queries."""
    mine = Review.objects.filter(course=course, teacher=teacher, undone_at=None)
    last = mine.filter(created_at__gte=at - within).order_by("-created_at", "-pk").first()
    if last is None:
        return []
    return list(mine.filter(batch=last.batch).select_related("learner", "resource").order_by("pk"))


def rulings_in_force(*, course: Course, at: datetime) -> QuerySet[Ruling]:
    """What teachers have ruled in the course and nobody took back, the latest first; homework has a page of its own."""
    rows = Ruling.objects.filter(course=course, ended_at=None, homework=None).filter(
        Q(ends_at=None) | Q(ends_at__gt=at)
    )
    rows = rows.select_related("resource", "learner", "cohort", "teacher")
    return rows.defer("resource__embedding", "resource__search", "resource__body").order_by("-created_at", "-pk")
