"""Putting a learner model in use. The states follow in the background; until then each is read by what wrote it."""

from django.db import connection, transaction

from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.backends.registry import class_at
from adaptive.catalog.models import Course
from adaptive.common.errors import InvalidInput
from adaptive.conf import settings
from adaptive.mastery.models import LearnerModelVersion
from adaptive.mastery.versions import load_version, why_unusable
from adaptive.tenants.models import Tenant

LOCK = 0x5E7AAC


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@transaction.atomic
def version_activate(*, version: LearnerModelVersion, actor: str = "") -> None:
    """Puts the version in use for its course (without one: for every course that has none of its own).

    InvalidInput, in one sentence, for a version that the program cannot use.
    """
    if why := why_unusable(version):
        raise InvalidInput(why)
    try:
        load_version(version)
    except Exception as error:  # a backend's own refusal; before it is in use, not after
        raise InvalidInput(f"Version {version.pk} cannot be read by {version.backend}: {error}.") from error
    _one_at_a_time()
    same = LearnerModelVersion.objects.filter(course=version.course_id)
    former = same.filter(is_active=True).values_list("pk", flat=True).first()
    same.filter(is_active=True).exclude(pk=version.pk).update(is_active=False)
    same.filter(pk=version.pk).update(is_active=True)
    version.is_active = True
    _note(version.course, subject=version, actor=actor, former=former, number=version.pk)


@transaction.atomic
def defaults_activate(*, course: Course | None, actor: str = "") -> None:
    """Puts the defaults that ship in use again, for the course or for every course that has no version of its own."""
    _one_at_a_time()
    active = LearnerModelVersion.objects.filter(course=course, is_active=True)
    former = active.values_list("pk", flat=True).first()
    if course is not None and LearnerModelVersion.objects.filter(course=None, is_active=True).exists():
        # Merely without a version of its own the course would get the installation's; this one says otherwise.
        backend = settings().learner_model
        shipped = LearnerModelVersion.objects.filter(course=course, params__isnull=True, backend=backend).first()
        if shipped is None:
            name = class_at(backend).name
            shipped = LearnerModelVersion.objects.create(course=course, backend=backend, name=name)
        version_activate(version=shipped, actor=actor)
        return
    for version in active.defer("params"):
        active.filter(pk=version.pk).update(is_active=False)
        _note(course, subject=version, actor=actor, former=former, number=0)


def _note(course: Course | None, *, subject: LearnerModelVersion, actor: str, former: int | None, number: int) -> None:
    tenants = [course.tenant] if course is not None else list(Tenant.objects.all())
    for tenant in tenants:
        audit_record(
            tenant=tenant,
            action="learner_model_activate",
            subject=subject,
            actor_kind=AuditEntry.ActorKind.PERSON if actor else AuditEntry.ActorKind.SYSTEM,
            actor=actor,
            inputs={"before": former or 0, "course": course.external_id if course else None},
            outcome={"in_use": number},
        )
