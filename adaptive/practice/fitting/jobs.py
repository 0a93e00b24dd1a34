"""A fit as a background job, held by a lease; see practice/leases.py.

The work is done by a process of its own, which ends with all its memory, and whose progress lines the worker reads.
"""

import json
import logging
import os
import select
import signal
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings as django_settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from adaptive.backends.registry import class_at
from adaptive.catalog.models import Course
from adaptive.common.errors import Conflict, InvalidInput
from adaptive.common.processes import command_of
from adaptive.conf import settings
from adaptive.mastery.models import LearnerModelFit
from adaptive.practice import leases
from adaptive.practice.fitting.data import file_hash
from adaptive.practice.fitting.fitting import Fitted, Order, Stored, sentence_of, version_store

logger = logging.getLogger(__name__)

JOB = "adaptive.learner_model_fit"
MAX_SECONDS = 3 * 3600.0
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
    return leases.tell(JOB, fit_id)


def fit_cancel(fit_id: int) -> bool:
    """Cancels a fit that waits or is at work; its process is ended within seconds. False where it had ended already."""
    return bool(
        LearnerModelFit.objects.filter(pk=fit_id, status__in=LearnerModelFit.OPEN).update(
            status=Status.CANCELLED, lease_token=None, lease_until=None, ended_at=Now(), progress=""
        )
    )


def sweep() -> int:
    """Tells workers again of fits that wait or whose worker died, and of which nobody was told lately."""
    found = leases.forgotten(LearnerModelFit)
    for fit_id in found:
        publish(fit_id)
    return len(found)


def claim(fit_id: int) -> leases.Claim | None:
    """Takes the fit for this worker, or None: it is done, in other hands, not due, or another fit is at work."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_FIT])
        at_work = LearnerModelFit.objects.filter(status=Status.RUNNING, lease_until__gte=Now())
        if at_work.exclude(pk=fit_id).exists():
            return None
        return leases.take(LearnerModelFit, fit_id, seconds=settings().lease_seconds)


def fit_work(fit_id: int) -> str:
    """A worker's whole job on one fit. Safe to run any number of times, at once too. Returns what became of it."""
    held = claim(fit_id)
    if held is None:
        return "not to be had"
    if held.is_spent:
        return leases.fail(held, f"The process that fitted died, {held.n_lost} times by now (out of memory, perhaps).")
    words = ["fit_learner_model", "--work", str(fit_id), "--token", str(held.token), "--parent", str(os.getpid())]
    command, environ = command_of(django_settings.SETTINGS_MODULE, *words)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environ) as process:
        try:
            return _watch(held, process)
        finally:
            if process.poll() is None:
                process.kill()
            # Who waited for this one need not wait for the sweeper too.
            for waiting in LearnerModelFit.objects.filter(status=Status.QUEUED, next_at__lte=Now()).order_by("pk")[:1]:
                publish(waiting.pk)


@dataclass(slots=True)
class Heard:
    """The latest that the process of a fit said."""

    fit_id: int
    share: float = 0.0
    words: str = "starting"
    failure: str = ""


def _watch(held: leases.Claim, process: subprocess.Popen) -> str:
    assert process.stdout is not None
    until, renewed_at, rest, heard = time.monotonic() + MAX_SECONDS, 0.0, b"", Heard(held.pk)
    while True:
        if select.select([process.stdout], [], [], 1.0)[0]:
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                break
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                _listen(heard, line.decode(errors="replace"))
        if time.monotonic() - renewed_at >= RENEW_EVERY:
            renewed_at = time.monotonic()
            if not leases.renew(held, heard.share, heard.words):
                if not LearnerModelFit.objects.filter(pk=held.pk, status=Status.DONE).exists():
                    return "lost"  # cancelled, or in other hands
                break  # it has just had its effect
        if time.monotonic() >= until:
            return leases.fail(held, f"It was ended after {MAX_SECONDS / 3600:.0f} hours.")
    code = process.wait()
    if code == 0:
        return "done"
    if code == FINAL:
        return leases.fail(held, heard.failure or "It failed without a word.")
    if code == -signal.SIGTERM:
        return leases.give_back(held, "The worker was stopped.", counts=False)
    how = f"killed by signal {-code} (out of memory, perhaps)" if code < 0 else f"exit status {code}"
    return leases.give_back(held, heard.failure or f"The process that fitted ended: {how}.")


def _listen(heard: Heard, line: str) -> None:
    """One line of the process; whatever a library prints is none of ours."""
    try:
        if line.startswith(PROGRESS):
            share, words = json.loads(line.removeprefix(PROGRESS))
            heard.share, heard.words = float(share), str(words)
        elif line.startswith(FAILED):
            heard.failure = str(json.loads(line.removeprefix(FAILED)))
    except (ValueError, TypeError):
        logger.warning("fit %s: a line that says nothing: %s", heard.fit_id, line[:200])


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
    asked = leases.locked(LearnerModelFit, fit_id, token)
    stored = version_store(fitted, activate=asked.activate, force=asked.force, actor=asked.asked_by)
    leases.finish(asked, version=stored.version, outcome=sentence_of(stored))
    return stored
