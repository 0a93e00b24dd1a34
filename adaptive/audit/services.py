from typing import Any

from adaptive.audit.models import AuditEntry
from adaptive.tenants.models import Tenant


def audit_record(
    *,
    tenant: Tenant,
    action: str,
    subject: Any,
    actor_kind: str = AuditEntry.ActorKind.SYSTEM,
    actor: str = "",
    inputs: dict[str, Any] | None = None,
    outcome: dict[str, Any] | None = None,
) -> AuditEntry:
    """Notes a decision: who or what decided what about which row, on which inputs."""
    return AuditEntry.objects.create(
        tenant=tenant,
        action=action,
        subject_kind=subject._meta.model_name,
        subject_id=str(subject.pk),
        actor_kind=actor_kind,
        actor=actor[:255],
        inputs=inputs or {},
        outcome=outcome or {},
    )
