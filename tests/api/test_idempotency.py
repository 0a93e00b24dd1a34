"""Sent twice, or twice at once: one effect, one answer."""

import threading

import pytest
from django.db import connection

from adaptive.assessment.models import Assessment
from adaptive.events.models import Attempt
from adaptive.mastery.models import LearnerState
from adaptive.recommendation.models import ImpressionEvent, Slate
from adaptive.tenants.services import token_create
from tests.api.conftest import Api, assert_problem
from tests.factories import cast_make

ATTEMPT = {"learner": "alice", "course": "fractions", "resource": "exercise-choice", "response": {"choice": "b"}}
SLATE = {"course": "fractions", "count": 2}


def test_a_slate_is_made_once(cast, api):
    first = api("POST", "learners/alice/recommendations/", SLATE, key="s")
    again = api("POST", "learners/alice/recommendations/", dict(reversed(SLATE.items())), key="s")
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first.headers
    assert Slate.objects.count() == 1
    assert_problem(api("POST", "learners/alice/recommendations/", {**SLATE, "count": 3}, key="s"), 409)
    # The same body to another address is another request.
    assert_problem(api("POST", "learners/bob/recommendations/", SLATE, key="s"), 409)
    assert Slate.objects.count() == 1
    assert api("POST", "learners/alice/recommendations/", SLATE).status_code == 201
    assert Slate.objects.count() == 2


def test_an_event_without_a_body_in_its_answer_is_kept_too(cast, api):
    slate = api("POST", "learners/alice/recommendations/", SLATE).json()
    path = f"recommendations/{slate['id']}/items/1/events/"
    for _ in range(3):
        assert api("POST", path, {"type": "click"}, key="click").status_code == 204
    assert ImpressionEvent.objects.count() == 1


def test_an_error_does_not_use_the_key_up(cast, api):
    assert_problem(api("POST", "learners/alice/recommendations/", {"course": "nowhere"}, key="e"), 404)
    assert_problem(
        api("POST", "learners/alice/recommendations/", {"course": "fractions", "count": "many"}, key="e"), 422
    )
    assert api("POST", "learners/alice/recommendations/", SLATE, key="e").status_code == 201


def test_tenants_do_not_meet_in_a_key(cast, api):
    other = Api(token_create(tenant=cast.other_course.tenant, name="other"))
    assert api("POST", "attempts/", ATTEMPT, key="k").status_code == 201
    body = {"course": "fractions", "count": 1}
    assert other("POST", "learners/mallory/recommendations/", body, key="k").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel"])
@pytest.mark.parametrize("path", ["attempts/", "attempts/bulk/", "learners/alice/recommendations/"])
def test_a_key_that_is_none(cast, api, key, path):
    assert_problem(api("POST", path, ATTEMPT, headers={"Idempotency-Key": key}), 422)
    assert not Attempt.objects.exists()


def at_once(n: int, call) -> list:
    """The answers of `n` threads that begin together, each on a connection of its own."""
    gate, answers = threading.Barrier(n), []

    def work() -> None:
        try:
            gate.wait(timeout=10)
            answers.append(call())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


@pytest.mark.django_db(transaction=True)
def test_two_submits_at_once_are_one():
    cast = cast_make()
    token = token_create(tenant=cast.tenant, name="lms")
    answers = at_once(4, lambda: Api(token)("POST", "attempts/", ATTEMPT, key="double"))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 3
    assert Attempt.objects.count() == Assessment.objects.count() == 1
    assert LearnerState.objects.get().n_applied == 1


@pytest.mark.django_db(transaction=True)
def test_two_slates_at_once_are_one():
    cast = cast_make()
    token = token_create(tenant=cast.tenant, name="lms")
    answers = at_once(4, lambda: Api(token)("POST", "learners/alice/recommendations/", SLATE, key="double"))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert Slate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_a_key_each_submit_counts():
    cast = cast_make()
    token = token_create(tenant=cast.tenant, name="lms")
    answers = at_once(4, lambda: Api(token)("POST", "attempts/", ATTEMPT))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert Attempt.objects.count() == 4
    assert LearnerState.objects.get().n_applied == 4
