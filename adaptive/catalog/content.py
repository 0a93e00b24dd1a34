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

MAX_FILE_BYTES = 20 * 2**20
ABOUT = ("id", "title", "language")
PART = ("exercises", "readings")


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
    """Reads the files and checks their outer shapes. Raises InvalidInput naming the file that is wrong."""
    about = _read(folder / "course.json")
    if not isinstance(about, dict) or any(not isinstance(about.get(name), str) for name in ABOUT):
        raise InvalidInput(f"{folder / 'course.json'} is not an object with the texts {', '.join(ABOUT)}.")
    # Misconceptions may be spread over several files, as the course is written by several people.
    for path in (folder / "course.json", *sorted(folder.glob("misconceptions*.json"))):
        extra = about.get("misconceptions", []) if path.name == "course.json" else _read(path)
        _check_named(path, "misconception", extra)
        if path.name != "course.json":
            about["misconceptions"] = [*about.get("misconceptions", []), *extra]
    _check_named(folder / "course.json", "skill", about.get("skills"))
    parts = []
    for path in sorted(folder.glob("[0-9]*.json")):
        part = _read(path)
        if not isinstance(part, dict) or any(not isinstance(part.get(name), list) for name in PART):
            raise InvalidInput(f"{path} is not an object with the lists {' and '.join(PART)}.")
        for resource in (resource for name in PART for resource in part[name]):
            if not isinstance(resource, dict) or not isinstance(resource.get("id"), str):
                raise InvalidInput(f"{path}: every exercise and reading is an object with a text as its id.")
        parts.append(part)
    return CourseFolder(about, parts)


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InvalidInput(f"{path} is too large: {MAX_FILE_BYTES // 2**20} MB are the most.")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not UTF-8 text.") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} is not JSON: {error}.") from None


def _check_named(path: Path, what: str, found: Any) -> None:
    """A list of objects with id and name."""
    if not isinstance(found, list):
        raise InvalidInput(f"{path} has no list of {what}s.")
    for index, one in enumerate(found):
        if not isinstance(one, dict) or any(not isinstance(one.get(name), str) for name in ("id", "name")):
            raise InvalidInput(f"{path}: {what} {index + 1} is not an object with the texts id and name.")


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
        listing=about.get("listing"),
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
