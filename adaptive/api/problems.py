"""Errors as RFC 9457 problem documents. Nothing else ever leaves the API: no HTML page, no stack trace."""

import logging
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions as drf
from rest_framework.response import Response

from adaptive.common.errors import AdaptiveError, Conflict, FieldError, InvalidInput, NotAllowed, NotFound

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:problem-type:adaptive:"
STATUS = {InvalidInput: 422, NotFound: 404, Conflict: 409, NotAllowed: 403}
SENTENCES = {
    400: "The request cannot be read.",
    401: "A valid token is needed: “Authorization: Bearer TOKEN”.",
    403: "That is not allowed.",
    404: "There is nothing at this address.",
    411: "The body needs a Content-Length; bodies sent in chunks are not read.",
    413: "The body is too large.",
    500: "Something went wrong here. It has been logged under the request's id.",
    503: "The service cannot answer just now. Please try again, with the same Idempotency-Key.",
}


class TooLarge(drf.APIException):
    """The body is over the limit."""

    status_code = 413
    default_detail = SENTENCES[413]
    default_code = "too-large"


class LengthRequired(drf.APIException):
    """A body in chunks: the server beneath hands it on as empty, which would give a misleading error."""

    status_code = 411
    default_detail = SENTENCES[411]
    default_code = "length-required"


def problem(
    *,
    status: int,
    detail: str = "",
    code: str = "",
    errors: Sequence[FieldError] = (),
    request_id: str = "",
) -> dict[str, Any]:
    """A problem document. `code` names the kind of problem; without it the status says all."""
    phrase = HTTPStatus(status).phrase
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + (code or phrase.lower().replace(" ", "-")),
        "title": phrase,
        "status": status,
        "detail": detail or SENTENCES.get(status, phrase + "."),
    }
    if errors:
        body["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in errors]
    if request_id:
        body["request_id"] = request_id
    return body


def problem_http(*, status: int, request: HttpRequest, detail: str = "") -> JsonResponse:
    """The same outside of the REST framework."""
    body = problem(status=status, detail=detail, request_id=getattr(request, "request_id", ""))
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def field_errors(detail: Any, pointer: str = "") -> Iterator[FieldError]:
    """The framework's nested error details as JSON pointers with one sentence each."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            step = str(key).replace("~", "~0").replace("/", "~1")
            yield from field_errors(value, pointer if key == "non_field_errors" else f"{pointer}/{step}")
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            if isinstance(value, dict | list):
                yield from field_errors(value, f"{pointer}/{index}")
            else:
                yield FieldError(pointer, str(value))
    else:
        yield FieldError(pointer, str(detail))


def _read(exc: Exception) -> tuple[int, str, str, Sequence[FieldError]]:
    """(status, detail, code, errors) of an exception; 500 for those that nobody expected."""
    if isinstance(exc, AdaptiveError):
        return STATUS.get(type(exc), 422), exc.detail, exc.code, exc.errors
    if isinstance(exc, drf.ValidationError):
        errors = list(field_errors(exc.detail))
        detail = errors[0].detail if len(errors) == 1 else "Some fields cannot be used as they are."
        return 422, detail, InvalidInput.code, errors
    if isinstance(exc, drf.APIException):
        return exc.status_code, str(exc.detail), str(exc.default_code).replace("_", "-"), ()
    if isinstance(exc, Http404):
        return 404, "", NotFound.code, ()
    if isinstance(exc, PermissionDenied):
        return 403, "", NotAllowed.code, ()
    if isinstance(exc, RequestDataTooBig):
        return 413, "", TooLarge.default_code, ()
    if isinstance(exc, SuspiciousOperation):
        return 400, "", "", ()
    if isinstance(exc, OperationalError | InterfaceError):
        return 503, "", "unavailable", ()
    return 500, "", "", ()


def problem_of(exc: Exception) -> dict[str, Any]:
    """The problem document of an exception, where it is part of a larger answer."""
    status, detail, code, errors = _read(exc)
    return problem(status=status, detail=detail, code=code, errors=errors)


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """Called by the framework for whatever a view raises."""
    status, detail, code, errors = _read(exc)
    request_id = getattr(getattr(context.get("request"), "_request", None), "request_id", "")
    if status >= 500:
        logger.error("request %s failed with %s", request_id, status, exc_info=exc)
    headers = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, int(wait)))
    elif status == 503:
        headers["Retry-After"] = "5"
    body = problem(status=status, detail=detail, code=code, errors=errors, request_id=request_id)
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)
