"""The loop: an answer comes in, is stored, assessed, believed or reviewed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from adaptive.assessment.agreement import agreement_refresh
from adaptive.assessment.keys import assess_by_key
from adaptive.assessment.models import AnswerVector
from adaptive.assessment.services import assessment_record
from adaptive.assessment.types import LABELS, AssessorUnavailable, Verdict
from adaptive.audit.services import audit_record
from adaptive.backends.registry import get_embedding, get_llm, get_marker
from adaptive.catalog.formats import read_response
from adaptive.catalog.models import Course, Resource
from adaptive.catalog.selectors import exercise_of
from adaptive.common.errors import Conflict, FieldError, InvalidInput, NotFound
from adaptive.conf import settings
from adaptive.events.models import Attempt
from adaptive.events.services import attempt_create
from adaptive.explanation.services import made_explain
from adaptive.learners.consents import MARKING, agrees, agrees_now
from adaptive.learners.languages import spoken_to
from adaptive.learners.models import Learner
from adaptive.learners.selectors import enrolment_get
from adaptive.mastery.services import attempt_apply, state_rebuild
from adaptive.planning.selectors import plan_find
from adaptive.practice import outbox
from adaptive.practice.effects import LeaseLost, effect_write, set_aside
from adaptive.practice.gate import answer_vector_keep, with_last_word
from adaptive.practice.reading import read_words
from adaptive.recommendation.hints import slate_hint_record
from adaptive.recommendation.models import Slate
from adaptive.recommendation.services import slate_make
from adaptive.tenants.models import Tenant

logger = logging.getLogger(__name__)

NO_CONSENT = _("The learner has not agreed to an AI reading their answers.")


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a submitted answer. `created` is False for the same answer sent again."""

    attempt: Attempt
    created: bool


def _check_score(score: Any) -> float:
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        detail = "A score is a number from 0 to 1."
        raise InvalidInput(detail, errors=[FieldError("/score", detail)])
    return float(score)


def answer_submit(
    *,
    tenant: Tenant,
    learner: Learner,
    course: Course,
    resource: Resource,
    response: dict[str, Any] | None = None,
    score: float | None = None,
    started_at: datetime | None = None,
    submitted_at: datetime | None = None,
    n_hints: int = 0,
    latency_ms: int | None = None,
    source: str,
    idempotency_key: str | None = None,
    impression_id: int | None = None,
) -> Submission:
    """Takes an answer in. When this returns the attempt is stored for good.

    What a key can decide, or what the LMS has scored already, comes back assessed; words come back queued for the
    language model (or in review, where no model may read them). The same idempotency key again gives the first attempt.

    Raises InvalidInput (with pointers), NotAllowed (not enrolled), NotFound (another tenant's), Conflict (the key was
    used for something else).
    """
    if {learner.tenant_id, course.tenant_id} != {tenant.pk} or resource.course_id != course.pk:
        raise NotFound("There is no such learner, course or resource.")
    enrolment_get(learner=learner, course=course)
    if not resource.is_exercise:
        detail = f"“{resource.title}” is no exercise: it cannot be answered."
        raise InvalidInput(detail, errors=[FieldError("/resource", detail)])
    if (response is None) == (score is None):
        detail = "Give either a response or a score."
        raise InvalidInput(detail, errors=[FieldError("/response", detail)])
    canonical = None if response is None else read_response(exercise_of(resource), response)
    attempt, created = attempt_create(
        learner=learner,
        course=course,
        resource=resource,
        response=canonical,
        given_score=None if score is None else _check_score(score),
        started_at=started_at,
        submitted_at=submitted_at,
        n_hints=n_hints,
        latency_ms=latency_ms,
        source=source,
        idempotency_key=idempotency_key,
        impression_id=impression_id,
    )
    if attempt.state == Attempt.State.QUEUED:
        attempt = _decide_now(attempt, is_new=created)
    return Submission(attempt, created)


def _decide_now(attempt: Attempt, *, is_new: bool) -> Attempt:
    """Decides what needs no reading, within the request; tells the workers of the rest."""
    try:
        if verdict := verdict_without_reading(attempt):
            return effect_write(attempt_id=attempt.pk, token=None, verdict=verdict)
        if reason := why_no_model_may_read(attempt):
            return set_aside(attempt_id=attempt.pk, token=None, reason=reason)
    except LeaseLost:
        # The same answer sent twice at once: the other one was faster.
        attempt.refresh_from_db()
        return attempt
    except Exception:
        # The answer is stored; whatever went wrong, the worker tries again. Never lose it, never show a stack trace.
        logger.exception("attempt %s is stored, but could not be decided within the request", attempt.pk)
        outbox.publish_on_commit(attempt.pk)
        return attempt
    if is_new:
        outbox.publish_on_commit(attempt.pk)
    return attempt


def verdict_without_reading(attempt: Attempt) -> Verdict | None:
    """The LMS's own score, or the key's verdict; None where words must be read."""
    if attempt.given_score is not None:
        score = attempt.given_score
        label = "correct" if score >= 0.999 else "partially_correct" if score > 0 else "incorrect"
        return Verdict(score=score, label=label, confidence=1.0, feedback="", assessor_kind="lms", model="lms")
    return assess_by_key(exercise_of(attempt.resource), attempt.response)


def why_no_model_may_read(attempt: Attempt) -> str:
    """Why this answer goes to a teacher and not to a model; "" where a model may read it."""
    if not settings().ai_enabled:
        return _("The AI is switched off on this installation.")
    if not attempt.course.is_ai_enabled:
        return _("The AI is switched off in this course.")
    if not attempt.resource.is_ai_enabled:
        return _("The AI is switched off for this exercise.")
    if not agrees(attempt.learner, MARKING):
        return NO_CONSENT
    return ""


def attempt_work(attempt_id: int) -> str:
    """A worker's whole job on one attempt. Safe to run any number of times, at once too. Returns what became of it."""
    held = outbox.claim(attempt_id)
    if held is None:
        return "not to be had"
    if held.n_lost >= outbox.MAX_LOST_WORKERS:
        set_aside(attempt_id=attempt_id, token=held.token, reason=f"{held.n_lost} workers died while reading it.")
        return "set aside"
    attempt = (
        Attempt.objects.select_related("learner__user", "course", "resource", "tenant")
        .defer("resource__embedding", "resource__search")
        .get(pk=attempt_id)
    )
    try:
        vector = None
        verdict = verdict_without_reading(attempt)
        if verdict is None:
            if reason := why_no_model_may_read(attempt):
                set_aside(attempt_id=attempt_id, token=held.token, reason=reason)
                return "set aside"
            verdict, vector = read_words(attempt, llm=get_llm(), embedding=get_embedding(), marker=get_marker())
            if verdict.assessor_kind == "llm" and not agrees_now(attempt.learner, MARKING):
                # Taken back while the model read: what it made of the answer is thrown away.
                set_aside(attempt_id=attempt_id, token=held.token, reason=NO_CONSENT)
                return "set aside"
            verdict = with_last_word(attempt, verdict)
        state = effect_write(attempt_id=attempt_id, token=held.token, verdict=verdict, vector=vector).state
        if state == Attempt.State.NEEDS_REVIEW:
            answer_vector_keep(attempt, embedding=get_embedding())
        return state
    except LeaseLost as lost:
        logger.info("%s", lost)
        return "lost"
    except AssessorUnavailable as away:
        outbox.give_back(held, error=str(away), counts=False)
        return "waits"
    except Exception as error:
        logger.exception("attempt %s could not be assessed (try %s)", attempt_id, held.n_tries + 1)
        if held.n_tries + 1 >= settings().max_tries:
            set_aside(attempt_id=attempt_id, token=held.token, reason=f"{type(error).__name__}: {error}")
            return "set aside"
        outbox.give_back(held, error=f"{type(error).__name__}: {error}", counts=True)
        return "tried"


@transaction.atomic
def attempt_mark(
    *, attempt: Attempt, teacher: str, score: float, label: str | None = None, feedback: str = ""
) -> Attempt:
    """A person's mark. It always wins, counts at once, and all that followed from the earlier one is computed anew."""
    score = _check_score(score)
    label = label or ("correct" if score >= 0.999 else "partially_correct" if score > 0 else "incorrect")
    if label not in LABELS:
        detail = f"“{label[:40]}” is no label: use {', '.join(LABELS)}."
        raise InvalidInput(detail, errors=[FieldError("/label", detail)])
    attempt = (
        Attempt.objects.select_for_update(of=("self",)).select_related("learner", "course", "tenant").get(pk=attempt.pk)
    )
    verdict = Verdict(score=score, label=label, confidence=1.0, feedback=feedback, assessor_kind="teacher")
    before = attempt.assessments.filter(is_current=True).first()
    assessment = assessment_record(attempt=attempt, verdict=verdict, assessed_by=teacher)
    attempt.state, attempt.lease_token, attempt.lease_until = Attempt.State.ASSESSED, None, None
    attempt.save(update_fields=["state", "lease_token", "lease_until"])
    AnswerVector.objects.filter(attempt=attempt).delete()  # it was kept for the queue alone
    if attempt.applied_seq is None:
        attempt_apply(attempt=attempt, score=score)
    else:
        state_rebuild(learner=attempt.learner, course=attempt.course)
    slate_hint_record(attempt=attempt, score=score, misconception=before.misconception if before else "")
    audit_record(
        tenant=attempt.tenant,
        action="attempt_mark",
        subject=attempt,
        actor_kind="person",
        actor=teacher,
        inputs={"before": None if before is None else {"score": before.score, "assessor": before.assessor_kind}},
        outcome={"score": score, "label": label, "assessment": assessment.pk},
    )
    if attempt.assessments.filter(assessor_kind="llm").exists():
        agreement_refresh(course=attempt.course)
    return attempt


@transaction.atomic
def attempt_contest(*, attempt: Attempt, reason: str) -> Attempt:
    """The learner asks a teacher to look. The mark stands until the teacher changes it."""
    attempt = Attempt.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=attempt.pk)
    if attempt.state == Attempt.State.QUEUED:
        raise Conflict("The answer has not been assessed yet.")
    if attempt.state == Attempt.State.NEEDS_REVIEW:
        return attempt
    attempt.state, attempt.last_error = Attempt.State.NEEDS_REVIEW, ""
    attempt.save(update_fields=["state", "last_error"])
    audit_record(
        tenant=attempt.tenant, action="attempt_contest", subject=attempt, actor_kind="person", inputs={"reason": reason}
    )
    return attempt


@transaction.atomic
def slate_next(
    *,
    learner: Learner,
    course: Course,
    count: int = 5,
    purpose: str = "practice",
    query: str = "",
    kinds: list[str] | None = None,
    without: Sequence[str] = (),
    at: datetime | None = None,
) -> Slate:
    """A new slate with its explanations, stored. Arguments as of recommendation's slate_make.

    `slate.impressions.all()` and their explanations are at hand, without a query.
    """
    plan = plan_find(learner=learner, course=course)
    with spoken_to(learner=learner, course=course):
        made = slate_make(
            exam_at=plan.exam_at if plan else None,
            learner=learner,
            course=course,
            count=count,
            purpose=purpose,
            query=query,
            kinds=kinds,
            without=without,
            at=at,
        )
    explanations = made_explain(made)
    if pending := [explanation.pk for explanation in explanations if explanation.state == "pending"]:
        outbox.reword_publish_on_commit(pending)
    return made.slate
