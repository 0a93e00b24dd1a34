from typing import Any

from django.db import transaction

from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.common.text import control_character
from adaptive.learners.consents import without_grants
from adaptive.learners.languages import languages
from adaptive.learners.models import Cohort, Enrolment, Learner
from adaptive.learners.preferences import merged
from adaptive.tenants.models import Tenant

MAX_PREFERENCES = 20


def _check_id(value: str, pointer: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 255 or control_character(value):
        detail = "An id is a text of 1 to 255 characters without control characters."
        raise InvalidInput(detail, errors=[FieldError(pointer, detail)])
    return value


def learner_put(
    *,
    tenant: Tenant,
    external_id: str,
    display_name: str | None = None,
    language: str | None = None,
    preferences: dict[str, Any] | None = None,
    ai_consent: bool | None = None,
    is_simulated: bool | None = None,
) -> tuple[Learner, bool]:
    """Creates the learner or changes what is given (None: leave as it is). Returns (learner, created)."""
    _check_id(external_id, "/learner")
    if preferences is not None and len(preferences) > MAX_PREFERENCES:
        raise InvalidInput(
            "Too many preferences.", errors=[FieldError("/preferences", f"{MAX_PREFERENCES} are the most.")]
        )
    given = {
        "display_name": display_name,
        "language": language,
        "preferences": preferences,
        "ai_consent": ai_consent,
        "is_simulated": is_simulated,
    }
    values = {name: value for name, value in given.items() if value is not None}
    held = Learner.objects.filter(tenant=tenant, external_id=external_id).first() if values else None
    if preferences is not None and held:
        values["preferences"] = merged(held.preferences, preferences)
    if ai_consent is False and held and held.ai_consent:
        values["consents"] = without_grants(held.consents)
    return Learner.objects.update_or_create(tenant=tenant, external_id=external_id, defaults=values)


def language_set(*, learner: Learner, language: str) -> Learner:
    """The learner's own choice. Raises InvalidInput for a language that is not offered."""
    if language not in languages():
        detail = f"“{str(language)[:40]}” is not offered: use {', '.join(languages())}."
        raise InvalidInput(detail, errors=[FieldError("/language", detail)])
    if learner.language != language:
        learner.language = language
        learner.save(update_fields=["language", "updated_at"])
    return learner


@transaction.atomic
def performance_sharing_set(*, learner: Learner, shares: bool) -> Learner:
    """The learner's own consent to show teachers the assessments of their performance, or its withdrawal; logged."""
    held = Learner.objects.select_for_update().select_related("tenant").get(pk=learner.pk)
    if held.shares_performance != shares:
        held.shares_performance = shares
        held.save(update_fields=["shares_performance", "updated_at"])
        audit_record(
            tenant=held.tenant,
            action="performance_sharing_set",
            subject=held,
            actor_kind=AuditEntry.ActorKind.PERSON,
            outcome={"shares_performance": shares},
        )
    return held


@transaction.atomic
def enrolment_put(
    *, learner: Learner, course: Any, role: str = Enrolment.Role.LEARNER, cohort: str = ""
) -> tuple[Enrolment, bool]:
    """Enrols the learner in the course of the same tenant. Returns (enrolment, created)."""
    if role not in Enrolment.Role.values:
        detail = f"“{str(role)[:40]}” is no role: use learner or teacher."
        raise InvalidInput(detail, errors=[FieldError("/role", detail)])
    if course.tenant_id != learner.tenant_id:
        raise InvalidInput("The learner and the course belong to different tenants.")
    group = None
    if cohort:
        group, _ = Cohort.objects.get_or_create(tenant_id=course.tenant_id, course=course, name=cohort[:255])
    return Enrolment.objects.update_or_create(learner=learner, course=course, defaults={"role": role, "cohort": group})
