"""What teachers may set in their own course: the success window, the AI for the course and each exercise, and how many
marks released without a person may be wrong. Every change is noted with what stood there before."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from adaptive.assessment.agreement import agreement_refresh
from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.catalog.models import Course, Resource
from adaptive.common.errors import FieldError, InvalidInput, NotAllowed
from adaptive.conf import settings
from adaptive.learners.models import Enrolment, Learner
from adaptive.learners.selectors import enrolment_get

MOST_ERROR = 0.5  # a coin does as well


def _refuse(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[FieldError(pointer, detail)])


def _checked_teacher(teacher: Learner, course: Course) -> None:
    if enrolment_get(learner=teacher, course=course).role != Enrolment.Role.TEACHER:
        raise NotAllowed(f"“{teacher.external_id}” does not teach “{course.external_id}”.")


def _checked_window(low: float | None, high: float | None) -> None:
    for pointer, value in (("/zpd_low", low), ("/zpd_high", high)):
        if value is not None and not 0.01 <= value <= 0.99:
            raise _refuse(pointer, _("The success window lies between 1 and 99 %."))
    bottom = settings().zpd_low if low is None else low
    top = settings().zpd_high if high is None else high
    if bottom >= top:
        values = {"low": round(bottom * 100), "high": round(top * 100)}
        detail = _("The window would begin at %(low)d %% and end at %(high)d %%: its beginning must be below its end.")
        raise _refuse("/zpd_low", detail % values)


@transaction.atomic
def course_settings_set(
    *,
    course: Course,
    teacher: Learner,
    zpd_low: float | None,
    zpd_high: float | None,
    release_error_limit: float | None,
    is_ai_enabled: bool,
) -> dict[str, Any]:
    """Sets all of it; None: the installation's own value. Returns what changed, {name: before}.

    Shares are in [0, 1]. Raises InvalidInput (nothing is changed then) and NotAllowed.
    """
    _checked_teacher(teacher, course)
    _checked_window(zpd_low, zpd_high)
    if release_error_limit is not None and not 0 <= release_error_limit <= MOST_ERROR:
        detail = _("The limit of wrong marks lies between 0 and %(most)d %%.") % {"most": round(MOST_ERROR * 100)}
        raise _refuse("/release_error_limit", detail)
    held = Course.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=course.pk)
    wanted = {
        "zpd_low": zpd_low,
        "zpd_high": zpd_high,
        "release_error_limit": release_error_limit,
        "is_ai_enabled": is_ai_enabled,
    }
    before = {name: getattr(held, name) for name, value in wanted.items() if getattr(held, name) != value}
    if not before:
        return {}
    for name in before:
        setattr(held, name, wanted[name])
    held.save(update_fields=[*before, "updated_at"])
    audit_record(
        tenant=held.tenant,
        action="course_settings_set",
        subject=held,
        actor_kind=AuditEntry.ActorKind.PERSON,
        actor=teacher.external_id,
        inputs={"before": before},
        outcome={name: wanted[name] for name in before},
    )
    if "release_error_limit" in before:
        agreement_refresh(course=held)  # the thresholds follow the limit
    return before


@transaction.atomic
def exercise_ai_set(*, exercise: Resource, teacher: Learner, is_ai_enabled: bool) -> bool:
    """May the AI mark this exercise's answers in words? From the next answer on. False where nothing changed.

    Raises NotAllowed.
    """
    _checked_teacher(teacher, exercise.course)
    rows = Resource.objects.filter(pk=exercise.pk, is_ai_enabled=not is_ai_enabled)
    if not rows.update(is_ai_enabled=is_ai_enabled):
        return False
    audit_record(
        tenant=exercise.course.tenant,
        action="exercise_ai_set",
        subject=exercise,
        actor_kind=AuditEntry.ActorKind.PERSON,
        actor=teacher.external_id,
        outcome={"is_ai_enabled": is_ai_enabled},
    )
    return True
