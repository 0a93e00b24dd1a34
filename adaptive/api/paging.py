"""Lists in pages, by cursor: a page stays right while rows are added."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from adaptive.common.errors import FieldError, InvalidInput

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class PageQuery(serializers.Serializer):
    """The query of every list."""

    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = serializers.CharField(max_length=64, required=False, help_text="From `next` of the page before.")


def _cursor_write(last_id: int) -> str:
    return base64.urlsafe_b64encode(f"id:{last_id}".encode()).decode().rstrip("=")


def _cursor_read(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        kind, _, digits = text.partition(":")
        if kind == "id" and digits.isascii() and digits.isdigit() and len(digits) < 19:
            return int(digits)
    except (ValueError, binascii.Error):
        pass
    detail = "This is no cursor of this list: take the address from “next” as it is."
    raise InvalidInput(detail, errors=[FieldError("/cursor", detail)])


def page(
    *,
    request: Request,
    rows: QuerySet,
    present: Callable[[list[Any]], list[dict[str, Any]]],
    newest_first: bool = False,
) -> dict[str, Any]:
    """One page of `rows`, in the order of their ids (or against it), as {"results", "next"}."""
    query = PageQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    limit = query.validated_data["limit"]
    if cursor := query.validated_data.get("cursor"):
        last = _cursor_read(cursor)
        rows = rows.filter(pk__lt=last) if newest_first else rows.filter(pk__gt=last)
    found = list(rows.order_by("-pk" if newest_first else "pk")[: limit + 1])
    following = None
    if len(found) > limit:
        found = found[:limit]
        params = request.query_params.copy()
        params["cursor"], params["limit"] = _cursor_write(found[-1].pk), str(limit)
        following = request.build_absolute_uri(f"{request.path}?{params.urlencode()}")
    return {"results": present(found), "next": following}
