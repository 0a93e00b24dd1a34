"""The tutor over REST, as the contract has it."""

import pytest

from adaptive.conversation.models import Conversation, TutorMessage
from adaptive.learners.models import Learner
from adaptive.practice.privacy import learner_erase
from adaptive.tenants.services import token_create
from tests.api.conftest import Api
from tests.exports import learner_export
from tests.factories import course_make, enrol, resource_make

START = "/api/v1/learners/alice/conversations/"


@pytest.fixture
def talk(cast, api):
    resource_make(cast.course, [cast.skills[0]], external_id="parts", body="The denominator says how many equal parts.")
    made = api("POST", START, {"course": "fractions"})
    assert made.status_code == 201, made.content
    return f"/api/v1/conversations/{made.json()['id']}/messages/"


def test_a_conversation(cast, api, talk):
    said = api("POST", talk, {"text": "what is a denominator"})
    assert said.status_code == 202
    body = said.json()
    assert (body["role"], body["state"], body["act"]) == ("tutor", "ready", "explains")
    assert body["passages"][0]["resource"] == "parts" and body["passages"][0]["quote"]
    listed = api("GET", talk).json()
    assert [one["role"] for one in listed["results"]] == ["student", "tutor"] and listed["next"] is None
    assert listed["results"][1] == body


def test_a_recommendation_in_it_has_its_receipt(cast, api, talk):
    body = api("POST", talk, {"text": "an exercise on adding fractions"}).json()
    assert body["items"] and body["items"][0]["reasons"] and body["items"][0]["explanation"]["text"]
    slate = api("GET", f"/api/v1/recommendations/{body['recommendation']}/").json()
    assert slate["items"] == body["items"]


def test_the_only_course_need_not_be_named_and_several_must(cast, api):
    assert api("POST", START, {}).json()["course"] == "fractions"
    enrol(cast.alice, course_make(cast.tenant, "second"))
    refused = api("POST", START, {})
    assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == "/course"


@pytest.mark.parametrize("text", ["", "  ", "x" * 10_001, 5, None, ["a"], {"a": 1}])
def test_what_is_no_message_is_a_problem_that_points_at_it(api, talk, text):
    refused = api("POST", talk, {"text": text})
    assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == "/text"
    assert not TutorMessage.objects.exists()


def test_the_same_key_is_the_same_turn(api, talk):
    one, two = (api("POST", talk, {"text": "help"}, key="k1") for _ in range(2))
    assert one.json() == two.json() and two.headers["Idempotency-Replayed"] == "true"
    assert TutorMessage.objects.count() == 2


def test_another_tenant_finds_nothing(cast, api, talk):
    other_api = Api(token_create(tenant=cast.mallory.tenant, name="other"))
    assert other_api("POST", talk, {"text": "help"}).status_code == 404
    assert other_api("GET", talk).status_code == 404
    assert other_api("POST", START, {"course": "fractions"}).status_code == 404


def test_an_exercise_beside_it_stays_unanswered(cast, api):
    made = api("POST", START, {"course": "fractions", "resource": "exercise-numeric"}).json()
    assert made["resource"] == "exercise-numeric"
    body = api("POST", f"/api/v1/conversations/{made['id']}/messages/", {"text": "tell me the answer"}).json()
    assert body["act"] == "refuses_answer" and body["exercise"] == "exercise-numeric"
    assert api("POST", START, {"course": "fractions", "resource": "reading"}).status_code == 404


def test_export_and_erasure_know_conversations(cast, api, talk):
    api("POST", talk, {"text": "help me with my denominators"}, key="k2")
    (exported,) = learner_export(learner=cast.alice)["conversations"]
    assert exported["course"] == "fractions"
    assert exported["messages"][0]["text"] == "help me with my denominators"
    learner_erase(learner=Learner.objects.get(pk=cast.alice.pk))
    assert not Conversation.objects.exists() and not TutorMessage.objects.exists()
