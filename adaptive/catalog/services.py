from typing import Any

from django.db import models, transaction

from adaptive.catalog.checking import check_external_id, check_resource
from adaptive.catalog.graph import find_cycle
from adaptive.catalog.models import Course, Resource, ResourceSkill, Skill, SkillPrerequisite
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.common.hashing import stable_hash
from adaptive.common.text import control_character
from adaptive.tenants.models import Tenant


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise InvalidInput(errors[0].detail, errors=errors)


def _check_named(value: Any, pointer: str, *, most: int = 255, may_be_empty: bool = False) -> list[FieldError]:
    if not isinstance(value, str) or len(value) > most or control_character(value):
        return [FieldError(pointer, f"A text of at most {most:,} characters, without control characters, is expected.")]
    if not may_be_empty and not value.strip():
        return [FieldError(pointer, "This text is needed.")]
    return []


def course_put(
    *,
    tenant: Tenant,
    external_id: str,
    title: str,
    language: str = "en",
    description: str | None = None,
    listing: str | None = None,
) -> tuple[Course, bool]:
    """Creates the course or changes it; None: as it is. Returns (course, created)."""
    if listing is not None and listing not in Course.Listing.values:
        detail = f"“{str(listing)[:40]}” is no listing: use {', '.join(Course.Listing.values)}."
        raise InvalidInput(detail, errors=[FieldError("/listing", detail)])
    _refuse(
        [
            *check_external_id(external_id, "/course"),
            *_check_named(title, "/title"),
            *_check_named(language, "/language", most=35),
            *_check_named(description or "", "/description", most=20_000, may_be_empty=True),
        ]
    )
    values = {"title": title, "language": language}
    if description is not None:
        values["description"] = description
    if listing is not None:
        values["listing"] = listing
    return Course.objects.update_or_create(tenant=tenant, external_id=external_id, defaults=values)


@transaction.atomic
def skill_put(
    *,
    course: Course,
    external_id: str,
    name: str,
    description: str = "",
    prerequisites: list[str] | None = None,
    position: int | None = None,
) -> tuple[Skill, bool]:
    """Creates the skill or changes it; `prerequisites` (ids of skills of this course) replaces what was there.

    Returns (skill, created). Raises InvalidInput for an unknown prerequisite and for a cycle, naming it; nothing is
    stored then.
    """
    prerequisites = list(dict.fromkeys(prerequisites or []))
    _refuse(
        [
            *check_external_id(external_id, "/skill"),
            *_check_named(name, "/name"),
            *_check_named(description, "/description", most=20_000, may_be_empty=True),
        ]
    )
    # Two writers at once could each close one half of a cycle: one at a time, per course.
    Course.objects.select_for_update().get(pk=course.pk)
    known = dict(Skill.objects.filter(course=course).values_list("external_id", "pk"))
    _refuse(
        [
            FieldError(f"/prerequisites/{index}", f"There is no skill “{p[:60]}” in this course.")
            for index, p in enumerate(prerequisites)
            if p not in known and p != external_id
        ]
    )
    edges: dict[str, list[str]] = {}
    for of, needs in SkillPrerequisite.objects.filter(skill__course=course).values_list(
        "skill__external_id", "prerequisite__external_id"
    ):
        edges.setdefault(of, []).append(needs)
    edges[external_id] = prerequisites
    if cycle := find_cycle(edges, external_id):
        detail = "The prerequisites would form a cycle: " + " → ".join(cycle) + "."
        _refuse([FieldError("/prerequisites", detail)])
    values: dict[str, Any] = {"name": name, "description": description}
    if position is not None or external_id not in known:
        values["position"] = len(known) if position is None else position
    skill, created = Skill.objects.update_or_create(course=course, external_id=external_id, defaults=values)
    SkillPrerequisite.objects.filter(skill=skill).exclude(prerequisite__external_id__in=prerequisites).delete()
    SkillPrerequisite.objects.bulk_create(
        [SkillPrerequisite(skill=skill, prerequisite_id=known[p]) for p in prerequisites], ignore_conflicts=True
    )
    return skill, created


COPIED = (
    "kind",
    "title",
    "body",
    "url",
    "language",
    "duration_minutes",
    "response_format",
    "choices",
    "answer",
    "hints",
    "rubric",
    "explanation",
    "misconceptions",
    "authored_difficulty",
    "source",
    "attribution",
)


def content_text(resource: Resource) -> str:
    """The words that stand for the resource in embedding space: title, body, for an exercise also its choices."""
    choices = " ".join(str(choice.get("text", "")) for choice in resource.choices)
    return f"{resource.title}\n{resource.body}\n{choices}".strip()


@transaction.atomic
def resource_put(
    *, course: Course, external_id: str, data: dict[str, Any], skill_ids: dict[str, int] | None = None
) -> tuple[Resource, bool]:
    """Creates or replaces a resource, in the shape of the REST contract. Returns (resource, created).

    skill_ids: external id -> key of the course's skills, where the caller has them already (importers).
    Raises InvalidInput with all that is wrong; nothing is stored then. Its embedding is made later, in the background.
    """
    if skill_ids is None:
        skill_ids = dict(Skill.objects.filter(course=course).values_list("external_id", "pk"))
    errors = [*check_external_id(external_id, "/resource"), *check_resource(data)]
    wanted = list(dict.fromkeys(data.get("skills") or [])) if not errors else []
    errors += [
        FieldError(f"/skills/{index}", f"There is no skill “{skill[:60]}” in this course.")
        for index, skill in enumerate(wanted)
        if skill not in skill_ids
    ]
    _refuse(errors)
    values = {name: data[name] for name in COPIED if data.get(name) is not None}
    draft = Resource(**values)
    defaults = {
        **{name: getattr(draft, name) for name in COPIED},
        "content_hash": stable_hash(content_text(draft)),
        "is_retired": False,
    }
    before = Resource.objects.filter(course=course, external_id=external_id).values("authored_difficulty").first()
    resource, created = Resource.objects.update_or_create(course=course, external_id=external_id, defaults=defaults)
    current = list(resource.skill_links.order_by("position").values_list("skill_id", flat=True)) if not created else []
    is_relinked = current != [skill_ids[skill] for skill in wanted]
    if (
        before
        and resource.is_exercise
        and (is_relinked or before["authored_difficulty"] != resource.authored_difficulty)
    ):
        Course.objects.filter(pk=course.pk).update(item_version=models.F("item_version") + 1)
    if is_relinked:
        resource.skill_links.all().delete()
        ResourceSkill.objects.bulk_create(
            [
                ResourceSkill(resource=resource, skill_id=skill_ids[skill], position=position)
                for position, skill in enumerate(wanted)
            ]
        )
    return resource, created
