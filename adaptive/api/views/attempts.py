"""Attempts: one, many, and a second look at one."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.api import bulk
from adaptive.api.documents import describe
from adaptive.api.examples import ASSESSED, BULK_LINE, QUEUED
from adaptive.api.idempotency import REPLAYED, idempotent, key_of, record_take
from adaptive.api.parsers import BulkParser
from adaptive.api.presenters.attempts import attempt_json, queued_json
from adaptive.api.shapes.attempts import AttemptBody, AttemptShape, BulkLineBody, BulkLineShape, ContestBody
from adaptive.api.views.base import ApiView
from adaptive.assessment.models import Assessment
from adaptive.catalog.selectors import course_get, resource_get
from adaptive.events.models import Attempt
from adaptive.events.selectors import attempt_get
from adaptive.learners.selectors import learner_get
from adaptive.practice.selectors import feedback_of
from adaptive.practice.services import Submission, answer_submit, attempt_contest
from adaptive.tenants.models import Tenant

CLOSED = OpenApiExample(
    "A number",
    request_only=True,
    value={
        "learner": "ada",
        "course": "fractions",
        "resource": "half-and-quarter",
        "response": {"value": "3/4"},
        "started_at": "2026-03-02T12:00:00Z",
        "submitted_at": "2026-03-02T12:00:20Z",
        "n_hints": 0,
        "latency_ms": 20000,
    },
)
SCORED = OpenApiExample(
    "Scored by the LMS already",
    request_only=True,
    value={"learner": "ada", "course": "fractions", "resource": "half-and-quarter", "score": 0.5},
)


def submit(*, tenant: Tenant, body: dict[str, Any], key: str | None) -> Submission:
    """The checked body of an attempt to the service. Raises what the service raises."""
    course = course_get(tenant=tenant, course=body["course"])
    return answer_submit(
        tenant=tenant,
        learner=learner_get(tenant=tenant, learner=body["learner"]),
        course=course,
        resource=resource_get(course=course, resource=body["resource"]),
        response=body.get("response"),
        score=body.get("score"),
        started_at=body.get("started_at"),
        submitted_at=body.get("submitted_at"),
        n_hints=body["n_hints"],
        latency_ms=body.get("latency_ms"),
        source=Attempt.Source.REST,
        idempotency_key=key,
    )


def _was_queued(attempt: Attempt) -> bool:
    """Was the first answer to this attempt "queued"? So it was unless a key or the LMS's score decided at once."""
    if attempt.state == Attempt.State.QUEUED:
        return True
    decided_at_once = {Assessment.AssessorKind.KEY, Assessment.AssessorKind.LMS}
    return not attempt.assessments.filter(assessor_kind__in=decided_at_once).exists()


class AttemptsView(ApiView):
    @describe(
        "attempts",
        "Submit an answer",
        body=AttemptBody,
        answers={201: AttemptShape, 202: AttemptShape},
        examples=[CLOSED, SCORED, ASSESSED, QUEUED],
        has_key=True,
    )
    def post(self, request: Request) -> Response:
        submission = submit(tenant=request.tenant, body=self.read(AttemptBody), key=key_of(request))
        attempt = submission.attempt
        if not submission.created:
            body = queued_json(attempt) if _was_queued(attempt) else attempt_json(feedback_of(attempt=attempt))
        else:
            body = attempt_json(feedback_of(attempt=attempt))
        status = 202 if body["state"] == Attempt.State.QUEUED else 201
        return Response(body, status=status, headers={} if submission.created else {REPLAYED: "true"})


class BulkView(ApiView):
    """NDJSON in, NDJSON out, line by line: the answer to a line is sent once the line is stored for good."""

    parser_classes = [BulkParser]

    @describe(
        "attempts",
        "Submit up to 10,000 answers, one a line",
        body=BulkLineBody,
        body_type=bulk.MEDIA_TYPE,
        answers={200: BulkLineShape},
        media_type=bulk.MEDIA_TYPE,
        examples=[
            OpenApiExample("One line", request_only=True, media_type=bulk.MEDIA_TYPE, value=CLOSED.value),
            BULK_LINE,
        ],
        details="NDJSON: one attempt a line, one answer a line, in the same order. A bad line never stops the others. "
        "The answer to a line is sent once the line is stored; where a call breaks off, the same call with the same "
        "Idempotency-Key goes on where it stopped.",
        has_key=True,
    )
    def post(self, request: Request) -> StreamingHttpResponse:
        raw = request.data if isinstance(request.data, bytes) else b""
        lines = bulk.lines_of(raw)
        key, headers, record = key_of(request), {}, None
        if key is not None:
            with transaction.atomic():
                record, is_new = record_take(request=request, key=key, body=hashlib.sha256(raw).hexdigest())
            if not is_new:
                headers[REPLAYED] = "true"

        def answer() -> Iterator[bytes]:
            for line in bulk.answers(tenant=request.tenant, lines=lines, key=key):
                yield json.dumps(line, ensure_ascii=False).encode() + b"\n"
            if record is not None and record.status is None:
                record.status = 200
                record.save(update_fields=["status"])

        return StreamingHttpResponse(answer(), content_type=bulk.MEDIA_TYPE, headers=headers)


class AttemptView(ApiView):
    @describe("attempts", "One attempt and what became of it", answers={200: AttemptShape}, examples=[ASSESSED])
    def get(self, request: Request, attempt: int) -> Response:
        found = attempt_get(tenant=request.tenant, attempt_id=attempt)
        return Response(attempt_json(feedback_of(attempt=found)))


class ContestView(ApiView):
    @describe(
        "attempts",
        "Put an assessed attempt before a teacher",
        body=ContestBody,
        answers={200: AttemptShape},
        examples=[OpenApiExample("A reason", request_only=True, value={"reason": "I wrote the same in other words."})],
        has_key=True,
    )
    @idempotent
    def post(self, request: Request, attempt: int) -> Response:
        found = attempt_get(tenant=request.tenant, attempt_id=attempt)
        attempt_contest(attempt=found, reason=self.read(ContestBody)["reason"])
        found.refresh_from_db(fields=["state"])
        return Response(attempt_json(feedback_of(attempt=found)))
