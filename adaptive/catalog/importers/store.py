"""Storing what an importer has read: all of it, or nothing."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from adaptive.catalog.importers.base import Content, Importer, LeftOut
from adaptive.catalog.models import Course, Skill
from adaptive.catalog.services import course_put, resource_put, skill_put
from adaptive.common.errors import InvalidInput
from adaptive.tenants.models import Tenant


@dataclass(slots=True)
class Report:
    """What came in, by kind, and every element that did not."""

    source: str
    format: str
    course: str
    is_dry_run: bool
    n_created: Counter[str] = field(default_factory=Counter)  # by kind: skill, exercise, reading ...
    n_changed: Counter[str] = field(default_factory=Counter)
    n_by_response_format: Counter[str] = field(default_factory=Counter)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "source": self.source,
            "format": self.format,
            "course": self.course,
            "is_dry_run": self.is_dry_run,
            "counts": dict(self.n_created + self.n_changed),
            "created": dict(self.n_created),
            "changed": dict(self.n_changed),
            "exercises_by_response_format": dict(self.n_by_response_format),
            "left_out": [asdict(one) for one in self.left_out],
            "notes": self.notes,
        }


@transaction.atomic
def content_store(
    *, tenant: Tenant, course_id: str, content: Content, importer: Importer, source: str, is_dry_run: bool = False
) -> Report:
    """Creates or changes course, skills and resources. With is_dry_run nothing stays, and the report is the same.

    Raises InvalidInput, naming the element, for what a strict format has wrong, and where nothing at all could be
    taken; then nothing is stored.
    """
    report = Report(source, importer.name, course_id, is_dry_run, notes=list(content.notes))
    report.left_out = list(content.left_out)
    course = _course_put(tenant, course_id, content, report)
    skill_ids = _skills_put(course, content, report, source)
    for resource in content.resources:
        try:
            _, created = resource_put(course=course, external_id=resource["id"], data=resource, skill_ids=skill_ids)
        except InvalidInput as error:
            where = error.errors[0].pointer if error.errors else ""
            if importer.is_strict:
                raise InvalidInput(f"{source}: {resource['id'][:80]} {where}: {error.detail}") from None
            report.left_out.append(LeftOut(resource["id"][:80], f"{where} {error.detail}".strip()))
            continue
        (report.n_created if created else report.n_changed)[resource["kind"]] += 1
        if resource["kind"] == "exercise":
            report.n_by_response_format[resource["response_format"]] += 1
    if not content.skills and not (report.n_created + report.n_changed).keys() - {"course"}:
        first = f" The first element left out: {_sentence(report.left_out[0])}" if report.left_out else ""
        raise InvalidInput(f"{source} holds nothing that can be imported.{first}")
    if is_dry_run:
        transaction.set_rollback(True)
    return report


def _sentence(one: LeftOut) -> str:
    return f"{one.element}: {one.reason}".rstrip(".") + "."


def _course_put(tenant: Tenant, course_id: str, content: Content, report: Report) -> Course:
    before = Course.objects.filter(tenant=tenant, external_id=course_id).first()
    title = content.title or (before.title if before else course_id.replace("-", " ").replace("_", " ").capitalize())
    course, created = course_put(
        tenant=tenant,
        external_id=course_id,
        title=title,
        language=content.language or (before.language if before else "en"),
        description=content.description,
    )
    if content.misconceptions:
        course.misconceptions = content.misconceptions
        course.save(update_fields=["misconceptions"])
    (report.n_created if created else report.n_changed)["course"] += 1
    return course


def _skills_put(course: Course, content: Content, report: Report, source: str) -> dict[str, int]:
    """External id -> key of all skills of the course. First the skills, then what comes before what."""
    n_before = Skill.objects.filter(course=course).count()
    try:
        for position, skill in enumerate(content.skills):
            created = _skill_put(course, skill, n_before + position if n_before else position, [])
            (report.n_created if created else report.n_changed)["skill"] += 1
        for skill in content.skills:
            if skill.get("prerequisites"):
                _skill_put(course, skill, None, skill["prerequisites"])
    except InvalidInput as error:
        raise InvalidInput(f"{source}: skill {skill['id'][:80]}: {error.detail}") from None
    return dict(Skill.objects.filter(course=course).values_list("external_id", "pk"))


def _skill_put(course: Course, skill: dict[str, Any], position: int | None, prerequisites: list[str]) -> bool:
    return skill_put(
        course=course,
        external_id=skill["id"],
        name=skill["name"],
        description=skill.get("description") or "",
        prerequisites=prerequisites,
        position=position,
    )[1]
