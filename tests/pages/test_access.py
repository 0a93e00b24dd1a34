"""Who may see what: every address of the pages, asked for by everybody."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from adaptive.conversation.services import conversation_start, message_post
from adaptive.pages.urls import urlpatterns
from adaptive.practice.services import answer_submit, slate_next
from adaptive.recommendation.homework import homework_give
from adaptive.recommendation.models import CourseOffer, Ruling
from tests.factories import PASSWORD, Cast, course_make, enrol, learner_make, right

OPEN = {"login", "logout", "home", "courses", "calendar", "language"}
OWN = {"my-data", "my-data-consent", "my-data-export", "my-data-delete"}  # in no course: test_my_data asks for them
LEARNER = {
    "course", "practice", "pick", "why", "disagree", "done", "resource", "answer", "hint", "attempt", "attempt-state",
    "reveal", "give-up", "contest", "skills", "skill", "performance", "performance-sharing", "plan", "plan-save",
    "plan-change",
    "tutor", "tutor-say", "tutor-new", "tutor-state", "tutor-stop",
}  # fmt: skip
TEACHER = {"report", "report-map", "report-skill", "report-exercise", "review", "review-one"}
TEACHER |= {"learner", "learner-skill", "picks", "pick-review", "picks-approve", "picks-undo", "ruling-end"}
TEACHER |= {"lesson", "homework", "homework-new", "homework-one", "homework-end", "settings", "settings-exercise"}
LEARNER |= {"ask", "asked", "feed", "catalogue", "preferences", "offer", "rate", "put-away"}
POSTED = {"disagree", "done", "answer", "hint", "reveal", "give-up", "contest", "performance-sharing", "plan-save"}
POSTED |= {"plan-change", "offer", "rate", "put-away"}
POSTED |= {"tutor-say", "tutor-new", "tutor-stop"}
POSTED |= {"picks-approve", "picks-undo", "ruling-end", "homework-end", "settings-exercise"}


@pytest.fixture
def addresses(cast: Cast) -> dict[str, str]:
    """Every page's address for Alice's things in the course."""
    attempt = answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises["choice"],
        response=right("choice"),
        source="page",
    ).attempt
    slate = slate_next(learner=cast.alice, course=cast.course)
    CourseOffer.objects.create(slate=slate, position=1, course=course_make(cast.tenant, "open"), score=1.0)
    values = {
        "course_id": cast.course.pk,
        "resource_id": cast.exercises["short_text"].pk,
        "attempt_id": attempt.pk,
        "skill_id": cast.skills[0].pk,
        "learner_id": cast.alice.pk,
        "slate_id": slate.pk,
        "position": 1,
        "token": "secret",
        "message_id": message_post(
            conversation=conversation_start(learner=cast.alice, course=cast.course), text="help"
        ).pk,
        "homework_id": homework_give(course=cast.course, teacher=cast.charlie, exercises=[cast.exercises["choice"].pk])[
            0
        ].pk,
        "ruling_id": Ruling.objects.create(kind="pin", course=cast.course, resource=cast.reading).pk,
    }
    found = {}
    for pattern in urlpatterns:
        wanted = pattern.pattern.converters
        found[pattern.name] = reverse(f"adaptive:{pattern.name}", kwargs={name: values[name] for name in wanted})
    return found


def ask(client: Client, name: str, address: str) -> int:
    values = {"picks-undo": {"batch": str(uuid.uuid4())}, "settings-exercise": {"ai": "on"}}
    values = {**values, "offer": {"do": "put-away"}, "rate": {"rating": "4"}}.get(name, {})
    response = client.post(address, values) if name in POSTED else client.get(address)
    return response.status_code


def test_every_address_is_sorted_into_this_test(addresses):
    assert set(addresses) == OPEN | OWN | LEARNER | TEACHER


def test_strangers_are_sent_to_the_login(addresses):
    client = Client()
    for name in LEARNER | TEACHER | {"home", "courses"}:
        address = addresses[name]
        response = client.post(address) if name in POSTED else client.get(address)
        assert response.status_code == 302 and response["Location"].startswith("/login/"), name


def test_a_learner_has_their_own_pages_and_no_teachers(addresses, alice):
    for name in sorted(LEARNER):
        assert ask(alice, name, addresses[name]) in {200, 302, 303, 422}, name
    for name in TEACHER:
        assert ask(alice, name, addresses[name]) == 404, name


def test_a_teacher_has_the_teachers_pages_and_no_learners(addresses, charlie):
    for name in TEACHER:
        assert ask(charlie, name, addresses[name]) in {200, 303}, name
    for name in LEARNER:
        assert ask(charlie, name, addresses[name]) == 404, name


@pytest.mark.parametrize(
    "name", ["attempt", "attempt-state", "reveal", "contest", "pick", "why", "disagree", "done", "rate", "offer"]
)
def test_another_learner_of_the_same_course_sees_nothing_of_alice(addresses, as_user, name):
    assert ask(as_user("bob"), name, addresses[name]) == 404


def test_another_tenant_sees_nothing_at_all(addresses, cast):
    learner_make(cast.other_course.tenant, "teacher2")
    teacher = learner_make(cast.other_course.tenant, "teacher3")
    enrol(teacher, cast.other_course, "teacher")
    for who in ("mallory", "teacher2", "teacher3"):
        client = Client()
        assert client.login(username=who, password=PASSWORD)
        for name in LEARNER | TEACHER:
            assert ask(client, name, addresses[name]) == 404, (who, name)


def test_what_belongs_to_another_course_is_not_found(addresses, alice, cast):
    other = reverse("adaptive:resource", args=[cast.course.pk, 10**9])
    assert alice.get(other).status_code == 404
    assert alice.get(reverse("adaptive:skill", args=[cast.course.pk, 10**30])).status_code == 404
    assert alice.get(reverse("adaptive:attempt", args=[cast.course.pk, 10**30])).status_code == 404


def test_a_login_without_a_learner_is_told_so(db, client, django_user_model):
    django_user_model.objects.create_user("admin", password=PASSWORD, is_staff=True)
    client.login(username="admin", password=PASSWORD)
    page = client.get("/")
    assert page.status_code == 200 and b"You are in no course yet" in page.content


def test_pages_are_kept_by_no_cache_on_the_way(alice, addresses):
    assert "private" in alice.get(addresses["course"])["Cache-Control"]


def test_a_page_that_does_not_exist_says_so_in_words(alice):
    page = alice.get("/nowhere/")
    assert page.status_code == 404 and b"This page is not here" in page.content


def test_an_expired_form_says_what_to_do(cast):
    client = Client(enforce_csrf_checks=True)
    page = client.post("/login/", {"username": "alice", "password": PASSWORD})
    assert page.status_code == 403 and b"This form had expired" in page.content
