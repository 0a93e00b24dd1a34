from datetime import timedelta

from adaptive.common.clock import now
from adaptive.tenants.models import ApiToken
from adaptive.tenants.services import token_hash


def token_find(*, token: str) -> ApiToken | None:
    """The token's row with its tenant, or None where it is unknown or revoked. Notes the use, at most once a minute."""
    found = (
        ApiToken.objects.select_related("tenant").filter(token_hash=token_hash(token), revoked_at__isnull=True).first()
    )
    if found and (found.last_used_at is None or found.last_used_at < now() - timedelta(minutes=1)):
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now())
    return found
