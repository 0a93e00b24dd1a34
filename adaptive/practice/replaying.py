"""Bringing states up to the learner model in use, in the background: learner by learner, while everybody works on.

The states themselves say what is left to do (their tag is not the one in use), so a killed job loses nothing: whoever
comes next goes on where it stopped. Until its turn comes, each state is read and updated by the model that wrote it.
"""

import logging
import time
from datetime import timedelta

from celery import current_app
from django.db import transaction
from django.db.models import Q

from adaptive.catalog.models import Course
from adaptive.common.clock import now
from adaptive.mastery.models import LearnerState
from adaptive.mastery.selectors import replay_progress
from adaptive.mastery.services import state_renew
from adaptive.mastery.versions import ModelInUse, model_in_use
from adaptive.practice.alone import alone

logger = logging.getLogger(__name__)

JOB = "adaptive.states_replay"
ROUND_SECONDS = 40.0  # a short round, so that one large course does not keep the others waiting
RETRY_AFTER = timedelta(minutes=10)
AT_ONCE = 2000
MAX_TRIES = 3
LOCK_KIND = 0x5E7A


def publish(course_id: int) -> bool:
    """Tells a worker, now. False where the broker cannot be reached: the sweeper will tell it."""
    try:
        # A hint that nobody takes up soon is forgotten: the sweeper gives the next one.
        current_app.send_task(JOB, args=[course_id], retry=False, expires=10)
    except Exception as error:  # any transport has its own
        logger.warning("states of course %s wait, but the broker could not be told: %s", course_id, error)
        return False
    return True


def publish_for(course: Course | None) -> None:
    """Once what was put in use is really there: tells a worker of the course's states, or of all that wait."""
    transaction.on_commit(lambda: publish(course.pk) if course is not None else sweep())


def sweep() -> int:
    """Tells the workers of every course whose states wait. Returns how many states that are."""
    again = set(LearnerState.objects.filter(replay_after__lte=now()).values_list("course_id", flat=True))
    waiting = [
        found
        for found in replay_progress(Course.objects.all()).values()
        if found.n_waiting > found.n_failed or (found.n_waiting and found.course.pk in again)
    ]
    for found in waiting:
        if not publish(found.course.pk):
            break
    return sum(found.n_waiting for found in waiting)


def states_replay(course_id: int, *, seconds: float = ROUND_SECONDS) -> int:
    """Brings states of the course up to the version in use for at most so long. Returns how many it renewed."""
    with alone(LOCK_KIND, course_id) as is_alone:
        course = Course.objects.filter(pk=course_id).first()
        if not is_alone or course is None:
            return 0
        in_use, until, n_renewed = model_in_use(course), time.monotonic() + seconds, 0
        due = Q(replay_after=None) | Q(replay_after__lte=now())
        waiting = LearnerState.objects.filter(due, course=course, n_applied__gt=0).exclude(model=in_use.tag)
        # Those who answered last come first: they are the ones who will look.
        for state_id in list(waiting.order_by("-updated_at", "pk").values_list("pk", flat=True)[:AT_ONCE]):
            n_renewed += _renew(state_id, course, in_use)
            if time.monotonic() >= until:
                break
        return n_renewed


def _renew(state_id: int, course: Course, in_use: ModelInUse) -> bool:
    try:
        # Again where a teacher's mark rewrote the past meanwhile; if it goes on so, the next round will see to it.
        return any(state_renew(state_id=state_id, course=course, in_use=in_use) for _ in range(MAX_TRIES))
    except Exception as error:
        # One learner that cannot be replayed must not keep the others from it; the old state stays and stays usable.
        logger.exception("state %s could not be replayed", state_id)
        LearnerState.objects.filter(pk=state_id).update(
            replay_error=f"{type(error).__name__}: {error}"[:2000], replay_after=now() + RETRY_AFTER
        )
        return False
