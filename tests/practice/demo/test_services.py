"""Loading the demonstration: once, whole, and as its logins promise."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from adaptive.assessment.models import Assessment
from adaptive.catalog.models import Course
from adaptive.events.models import Attempt
from adaptive.learners.models import Cohort, Enrolment, Learner
from adaptive.mastery.selectors import mastery_of
from adaptive.mastery.services import state_check
from adaptive.practice.demo.logins import LOGINS
from adaptive.practice.demo.people import MATHS, PEOPLE, SCIENCE
from adaptive.practice.demo.services import demo_load, is_empty
from adaptive.recommendation.homework_progress import progress_of
from adaptive.recommendation.models import Homework
from lms_project.demo_logins import DEMO_LOGINS

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)


@pytest.fixture
def demo() -> Any:
    return demo_load(now=NOW)


def learner(username: str) -> Learner:
    return Learner.objects.get(tenant__slug="demo", external_id=username)


def statuses(username: str, course: str = MATHS) -> list[str]:
    views = mastery_of(learner=learner(username), course=Course.objects.get(external_id=course), at=NOW)
    return [view.status for view in views]


def test_the_whole_demonstration(demo: Any) -> None:
    assert (demo.n_courses, demo.n_learners, demo.n_attempts) == (2, 30, Attempt.objects.count())
    assert demo.n_attempts > 3500

    # Everybody is labelled as simulated, and so is what they did.
    assert Learner.objects.filter(is_simulated=True).count() == Learner.objects.count() == 31
    assert set(Attempt.objects.values_list("source", flat=True)) == {"simulation"}

    # Cohorts and enrolments.
    assert set(Cohort.objects.values_list("course__external_id", "name")) == {(MATHS, "7b"), (SCIENCE, "8a")}
    assert Enrolment.objects.filter(course__external_id=MATHS, role="learner", cohort__name="7b").count() == 30
    assert Enrolment.objects.filter(course__external_id=SCIENCE, role="learner", cohort__name="8a").count() >= 12
    assert Enrolment.objects.filter(role="teacher", learner__external_id="teacher").count() == 2

    # The cast.
    assert set(statuses("bob")) == {"not_started"}
    assert statuses("charlie").count("mastered") >= 12
    alice = statuses("alice")
    assert alice.count("not_started") == 10 and 1 <= len([status for status in alice if status != "not_started"]) <= 4
    views = mastery_of(learner=learner("alice"), course=Course.objects.get(external_id=MATHS), at=NOW)
    assert [view.skill.external_id for view in views if view.due_at and view.due_at <= NOW], "reviews are due"
    shown = Assessment.objects.filter(attempt__learner=learner("alice"), misconception="adds-denominators")
    assert shown.count() >= 3

    # Something to mark, with words in it, and nothing made of it yet.
    waiting = Attempt.objects.filter(state="needs_review")
    assert 4 <= waiting.count() <= 12
    assert all("text" in attempt.response and attempt.last_error for attempt in waiting)
    assert not Assessment.objects.filter(attempt__in=waiting).exists()
    assert Attempt.objects.exclude(state__in=["assessed", "needs_review"]).count() == 0

    # Exercises were assigned four days ago, to all but the cast.
    homework = Homework.objects.get()
    progress = progress_of(homework=[homework])[homework.pk]
    assert len(progress) == 27 and homework.created_at == NOW - timedelta(days=4)
    assert not {learner(name).pk for name in ("alice", "bob", "charlie")} & set(progress)

    # Words were marked by the teacher, the rest by key; nothing lies in the future.
    kinds = set(Assessment.objects.values_list("assessor_kind", "assessed_by"))
    assert kinds == {("key", ""), ("teacher", "teacher")}
    assert not Attempt.objects.filter(submitted_at__gt=NOW).exists()
    assert not Assessment.objects.filter(created_at__gt=NOW).exists()

    # And all of it is what a replay gives.
    for username in ("alice", "charlie", "liam"):
        for course in Course.objects.all():
            assert state_check(learner=learner(username), course=course) == []


def test_every_login_that_is_printed_works(demo: Any, rf: Any) -> None:
    assert DEMO_LOGINS == LOGINS
    for login in LOGINS:
        user = authenticate(rf.post("/"), username=login.username, password=login.password)
        assert user is not None and user.is_superuser == (login.username == "admin")
    assert authenticate(rf.post("/"), username="zoran", password="demo-student").learner.display_name == "Zoran Ilić"
    assert User.objects.filter(is_staff=True).count() == 1
    assert {login.username for login in LOGINS} >= {"teacher", "alice", "bob", "charlie"}


def test_loading_it_again_changes_nothing(demo: Any) -> None:
    User.objects.get(username="alice").delete()
    counts = (Attempt.objects.count(), Learner.objects.count(), Assessment.objects.count())
    password = User.objects.get(username="bob").password
    again = demo_load(now=NOW + timedelta(days=3))
    assert again.n_attempts == 0
    assert (Attempt.objects.count(), Learner.objects.count(), Assessment.objects.count()) == counts
    assert User.objects.get(username="bob").password == password, "whoever changed a password keeps it"
    assert learner("alice").user is not None, "a login that is missing is made again"


def test_an_installation_with_a_course_is_not_empty(demo: Any) -> None:
    assert not is_empty()


def test_everybody_has_a_name_and_agrees_to_the_local_model(demo: Any) -> None:
    found = Learner.objects.filter(external_id__in=[person.username for person in PEOPLE])
    assert {one.display_name for one in found} == {person.name for person in PEOPLE}
    assert all(one.ai_consent and one.user_id for one in found)


def test_a_login_of_that_name_that_was_there_before_is_left_alone() -> None:
    mine = User.objects.create_user("alice", password="mine alone")
    demo_load(now=NOW)
    mine.refresh_from_db()
    assert mine.check_password("mine alone")
