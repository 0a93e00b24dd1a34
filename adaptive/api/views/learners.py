"""Learners, their enrolments, and their rights over their data."""

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.api.documents import describe
from adaptive.api.presenters.learners import enrolment_json, learner_json
from adaptive.api.shapes.learners import (
    EnrolmentBody,
    EnrolmentShape,
    ErasedShape,
    ExportShape,
    LearnerBody,
    LearnerShape,
)
from adaptive.api.views.base import ApiView, put_answer
from adaptive.catalog.selectors import course_get
from adaptive.learners.selectors import learner_get
from adaptive.learners.services import enrolment_put, learner_put
from adaptive.practice.exporting import export_response
from adaptive.practice.privacy import learner_erase
from adaptive.recommendation.offering import enrolment_noted


class LearnerView(ApiView):
    @describe(
        "learners",
        "Create or change a learner",
        body=LearnerBody,
        answers={200: LearnerShape, 201: LearnerShape},
        examples=[
            OpenApiExample(
                "A learner",
                request_only=True,
                value={
                    "display_name": "Ada",
                    "language": "en",
                    "preferences": {"kinds": ["exercise", "video"], "minutes_per_day": 20, "goal": "the June exam"},
                    "ai_consent": True,
                },
            )
        ],
    )
    def put(self, request: Request, learner: str) -> Response:
        stored, created = learner_put(tenant=request.tenant, external_id=learner, **self.read(LearnerBody))
        return put_answer(learner_json(stored), created=created)

    @describe(
        "learners",
        "Erase a learner everywhere; the statistics of their attempts stay, without them",
        answers={202: ErasedShape},
    )
    def delete(self, request: Request, learner: str) -> Response:
        erased = learner_erase(learner=learner_get(tenant=request.tenant, learner=learner), asked_by=request.auth.name)
        body = {
            "learner": learner,
            "state": "erased",
            "n_attempts_anonymised": erased.n_attempts_anonymised,
            "n_attempts_deleted": erased.n_attempts_deleted,
        }
        return Response(body, status=202)


class LearnerExportView(ApiView):
    @describe("learners", "All that is stored about a learner", answers={200: ExportShape})
    def get(self, request: Request, learner: str) -> StreamingHttpResponse:
        return export_response(learner=learner_get(tenant=request.tenant, learner=learner))


class EnrolmentView(ApiView):
    @describe(
        "learners",
        "Enrol a learner in a course",
        body=EnrolmentBody,
        answers={200: EnrolmentShape, 201: EnrolmentShape},
        examples=[OpenApiExample("In a cohort", request_only=True, value={"role": "learner", "cohort": "7b"})],
    )
    def put(self, request: Request, course: str, learner: str) -> Response:
        within = course_get(tenant=request.tenant, course=course)
        who = learner_get(tenant=request.tenant, learner=learner)
        body = self.read(EnrolmentBody)
        stored, created = enrolment_put(learner=who, course=within, role=body["role"], cohort=body["cohort"] or "")
        if created:
            enrolment_noted(learner=who, course=within)
        return put_answer(enrolment_json(stored, learner=who, course=within), created=created)
