"""The OpenAPI document: made from the shapes, so that it cannot drift from what the views take and give."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from adaptive.api.idempotency import HEADER
from adaptive.api.shapes.problems import ProblemShape
from adaptive.assessment.models import Assessment
from adaptive.catalog.checking import KINDS
from adaptive.events.models import Attempt
from adaptive.explanation.models import Explanation
from adaptive.recommendation.models import ImpressionEvent

DESCRIPTION = """Adaptive learning for learning management systems.

* Every call needs `Authorization: Bearer TOKEN`; a token belongs to one tenant, and another tenant's rows answer 404.
* Errors are `application/problem+json` (RFC 9457); `errors` points at the fields.
* `Idempotency-Key` on any POST makes it safe to send again; a repeated answer has `Idempotency-Replayed: true`.
* Lists come as `{"results": [...], "next": URL or null}`. Times are RFC 3339 in UTC. Ids are the LMS's own strings.
* Over the rate limit: 429 with `Retry-After`. Every answer carries `X-Request-ID`.
"""
PROBLEM = "application/problem+json"
KEY_PARAMETER = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    required=False,
    description="The same key with the same body answers as the first time; with another body 409.",
)
GENERATOR_SETTINGS = {
    "TITLE": "adaptive",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": DESCRIPTION,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["adaptive.api.documents.only_ours"],
    "ENUM_NAME_OVERRIDES": {
        "ResourceKind": KINDS,
        "AssessorKind": Assessment.AssessorKind.values,
        "AttemptState": Attempt.State.values,
        "ExplanationState": Explanation.State.values,
        "EventReason": ImpressionEvent.Reason.values,
    },
    "TAGS": [
        {"name": "catalogue", "description": "Courses, skills, resources."},
        {"name": "learners", "description": "Who learns, where, and their rights over their data."},
        {"name": "attempts", "description": "Answers, and what was made of them."},
        {"name": "mastery", "description": "What a learner is believed to know."},
        {"name": "recommendations", "description": "What to do next, and why."},
        {"name": "planning", "description": "The way to an exam, and what it would bring."},
        {"name": "tutor", "description": "A dialogue about the course's own resources."},
        {"name": "teachers", "description": "Where a course stands."},
        {"name": "operators", "description": "Is it up, is it ready, how much is there."},
    ],
}
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


def only_ours(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Hook of the generator: a host project's own APIs stay out of this document."""
    return [entry for entry in endpoints if entry[3].cls.__module__.startswith("adaptive.")]


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole document, OpenAPI 3.1; the same for every caller."""
    with patched_settings(GENERATOR_SETTINGS):
        return SchemaGenerator().get_schema(request=None, public=True)


def describe(
    tag: str,
    summary: str,
    *,
    answers: dict[int, Any],
    details: str = "",
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
        tags=[tag],
        summary=summary,
        description=details or summary + ".",
        request={body_type: body} if body is not None else None,
        responses=responses,
        parameters=parameters,
        examples=list(examples),
        auth=[] if is_open else None,
    )
