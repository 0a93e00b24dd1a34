"""A teacher's word on what was recommended: approve, swap, pin, never; and taking it back."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import now
from adaptive.common.errors import FieldError, InvalidInput, NotAllowed, NotFound
from adaptive.common.text import control_character
from adaptive.learners.models import Enrolment, Learner
from adaptive.learners.selectors import enrolment_get
from adaptive.recommendation.models import Impression, Review, Ruling, Slate
from adaptive.recommendation.services import MAX_COUNT

MAX_NOTE = 1000
ASIDE_FOR = timedelta(days=14)  # what was swapped stays away from the learner
MAX_BATCH = 200


def _refuse(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[FieldError(pointer, detail)])


def checked_teacher(teacher: Learner | None, course: Course) -> None:
    """Raises NotAllowed for who does not teach the course. None: the LMS itself decides."""
    if teacher is not None and enrolment_get(learner=teacher, course=course).role != Enrolment.Role.TEACHER:
        raise NotAllowed(f"“{teacher.external_id}” does not teach “{course.external_id}”.")


def _checked_note(note: str) -> str:
    note = str(note or "").strip()
    if len(note) > MAX_NOTE:
        raise _refuse("/note", _("A note may have %(most)d characters at most.") % {"most": MAX_NOTE})
    if control_character(note.replace("\n", "").replace("\r", "").replace("\t", "")):
        raise _refuse("/note", _("A note may not have control characters."))
    return note


def _checked_decision(decision: str) -> str:
    if decision not in Review.Decision.values:
        raise _refuse("/decision", f"“{str(decision)[:40]}” is no decision: use {', '.join(Review.Decision.values)}.")
    return decision


def _checked_scope(decision: str, scope: str, enrolment: Enrolment | None) -> str:
    """The scope asked for, or the decision's own: never is for the learner's cohort, where they have one."""
    may = {
        Review.Decision.APPROVE: (),
        Review.Decision.SWAP: (Review.Scope.LEARNER,),
        Review.Decision.PIN: tuple(Review.Scope.values),
        Review.Decision.NEVER: tuple(Review.Scope.values),
    }[decision]
    has_cohort = enrolment is not None and enrolment.cohort_id is not None
    if not scope:
        if not may:
            return ""
        return Review.Scope.COHORT if decision == Review.Decision.NEVER and has_cohort else Review.Scope.LEARNER
    if scope not in Review.Scope.values:
        raise _refuse("/scope", f"“{str(scope)[:40]}” is no scope: use {', '.join(Review.Scope.values)}.")
    if scope not in may:
        raise _refuse("/scope", f"The decision “{decision}” cannot be for that scope.")
    if scope == Review.Scope.COHORT and not has_cohort:
        raise _refuse("/scope", _("The learner is in no cohort of this course."))
    return scope


def _checked_instead(decision: str, instead: Resource | None, impression: Impression) -> Resource | None:
    if decision != Review.Decision.SWAP:
        if instead is not None:
            raise _refuse("/with", "Only a swap is with another resource.")
        return None
    if instead is None:
        known = Resource.objects.filter(pk=impression.alternative_id, is_retired=False)
        instead = known.defer("embedding", "search", "body").first()
    if instead is None:
        raise _refuse("/with", _("Say which resource is to stand here instead."))
    if instead.course_id != impression.slate.course_id:
        raise _refuse("/with", _("That resource belongs to another course."))
    if instead.is_retired:
        raise _refuse("/with", _("That resource is retired: it would never be shown."))
    if instead.pk == impression.resource_id:
        raise _refuse("/with", _("That is the resource that stands here already."))
    return instead


def _impression_locked(slate: Slate, position: Any) -> Impression:
    is_place = isinstance(position, int) and 1 <= position <= MAX_COUNT
    rows = Impression.objects.select_for_update(of=("self",)).select_related("slate", "resource")
    rows = rows.defer(
        "resource__embedding", "resource__search", "resource__body", "slate__context", "slate__candidates"
    )
    found = rows.filter(slate=slate, position=position).first() if is_place else None
    if found is None:
        raise NotFound(f"The recommendation has no place {str(position)[:10]}.")
    return found


@transaction.atomic
def review_record(
    *,
    slate: Slate,
    position: int,
    decision: str,
    teacher: Learner | None = None,
    scope: str = "",
    instead: Resource | None = None,
    note: str = "",
    batch: uuid.UUID | None = None,
    actor: str = "",
) -> Review:
    """Notes the teacher's word on a place and lets it take effect: the learner's next slate heeds it at once.

    approve says that the pick is right. pin puts it first, never keeps it away: for the learner, their cohort or the
    course (`scope`; left out: pin for the learner, never for their cohort, where they have none for them alone). swap
    pins `instead` (left out: the alternative that was logged) for the learner and keeps the pick away for ASIDE_FOR. A
    new word on the same place takes back the one before; the same word again changes nothing.

    Raises InvalidInput (with pointers), NotFound (no such place), NotAllowed (`teacher` does not teach the course).
    """
    decision, note = _checked_decision(decision), _checked_note(note)
    checked_teacher(teacher, slate.course)
    impression = _impression_locked(slate, position)
    enrolment = Enrolment.objects.filter(learner=slate.learner_id, course=slate.course_id).first()
    scope = _checked_scope(decision, scope, enrolment)
    instead = _checked_instead(decision, instead, impression)
    before = impression.reviews.filter(undone_at=None).first()
    if before is not None:
        same = (before.decision, before.scope, before.instead_id, before.note)
        if same == (decision, scope, instead.pk if instead else None, note):
            return before
        _undo([before])
    review = Review.objects.create(
        impression=impression,
        course_id=slate.course_id,
        learner_id=slate.learner_id,
        resource_id=impression.resource_id,
        decision=decision,
        scope=scope,
        instead=instead,
        note=note,
        teacher=teacher,
        batch=batch or uuid.uuid4(),
    )
    _rule(review, enrolment)
    audit_record(
        tenant=slate.tenant,
        action="recommendation_review",
        subject=slate,
        actor_kind=AuditEntry.ActorKind.LMS if teacher is None else AuditEntry.ActorKind.PERSON,
        actor=actor if teacher is None else teacher.external_id,
        inputs={"position": position, "resource": impression.resource.external_id, "policy": slate.policy},
        outcome={
            "decision": decision,
            "scope": scope,
            "with": instead.external_id if instead else None,
            "note": note,
        },
    )
    return review


def _rule(review: Review, enrolment: Enrolment | None) -> None:
    """Makes the rulings that follow from a review."""
    where: dict[str, Any] = {"course_id": review.course_id, "review": review, "teacher": review.teacher}
    if review.scope == Review.Scope.LEARNER:
        where["learner_id"] = review.learner_id
    elif review.scope == Review.Scope.COHORT:
        where["cohort_id"] = enrolment.cohort_id
    if review.decision == Review.Decision.PIN:
        Ruling.objects.create(kind=Ruling.Kind.PIN, resource_id=review.resource_id, **where)
    elif review.decision == Review.Decision.NEVER:
        Ruling.objects.create(kind=Ruling.Kind.NEVER, resource_id=review.resource_id, **where)
    elif review.decision == Review.Decision.SWAP:
        Ruling.objects.create(kind=Ruling.Kind.PIN, resource=review.instead, **where)
        Ruling.objects.create(
            kind=Ruling.Kind.ASIDE, resource_id=review.resource_id, ends_at=now() + ASIDE_FOR, **where
        )


def _undo(reviews: Sequence[Review]) -> None:
    at = now()
    keys = [review.pk for review in reviews]
    Review.objects.filter(pk__in=keys, undone_at=None).update(undone_at=at)
    Ruling.objects.filter(review__in=keys, ended_at=None).update(ended_at=at)


@transaction.atomic
def reviews_approve(
    *, course: Course, places: Sequence[tuple[uuid.UUID, int]], teacher: Learner | None = None, actor: str = ""
) -> tuple[uuid.UUID, int]:
    """Approves many places in one go. Returns (the batch, to take it back by; how many).

    Places that are gone, of another course or reviewed already are left as they are. Raises InvalidInput for more than
    MAX_BATCH places.
    """
    if len(places) > MAX_BATCH:
        raise _refuse("/places", f"{MAX_BATCH} at a time are the most.")
    checked_teacher(teacher, course)
    batch, n = uuid.uuid4(), 0
    slates = Slate.objects.filter(course=course, pk__in={key for key, _ in places}).defer("context", "candidates")
    by_key = {slate.pk: slate for slate in slates.select_related("course", "tenant")}
    reviewed = set(
        Review.objects.filter(impression__slate__in=by_key, undone_at=None).values_list(
            "impression__slate_id", "impression__position"
        )
    )
    there = set(Impression.objects.filter(slate__in=by_key).values_list("slate_id", "position"))
    for key, position in dict.fromkeys(places):
        if (key, position) in there - reviewed:
            review_record(
                slate=by_key[key],
                position=position,
                decision=Review.Decision.APPROVE,
                teacher=teacher,
                batch=batch,
                actor=actor,
            )
            n += 1
    return batch, n


@transaction.atomic
def reviews_undo(
    *, course: Course, batch: uuid.UUID, teacher: Learner | None = None, actor: str = "", only: int | None = None
) -> list[Review]:
    """Takes back what was decided in one go, with all that followed from it. Returns what was taken back.

    only: the id of the one review of the batch that is meant.
    Undone twice, or a batch of another course: nothing happens. Raises NotAllowed.
    """
    checked_teacher(teacher, course)
    rows = Review.objects.select_for_update(of=("self",)).filter(course=course, batch=batch, undone_at=None)
    rows = rows if only is None else rows.filter(pk=only)
    heavy = ["impression__slate__context", "impression__slate__candidates", "resource__embedding", "resource__search"]
    reviews = list(rows.select_related("impression__slate__tenant", "resource").defer(*heavy).order_by("pk"))
    _undo(reviews)
    for review in reviews:
        audit_record(
            tenant=review.impression.slate.tenant,
            action="recommendation_review_undo",
            subject=review.impression.slate,
            actor_kind=AuditEntry.ActorKind.LMS if teacher is None else AuditEntry.ActorKind.PERSON,
            actor=actor if teacher is None else teacher.external_id,
            inputs={"position": review.impression.position, "resource": review.resource.external_id},
            outcome={"undone": review.decision},
        )
    return reviews


@transaction.atomic
def ruling_end(*, ruling: Ruling, teacher: Learner | None = None, actor: str = "") -> bool:
    """Takes one ruling back, whatever it came from; False where it had ended. Raises NotAllowed."""
    checked_teacher(teacher, ruling.course)
    held = Ruling.objects.select_for_update(of=("self",)).select_related("course__tenant", "resource", "learner")
    found = held.filter(pk=ruling.pk, ended_at=None).first()
    if found is None:
        return False
    found.ended_at = now()
    found.save(update_fields=["ended_at"])
    # About the learner where it was for one, so that it is theirs to see and is forgotten with them.
    audit_record(
        tenant=found.course.tenant,
        action="ruling_end",
        subject=found.learner or found.course,
        actor_kind=AuditEntry.ActorKind.LMS if teacher is None else AuditEntry.ActorKind.PERSON,
        actor=actor if teacher is None else teacher.external_id,
        inputs={"kind": found.kind, "scope": found.scope, "resource": found.resource.external_id},
    )
    return True
