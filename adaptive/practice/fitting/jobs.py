"""A fit as a background job. Its row is the truth: who asked, how far it is, who has it in hand, what became of it.

All times are the database's. The message carries the id alone; a lost one is sent again by the sweeper. The work is
done by a process of its own, which ends with all its memory, and whose progress lines the worker reads; its one effect
is fenced by the lease's token.
"""

import json
import logging
import os
import select
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings as django_settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from adaptive.backends.registry import class_at
from adaptive.catalog.models import Course
from adaptive.common.errors import Conflict, InvalidInput
from adaptive.conf import settings
from adaptive.mastery.models import LearnerModelFit
from adaptive.practice.effects import LeaseLost
from adaptive.practice.fitting.data import file_hash
from adaptive.practice.fitting.fitting import Fitted, Order, Stored, sentence_of, version_store

logger = logging.getLogger(__name__)

JOB = "adaptive.learner_model_fit"
MAX_TRIES = 3  # failures and dead processes together
MAX_SECONDS = 3 * 3600.0
REPUBLISH_SECONDS = 20
BACKOFF_SECONDS = 30
RENEW_EVERY = 3.0
ONE_FIT = 0x5E7AF1  # two fits at once would only take each other's memory
PROGRESS, FAILED = "progress ", "failed "  # how a line of the working process begins that is meant for the worker
FINAL, AGAIN = 3, 4  # its exit statuses where it failed: for good, or worth another try

Status = LearnerModelFit.Status


def fit_ask(
    *,
    course: Course | None,
    backend: str,
    seed: int = 0,
    path: Path | None = None,
    activate: bool = False,
    force: bool = False,
    asked_by: str = "",
) -> LearnerModelFit:
    """Asks for a fit; a worker is told once the row is really there.

    Raises InvalidInput for a log that cannot be read, Conflict where a fit of the same course is at work or waits.
    """
    class_at(backend)
    try:
        with transaction.atomic():
            asked = LearnerModelFit.objects.create(
                course=course,
                backend=backend,
                seed=seed,
                path=str(path.resolve()) if path else "",
                file_hash=file_hash(path) if path else "",
                activate=activate,
                force=force,
                asked_by=asked_by,
                progress="waits for a worker",
            )
    except IntegrityError:
        other = LearnerModelFit.objects.filter(course=course, status__in=LearnerModelFit.OPEN).first()
        where = f"course “{course.external_id}”" if course else "all courses"
        number = f" {other.pk}" if other else ""
        raise Conflict(f"Fit{number} of {where} is at work already: wait for it, or cancel it.") from None
    transaction.on_commit(lambda: publish(asked.pk))
    return asked


def publish(fit_id: int) -> bool:
    """Tells a worker, now. False where the broker cannot be reached: the sweeper will tell it."""
    try:
        current_app.send_task(JOB, args=[fit_id], retry=False)
    except Exception as error:  # any transport has its own
        logger.warning("fit %s is stored, but the broker could not be told: %s", fit_id, error)
        return False
    return True


def fit_cancel(fit_id: int) -> bool:
    """Cancels a fit that waits or is at work; its process is ended within seconds. False where it had ended already."""
    return bool(
        LearnerModelFit.objects.filter(pk=fit_id, status__in=LearnerModelFit.OPEN).update(
            status=Status.CANCELLED, lease_token=None, lease_until=None, ended_at=Now(), progress=""
        )
    )


def sweep() -> int:
    """Tells workers again of fits that wait or whose worker died, and of which nobody was told lately."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_learnermodelfit SET published_at = clock_timestamp()
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


@dataclass(slots=True)
class Claim:
    """A worker's hold on a fit, and the latest that its process said."""

    fit_id: int
    token: uuid.UUID
    n_tries: int
    n_lost: int
    share: float = 0.0
    words: str = "starting"
    failure: dict[str, Any] = field(default_factory=dict)


def claim(fit_id: int) -> Claim | None:
    """Takes the fit for this worker, or None: it is done, in other hands, not due, or another fit is at work."""
    token = uuid.uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_FIT])
        cursor.execute(
            """
            UPDATE adaptive_learnermodelfit AS fit
               SET status = 'running', lease_token = %s, progress = 'starting', done_share = 0, error = '',
                   lease_until = clock_timestamp() + make_interval(secs => %s),
                   started_at = coalesce(started_at, clock_timestamp()),
                   -- a lease that ran out under somebody is a process that died with it in hand
                   n_lost = n_lost + CASE WHEN lease_token IS NULL THEN 0 ELSE 1 END
             WHERE id = %s
               AND (status = 'queued' AND next_at <= clock_timestamp()
                    OR status = 'running' AND lease_until < clock_timestamp())
               AND NOT EXISTS (SELECT FROM adaptive_learnermodelfit AS other
                                WHERE other.id <> fit.id AND other.status = 'running'
                                  AND other.lease_until >= clock_timestamp())
            RETURNING n_tries, n_lost
            """,
            [token, settings().lease_seconds, fit_id],
        )
        row = cursor.fetchone()
    return Claim(fit_id, token, *row) if row else None


def renew(held: Claim) -> bool:
    """Keeps the lease and notes how far it is. False where the fit is no longer this worker's."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_learnermodelfit
               SET lease_until = clock_timestamp() + make_interval(secs => %s), progress = %s, done_share = %s
             WHERE id = %s AND lease_token = %s AND status = 'running'
            """,
            [settings().lease_seconds, held.words[:500], held.share, held.fit_id, held.token],
        )
        return cursor.rowcount == 1


def _held(held: Claim) -> Any:
    return LearnerModelFit.objects.filter(pk=held.fit_id, lease_token=held.token, status=Status.RUNNING)


def _fail(held: Claim, error: str) -> str:
    _held(held).update(
        status=Status.FAILED, error=error[:2000], progress="", lease_token=None, lease_until=None, ended_at=Now()
    )
    return "failed"


def _give_back(held: Claim, *, error: str, counts: bool) -> str:
    """To be tried again, later each time. counts: was it a failure (not merely a worker that was stopped)?"""
    if counts and held.n_tries + held.n_lost + 1 >= MAX_TRIES:
        return _fail(held, error)
    wait = BACKOFF_SECONDS * 2**held.n_tries if counts else 0
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_learnermodelfit
               SET status = 'queued', lease_token = NULL, lease_until = NULL, error = %s, n_tries = n_tries + %s,
                   progress = 'waits to be tried again', next_at = clock_timestamp() + make_interval(secs => %s)
             WHERE id = %s AND lease_token = %s AND status = 'running'
            """,
            [error[:2000], int(counts), wait, held.fit_id, held.token],
        )
    return "tried" if counts else "waits"


def fit_work(fit_id: int) -> str:
    """A worker's whole job on one fit. Safe to run any number of times, at once too. Returns what became of it."""
    held = claim(fit_id)
    if held is None:
        return "not to be had"
    if held.n_tries + held.n_lost >= MAX_TRIES:
        return _fail(held, f"The process that fitted died, {held.n_lost} times by now (out of memory, perhaps).")
    command = [sys.executable, "-m", "django", "fit_learner_model", "--work", str(fit_id), "--token", str(held.token)]
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": django_settings.SETTINGS_MODULE,
        "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
        "PYTHONUNBUFFERED": "1",
    }
    command += ["--parent", str(os.getpid())]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environ) as process:
        try:
            return _watch(held, process)
        finally:
            if process.poll() is None:
                process.kill()
            # Who waited for this one need not wait for the sweeper too.
            for waiting in LearnerModelFit.objects.filter(status=Status.QUEUED, next_at__lte=Now()).order_by("pk")[:1]:
                publish(waiting.pk)


def _watch(held: Claim, process: subprocess.Popen) -> str:
    assert process.stdout is not None
    until, renewed_at, rest = time.monotonic() + MAX_SECONDS, 0.0, b""
    while True:
        if select.select([process.stdout], [], [], 1.0)[0]:
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                break
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                _listen(held, line.decode(errors="replace"))
        if time.monotonic() - renewed_at >= RENEW_EVERY:
            renewed_at = time.monotonic()
            if not renew(held):
                if not LearnerModelFit.objects.filter(pk=held.fit_id, status=Status.DONE).exists():
                    return "lost"  # cancelled, or in other hands
                break  # it has just had its effect
        if time.monotonic() >= until:
            return _fail(held, f"It was ended after {MAX_SECONDS / 3600:.0f} hours.")
    code = process.wait()
    if code == 0:
        return "done"
    if code == FINAL:
        return _fail(held, held.failure.get("error", "It failed without a word."))
    if code == -signal.SIGTERM:
        return _give_back(held, error="The worker was stopped.", counts=False)
    how = f"killed by signal {-code} (out of memory, perhaps)" if code < 0 else f"exit status {code}"
    return _give_back(held, error=held.failure.get("error", f"The process that fitted ended: {how}."), counts=True)


def _listen(held: Claim, line: str) -> None:
    """One line of the process; whatever a library prints is none of ours."""
    try:
        if line.startswith(PROGRESS):
            share, words = json.loads(line.removeprefix(PROGRESS))
            held.share, held.words = float(share), str(words)
        elif line.startswith(FAILED):
            held.failure = {"error": str(json.loads(line.removeprefix(FAILED)))}
    except (ValueError, TypeError):
        logger.warning("fit %s: a line that says nothing: %s", held.fit_id, line[:200])


def how_far(asked: LearnerModelFit) -> str:
    """How far it is, or what became of it, in a few words."""
    if asked.status == Status.RUNNING:
        return f"{asked.done_share:.0%}, {asked.progress}"
    if asked.status == Status.DONE:
        # Whether it is in use, and why not; the figures before that stand with the version.
        return asked.outcome[asked.outcome.rfind("It is ") :]
    return asked.error or asked.progress


# -- in the process of its own
def order_of(asked: LearnerModelFit) -> Order:
    """What the row asks for. InvalidInput where its log is another one by now."""
    path = Path(asked.path) if asked.path else None
    if path is not None and file_hash(path) != asked.file_hash:
        raise InvalidInput(f"{path} has changed since the fit was asked for: ask again.")
    return Order(asked.backend, asked.course, path, asked.seed)


@transaction.atomic
def fit_finish(*, fit_id: int, token: uuid.UUID, fitted: Fitted) -> Stored:
    """The job's one effect: the version, in use if that was asked for, and the row that says so.

    Raises LeaseLost where the fit is no longer this process's; nothing is written then.
    """
    asked = LearnerModelFit.objects.select_for_update(of=("self",)).get(pk=fit_id)
    if asked.status != Status.RUNNING or asked.lease_token != token:
        raise LeaseLost(f"fit {fit_id} is {asked.status}, or in other hands")
    stored = version_store(fitted, activate=asked.activate, force=asked.force, actor=asked.asked_by)
    asked.version, asked.status, asked.outcome = stored.version, Status.DONE, sentence_of(stored)
    asked.progress, asked.error, asked.done_share = "", "", 1.0
    asked.lease_token = asked.lease_until = None
    asked.ended_at = Now()
    asked.save()
    return stored
