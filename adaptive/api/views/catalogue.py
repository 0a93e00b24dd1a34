"""Courses, skills, resources."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.api.documents import describe
from adaptive.api.paging import PageQuery, page
from adaptive.api.presenters.catalogue import course_json, resource_json, skill_json
from adaptive.api.shapes.catalogue import (
    CourseBody,
    CourseShape,
    ResourceBody,
    ResourcePage,
    ResourceShape,
    SkillBody,
    SkillShape,
)
from adaptive.api.views.base import ApiView, put_answer
from adaptive.catalog.models import Resource
from adaptive.catalog.selectors import course_get, resources_of
from adaptive.catalog.services import course_put, resource_put, skill_put
from adaptive.common.errors import FieldError, InvalidInput

EXERCISE = OpenApiExample(
    "An exercise with a number",
    request_only=True,
    value={
        "kind": "exercise",
        "title": "Half and a quarter",
        "body": "What is $\\frac{1}{2} + \\frac{1}{4}$?",
        "skills": ["adding"],
        "response_format": "numeric",
        "answer": {"value": 0.75, "tolerance": 0.000001},
        "hints": ["Bring both to quarters."],
    },
)
WORDS = OpenApiExample(
    "An exercise in words",
    request_only=True,
    value={
        "kind": "exercise",
        "title": "Why a common denominator?",
        "body": "Why do fractions need a common denominator before they are added?",
        "skills": ["adding"],
        "response_format": "short_text",
        "answer": {"references": ["Because only parts of the same size can be counted together."]},
    },
)


class CourseView(ApiView):
    @describe(
        "catalogue",
        "Create or change a course",
        body=CourseBody,
        answers={200: CourseShape, 201: CourseShape},
        examples=[OpenApiExample("A course", request_only=True, value={"title": "Fractions", "language": "en"})],
    )
    def put(self, request: Request, course: str) -> Response:
        stored, created = course_put(tenant=request.tenant, external_id=course, **self.read(CourseBody))
        return put_answer(course_json(stored), created=created)


class SkillView(ApiView):
    @describe(
        "catalogue",
        "Create or change a skill; its prerequisites are replaced",
        body=SkillBody,
        answers={200: SkillShape, 201: SkillShape},
        examples=[
            OpenApiExample(
                "A skill",
                request_only=True,
                value={"name": "Adding fractions", "description": "", "prerequisites": ["equivalent"]},
            )
        ],
    )
    def put(self, request: Request, course: str, skill: str) -> Response:
        within = course_get(tenant=request.tenant, course=course)
        body = self.read(SkillBody)
        stored, created = skill_put(course=within, external_id=skill, **body)
        return put_answer(skill_json(stored, prerequisites=list(dict.fromkeys(body["prerequisites"]))), created=created)


class ResourceView(ApiView):
    @describe(
        "catalogue",
        "Create or replace a resource",
        body=ResourceBody,
        answers={200: ResourceShape, 201: ResourceShape},
        examples=[EXERCISE, WORDS],
    )
    def put(self, request: Request, course: str, resource: str) -> Response:
        within = course_get(tenant=request.tenant, course=course)
        data = request.data
        if not isinstance(data, dict):
            detail = "A resource is an object."
            raise InvalidInput(detail, errors=[FieldError("", detail)])
        stored, created = resource_put(course=within, external_id=resource, data=data)
        skills = list(dict.fromkeys(data.get("skills") or []))
        return put_answer(resource_json(stored, skills=skills), created=created)


class ResourcesView(ApiView):
    @describe("catalogue", "The resources of a course", query=PageQuery, answers={200: ResourcePage})
    def get(self, request: Request, course: str) -> Response:
        within = course_get(tenant=request.tenant, course=course)
        rows = resources_of(course=within).prefetch_related("skill_links__skill")
        return Response(page(request=request, rows=rows, present=_resources))


def _resources(found: list[Resource]) -> list[dict[str, Any]]:
    return [
        resource_json(resource, skills=[link.skill.external_id for link in resource.skill_links.all()])
        for resource in found
    ]
