from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Count, F

from adaptive.audit.models import AuditEntry, SentText
from adaptive.common.clock import now
from adaptive.tenants.models import Tenant

MAX_SENT = 12_000  # characters kept of one text
SENT_KEPT_DAYS = 400
MAX_SENT_ROWS = 5_000  # of one learner; the oldest go first


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


def sent_record(
    *,
    learner: Any,
    purpose: str,
    model: str,
    host: str = "",
    text: str,
    removed: Mapping[str, int] | None = None,
    subject: Any,
) -> None:
    """Notes what a model is about to be given. The same text for the same thing again is the same row, once more."""
    what = _sent(learner=learner, purpose=purpose, model=model, host=host, text=text, subject=subject)
    if not SentText.objects.filter(**what).update(n_times=F("n_times") + 1):
        SentText.objects.create(**what, n_characters=len(text), removed=dict(removed or {}))


def _sent(*, learner: Any, purpose: str, model: str, host: str, text: str, subject: Any) -> dict[str, Any]:
    return {
        "learner": learner,
        "purpose": purpose,
        "model": model[:160],
        "host": host[:255],
        "text": text[:MAX_SENT],
        "subject_kind": subject._meta.model_name,
        "subject_id": str(subject.pk),
    }


def sent_record_many(*, purpose: str, model: str, host: str = "", given: Iterable[tuple[Any, str, Any]]) -> None:
    """The same for many texts at once, in one query. given: (learner, text, subject). Raises IntegrityError, and notes
    nothing, where a learner was erased meanwhile."""
    common = {"purpose": purpose, "model": model, "host": host}
    SentText.objects.bulk_create(
        SentText(**_sent(learner=learner, text=text, subject=subject, **common), n_characters=len(text))
        for learner, text, subject in given
    )


def sent_forget() -> int:
    """Deletes what is older than SENT_KEPT_DAYS, and the oldest of who has more than MAX_SENT_ROWS."""
    n = SentText.objects.filter(at__lt=now() - timedelta(days=SENT_KEPT_DAYS)).delete()[0]
    for row in SentText.objects.values("learner").annotate(n=Count("pk")).filter(n__gt=MAX_SENT_ROWS):
        rows = SentText.objects.filter(learner=row["learner"]).order_by("-pk")
        oldest_kept = rows.values_list("pk", flat=True)[MAX_SENT_ROWS - 1]
        n += SentText.objects.filter(learner=row["learner"], pk__lt=oldest_kept).delete()[0]
    return n
