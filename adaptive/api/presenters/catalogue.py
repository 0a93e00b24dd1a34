from collections.abc import Sequence
from typing import Any

from adaptive.catalog.models import Course, Resource, Skill


def course_json(course: Course) -> dict[str, Any]:
    return {
        "id": course.external_id,
        "title": course.title,
        "language": course.language,
        "description": course.description,
        "listing": course.listing,
    }


def skill_json(skill: Skill, *, prerequisites: Sequence[str]) -> dict[str, Any]:
    return {
        "id": skill.external_id,
        "name": skill.name,
        "description": skill.description,
        "prerequisites": list(prerequisites),
    }


def resource_json(resource: Resource, *, skills: Sequence[str]) -> dict[str, Any]:
    """The resource as an author sees it, with its key: a token is an LMS's, never a learner's."""
    body: dict[str, Any] = {
        "id": resource.external_id,
        "kind": resource.kind,
        "title": resource.title,
        "body": resource.body,
        "skills": list(skills),
        "duration_minutes": resource.duration_minutes,
        "url": resource.url,
        "language": resource.language,
        "authored_difficulty": resource.authored_difficulty,
    }
    if resource.is_exercise:
        for name in ("response_format", "choices", "answer", "hints", "rubric", "explanation"):
            body[name] = getattr(resource, name)
    return body
