"""A teacher gives exercises: to chosen learners, a cohort or the whole course, with a day to be done by or without.

What is given is a batch of pins (see rulings), so that a slate puts it first, a learner who has answered an exercise
right since is rid of it, and it can be taken back at once. Pins of homework with a day end a week after that day.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import now
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.common.hashing import stable_hash
from adaptive.common.text import control_character
from adaptive.learners.models import Cohort, Enrolment, Learner
from adaptive.recommendation.models import Homework, Ruling
from adaptive.recommendation.reviewing import checked_teacher

MAX_EXERCISES = 10
MAX_LEARNERS = 1000
MAX_TITLE = 200
MAX_AHEAD = timedelta(days=366)
FIRST_AFTER_DUE = timedelta(days=7)  # so long what was not done in time still comes first


def _refuse(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[FieldError(pointer, detail)])


def _checked_exercises(course: Course, ids: Sequence[int]) -> list[Resource]:
    """In the order given. Raises InvalidInput."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        raise _refuse("/exercises", _("Choose at least one exercise."))
    if len(wanted) > MAX_EXERCISES:
        few = ngettext("Choose %(most)d exercise at most.", "Choose %(most)d exercises at most.", MAX_EXERCISES)
        raise _refuse("/exercises", few % {"most": MAX_EXERCISES})
    rows = Resource.objects.filter(course=course, pk__in=wanted, kind=Resource.Kind.EXERCISE, is_retired=False)
    found = rows.only("pk", "external_id", "title", "course_id").in_bulk()
    if len(found) < len(wanted):
        raise _refuse("/exercises", _("One of the exercises is not in this course any more; choose again."))
    return [found[pk] for pk in wanted]


def _checked_learners(course: Course, ids: Sequence[int]) -> list[int]:
    wanted = sorted(set(ids))
    if not wanted or len(wanted) > MAX_LEARNERS:
        raise _refuse("/learners", _("Choose for whom it is."))
    there = Enrolment.objects.filter(course=course, learner__in=wanted, role=Enrolment.Role.LEARNER)
    if there.count() < len(wanted):
        raise _refuse("/learners", _("Somebody who was chosen does not learn in this course any more; choose again."))
    return wanted


def _checked_title(title: str, exercises: Sequence[Resource]) -> str:
    title = " ".join(str(title or "").split())
    if len(title) > MAX_TITLE:
        raise _refuse("/title", _("The title may have %(most)d characters at most.") % {"most": MAX_TITLE})
    if control_character(title):
        raise _refuse("/title", _("The title may not have control characters."))
    n = len(exercises)
    return title or ngettext("%(n)d exercise", "%(n)d exercises", n) % {"n": n}


def _due_at(due_on: date | None) -> datetime | None:
    """The end of that day in the installation's time zone."""
    if due_on is None:
        return None
    today = localdate()
    if due_on < today:
        raise _refuse("/due_on", _("That day is over: choose today or a later one."))
    if due_on > today + MAX_AHEAD:
        raise _refuse("/due_on", _("Choose a day within a year."))
    return datetime.combine(due_on, time(23, 59, 59), get_current_timezone())


@transaction.atomic
def homework_give(
    *,
    course: Course,
    teacher: Learner,
    exercises: Sequence[int],
    cohort: Cohort | None = None,
    learners: Sequence[int] | None = None,
    due_on: date | None = None,
    title: str = "",
    misconception: str = "",
) -> tuple[Homework, bool]:
    """Gives the exercises (ids, in the order they come in) and pins them. Returns (homework, is it new).

    learners: their ids; None: all of the cohort, or of the course where there is no cohort. The same for the same
    people twice on one day, and not taken back: given once. Raises InvalidInput (with pointers) and NotAllowed.
    """
    checked_teacher(teacher, course)
    found = _checked_exercises(course, exercises)
    if cohort is not None and cohort.course_id != course.pk:
        raise _refuse("/cohort", _("That group is not in this course."))
    who = None if learners is None else _checked_learners(course, learners)
    due_at = _due_at(due_on)
    title = _checked_title(title, found)
    misconception = "" if control_character(misconception) else misconception[:255]
    cohort = cohort if who is None else None
    ids = [one.pk for one in found]
    same = stable_hash([ids, cohort.pk if cohort else None, who, due_at, localdate()])
    # One at a time in a course: the second of two clicks finds what the first one gave.
    Course.objects.select_for_update().only("pk").get(pk=course.pk)
    before = Homework.objects.filter(course=course, same=same, ended_at=None).first()
    if before is not None:
        return before, False
    homework = Homework.objects.create(
        course=course, title=title, misconception=misconception, due_at=due_at, teacher=teacher, same=same
    )
    ends_at = due_at + FIRST_AFTER_DUE if due_at else None
    # The exercise outside, so that the pins of every learner come in the order of the set.
    Ruling.objects.bulk_create(
        Ruling(
            kind=Ruling.Kind.PIN,
            course=course,
            resource_id=pk,
            learner_id=learner_id,
            cohort=cohort,
            homework=homework,
            teacher=teacher,
            ends_at=ends_at,
        )
        for pk in ids
        for learner_id in (who or [None])
    )
    audit_record(
        tenant=course.tenant,
        action="homework_give",
        subject=homework,
        actor_kind=AuditEntry.ActorKind.PERSON,
        actor=teacher.external_id,
        inputs={
            "exercises": [one.external_id for one in found],
            "cohort": cohort.name if cohort else None,
            "n_learners": len(who) if who is not None else None,
            "due_at": due_at.isoformat() if due_at else None,
            "misconception": misconception,
        },
    )
    return homework, True


@transaction.atomic
def homework_end(*, homework: Homework, teacher: Learner) -> bool:
    """Takes it back with its pins; what was answered stays. False where that was done already. Raises NotAllowed."""
    checked_teacher(teacher, homework.course)
    at = now()
    if not Homework.objects.filter(pk=homework.pk, ended_at=None).update(ended_at=at):
        return False
    n_pins = Ruling.objects.filter(homework=homework, ended_at=None).update(ended_at=at)
    audit_record(
        tenant=homework.course.tenant,
        action="homework_end",
        subject=homework,
        actor_kind=AuditEntry.ActorKind.PERSON,
        actor=teacher.external_id,
        outcome={"n_pins": n_pins},
    )
    return True
