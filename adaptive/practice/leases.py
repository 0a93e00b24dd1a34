"""Long work that somebody asked for, as a row with a lease: telling workers, taking it, keeping it, what became of it.

The row is the truth; the message carries its id alone and may be lost or doubled. All times are the database's. The
lease is renewed with the progress, and the work's one effect is fenced by the lease's token.
"""

import logging
import uuid
from dataclasses import dataclass

from celery import current_app
from django.db import connection
from django.db.models.functions import Now

from adaptive.assessment.models import AssessorFit, AssessorVersion
from adaptive.mastery.models import LearnerModelFit, LearnerModelVersion
from adaptive.practice.effects import LeaseLost

logger = logging.getLogger(__name__)

MAX_TRIES = 3  # failures and dead workers together
REPUBLISH_SECONDS = 20
BACKOFF_SECONDS = 30

Asked = AssessorFit | LearnerModelFit
"""Rows with the same columns of work; their tables' names are put into the statements below."""

_IS_DUE = """(status = 'queued' AND next_at <= clock_timestamp()
              OR status = 'running' AND lease_until < clock_timestamp())"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a row of `model`. n_tries: failures before; n_lost: workers that died with it in hand."""

    model: type[Asked]
    pk: int
    token: uuid.UUID
    seconds: float
    n_tries: int
    n_lost: int

    @property
    def is_spent(self) -> bool:
        """So many have tried it in vain that it shall not be tried again."""
        return self.n_tries + self.n_lost >= MAX_TRIES


def tell(job: str, pk: int) -> bool:
    """Tells a worker, now. False where the broker cannot be reached: the sweeper will tell it."""
    try:
        current_app.send_task(job, args=[pk], retry=False)
    except Exception as error:  # any transport has its own
        logger.warning("row %s is stored, but the broker could not be told of %s: %s", pk, job, error)
        return False
    return True


def forgotten(model: type[Asked]) -> list[int]:
    """What waits or whose worker died, and of which nobody was told lately: to be told now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {model._meta.db_table} SET published_at = clock_timestamp()
             WHERE published_at < clock_timestamp() - make_interval(secs => %s) AND {_IS_DUE}
            RETURNING id
            """,
            [REPUBLISH_SECONDS],
        )
        return [row[0] for row in cursor.fetchall()]


def take(model: type[Asked], pk: int, *, seconds: float) -> Claim | None:
    """Takes it for this worker and so long, or None: it is done, in other hands, or not due."""
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {model._meta.db_table}
               SET status = 'running', lease_token = %s, progress = 'starting', done_share = 0, error = '',
                   lease_until = clock_timestamp() + make_interval(secs => %s),
                   started_at = coalesce(started_at, clock_timestamp()),
                   -- a lease that ran out under somebody is a worker that died with it in hand
                   n_lost = n_lost + CASE WHEN lease_token IS NULL THEN 0 ELSE 1 END
             WHERE id = %s AND {_IS_DUE}
            RETURNING n_tries, n_lost
            """,
            [token, seconds, pk],
        )
        row = cursor.fetchone()
    return Claim(model, pk, token, seconds, *row) if row else None


def renew(held: Claim, share: float, words: str) -> bool:
    """Keeps the lease and notes how far it is. False where it is done, or no longer this worker's."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {held.model._meta.db_table}
               SET lease_until = clock_timestamp() + make_interval(secs => %s), progress = %s, done_share = %s
             WHERE id = %s AND lease_token = %s AND status = 'running'
            """,
            [held.seconds, words[:500], share, held.pk, held.token],
        )
        return cursor.rowcount == 1


def fail(held: Claim, error: str) -> str:
    """For good. Returns "failed"."""
    held.model.objects.filter(pk=held.pk, lease_token=held.token, status="running").update(
        status="failed", error=error[:2000], progress="", lease_token=None, lease_until=None, ended_at=Now()
    )
    return "failed"


def give_back(held: Claim, error: str, *, counts: bool = True) -> str:
    """To be tried again, later each time, as often as MAX_TRIES lets. Returns "tried", "waits" or "failed".

    counts: was it a failure (not merely a worker that was stopped)?
    """
    if counts and held.n_tries + held.n_lost + 1 >= MAX_TRIES:
        return fail(held, error)
    wait = BACKOFF_SECONDS * 2**held.n_tries if counts else 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {held.model._meta.db_table}
               SET status = 'queued', lease_token = NULL, lease_until = NULL, error = %s, n_tries = n_tries + %s,
                   progress = 'waits to be tried again', next_at = clock_timestamp() + make_interval(secs => %s)
             WHERE id = %s AND lease_token = %s AND status = 'running'
            """,
            [error[:2000], int(counts), wait, held.pk, held.token],
        )
    return "tried" if counts else "waits"


def locked(model: type[Asked], pk: int, token: uuid.UUID) -> Asked:
    """The row, locked for the effect of the work. Raises LeaseLost where it is done, or no longer this worker's."""
    asked = model.objects.select_for_update(of=("self",)).get(pk=pk)
    if asked.status != "running" or asked.lease_token != token:
        raise LeaseLost(f"{asked} is {asked.status}, or in other hands")
    return asked


def finish(asked: Asked, *, version: AssessorVersion | LearnerModelVersion, outcome: str) -> None:
    """It is done and gave this version. For the transaction of its effect, with the row `locked`."""
    asked.version, asked.status, asked.outcome = version, "done", outcome
    asked.progress, asked.error, asked.done_share = "", "", 1.0
    asked.lease_token = asked.lease_until = None
    asked.ended_at = Now()
    asked.save()
