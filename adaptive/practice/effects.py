"""Where an assessment takes effect: assessment, learner state and slate hint in one fenced transaction."""

import uuid
from collections.abc import Sequence

from django.db import transaction

from adaptive.assessment.services import assessment_record
from adaptive.assessment.types import Verdict
from adaptive.events.models import Attempt
from adaptive.mastery.services import attempt_apply
from adaptive.practice.gate import gate
from adaptive.recommendation.hints import slate_hint_record


class LeaseLost(RuntimeError):
    """Another worker has the attempt now, or it is done: what this one found is thrown away."""


@transaction.atomic
def effect_write(
    *, attempt_id: int, token: uuid.UUID | None, verdict: Verdict, vector: Sequence[float] | None = None
) -> Attempt:
    """Writes what was made of the attempt, exactly once.

    token: the claim's (None: the request that stored it, deciding by key without a lease).
    Raises LeaseLost where the attempt is no longer this caller's; nothing is written then.
    """
    attempt = (
        Attempt.objects.select_for_update(of=("self",))
        .select_related("learner", "course", "resource", "tenant")
        .defer("resource__embedding", "resource__search")
        .get(pk=attempt_id)
    )
    if attempt.state != Attempt.State.QUEUED or (token is not None and attempt.lease_token != token):
        raise LeaseLost(f"attempt {attempt_id} is {attempt.state}, or in other hands")
    passage = gate(attempt, verdict)
    assessment_record(attempt=attempt, verdict=passage.verdict, is_released=not passage.held, is_audit=passage.is_audit)
    _finish(attempt, Attempt.State.NEEDS_REVIEW if passage.held else Attempt.State.ASSESSED)
    if not passage.held:
        _take_effect(attempt, passage.verdict, vector)
    return attempt


def _finish(attempt: Attempt, state: str, *, error: str = "") -> None:
    attempt.state, attempt.lease_token, attempt.lease_until, attempt.last_error = state, None, None, error
    attempt.save(update_fields=["state", "lease_token", "lease_until", "last_error"])


def _take_effect(attempt: Attempt, verdict: Verdict, vector: Sequence[float] | None) -> None:
    attempt_apply(attempt=attempt, score=verdict.score)
    slate_hint_record(
        attempt=attempt,
        score=verdict.score,
        missing=verdict.missing,
        misconception=verdict.misconception,
        vector=vector,
    )


@transaction.atomic
def set_aside(*, attempt_id: int, token: uuid.UUID | None, reason: str) -> Attempt:
    """Puts the attempt before a teacher, without an assessment. Raises LeaseLost like `effect_write`."""
    attempt = Attempt.objects.select_for_update().get(pk=attempt_id)
    if attempt.state != Attempt.State.QUEUED or (token is not None and attempt.lease_token != token):
        raise LeaseLost(f"attempt {attempt_id} is {attempt.state}, or in other hands")
    _finish(attempt, Attempt.State.NEEDS_REVIEW, error=reason)
    return attempt
