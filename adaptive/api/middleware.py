"""Every answer carries the id of its request, and nothing under /api/ ever answers with an HTML page."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from adaptive.api.problems import problem_http

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")
API_PREFIX = "/api/"


class RequestIdMiddleware:
    """Takes over the caller's X-Request-ID where it is harmless, else makes one; puts it on every answer.

    It stands first in the chain, so it also sees the pages that Django itself makes of errors (a bad host, a broken
    view): under /api/ they are replaced by problem+json.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        response = self.get_response(request)
        if (
            response.status_code >= 400
            and API_PREFIX in request.path
            and "json" not in response.headers.get("Content-Type", "")
        ):
            response = problem_http(status=response.status_code, request=request)
        response.headers["X-Request-ID"] = request.request_id
        return response
