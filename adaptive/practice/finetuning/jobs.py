"""Learning as a background job. Its row is the truth; the message carries the id alone and may be lost or doubled.

All times are the database's. The lease is renewed with every word of progress, and the one effect is fenced by it.
"""

import logging
import time
import uuid
from dataclasses import dataclass

from celery import current_app
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from adaptive.assessment.models import AssessorFit, AssessorVersion
from adaptive.catalog.models import Course
from adaptive.common.errors import Conflict, InvalidInput
from adaptive.practice.effects import LeaseLost
from adaptive.practice.finetuning.learning import LEARNERS, Order, learn, sentence_of, version_store

logger = logging.getLogger(__name__)

JOB = "adaptive.finetune"
MAX_TRIES = 3  # failures and dead workers together
LEASE_SECONDS = 300
REPUBLISH_SECONDS = 20
BACKOFF_SECONDS = 30
MAX_SECONDS = 1800

Status = AssessorFit.Status


def finetune_ask(
    *,
    course: Course,
    kind: str = AssessorVersion.Kind.CALIBRATOR,
    seed: int = 0,
    activate: bool = False,
    asked_by: str = "",
) -> AssessorFit:
    """Asks for it; a worker is told once the row is there. Conflict where one of the course is at work or waits."""
    if kind not in LEARNERS:
        raise InvalidInput(f"“{kind}” is nothing that can be learned: use {', '.join(LEARNERS)}.")
    try:
        with transaction.atomic():
            asked = AssessorFit.objects.create(
                course=course, kind=kind, seed=seed, activate=activate, asked_by=asked_by, progress="waits for a worker"
            )
    except IntegrityError:
        raise Conflict(
            f"Learning from the marks of course “{course.external_id}” is at work already: wait for it."
        ) from None
    transaction.on_commit(lambda: publish(asked.pk))
    return asked


def publish(fit_id: int) -> bool:
    """Tells a worker, now. False where the broker cannot be reached: the sweeper will tell it."""
    try:
        current_app.send_task(JOB, args=[fit_id], retry=False)
    except Exception as error:  # any transport has its own
        logger.warning("assessor fit %s is stored, but the broker could not be told: %s", fit_id, error)
        return False
    return True


def sweep() -> int:
    """Tells workers again of what waits or whose worker died, and of which nobody was told lately."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_assessorfit SET published_at = clock_timestamp()
             WHERE published_at < clock_timestamp() - make_interval(secs => %s)
               AND (status = 'queued' AND next_at <= clock_timestamp()
                    OR status = 'running' AND lease_until < clock_timestamp())
            RETURNING id
            """,
            [REPUBLISH_SECONDS],
        )
        found = [row[0] for row in cursor.fetchall()]
    for fit_id in found:
        publish(fit_id)
    return len(found)


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on it."""

    fit_id: int
    token: uuid.UUID
    n_tries: int
    n_lost: int


def claim(fit_id: int) -> Claim | None:
    """Takes it for this worker, or None: it is done, in other hands, or not due."""
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_assessorfit
               SET status = 'running', lease_token = %s, progress = 'starting', done_share = 0, error = '',
                   lease_until = clock_timestamp() + make_interval(secs => %s),
                   started_at = coalesce(started_at, clock_timestamp()),
                   -- a lease that ran out under somebody is a worker that died with it in hand
                   n_lost = n_lost + CASE WHEN lease_token IS NULL THEN 0 ELSE 1 END
             WHERE id = %s
               AND (status = 'queued' AND next_at <= clock_timestamp()
                    OR status = 'running' AND lease_until < clock_timestamp())
            RETURNING n_tries, n_lost
            """,
            [token, LEASE_SECONDS, fit_id],
        )
        row = cursor.fetchone()
    return Claim(fit_id, token, *row) if row else None


def renew(held: Claim, share: float, words: str) -> None:
    """Keeps the lease and notes how far it is. Raises LeaseLost where it is no longer this worker's."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_assessorfit
               SET lease_until = clock_timestamp() + make_interval(secs => %s), progress = %s, done_share = %s
             WHERE id = %s AND lease_token = %s AND status = 'running'
            """,
            [LEASE_SECONDS, words[:500], share, held.fit_id, held.token],
        )
        if cursor.rowcount != 1:
            raise LeaseLost(f"assessor fit {held.fit_id} is done, or in other hands")


def _fail(held: Claim, error: str) -> str:
    AssessorFit.objects.filter(pk=held.fit_id, lease_token=held.token, status=Status.RUNNING).update(
        status=Status.FAILED, error=error[:2000], progress="", lease_token=None, lease_until=None, ended_at=Now()
    )
    return "failed"


def _again(held: Claim, error: str) -> str:
    if held.n_tries + held.n_lost + 1 >= MAX_TRIES:
        return _fail(held, error)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_assessorfit
               SET status = 'queued', lease_token = NULL, lease_until = NULL, error = %s, n_tries = n_tries + 1,
                   progress = 'waits to be tried again', next_at = clock_timestamp() + make_interval(secs => %s)
             WHERE id = %s AND lease_token = %s AND status = 'running'
            """,
            [error[:2000], BACKOFF_SECONDS * 2**held.n_tries, held.fit_id, held.token],
        )
    return "tried"


def finetune_work(fit_id: int) -> str:
    """A worker's whole job. Safe to run any number of times, at once too. Returns what became of it."""
    held = claim(fit_id)
    if held is None:
        return "not to be had"
    if held.n_tries + held.n_lost >= MAX_TRIES:
        return _fail(held, f"The worker that learned died, {held.n_lost} times by now.")
    asked = AssessorFit.objects.select_related("course__tenant").get(pk=fit_id)
    until = time.monotonic() + MAX_SECONDS

    def progress(share: float, words: str) -> None:
        if time.monotonic() > until:
            raise InvalidInput(f"It was ended after {MAX_SECONDS // 60} minutes.")
        renew(held, share, words)

    try:
        fitted = learn(Order(asked.course, asked.kind, asked.seed), progress=progress)
        with transaction.atomic():
            row = AssessorFit.objects.select_for_update(of=("self",)).get(pk=fit_id)
            if row.status != Status.RUNNING or row.lease_token != held.token:
                raise LeaseLost(f"assessor fit {fit_id} is {row.status}, or in other hands")
            stored = version_store(fitted, activate=row.activate, actor=row.asked_by)
            row.version, row.status, row.outcome = stored.version, Status.DONE, sentence_of(stored)
            row.progress, row.error, row.done_share = "", "", 1.0
            row.lease_token = row.lease_until = None
            row.ended_at = Now()
            row.save()
    except LeaseLost as lost:
        logger.info("%s", lost)
        return "lost"
    except InvalidInput as error:
        return _fail(held, error.detail)
    except Exception as error:
        logger.exception("assessor fit %s failed", fit_id)
        return _again(held, f"{type(error).__name__}: {error}")
    return "done"


def how_far(asked: AssessorFit) -> str:
    """How far it is, or what became of it, in a few words."""
    if asked.status == Status.RUNNING:
        return f"{asked.done_share:.0%}, {asked.progress}"
    return asked.outcome or asked.error or asked.progress
