from typing import Any

from django.db.models import QuerySet

from adaptive.common.errors import NotAllowed, NotFound
from adaptive.learners.models import Enrolment, Learner
from adaptive.tenants.models import Tenant


def learner_get(*, tenant: Tenant, learner: str) -> Learner:
    """The learner by the LMS's own id. Raises NotFound."""
    found = Learner.objects.filter(tenant=tenant, external_id=learner).first()
    if found is None:
        raise NotFound(f"There is no learner “{learner[:60]}”.")
    return found


def enrolment_get(*, learner: Learner, course: Any) -> Enrolment:
    """The learner's enrolment in the course. Raises NotAllowed where there is none."""
    found = Enrolment.objects.select_related("cohort").filter(learner=learner, course=course).first()
    if found is None:
        raise NotAllowed(f"“{learner.external_id}” is not enrolled in “{course.external_id}”.")
    return found


def enrolments_of(*, learner: Learner) -> QuerySet[Enrolment]:
    """The learner's courses with their roles, newest first."""
    return Enrolment.objects.filter(learner=learner).select_related("course", "cohort").order_by("-created_at", "-id")


def learners_in(*, course: Any) -> QuerySet[Learner]:
    """Who learns in the course (teachers left out), by name."""
    return Learner.objects.filter(enrolments__course=course, enrolments__role=Enrolment.Role.LEARNER).order_by(
        "display_name", "external_id"
    )


def written_by(learner: Learner) -> dict[str, list[str]]:
    """What says who the learner is, for common.redacting: {"names": [...], "ids": [...]}. One query where there is a
    login that is not at hand."""
    login = learner.user.get_username() if learner.user else ""
    return {"names": [learner.display_name], "ids": [learner.external_id, login]}
