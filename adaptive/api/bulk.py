"""Many attempts in one call: a line each, each with its own answer; a bad line never stops the others."""

import hashlib
import logging
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.db import InterfaceError, OperationalError

from adaptive.api.parsers import read_json
from adaptive.api.problems import problem_of
from adaptive.api.shapes.attempts import BulkLineBody
from adaptive.catalog.models import Course, Resource
from adaptive.catalog.selectors import course_get, resource_get
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.learners.selectors import learner_get
from adaptive.practice.services import Submission, answer_submit
from adaptive.tenants.models import Tenant

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/x-ndjson"
MAX_LINES = 10_000


def lines_of(raw: bytes) -> list[tuple[int, bytes]]:
    """(number, text) of each line that is not empty. Raises InvalidInput where there are none, or too many."""
    lines = [(number, line) for number, line in enumerate(raw.split(b"\n"), start=1) if line.strip()]
    if not lines:
        raise InvalidInput("The body is empty: one attempt a line is expected.")
    if len(lines) > MAX_LINES:
        detail = f"{len(lines):,} lines are too many; {MAX_LINES:,} is the most. Nothing was stored."
        raise InvalidInput(detail, errors=[FieldError("", detail)])
    return lines


class Lookups:
    """What the lines name, each looked up once."""

    def __init__(self, tenant: Tenant) -> None:
        self.course = lru_cache(1000)(lambda name: course_get(tenant=tenant, course=name))
        self.learner = lru_cache(5000)(lambda name: learner_get(tenant=tenant, learner=name))
        self._resource = lru_cache(5000)(lambda course, name: resource_get(course=course, resource=name))

    def resource(self, course: Course, name: str) -> Resource:
        return self._resource(course, name)


def line_key(key: str | None, number: int) -> str | None:
    """The key of one line: the same call again finds what its lines stored, also when it broke off half way."""
    return None if key is None else f"bulk:{hashlib.sha256(key.encode()).hexdigest()}:{number}"


def _submit(*, tenant: Tenant, lookups: Lookups, line: bytes, key: str | None) -> Submission:
    data = read_json(line)
    reader = BulkLineBody(data=data)
    reader.is_valid(raise_exception=True)
    body: dict[str, Any] = reader.validated_data
    course: Course = lookups.course(body["course"])
    learner: Learner = lookups.learner(body["learner"])
    return answer_submit(
        tenant=tenant,
        learner=learner,
        course=course,
        resource=lookups.resource(course, body["resource"]),
        response=body.get("response"),
        score=body.get("score"),
        started_at=body.get("started_at"),
        submitted_at=body.get("submitted_at"),
        n_hints=body["n_hints"],
        latency_ms=body.get("latency_ms"),
        source=Attempt.Source.REST,
        idempotency_key=body.get("idempotency_key") or key,
    )


def answers(*, tenant: Tenant, lines: list[tuple[int, bytes]], key: str | None) -> Iterator[dict[str, Any]]:
    """Stores the lines one after the other; yields {line, id, state} or {line, error} for each."""
    lookups = Lookups(tenant)
    is_away = False
    for number, line in lines:
        if is_away:
            yield {"line": number, "error": problem_of(OperationalError())}
            continue
        try:
            attempt = _submit(tenant=tenant, lookups=lookups, line=line, key=line_key(key, number)).attempt
        except Exception as error:
            # A fault of ours costs this line; without the database the other lines need not be tried.
            is_away = isinstance(error, OperationalError | InterfaceError)
            document = problem_of(error)
            if document["status"] >= 500:
                logger.error("line %s of a bulk could not be stored", number, exc_info=error)
            yield {"line": number, "error": document}
        else:
            yield {"line": number, "id": attempt.pk, "state": attempt.state}
