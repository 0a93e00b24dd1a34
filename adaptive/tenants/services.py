import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.utils.text import slugify

from adaptive.common.clock import now
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.tenants.models import ApiToken, IdempotencyRecord, Tenant

SCOPES = ("read", "write", "admin")
TOKEN_PREFIX = "adt_"


def token_hash(token: str) -> str:
    """Hex SHA-256. The token has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


def tenant_ensure(*, slug: str, name: str = "") -> Tenant:
    """The tenant of this slug, made where it does not exist."""
    if slugify(slug) != slug or not slug or len(slug) > 64:
        raise InvalidInput(
            f"“{slug[:64]}” is no tenant slug: use lower-case letters, digits and hyphens.",
            errors=[FieldError("/tenant", "Use lower-case letters, digits and hyphens.")],
        )
    return Tenant.objects.get_or_create(slug=slug, defaults={"name": name or slug})[0]


def token_create(*, tenant: Tenant, name: str, scopes: Sequence[str] = ("read", "write")) -> str:
    """A new token for the tenant. It is returned here and never again: only its hash is stored."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise InvalidInput(f"“{', '.join(unknown)}” is no scope: use {', '.join(SCOPES)}.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(tenant=tenant, name=name[:255], token_hash=token_hash(token), scopes=list(scopes))
    return token


def idempotency_forget(*, older_than_days: int = 7) -> int:
    """Deletes records that no client will ask for again; returns how many."""
    return IdempotencyRecord.objects.filter(created_at__lt=now() - timedelta(days=older_than_days)).delete()[0]
