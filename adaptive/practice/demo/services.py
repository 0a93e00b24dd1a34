"""Storing the demonstration: courses, people with logins, a simulated term of attempts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction

import adaptive
from adaptive.catalog.content import CourseFolder, course_folder_load, course_folder_read
from adaptive.catalog.models import Course
from adaptive.common.clock import now as clock_now
from adaptive.common.errors import InvalidInput
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.learners.services import enrolment_put, learner_put, performance_sharing_set
from adaptive.planning.selectors import plan_find, today_of
from adaptive.planning.services import exam_moment, plan_set
from adaptive.practice.bulk import attempts_load
from adaptive.practice.demo.logins import ADMIN, LOGINS, STUDENT_PASSWORD, TEACHER
from adaptive.practice.demo.people import COHORTS, MATHS, PEOPLE, TEACHER_NAME
from adaptive.practice.demo.term import term_of
from adaptive.recommendation.homework import homework_give
from adaptive.tenants.models import Tenant
from adaptive.tenants.services import tenant_ensure

PLANNER, PLANNED_AHEAD = "alice", timedelta(days=24)
# What the teacher assigned four days ago, and from which card of tomorrow's ten minutes; the named students go without.
ASSIGNED_FOR, ASSIGNED_AGO = "repeats-the-operation", timedelta(days=4)
ASSIGNED = ("one-step-equations-e2", "one-step-equations-e4", "two-step-equations-e2", "two-step-equations-e5")
SEED = 20_260_302
TENANT = "demo"


@dataclass(frozen=True, slots=True)
class DemoLoaded:
    """What the demonstration holds now. n_attempts: stored by this call."""

    n_courses: int
    n_learners: int
    n_attempts: int


def fixtures_folder() -> Path:
    """Where the courses that ship with the app lie: inside it where installed, beside it in the repository."""
    package = Path(adaptive.__file__).resolve().parent
    for folder in (package / "fixtures" / "courses", package.parent / "fixtures" / "courses"):
        if folder.is_dir():
            return folder
    raise InvalidInput(f"The courses that ship with adaptive are not there: {folder} is missing.")


def is_empty() -> bool:
    """Is there no course at all in this installation?"""
    return not Course.objects.exists()


@transaction.atomic
def demo_load(*, now: datetime, seed: int = SEED, say: Callable[[str], None] = lambda sentence: None) -> DemoLoaded:
    """Loads the demonstration, all or nothing. Again: courses are put as their files say, the rest stays as it is.

    now: the term ends the day before. The same day and seed give the same attempts.
    """
    tenant = tenant_ensure(slug=TENANT, name="Demonstration school")
    folder = fixtures_folder()
    courses: dict[str, tuple[Course, CourseFolder]] = {}
    for course_id in COHORTS:
        content = course_folder_read(folder / course_id)
        courses[course_id] = (course_folder_load(tenant=tenant, folder=folder / course_id), content)
        say(f"{courses[course_id][0].title}: {len(content.exercises)} exercises, {len(content.readings)} readings")
    learners = _people_put(tenant, {course_id: course for course_id, (course, _) in courses.items()})
    say(f"{len(PEOPLE)} simulated learners and their teacher")
    n_attempts = 0
    for course, content in courses.values():
        if Attempt.objects.filter(course=course, source=Attempt.Source.SIMULATION).exists():
            continue
        attempts = term_of(course=course, content=content, learners=learners, now=now, seed=seed)
        attempts_load(course=course, attempts=attempts, source=Attempt.Source.SIMULATION)
        n_attempts += len(attempts)
        say(f"{course.title}: {len(attempts):,} simulated attempts of twelve weeks")
    _plan_put(courses[MATHS][0], learners[PLANNER])
    _homework_put(courses[MATHS][0], learners, now)
    return DemoLoaded(len(courses), len(PEOPLE), n_attempts)


def _plan_put(course: Course, learner: Learner) -> None:
    """One student has an exam ahead; whoever deletes or changes the plan keeps it so for as long as it lasts."""
    if plan_find(learner=learner, course=course) is None:
        plan_set(
            learner=learner,
            course=course,
            exam_at=exam_moment(today_of(clock_now()) + PLANNED_AHEAD),
            target=0.8,
            minutes_per_weekday=[20, 20, 20, 20, 20, 0, 30],
        )


def _homework_put(course: Course, learners: dict[str, Learner], now: datetime) -> None:
    """Exercises that were assigned days ago, once: whoever takes them back keeps it so."""
    if course.homework.exists():
        return
    named = {login.username for login in LOGINS}
    keys = dict(course.resources.filter(external_id__in=ASSIGNED).values_list("external_id", "pk"))
    homework, _ = homework_give(
        course=course,
        teacher=Learner.objects.get(tenant=course.tenant, external_id=TEACHER.username),
        exercises=[keys[external_id] for external_id in ASSIGNED],
        learners=[one.pk for name, one in learners.items() if name not in named],
        title=course.skills.get(external_id="two-step-equations").name,
        misconception=ASSIGNED_FOR,
    )
    homework.created_at = now - ASSIGNED_AGO
    homework.save(update_fields=["created_at"])
    homework.pins.update(created_at=homework.created_at)


def _people_put(tenant: Tenant, courses: dict[str, Course]) -> dict[str, Learner]:
    """Logins, learners and enrolments. Returns username -> learner, without the teacher."""
    _user_put(ADMIN.username, make_password(ADMIN.password), is_staff=True, is_superuser=True)
    teacher = _learner_put(tenant, TEACHER.username, TEACHER_NAME, make_password(TEACHER.password))
    # One hash for all of them: hashing is slow on purpose, and this password is no secret.
    student_password = make_password(STUDENT_PASSWORD)
    learners = {
        person.username: _learner_put(tenant, person.username, person.name, student_password) for person in PEOPLE
    }
    for course_id, course in courses.items():
        enrolment_put(learner=teacher, course=course, role="teacher", cohort=COHORTS[course_id])
        for person in PEOPLE:
            if course_id in person.courses:
                enrolment_put(learner=learners[person.username], course=course, cohort=COHORTS[course_id])
    return learners


def _user_put(username: str, password_hash: str, **values: Any) -> User:
    return User.objects.get_or_create(username=username, defaults={"password": password_hash, **values})[0]


def _learner_put(tenant: Tenant, username: str, name: str, password_hash: str) -> Learner:
    # They agree to the AI reading their answers: the model runs on this machine, and they do not exist.
    learner, is_new = learner_put(
        tenant=tenant, external_id=username, display_name=name, ai_consent=True, is_simulated=True
    )
    if is_new:  # and to their teacher seeing how their practice went; whoever takes that back keeps it so
        performance_sharing_set(learner=learner, shares=True)
        learner.refresh_from_db()
    user = _user_put(username, password_hash, first_name=name)
    if learner.user_id is None and not Learner.objects.filter(user=user).exists():
        learner.user = user
        learner.save(update_fields=["user"])
    return learner
