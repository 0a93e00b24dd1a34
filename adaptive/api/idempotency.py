"""The same POST twice has one effect, and the same answer."""

import functools
from collections.abc import Callable
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.common.errors import Conflict, FieldError, InvalidInput
from adaptive.common.hashing import stable_hash
from adaptive.tenants.models import IdempotencyRecord

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MAX_KEY = 255


def key_of(request: Request) -> str | None:
    """The request's key, checked; None where it has none."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        detail = f"An {HEADER} has 1 to {MAX_KEY} printable ASCII characters."
        raise InvalidInput(detail, errors=[FieldError(f"/{HEADER}", detail)])
    return key


def request_hash(request: Request, body: Any) -> str:
    return stable_hash([request.method, request.path, body])


def record_take(*, request: Request, key: str, body: Any) -> tuple[IdempotencyRecord, bool]:
    """The key's record and whether it is new. Call it inside the transaction of the effect.

    Two at once: the second insert waits in the database until the first one's transaction ends, and then finds its
    answer (or, where the first failed, takes its place). Raises Conflict where the key belongs to another request.
    """
    wanted = request_hash(request, body)
    made = IdempotencyRecord(tenant=request.tenant, key=key, request_hash=wanted)
    IdempotencyRecord.objects.bulk_create([made], ignore_conflicts=True)
    record = IdempotencyRecord.objects.select_for_update().get(tenant=request.tenant, key=key)
    if record.request_hash != wanted:
        raise Conflict(f"This {HEADER} was used for another request already.")
    return record, record.status is None


def idempotent(post: Callable[..., Response]) -> Callable[..., Response]:
    """For a view's `post`: the key, the effect and the answer are stored together or not at all.

    An error is not kept: nothing was stored, so the same request may be tried again.
    """

    @functools.wraps(post)
    def once(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = key_of(request)
        if key is None:
            return post(self, request, *args, **kwargs)
        with transaction.atomic():
            record, is_new = record_take(request=request, key=key, body=request.data)
            if not is_new:
                return Response(record.body, status=record.status, headers={REPLAYED: "true"})
            response = post(self, request, *args, **kwargs)
            record.status, record.body = response.status_code, response.data
            record.save(update_fields=["status", "body"])
            return response

    return once
