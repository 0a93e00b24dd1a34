"""Courses kept as JSON files: one course.json and one file a skill (see fixtures/courses)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from adaptive.catalog.models import Course
from adaptive.catalog.services import course_put, resource_put, skill_put
from adaptive.common.errors import InvalidInput
from adaptive.tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class CourseFolder:
    """A course as its files say it. `parts`: one dict a skill file, in the order of the file names."""

    about: dict[str, Any]
    parts: list[dict[str, Any]]

    @property
    def exercises(self) -> list[dict[str, Any]]:
        return [exercise for part in self.parts for exercise in part["exercises"]]

    @property
    def readings(self) -> list[dict[str, Any]]:
        return [reading for part in self.parts for reading in part["readings"]]


def course_folder_read(folder: Path) -> CourseFolder:
    """Reads the files. Raises InvalidInput naming the file that cannot be read."""

    def read(path: Path) -> Any:
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidInput(f"{path} cannot be read: {error}.") from None

    about = read(folder / "course.json")
    # Misconceptions may be spread over several files, as the course is written by several people.
    for extra in sorted(folder.glob("misconceptions*.json")):
        about["misconceptions"] = [*about.get("misconceptions", []), *read(extra)]
    return CourseFolder(about, [read(path) for path in sorted(folder.glob("[0-9]*.json"))])


@transaction.atomic
def course_folder_load(*, tenant: Tenant, folder: Path) -> Course:
    """Stores the course of the folder, replacing what it had. Raises InvalidInput naming the element that is wrong."""
    content = course_folder_read(folder)
    about = content.about
    course, _ = course_put(
        tenant=tenant,
        external_id=about["id"],
        title=about["title"],
        language=about["language"],
        description=about.get("description", ""),
    )
    course.misconceptions = about.get("misconceptions", [])
    course.save(update_fields=["misconceptions"])
    skill_ids = {}
    for position, skill in enumerate(about["skills"]):
        stored, _ = skill_put(
            course=course,
            external_id=skill["id"],
            name=skill["name"],
            description=skill.get("description", ""),
            prerequisites=skill.get("prerequisites", []),
            position=position,
        )
        skill_ids[skill["id"]] = stored.pk
    for resource in [*content.exercises, *content.readings]:
        try:
            resource_put(course=course, external_id=resource["id"], data=resource, skill_ids=skill_ids)
        except InvalidInput as error:
            where = error.errors[0].pointer if error.errors else ""
            raise InvalidInput(f"{resource['id']} {where}: {error.detail}") from None
    return course
