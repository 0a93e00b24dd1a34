"""Learning as a background job, held by a lease; see practice/leases.py."""

import logging
import time

from django.db import IntegrityError, transaction

from adaptive.assessment.models import AssessorFit, AssessorVersion
from adaptive.catalog.models import Course
from adaptive.common.errors import Conflict, InvalidInput
from adaptive.practice import leases
from adaptive.practice.effects import LeaseLost
from adaptive.practice.finetuning.learning import KINDS, Order, learn, sentence_of, version_store

logger = logging.getLogger(__name__)

JOB = "adaptive.finetune"
LEASE_SECONDS = 300
MAX_SECONDS = 1800


def finetune_ask(
    *,
    course: Course,
    kind: str = AssessorVersion.Kind.CALIBRATOR,
    seed: int = 0,
    activate: bool = False,
    asked_by: str = "",
) -> AssessorFit:
    """Asks for it; a worker is told once the row is there. Conflict where one of the course is at work or waits."""
    if kind not in KINDS:
        raise InvalidInput(f"“{kind}” is nothing that can be learned: use {', '.join(KINDS)}.")
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
    return leases.tell(JOB, fit_id)


def sweep() -> int:
    """Tells workers again of what waits or whose worker died, and of which nobody was told lately."""
    found = leases.forgotten(AssessorFit)
    for fit_id in found:
        publish(fit_id)
    return len(found)


def claim(fit_id: int) -> leases.Claim | None:
    """Takes it for this worker, or None: it is done, in other hands, or not due."""
    return leases.take(AssessorFit, fit_id, seconds=LEASE_SECONDS)


def finetune_work(fit_id: int) -> str:
    """A worker's whole job. Safe to run any number of times, at once too. Returns what became of it."""
    held = claim(fit_id)
    if held is None:
        return "not to be had"
    if held.is_spent:
        return leases.fail(held, f"The worker that learned died, {held.n_lost} times by now.")
    asked = AssessorFit.objects.select_related("course__tenant").get(pk=fit_id)
    until = time.monotonic() + MAX_SECONDS

    def progress(share: float, words: str) -> None:
        if time.monotonic() > until:
            raise InvalidInput(f"It was ended after {MAX_SECONDS // 60} minutes.")
        if not leases.renew(held, share, words):
            raise LeaseLost(f"{asked} is done, or in other hands")

    try:
        fitted = learn(Order(asked.course, asked.kind, asked.seed), progress=progress)
        with transaction.atomic():
            row = leases.locked(AssessorFit, fit_id, held.token)
            stored = version_store(fitted, activate=row.activate, actor=row.asked_by)
            leases.finish(row, version=stored.version, outcome=sentence_of(stored))
    except LeaseLost as lost:
        logger.info("%s", lost)
        return "lost"
    except InvalidInput as error:
        return leases.fail(held, error.detail)
    except Exception as error:
        logger.exception("assessor fit %s failed", fit_id)
        return leases.give_back(held, f"{type(error).__name__}: {error}")
    return "done"


def how_far(asked: AssessorFit) -> str:
    """How far it is, or what became of it, in a few words."""
    if asked.status == AssessorFit.Status.RUNNING:
        return f"{asked.done_share:.0%}, {asked.progress}"
    return asked.outcome or asked.error or asked.progress
