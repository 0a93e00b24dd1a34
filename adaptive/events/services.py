from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import now
from adaptive.common.errors import Conflict, FieldError, InvalidInput
from adaptive.common.hashing import stable_hash
from adaptive.common.text import control_character
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner

MAX_HINTS = 1000
MAX_LATENCY_MS = 2_000_000_000
CLOCK_SKEW = timedelta(minutes=10)
EARLIEST = datetime.fromisoformat("1990-01-01T00:00:00+00:00")


def _check(ok: bool, pointer: str, detail: str) -> None:
    if not ok:
        raise InvalidInput(detail, errors=[FieldError(pointer, detail)])


def check_circumstances(
    *,
    started_at: datetime | None,
    submitted_at: datetime | None,
    n_hints: int,
    latency_ms: int | None,
    idempotency_key: str | None,
) -> None:
    """What surrounds a response. Raises InvalidInput with a pointer."""
    latest = now() + CLOCK_SKEW
    for pointer, moment in (("/started_at", started_at), ("/submitted_at", submitted_at)):
        if moment is not None:
            _check(moment.tzinfo is not None, pointer, "A time needs its zone, such as 2026-01-31T12:00:00Z.")
            _check(EARLIEST <= moment <= latest, pointer, "The time lies in the future, or before 1990.")
    if started_at and submitted_at:
        _check(started_at <= submitted_at, "/started_at", "The start lies after the submission.")
    is_count = isinstance(n_hints, int) and not isinstance(n_hints, bool) and 0 <= n_hints <= MAX_HINTS
    _check(is_count, "/n_hints", f"A whole number from 0 to {MAX_HINTS} is expected.")
    if latency_ms is not None:
        is_ms = isinstance(latency_ms, int) and not isinstance(latency_ms, bool) and 0 <= latency_ms <= MAX_LATENCY_MS
        _check(is_ms, "/latency_ms", "A whole number of milliseconds, 0 or more, is expected.")
    if idempotency_key is not None:
        fits = 1 <= len(idempotency_key) <= 255 and not control_character(idempotency_key)
        _check(fits, "/Idempotency-Key", "The key has 1 to 255 characters, none of them a control character.")


def attempt_create(
    *,
    learner: Learner,
    course: Course,
    resource: Resource,
    response: dict[str, Any] | None,
    given_score: float | None,
    started_at: datetime | None = None,
    submitted_at: datetime | None = None,
    n_hints: int = 0,
    latency_ms: int | None = None,
    source: str,
    idempotency_key: str | None = None,
    impression_id: int | None = None,
) -> tuple[Attempt, bool]:
    """Stores an attempt, committed when this returns outside a transaction. Returns (attempt, created).

    The same key with the same content returns the first attempt; with other content it raises Conflict. Two at once:
    the database lets one of them in, the other gets the first one's row.
    """
    check_circumstances(
        started_at=started_at,
        submitted_at=submitted_at,
        n_hints=n_hints,
        latency_ms=latency_ms,
        idempotency_key=idempotency_key,
    )
    request_hash = stable_hash(
        [learner.pk, course.pk, resource.pk, response, given_score, started_at, submitted_at, n_hints, latency_ms]
    )

    def first() -> Attempt | None:
        if idempotency_key is None:
            return None
        found = (
            Attempt.objects.select_related("learner", "course", "resource", "tenant")
            .filter(tenant_id=learner.tenant_id, idempotency_key=idempotency_key)
            .first()
        )
        if found and found.request_hash != request_hash:
            raise Conflict("This Idempotency-Key was used for another attempt already.")
        return found

    if found := first():
        return found, False
    try:
        with transaction.atomic():
            attempt = Attempt.objects.create(
                tenant_id=learner.tenant_id,
                learner=learner,
                course=course,
                resource=resource,
                response=response,
                given_score=given_score,
                started_at=started_at,
                submitted_at=submitted_at or now(),
                n_hints=n_hints,
                latency_ms=latency_ms,
                source=source,
                idempotency_key=idempotency_key,
                request_hash=request_hash if idempotency_key else "",
                impression_id=impression_id,
            )
    except IntegrityError:
        found = first()
        if found is None:
            raise
        return found, False
    return attempt, True
