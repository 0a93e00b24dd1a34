"""The attempt's row as outbox: telling workers, claiming with a lease, giving back, finding what was lost.

All times are the database's, so that a machine with a wrong clock can neither steal a lease nor keep one for ever.
The message is only a hint: it carries the id alone, may be lost, doubled or late, and nothing breaks.
"""

import logging
import uuid
from dataclasses import dataclass

from celery import current_app
from django.db import connection, transaction

from adaptive.conf import settings

logger = logging.getLogger(__name__)

JOB = "adaptive.attempt_assess"
REWORD_JOB = "adaptive.explanation_reword"
MAX_LOST_WORKERS = 2
REPUBLISH_SECONDS = 20
SWEEP_LIMIT = 1000
BACKOFF_SECONDS = 5
AWAY_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on an attempt. `token` fences its writes: once the lease went to another, it fits no more."""

    attempt_id: int
    token: uuid.UUID
    n_tries: int
    n_lost: int


def _send(job: str, row_id: int) -> bool:
    try:
        current_app.send_task(job, args=[row_id], retry=False)
    except Exception as error:  # any transport has its own; what is stored must never fail on them
        logger.warning("row %s is stored, but the broker could not be told of %s: %s", row_id, job, error)
        return False
    return True


def publish(attempt_id: int) -> bool:
    """Tells the workers, now. False where the broker cannot be reached: the sweeper will tell them later."""
    return _send(JOB, attempt_id)


def reword_publish_on_commit(explanation_ids: list[int]) -> None:
    """Asks for better words. Nobody waits for them: a message that is lost leaves the plain wording."""
    transaction.on_commit(lambda: all(_send(REWORD_JOB, explanation_id) for explanation_id in explanation_ids))


def publish_on_commit(attempt_id: int) -> None:
    """Tells the workers once the row is really there."""
    transaction.on_commit(lambda: publish(attempt_id))


def claim(attempt_id: int) -> Claim | None:
    """Takes the attempt for this worker, or None: it is done, in other hands, or not due yet."""
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_attempt
               SET lease_token = %s,
                   lease_until = clock_timestamp() + make_interval(secs => %s),
                   -- a lease that ran out under somebody is a worker that died with it in hand
                   n_lost = n_lost + CASE WHEN lease_token IS NULL THEN 0 ELSE 1 END
             WHERE id = %s AND state = 'queued' AND next_at <= clock_timestamp()
               AND (lease_until IS NULL OR lease_until < clock_timestamp())
            RETURNING n_tries, n_lost
            """,
            [token, settings().lease_seconds, attempt_id],
        )
        row = cursor.fetchone()
    return Claim(attempt_id, token, *row) if row else None


def give_back(held: Claim, *, error: str, counts: bool) -> None:
    """Gives the attempt back to be tried again, later each time. counts: was it a failure (not merely nobody there)?"""
    wait = BACKOFF_SECONDS * 2**held.n_tries if counts else AWAY_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_attempt
               SET lease_token = NULL, lease_until = NULL, last_error = %s, n_tries = n_tries + %s,
                   next_at = clock_timestamp() + make_interval(secs => %s)
             WHERE id = %s AND lease_token = %s AND state = 'queued'
            """,
            [error[:2000], int(counts), wait, held.attempt_id, held.token],
        )


def overdue_mark(*, limit: int = SWEEP_LIMIT) -> list[int]:
    """Ids of attempts that wait, are due and in nobody's hands, and of which no worker was told lately.

    Marks them as told, so that two sweepers do not publish the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_attempt SET published_at = clock_timestamp()
             WHERE id IN (
                SELECT id FROM adaptive_attempt
                 WHERE state = 'queued' AND next_at <= clock_timestamp()
                   AND (lease_until IS NULL OR lease_until < clock_timestamp())
                   AND published_at < clock_timestamp() - make_interval(secs => %s)
                 ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [REPUBLISH_SECONDS, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def sweep() -> int:
    """Publishes again what was forgotten. Returns how many."""
    found = overdue_mark()
    for attempt_id in found:
        if not publish(attempt_id):
            break  # the broker is away: the next sweep tells the rest
    return len(found)
