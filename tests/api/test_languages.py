"""What an LMS passes on to a learner comes in the learner's language, whatever the LMS's own request asks for."""

import pytest

from tests.factories import wrong

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def german(api, cast):
    assert api("PUT", "learners/alice/", {"display_name": "Alice", "language": "de-AT"}).status_code == 200


def answer(cast, name):
    return {
        "learner": "alice",
        "course": cast.course.external_id,
        "resource": cast.exercises[name].external_id,
        "response": wrong(name),
        "started_at": "2026-03-02T12:00:00Z",
        "submitted_at": "2026-03-02T12:00:20Z",
    }


def test_feedback_of_a_key(api, cast, german):
    said = api("POST", "attempts/", answer(cast, "cloze"), key="a", headers=ENGLISH).json()
    assert "noch einmal an" in said["assessment"]["feedback"]
    assert api("GET", f"attempts/{said['id']}/", headers=ENGLISH).json()["assessment"] == said["assessment"]


def test_recommendations_with_their_reasons_and_what_was_understood(api, cast, german):
    body = {"course": cast.course.external_id, "count": 3, "query": "exercises, at most 20 minutes"}
    said = api("POST", "learners/alice/recommendations/", body, key="b", headers=ENGLISH).json()
    assert said["items"] and all("„" in item["explanation"]["text"] for item in said["items"])
    assert {one["label"] for one in said["understood"]} >= {"Aufgabe", "höchstens 20 min"}


def test_nothing_to_recommend_is_told_in_german(api, cast, german):
    body = {"course": cast.course.external_id, "kinds": ["video"]}
    said = api("POST", "learners/alice/recommendations/", body, key="c", headers=ENGLISH).json()
    assert said["why_empty"] == "So etwas hat dieser Kurs noch nicht."


def test_the_language_that_an_lms_gave_is_given_back_as_it_was(api, german):
    said = api("PUT", "learners/alice/", {"display_name": "Alice"}).json()
    assert said["language"] == "de-AT"


def test_a_learner_without_one_reads_the_courses(api, cast):
    cast.course.language = "de"
    cast.course.save()
    said = api("POST", "attempts/", answer(cast, "cloze"), key="d", headers=ENGLISH).json()
    assert "noch einmal an" in said["assessment"]["feedback"]
