"""From a view's context to a response: the same few names in every template."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from adaptive.common.clock import now
from adaptive.pages.access import Visit


def page(
    request: HttpRequest, visit: Visit, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page or fragment. Personal, so nobody between us and the browser may keep it."""
    response = render(request, template, {"visit": visit, "at": now(), **(context or {})}, status=status)
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie, HX-Request"
    return response
