"""Difficulties of exercises as a background job: a course at a time, all that is due of it.

The rows themselves say what is left to do, so a killed job or a lost message loses nothing: the sweeper finds the
course again. Numpy on stored embeddings alone; no model of words is loaded.
"""

import logging
from datetime import datetime, timedelta

from celery import current_app
from django.db import transaction
from django.db.models import Max

from adaptive.catalog.models import Course
from adaptive.common.clock import now
from adaptive.mastery.difficulties import (
    count_is_due,
    difficulties_count,
    difficulties_foretell,
    difficulty_fit_of,
    exercises_due,
)
from adaptive.mastery.models import ItemDifficulty
from adaptive.mastery.publishing import difficulties_publish
from adaptive.practice import replaying
from adaptive.practice.alone import alone

logger = logging.getLogger(__name__)

JOB = "adaptive.item_difficulties"
LOCK_KIND = 0x5E7AD
# Reading all first tries of a course costs a second per hundred thousand; a new exercise can wait so long for it.
COUNT_AGAIN_AFTER = timedelta(hours=1)


def publish(course_id: int) -> bool:
    """Tells a worker, now. False where the broker cannot be reached: the sweeper will tell it."""
    try:
        # A hint that nobody takes up soon is forgotten: the sweeper gives the next one.
        current_app.send_task(JOB, args=[course_id], retry=False, expires=50)
    except Exception as error:  # any transport has its own
        logger.warning("difficulties of course %s are due, but the broker could not be told: %s", course_id, error)
        return False
    return True


def publish_for(course: Course | None) -> None:
    """Once what was put in use is really there: tells a worker of the course, or of all that wait."""
    transaction.on_commit(lambda: publish(course.pk) if course is not None else sweep())


def difficulties_renew(course_id: int, *, at: datetime | None = None) -> dict[str, int]:
    """All that is due in the course. Safe to run any number of times, at once too. Returns what was done."""
    done = {"foretold": 0, "counted": 0, "states_waiting": 0}
    with alone(LOCK_KIND, course_id) as is_alone:
        course = Course.objects.filter(pk=course_id).first()
        if not is_alone or course is None:
            return done
        at = at or now()
        done["foretold"] = difficulties_foretell(course=course, at=at)
        # What was foretold anew knows of no answer yet, whenever the others were counted.
        if count_is_due(course):
            done["counted"] = difficulties_count(course=course, at=at)
        done["states_waiting"] = difficulties_publish(course=course, at=at)
    if done["states_waiting"]:
        replaying.publish(course_id)
    return done


def is_due(course: Course, *, at: datetime) -> bool:
    """Is anything to be done in the course? A few queries that end at the first exercise found."""
    if exercises_due(course, difficulty_fit_of(course)).exists():
        return True
    rows = ItemDifficulty.objects.filter(resource__course=course)
    last = rows.aggregate(last=Max("counted_at"))["last"]
    return (last is None or at - last >= COUNT_AGAIN_AFTER) and count_is_due(course)


def sweep(*, at: datetime | None = None) -> int:
    """Tells the workers of every course of which something is due. Returns how many."""
    at = at or now()
    waiting = [course.pk for course in Course.objects.order_by("pk") if is_due(course, at=at)]
    for course_id in waiting:
        if not publish(course_id):
            break
    return len(waiting)
