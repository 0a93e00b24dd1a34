"""A simulated course in the database, for as long as an evaluation lasts."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction

from adaptive.assessment.types import Verdict
from adaptive.backends.learner_model.difficulty import AVERAGE_SHARE_WRONG
from adaptive.catalog.models import Course, Resource
from adaptive.catalog.services import course_put, resource_put, skill_put
from adaptive.common.probability import logit, sigmoid
from adaptive.evaluation.policies.base import History
from adaptive.evaluation.simulators.course import CourseView
from adaptive.evaluation.simulators.numbers import Ints
from adaptive.learners.models import Learner
from adaptive.learners.services import enrolment_put, learner_put
from adaptive.practice.bulk import PastAttempt, attempts_load
from adaptive.tenants.models import Tenant
from adaptive.tenants.services import tenant_ensure

CHOICES = 5
TITLE = "Simulated course"


@contextmanager
def thrown_away() -> Iterator[None]:
    """Whatever is written to the database inside is gone at the end, however it ends: one transaction, rolled back.

    Others never see it. Jobs that would be published after the commit never are.
    """
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def statistics_refresh(step: int) -> None:
    """Tells the planner what was written. Nobody else can: to the outside none of it is there, and with plans made for
    empty tables each answer takes longer than the one before. step: told at 0, 1, 2, 4, 8, 16, ..."""
    if step & (step - 1) == 0:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


@dataclass(frozen=True, slots=True)
class Installed:
    """A course as it lies in the database. resources: by exercise number; items: exercise number by resource's key."""

    tenant: Tenant
    course: Course
    resources: list[Resource]
    items: dict[int, int]
    learners: list[Learner]


def skill_id(skill: int) -> str:
    return f"skill-{skill:02}"


def item_id(item: int) -> str:
    return f"exercise-{item:03}"


def learner_id(number: int) -> str:
    return f"learner-{number:05}"


def exercise_of(view: CourseView, item: int) -> dict[str, Any]:
    """The exercise in the shape of the REST contract: a choice with one right answer."""
    data: dict[str, Any] = {
        "kind": "exercise",
        "title": f"Exercise {item + 1}",
        "body": f"Exercise {item + 1} of skill {view.skills[item][0] + 1}: which is right?",
        "skills": [skill_id(skill) for skill in view.skills[item]],
        "duration_minutes": float(view.minutes[item]),
        "response_format": "choice",
        "choices": [{"id": f"c{n}", "text": f"Choice {n + 1}"} for n in range(CHOICES)],
        "answer": {"choice": f"c{item % CHOICES}"},
    }
    if view.authored is not None:
        # Authors write the share that gets it wrong.
        data["authored_difficulty"] = round(sigmoid(float(view.authored[item]) + logit(AVERAGE_SHARE_WRONG)), 4)
    return data


def response_to(item: int, *, is_right: bool) -> dict[str, str]:
    """What a simulated learner picks."""
    return {"choice": f"c{(item if is_right else item + 1) % CHOICES}"}


def install(view: CourseView, learners: Ints) -> Installed:
    """A tenant of its own, the course, and these learners, enrolled. Through the services alone."""
    tenant = tenant_ensure(slug=f"simulated-{uuid.uuid4().hex[:12]}", name="Simulated learners")
    course, _ = course_put(tenant=tenant, external_id="simulated", title=TITLE)
    for skill in range(view.n_skills):
        before = [skill_id(p) for p in view.prerequisites[skill]]
        skill_put(course=course, external_id=skill_id(skill), name=f"Skill {skill + 1}", prerequisites=before)
    keys = {skill.external_id: skill.pk for skill in course.skills.all()}
    resources = [
        resource_put(course=course, external_id=item_id(item), data=exercise_of(view, item), skill_ids=keys)[0]
        for item in range(view.n_items)
    ]
    people = [_enrolled(tenant, course, learner_id(int(number))) for number in learners]
    return Installed(tenant, course, resources, {r.pk: item for item, r in enumerate(resources)}, people)


def _enrolled(tenant: Tenant, course: Course, external_id: str) -> Learner:
    learner, _ = learner_put(tenant=tenant, external_id=external_id, display_name=external_id, is_simulated=True)
    enrolment_put(learner=learner, course=course)
    return learner


def history_load(installed: Installed, history: History, *, start: datetime) -> int:
    """Other learners' answers of before, as attempts that the key has marked. Returns how many."""
    attempts = []
    for number, sequence in enumerate(history):
        learner = _enrolled(installed.tenant, installed.course, f"earlier-{number:05}")
        for item, score, at in zip(sequence.items, sequence.scores, sequence.at, strict=True):
            is_right = bool(score > 0.5)
            attempts.append(
                PastAttempt(
                    learner_id=learner.pk,
                    resource_id=installed.resources[int(item)].pk,
                    submitted_at=start + timedelta(days=float(at)),
                    response=response_to(int(item), is_right=is_right),
                    verdict=Verdict(
                        score=float(is_right),
                        label="correct" if is_right else "incorrect",
                        confidence=1.0,
                        feedback="",
                        assessor_kind="key",
                    ),
                )
            )
    attempts_load(course=installed.course, attempts=attempts, source="simulation")
    return len(attempts)


def chosen(items: list[int | None], previous: Ints) -> Ints:
    """Exercise numbers; where nothing was recommended the learner does the exercise of the step before once more."""
    return np.array([int(previous[n]) if item is None else item for n, item in enumerate(items)], dtype=np.int64)
