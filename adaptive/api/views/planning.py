"""A learner's way to an exam."""

from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.api.documents import describe
from adaptive.api.examples import EXAM_AT, STUDY_PLAN
from adaptive.api.idempotency import idempotent
from adaptive.api.presenters.planning import study_plan_json
from adaptive.api.shapes.planning import StudyPlanBody, StudyPlanQuery, StudyPlanShape
from adaptive.api.views.base import ApiView
from adaptive.catalog.models import Course
from adaptive.catalog.selectors import course_get, skills_of
from adaptive.common.clock import now
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.learners.models import Learner
from adaptive.learners.selectors import enrolment_get, learner_get
from adaptive.planning.models import StudyPlan
from adaptive.planning.selectors import plan_get, plans_of, resources_planned, sessions_of
from adaptive.planning.services import forecast_refresh, plan_set


class StudyPlanView(ApiView):
    @describe(
        "planning",
        "The learner's study plan, with the forecast as of now",
        query=StudyPlanQuery,
        answers={200: StudyPlanShape},
        examples=[STUDY_PLAN],
    )
    def get(self, request: Request, learner: str) -> Response:
        who = learner_get(tenant=request.tenant, learner=learner)
        asked = self.read(StudyPlanQuery, request.query_params)
        return Response(_answer(plan_get(learner=who, course=self._course(request, who, asked.get("course")))))

    @describe(
        "planning",
        "Make a study plan, or make it anew from other wishes",
        details="Dated sessions of new work, review and a mock until the day before the exam, and a forecast of its "
        "score. One plan per learner and course: posting again replaces it, and what was missed is left behind.",
        body=StudyPlanBody,
        answers={201: StudyPlanShape},
        examples=[
            STUDY_PLAN,
            OpenApiExample(
                "Twenty minutes on working days",
                request_only=True,
                value={
                    "course": "fractions",
                    "exam_at": EXAM_AT,
                    "target": 0.8,
                    "minutes_per_weekday": [20, 20, 20, 20, 20, 0, 0],
                },
            ),
        ],
        has_key=True,
    )
    @idempotent
    def post(self, request: Request, learner: str) -> Response:
        who = learner_get(tenant=request.tenant, learner=learner)
        body = self.read(StudyPlanBody)
        course = course_get(tenant=request.tenant, course=body.pop("course"))
        enrolment_get(learner=who, course=course)
        return Response(_answer(plan_set(learner=who, course=course, **body)), status=201)

    def _course(self, request: Request, learner: Learner, course: str | None) -> Course:
        if course is not None:
            found = course_get(tenant=request.tenant, course=course)
            enrolment_get(learner=learner, course=found)
            return found
        plans = plans_of(learner=learner)
        if len(plans) == 1:
            return plans[0].course
        detail = "Say in which course: ?course=."
        raise InvalidInput(detail, errors=[FieldError("/course", detail)])


def _answer(plan: StudyPlan) -> dict:
    at = now()
    views = sessions_of(plan=plan, at=at)
    forecast_refresh(plan=plan, views=views, at=at)
    return study_plan_json(
        plan,
        views,
        resources=resources_planned(views),
        skills={skill.pk: skill for skill in skills_of(course=plan.course)},
    )
