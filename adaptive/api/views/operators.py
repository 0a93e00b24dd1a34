"""For operators and their machines: is it up, is it ready, how much is there; and the document."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.api import metrics
from adaptive.api.documents import describe, document
from adaptive.api.readiness import Part, parts_lately
from adaptive.api.shapes.operators import DocumentShape, HealthShape, ReadyShape
from adaptive.api.views.base import OpenView

NEVER_KEPT = {"Cache-Control": "no-store"}


class HealthView(OpenView):
    @describe("operators", "Is the process up?", answers={200: HealthShape}, is_open=True)
    def get(self, request: Request) -> Response:
        return Response({"status": "ok"}, headers=NEVER_KEPT)


def _part_json(part: Part) -> dict[str, Any]:
    return {"ok": part.is_ok, **({"detail": part.detail} if part.detail else {}), **part.more}


class ReadyView(OpenView):
    @describe(
        "operators",
        "Are the database, the broker, a worker and the models there?",
        answers={200: ReadyShape, 503: ReadyShape},
        is_open=True,
    )
    def get(self, request: Request) -> Response:
        found = parts_lately()
        if not all(part.is_ok for part in found if part.is_needed):
            status = "unavailable"
        else:
            status = "ok" if all(part.is_ok for part in found) else "degraded"
        body = {"status": status, **{part.name: _part_json(part) for part in found}}
        return Response(body, status=503 if status == "unavailable" else 200, headers=NEVER_KEPT)


class MetricsView(OpenView):
    @extend_schema(
        tags=["operators"],
        summary="Counts for Prometheus",
        responses={(200, "text/plain"): OpenApiTypes.STR},
        auth=[],
        operation_id="metrics",
    )
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(metrics.render(), content_type=metrics.MEDIA_TYPE, headers=NEVER_KEPT)


class SchemaView(OpenView):
    @extend_schema(
        tags=["operators"],
        summary="This document",
        parameters=[OpenApiParameter("format", str, enum=["json"], required=False)],
        responses={(200, "application/json"): DocumentShape},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        return Response(document(), content_type="application/json")


class NothingHereView(OpenView):
    """Whatever else is asked under /api/."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound("There is nothing at this address. The document at /api/v1/schema/ lists all there is.")
