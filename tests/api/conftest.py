"""A machine that calls: the cast, a token, and a small client that speaks JSON."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

from adaptive.api import readiness
from adaptive.tenants.services import token_create
from tests.factories import Cast, cast_make

PROBLEM = "application/problem+json"


@dataclass
class Api:
    """`api("POST", "attempts/", {...}, key="k")`; paths are relative to /api/v1/ unless they begin with a slash."""

    token: str | None
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __call__(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, raw: Any = None, **extra: Any
    ) -> HttpResponse:
        headers = dict(extra.pop("headers", {}))
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        content_type = extra.pop("content_type", "application/json")
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        address = path if path.startswith(("/", "http")) else f"/api/v1/{path}"
        return in_one_piece(self.client.generic(method, address, data, content_type, headers=headers, **extra))


def in_one_piece(response: HttpResponse | StreamingHttpResponse) -> HttpResponse:
    """JSON that goes out while it is made, as whoever reads it to the end has it."""
    if not response.streaming or response.headers["Content-Type"] != "application/json":
        return response
    whole = HttpResponse(response.getvalue(), status=response.status_code, headers=response.headers)
    whole.json = lambda: json.loads(whole.content)
    return whole


@pytest.fixture
def cast(db: None) -> Cast:
    return cast_make()


@pytest.fixture
def api(cast: Cast) -> Api:
    return Api(token_create(tenant=cast.tenant, name="lms"))


@pytest.fixture(autouse=True)
def readiness_forgotten() -> None:
    readiness.forget()


def assert_problem(response: HttpResponse, status: int) -> dict[str, Any]:
    """The answer is a whole problem document, whatever went wrong."""
    assert response.status_code == status, (response.status_code, response.content[:300])
    assert response.headers["Content-Type"] == PROBLEM
    assert response.headers["X-Request-ID"]
    body = json.loads(response.content)
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == status and body["detail"]
    assert "Traceback" not in response.content.decode()
    return body
