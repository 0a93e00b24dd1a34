"""What a learner is believed to know, and to get right next."""

from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.api.documents import describe
from adaptive.api.examples import MASTERY, PREDICTION
from adaptive.api.idempotency import idempotent
from adaptive.api.presenters.mastery import skill_mastery_json
from adaptive.api.shapes.mastery import MasteryQuery, PredictionsBody, PredictionShape, SkillMasteryShape
from adaptive.api.views.base import ApiView
from adaptive.catalog.selectors import course_get, resources_named
from adaptive.common.clock import now
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.learners.selectors import enrolment_get, learner_get
from adaptive.mastery.selectors import mastery_of, predictions, strongest_evidence


class MasteryView(ApiView):
    @describe(
        "mastery",
        "What a learner is believed to know",
        query=MasteryQuery,
        answers={200: SkillMasteryShape(many=True)},
        examples=[MASTERY],
    )
    def get(self, request: Request, learner: str) -> Response:
        who = learner_get(tenant=request.tenant, learner=learner)
        asked = self.read(MasteryQuery, request.query_params)
        course = course_get(tenant=request.tenant, course=asked["course"])
        enrolment_get(learner=who, course=course)
        views = mastery_of(learner=who, course=course, at=now())
        if not asked["evidence"]:
            return Response([skill_mastery_json(view) for view in views])
        skills = [view.skill for view in views]
        evidence = strongest_evidence(learner=who, skills=skills, limit=asked["evidence"])
        return Response([skill_mastery_json(view, evidence[view.skill.pk]) for view in views])


class PredictionsView(ApiView):
    @describe(
        "mastery",
        "Would the learner's next response be correct?",
        body=PredictionsBody,
        answers={200: PredictionShape(many=True)},
        examples=[
            PREDICTION,
            OpenApiExample(
                "Two exercises", request_only=True, value={"course": "fractions", "resources": ["e1", "e2"]}
            ),
        ],
        has_key=True,
    )
    @idempotent
    def post(self, request: Request, learner: str) -> Response:
        who = learner_get(tenant=request.tenant, learner=learner)
        body = self.read(PredictionsBody)
        course = course_get(tenant=request.tenant, course=body["course"])
        enrolment_get(learner=who, course=course)
        found = resources_named(course=course, resources=body["resources"])
        wrong = [
            FieldError(f"/resources/{index}", f"There is no exercise “{name[:60]}” in this course.")
            for index, name in enumerate(body["resources"])
            if name not in found or not found[name].is_exercise
        ]
        if wrong:
            raise InvalidInput(wrong[0].detail, errors=wrong[:20])
        p_correct = predictions(learner=who, course=course, resources=list(found.values()), at=now())
        return Response(
            [{"resource": name, "p_correct": round(p_correct[found[name].pk], 6)} for name in body["resources"]]
        )
