"""Slates, and what became of their items."""

from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.api.documents import describe
from adaptive.api.examples import SLATE
from adaptive.api.idempotency import idempotent
from adaptive.api.presenters.recommendations import slate_json
from adaptive.api.shapes.recommendations import EventBody, RecommendationsBody, SlateShape
from adaptive.api.views.base import ApiView
from adaptive.catalog.selectors import course_get
from adaptive.learners.selectors import learner_get
from adaptive.practice.services import slate_next
from adaptive.recommendation.selectors import slate_get
from adaptive.recommendation.services import impression_event


class RecommendationsView(ApiView):
    @describe(
        "recommendations",
        "What to do next, and why",
        body=RecommendationsBody,
        answers={201: SlateShape},
        examples=[
            SLATE,
            OpenApiExample(
                "Three to practise",
                request_only=True,
                value={"course": "fractions", "count": 3, "purpose": "practice", "query": None, "kinds": ["exercise"]},
            ),
            OpenApiExample(
                "A request in words",
                request_only=True,
                value={"course": "fractions", "query": "a short reading with pictures on why denominators must match"},
            ),
        ],
        has_key=True,
    )
    @idempotent
    def post(self, request: Request, learner: str) -> Response:
        who = learner_get(tenant=request.tenant, learner=learner)
        body = self.read(RecommendationsBody)
        slate = slate_next(
            learner=who,
            course=course_get(tenant=request.tenant, course=body["course"]),
            count=body["count"],
            purpose=body["purpose"],
            query=body["query"] or "",
            kinds=body.get("kinds") or None,
            without=body.get("without") or (),
        )
        return Response(slate_json(slate), status=201)


class SlateView(ApiView):
    @describe("recommendations", "The same recommendations again", answers={200: SlateShape}, examples=[SLATE])
    def get(self, request: Request, slate: str) -> Response:
        return Response(slate_json(slate_get(tenant=request.tenant, slate_id=slate)))


class EventsView(ApiView):
    @describe(
        "recommendations",
        "What became of one item",
        body=EventBody,
        answers={204: None},
        examples=[OpenApiExample("Too easy", request_only=True, value={"type": "disagree", "reason": "too_easy"})],
        has_key=True,
    )
    @idempotent
    def post(self, request: Request, slate: str, position: int) -> Response:
        found = slate_get(tenant=request.tenant, slate_id=slate)
        body = self.read(EventBody)
        impression_event(
            slate=found,
            position=position,
            type=body["type"],
            rating=body.get("rating"),
            reason=body.get("reason") or "",
        )
        return Response(status=204)
