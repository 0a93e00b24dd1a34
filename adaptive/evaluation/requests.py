"""How requests in words are understood and kept: our own labelled sets (fixtures/requests) through the same service
that pages and REST call. Whether an item keeps a label is checked here on the stored resource, not by the recommender.
"""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from adaptive.backends.registry import get_light_embedding
from adaptive.catalog.content import course_folder_load
from adaptive.catalog.embedding import resources_embed
from adaptive.catalog.models import Course, Resource
from adaptive.catalog.services import resource_put
from adaptive.common.errors import InvalidInput
from adaptive.learners.models import Learner
from adaptive.learners.services import enrolment_put, learner_put
from adaptive.practice.demo.services import fixtures_folder
from adaptive.recommendation.models import Slate
from adaptive.recommendation.services import slate_create
from adaptive.recommendation.wishes.types import Wish
from adaptive.tenants.models import Tenant
from adaptive.tenants.services import tenant_ensure

SETS = ("requests", "requests-2", "requests-3")
COUNT = 10
# As fixtures/requests/README.md says them: of an exercise's share of wrong answers.
DIFFICULTY = {"easy": (0, 0.4), "not_hard": (0, 0.6), "medium": (0.4, 0.6), "not_easy": (0.4, 1), "hard": (0.6, 1)}
TENANT = "requests-in-words"


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    course: str
    text: str
    expect: dict[str, Any]


@dataclass(slots=True)
class Outcome:
    """What became of one request. `n_could`: resources of the course that keep all labels."""

    case: Case
    understood: dict[str, Any]
    n_items: int
    broken: list[str]  # labels that some returned item does not keep
    n_could: int
    why_empty: str
    vector: str
    seconds: float

    @property
    def is_understood(self) -> bool:
        return self.understood == {k: _sorted(v) for k, v in self.case.expect.items()}

    @property
    def is_kept(self) -> bool:
        """Understood as labelled, and every returned item keeps every label."""
        return self.is_understood and not self.broken


@dataclass(slots=True)
class Report:
    name: str
    outcomes: list[Outcome] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        rows = self.outcomes
        labels = sum(len(row.case.expect) for row in rows)
        lost = sum(len(set(row.broken) | _misread(row)) for row in rows)
        seconds = sorted(row.seconds for row in rows)
        return {
            "set": self.name,
            "n_requests": len(rows),
            "understood_as_labelled": sum(row.is_understood for row in rows),
            "understood_and_kept_in_every_item": sum(row.is_kept for row in rows),
            "share_kept": round(sum(row.is_kept for row in rows) / len(rows), 4),
            "n_constraints": labels,
            "n_constraints_kept": labels - lost,
            "n_items": sum(row.n_items for row in rows),
            "n_empty": sum(not row.n_items for row in rows),
            "n_empty_where_some_keep_all": sum(not row.n_items and row.n_could > 0 for row in rows),
            "vectors": {state: sum(row.vector == state for row in rows) for state in {row.vector for row in rows}},
            "ms_p50": round(statistics.median(seconds) * 1e3, 1),
            "ms_p95": round(seconds[int(0.95 * (len(seconds) - 1))] * 1e3, 1),
            "requests": [
                {
                    "id": row.case.id,
                    "text": row.case.text,
                    "is_understood": row.is_understood,
                    "understood": row.understood,
                    "expected": row.case.expect,
                    "n_items": row.n_items,
                    "broken": row.broken,
                    "why_empty": row.why_empty,
                }
                for row in rows
            ],
        }


def _misread(row: Outcome) -> set[str]:
    return {code for code, value in row.case.expect.items() if row.understood.get(code) != _sorted(value)}


def _sorted(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


def cases_read(name: str) -> list[Case]:
    path = fixtures_folder().parent / "requests" / f"{name}.json"
    return [Case(row["id"], row["course"], row["text"], row["expect"]) for row in json.loads(path.read_text("utf-8"))]


class _Undone(Exception):
    pass


def evaluate_requests(
    sets: Sequence[str] = SETS,
    *,
    tenant: Tenant | None = None,
    learner: Learner | None = None,
    say: Callable[[str], None] = lambda words: None,
) -> list[Report]:
    """One report a set. Without a tenant the courses of fixtures/ are loaded, with the extras of fixtures/requests;
    with one, its own courses of the same ids are asked, for `learner`. All that is written is rolled back."""
    reports: list[Report] = []
    try:
        with transaction.atomic():
            if tenant is None:
                tenant, learner = _courses_load(say)
            courses = {course.external_id: course for course in Course.objects.filter(tenant=tenant)}
            for name in sets:
                report = Report(name)
                for case in cases_read(name):
                    if case.course in courses:
                        report.outcomes.append(_asked(case, learner, courses[case.course]))
                if not report.outcomes:
                    raise InvalidInput(f"The tenant has none of the courses that {name} asks of.")
                reports.append(report)
                say(f"{name}: {len(report.outcomes)} requests asked")
            raise _Undone
    except _Undone:
        return reports


def _courses_load(say: Callable[[str], None]) -> tuple[Tenant, Learner]:
    courses, requests = fixtures_folder(), fixtures_folder().parent / "requests"
    tenant = tenant_ensure(slug=TENANT, name="Requests in words")
    learner, _ = learner_put(tenant=tenant, external_id="asker", display_name="Asker")
    extras = json.loads((requests / "extras.json").read_text("utf-8"))
    for folder in (*(courses / name for name in extras), requests / "brueche"):
        course = course_folder_load(tenant=tenant, folder=folder)
        skill_ids = dict(course.skills.values_list("external_id", "pk"))
        for resource in extras.get(folder.name, ()):
            resource_put(course=course, external_id=resource["id"], data=resource, skill_ids=skill_ids)
        enrolment_put(learner=learner, course=course)
    embedding = get_light_embedding()
    if embedding is not None:
        say("embedding the courses")
        while resources_embed(embedding=embedding):
            pass
    return tenant, learner


def _asked(case: Case, learner: Learner, course: Course) -> Outcome:
    started = time.perf_counter()
    slate = slate_create(learner=learner, course=course, count=COUNT, query=case.text)
    seconds = time.perf_counter() - started
    resources = list(
        Resource.objects.filter(course=course, is_retired=False)
        .defer("embedding", "search")
        .prefetch_related("skill_links__skill")
    )
    picked = set(slate.impressions.values_list("resource_id", flat=True))
    broken = {
        code
        for resource in resources
        if resource.pk in picked
        for code, value in case.expect.items()
        if not keeps_label(resource, code, value)
    }
    could = sum(
        all(keeps_label(resource, code, value) for code, value in case.expect.items()) for resource in resources
    )
    states = {stage["name"]: stage.get("state", "") for stage in slate.context["stages"]}
    return Outcome(
        case=case,
        understood=understood_in(slate, course),
        n_items=len(picked),
        broken=sorted(broken),
        n_could=could,
        why_empty=slate.why_empty,
        vector=states.get("words_embedded", "no words"),
        seconds=seconds,
    )


def understood_in(slate: Slate, course: Course) -> dict[str, Any]:
    """What the slate says it understood, in the shape of the labels."""
    if not slate.context.get("wish"):
        return {}
    names = dict(course.skills.values_list("pk", "external_id"))
    found: dict[str, Any] = {}
    for constraint in Wish.from_json(slate.context["wish"]).in_force:
        value = constraint.value
        if constraint.code in ("skills", "not_skills"):
            value = [names[pk] for pk in value]
        if isinstance(value, tuple | list):
            value = value[0] if constraint.code == "difficulty" and len(value) == 1 else sorted(value)
        found[constraint.code] = value
    return found


def keeps_label(resource: Resource, code: str, value: Any) -> bool:
    skills = [link.skill.external_id for link in sorted(resource.skill_links.all(), key=lambda link: link.position)]
    if code == "kinds":
        return resource.kind in value
    if code == "not_kinds":
        return resource.kind not in value
    if code == "at_most":
        return resource.duration_minutes <= value
    if code == "at_least":
        return resource.duration_minutes >= value
    if code == "difficulty":
        low, high = DIFFICULTY[value]
        if resource.kind != Resource.Kind.EXERCISE:
            return low == 0
        return resource.authored_difficulty is not None and low <= resource.authored_difficulty <= high
    if code == "skills":
        return any(skill in value for skill in skills[:2])
    if code == "not_skills":
        return not any(skill in value for skill in skills)
    if code == "pictures":
        return ("![" in resource.body) == value
    raise InvalidInput(f"{code!r} is no label of a request.")
