"""The OpenAPI document: made from the shapes, so that it cannot drift from what the views take and give."""

from collections.abc import Callable, Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from adaptive.api.idempotency import HEADER
from adaptive.api.shapes.problems import ProblemShape

PROBLEM = "application/problem+json"
KEY_PARAMETER = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    required=False,
    description="The same key with the same body answers as the first time; with another body 409.",
)
PROBLEMS = {
    400: "The body is no JSON.",
    401: "No token, or one that is not known.",
    403: "The token's scopes do not allow it, or the learner is not enrolled.",
    404: "No such thing, or another tenant's.",
    409: "It contradicts what is stored.",
    413: "The body is too large.",
    422: "A field cannot be used as it is: see `errors`.",
    429: "Over the rate limit: see `Retry-After`.",
    503: "The database is away: try again.",
}


class BearerToken(OpenApiAuthenticationExtension):
    target_class = "adaptive.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


def describe(
    summary: str,
    *,
    answers: dict[int, Any],
    body: Any = None,
    query: Any = None,
    examples: Sequence[OpenApiExample] = (),
    has_key: bool = False,
    is_open: bool = False,
    media_type: str = "application/json",
    body_type: str = "application/json",
) -> Callable[[Callable], Callable]:
    """What the document says about one call."""
    responses: dict[Any, Any] = {(status, media_type) if shape else status: shape for status, shape in answers.items()}
    expected = set() if is_open else {401, 403, 404, 429, 503}
    if body is not None:
        expected |= {400, 413, 422}
    if query is not None:
        expected |= {422}
    if has_key:
        expected |= {409}
    for status in sorted(expected):
        responses[(status, PROBLEM)] = OpenApiResponse(ProblemShape, description=PROBLEMS[status])
    parameters: list[Any] = ([query] if query is not None else []) + ([KEY_PARAMETER] if has_key else [])
    return extend_schema(
        summary=summary,
        request={body_type: body} if body is not None else None,
        responses=responses,
        parameters=parameters,
        examples=list(examples),
        auth=[] if is_open else None,
    )
