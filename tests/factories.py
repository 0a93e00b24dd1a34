"""The cast and the small course that tests share: alice and bob learn, charlie teaches, mallory is in another tenant.

Everything is made on the models, so that a test of one service needs no other service to work.
"""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from adaptive.assessment.models import Assessment
from adaptive.catalog.models import Course, Resource, ResourceSkill, Skill, SkillPrerequisite
from adaptive.events.models import Attempt
from adaptive.learners.models import Enrolment, Learner
from adaptive.mastery.models import MasteryChange, SkillMastery
from adaptive.tenants.models import Tenant

PASSWORD = "correct horse battery"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

_number = itertools.count(1)

# One exercise of each response format: (what the catalogue stores, a right response, a wrong response).
EXERCISES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "choice": (
        {
            "title": "A bar of chocolate",
            "body": "A bar has 8 equal pieces. Amira eats 3.\n\nWhich fraction is that?",
            "choices": [
                {"id": "a", "text": "$\\frac{3}{5}$", "feedback": "Count all pieces.", "misconception": "part-to-part"},
                {"id": "b", "text": "$\\frac{3}{8}$", "feedback": "Yes: 3 of 8."},
                {"id": "c", "text": "$\\frac{8}{3}$", "feedback": "The other way round.", "misconception": "swaps"},
            ],
            "answer": {"choice": "b"},
        },
        {"choice": "b"},
        {"choice": "a"},
    ),
    "multiple_choice": (
        {
            "title": "Which are a half?",
            "body": "Which of these are worth $\\frac{1}{2}$?",
            "choices": [
                {"id": "a", "text": "$\\frac{2}{4}$"},
                {"id": "b", "text": "0.5"},
                {"id": "c", "text": "$\\frac{2}{3}$", "feedback": "More than a half.", "misconception": "part-to-part"},
                {"id": "d", "text": "20 %", "feedback": "A fifth.", "misconception": "swaps"},
            ],
            "answer": {"choices": ["a", "b"]},
        },
        {"choices": ["a", "b"]},
        {"choices": ["c"]},
    ),
    "numeric": (
        {
            "title": "Three of four",
            "body": "How much is 3 divided by 4, in metres?",
            "answer": {
                "value": 0.75,
                "tolerance": 1e-9,
                "unit": "m",
                "common_errors": [{"value": 1.3333333, "misconception": "swaps", "feedback": "The other way round."}],
            },
        },
        {"value": "3/4"},
        {"value": "4"},
    ),
    "short_text": (
        {
            "title": "Leo's pizza",
            "body": "Leo cuts a pizza into three unequal pieces and calls each a third. Is he right?",
            "answer": {
                "references": [
                    "No, because a third is one of three equal parts and his pieces are not equal.",
                    "He is wrong: thirds have to be the same size.",
                ],
                "accepted": [],
            },
            "rubric": "- He is not right.\n- Thirds are equal parts.",
        },
        {"text": "No, thirds must be equal parts and these are not."},
        {"text": "Yes because there are three pieces."},
    ),
    "long_text": (
        {
            "title": "Explain equivalence",
            "body": "Explain why $\\frac{1}{2}$ and $\\frac{2}{4}$ are the same number.",
            "answer": {"references": ["Cutting every half in two gives twice as many parts, each half as big."]},
            "rubric": "- Twice as many parts.\n- Each half as big.",
        },
        {"text": "You cut each half in two. There are twice as many parts, and each is half as big. So it is as much."},
        {"text": "They are not the same because 2 is more than 1."},
    ),
    "ordering": (
        {
            "title": "From small to large",
            "body": "Order from the smallest to the largest.",
            "choices": [
                {"id": "x", "text": "$\\frac{3}{4}$"},
                {"id": "y", "text": "$\\frac{1}{4}$"},
                {"id": "z", "text": "$\\frac{1}{2}$"},
            ],
            "answer": {"order": ["y", "z", "x"]},
        },
        {"order": ["y", "z", "x"]},
        {"order": ["x", "z", "y"]},
    ),
    "matching": (
        {
            "title": "Which belong together?",
            "body": "Match each fraction with its decimal.",
            "choices": [
                {"id": "l1", "text": "$\\frac{1}{2}$"},
                {"id": "l2", "text": "$\\frac{1}{4}$"},
                {"id": "r1", "text": "0.5"},
                {"id": "r2", "text": "0.25"},
                {"id": "r3", "text": "0.75"},
            ],
            "answer": {"pairs": {"l1": "r1", "l2": "r2"}},
        },
        {"pairs": {"l1": "r1", "l2": "r2"}},
        {"pairs": {"l1": "r3", "l2": "r1"}},
    ),
    "cloze": (
        {
            "title": "Beads",
            "body": "Of 9 beads 4 are blue. The blue beads are [[1]] of all, the others are [[2]].",
            "answer": {"gaps": [["4/9", "four ninths"], ["5/9", "five ninths"]]},
        },
        {"gaps": ["4/9", "five ninths"]},
        {"gaps": ["4/5", "5/4"]},
    ),
}


def right(response_format: str) -> dict[str, Any]:
    """A right response to the cast's exercise of this format."""
    return EXERCISES[response_format][1]


def wrong(response_format: str) -> dict[str, Any]:
    return EXERCISES[response_format][2]


@cache
def _password_hash() -> str:
    # Hashing is slow on purpose: once for all.
    return make_password(PASSWORD)


def tenant_make(slug: str | None = None) -> Tenant:
    slug = slug or f"tenant-{next(_number)}"
    return Tenant.objects.create(slug=slug, name=slug.title())


def course_make(tenant: Tenant, external_id: str | None = None, **values: Any) -> Course:
    external_id = external_id or f"course-{next(_number)}"
    values.setdefault("title", external_id.replace("-", " ").capitalize())
    return Course.objects.create(tenant=tenant, external_id=external_id, **values)


def skill_make(course: Course, external_id: str, *, after: list[Skill] | None = None, **values: Any) -> Skill:
    values.setdefault("name", external_id.replace("-", " ").capitalize())
    values.setdefault("position", course.skills.count())
    skill = Skill.objects.create(course=course, external_id=external_id, **values)
    for prerequisite in after or []:
        SkillPrerequisite.objects.create(skill=skill, prerequisite=prerequisite)
    return skill


def resource_make(
    course: Course, skills: list[Skill], *, external_id: str | None = None, kind: str = "reading", **values: Any
) -> Resource:
    external_id = external_id or f"resource-{next(_number)}"
    values.setdefault("title", external_id.replace("-", " ").capitalize())
    values.setdefault("body", f"Text of {external_id}.")
    resource = Resource.objects.create(course=course, external_id=external_id, kind=kind, **values)
    for position, skill in enumerate(skills):
        ResourceSkill.objects.create(resource=resource, skill=skill, position=position)
    return resource


def exercise_make(
    course: Course,
    skills: list[Skill],
    response_format: str = "choice",
    *,
    external_id: str | None = None,
    **values: Any,
) -> Resource:
    content = {
        "hints": ["Look at the whole.", "Count all parts.", "Similar: 1 of 6 slices is $\\frac{1}{6}$."],
        "explanation": "The whole has that many parts.",
        "authored_difficulty": 0.4,
        **EXERCISES[response_format][0],
        **values,
    }
    return resource_make(
        course, skills, external_id=external_id, kind="exercise", response_format=response_format, **content
    )


def learner_make(tenant: Tenant, name: str, *, login: bool = True, **values: Any) -> Learner:
    """A learner, with a login of the same name (password: PASSWORD) unless told otherwise."""
    values.setdefault("display_name", name.capitalize())
    user = User.objects.create(username=name, password=_password_hash()) if login else None
    return Learner.objects.create(tenant=tenant, external_id=name, user=user, ai_consent=True, **values)


def enrol(learner: Learner, course: Course, role: str = "learner") -> Enrolment:
    return Enrolment.objects.create(learner=learner, course=course, role=role)


def attempt_make(
    learner: Learner,
    resource: Resource,
    *,
    response: dict[str, Any] | None = None,
    score: float | None = None,
    **values,
) -> Attempt:
    """An attempt; with a score it is assessed by key, without one it waits to be read."""
    values.setdefault("submitted_at", NOON)
    values.setdefault("source", Attempt.Source.PAGE)
    values.setdefault("state", Attempt.State.QUEUED if score is None else Attempt.State.ASSESSED)
    feedback, misconception = values.pop("feedback", ""), values.pop("misconception", "")
    attempt = Attempt.objects.create(
        tenant_id=learner.tenant_id,
        learner=learner,
        course_id=resource.course_id,
        resource=resource,
        response=response or right(resource.response_format),
        **values,
    )
    if score is not None:
        label = "correct" if score >= 1 else "partially_correct" if score > 0 else "incorrect"
        Assessment.objects.create(
            attempt=attempt,
            score=score,
            label=label,
            feedback=feedback,
            misconception=misconception,
            assessor_kind="key",
        )
    return attempt


def change_make(attempt: Attempt, skill: Skill, before: float, after: float) -> MasteryChange:
    return MasteryChange.objects.create(
        attempt=attempt, learner_id=attempt.learner_id, skill=skill, before=before, after=after
    )


def mastery_make(learner: Learner, skill: Skill, p_mastery: float, n_attempts: int = 3, **values: Any) -> SkillMastery:
    values.setdefault("computed_at", NOON)
    values.setdefault("last_attempt_at", NOON)
    return SkillMastery.objects.create(
        learner=learner, skill=skill, p_mastery=p_mastery, n_attempts=n_attempts, **values
    )


@dataclass
class Cast:
    """Everybody and everything of the shared small course."""

    tenant: Tenant
    course: Course
    skills: list[Skill]  # meaning, equivalent (after meaning), adding (after equivalent)
    exercises: dict[str, Resource]  # by response format
    reading: Resource
    worked_example: Resource
    alice: Learner
    bob: Learner
    charlie: Learner  # teaches
    mallory: Learner  # of another tenant, in another course
    other_course: Course
    extra: dict[str, Any] = field(default_factory=dict)


def cast_make() -> Cast:
    tenant, other = tenant_make("demo"), tenant_make("elsewhere")
    course = course_make(
        tenant,
        "fractions",
        title="Fractions",
        misconceptions=[
            {"id": "part-to-part", "name": "Compares a part with the other part", "description": "3 of 5, not 3 of 8."},
            {"id": "swaps", "name": "Swaps numerator and denominator", "description": "The other way round."},
        ],
    )
    other_course = course_make(other, "fractions", title="Somebody else's fractions")
    meaning = skill_make(course, "meaning", name="What a fraction means")
    equivalent = skill_make(course, "equivalent", name="Equivalent fractions", after=[meaning])
    adding = skill_make(course, "adding", name="Adding fractions", after=[equivalent])
    skills = [meaning, equivalent, adding]
    exercises = {
        name: exercise_make(course, [skills[index % 3]], name, external_id=f"exercise-{name}")
        for index, name in enumerate(EXERCISES)
    }
    reading = resource_make(
        course, [meaning], external_id="reading", title="What a fraction is", body="# Parts\n\nA *fraction* is a part."
    )
    worked_example = resource_make(
        course, [adding], external_id="worked", kind="worked_example", title="Adding, slowly"
    )
    alice, bob, charlie = (learner_make(tenant, name) for name in ("alice", "bob", "charlie"))
    mallory = learner_make(other, "mallory")
    for learner in (alice, bob):
        enrol(learner, course)
    enrol(charlie, course, "teacher")
    enrol(mallory, other_course)
    return Cast(tenant, course, skills, exercises, reading, worked_example, alice, bob, charlie, mallory, other_course)
