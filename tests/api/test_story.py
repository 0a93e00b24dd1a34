"""One learner through the middle of the contract, as an LMS's developer would call it."""

import pytest

from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.practice import outbox, services
from tests.api.conftest import Api, assert_problem
from tests.practice.marking import marked


@pytest.fixture
def course(api: Api) -> str:
    name = "bar"
    assert api("PUT", f"courses/{name}/", {"title": "Bar", "language": "en"}).status_code == 201
    assert api("PUT", f"courses/{name}/", {"title": "Bar", "language": "en"}).status_code == 200
    for skill, before in (("halves", []), ("sums", ["halves"])):
        body = {"name": skill, "description": skill, "prerequisites": before}
        assert api("PUT", f"courses/{name}/skills/{skill}/", body).status_code == 201
    for i in range(12):
        exercise = {
            "kind": "exercise",
            "title": f"E{i}",
            "body": f"What is {i}/2 + {i}/4?",
            "skills": ["halves" if i < 6 else "sums"],
            "response_format": "numeric",
            "answer": {"value": i * 0.75, "tolerance": 1e-6},
            "hints": ["Same denominator."],
        }
        assert api("PUT", f"courses/{name}/resources/e{i}/", exercise).status_code == 201
    words = {
        "kind": "exercise",
        "title": "Why",
        "body": "Why do fractions need a common denominator before they are added?",
        "skills": ["sums"],
        "response_format": "short_text",
        "answer": {"references": ["Because only parts of the same size can be counted together."]},
    }
    assert api("PUT", f"courses/{name}/resources/w1/", words).status_code == 201
    assert api("PUT", "learners/ada/", {"display_name": "Ada", "language": "en", "ai_consent": True}).status_code == 201
    assert api("PUT", f"courses/{name}/enrolments/ada/", {"role": "learner", "cohort": "7b"}).status_code == 201
    return name


def attempt(course: str, **values) -> dict:
    return {
        "learner": "ada",
        "course": course,
        "resource": "e1",
        "response": {"value": "3/4"},
        "started_at": "2026-03-02T12:00:00Z",
        "submitted_at": "2026-03-02T12:00:20Z",
        "n_hints": 0,
        "latency_ms": 20000,
        **values,
    }


def test_a_cycle_of_prerequisites_is_refused_by_name(api, course):
    body = {"name": "halves", "description": "", "prerequisites": ["sums"]}
    said = assert_problem(api("PUT", f"courses/{course}/skills/halves/", body), 422)
    assert "halves" in said["detail"] and "sums" in said["detail"]
    assert said["errors"][0]["pointer"] == "/prerequisites"


def test_a_closed_answer_is_assessed_within_the_call_and_moves_the_belief(api, course):
    response = api("POST", "attempts/", attempt(course), key="one")
    said = response.json()
    assert response.status_code == 201 and said["state"] == "assessed"
    assert said["assessment"]["score"] == 1 and said["assessment"]["label"] == "correct"
    assert said["assessment"]["assessor"] == {"kind": "key", "model": "key", "prompt_version": ""}
    [change] = said["mastery"]
    assert change["skill"] == "halves" and change["after"] > change["before"]

    again = api("POST", "attempts/", attempt(course), key="one")
    assert again.status_code == 201 and again.json() == said
    assert again.headers["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in response.headers
    assert_problem(api("POST", "attempts/", attempt(course, resource="e2"), key="one"), 409)

    assert api("GET", f"attempts/{said['id']}/").json() == said


def test_words_are_queued_and_read_by_the_worker(api, course, settings, monkeypatch):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "RELEASE_CONFIDENCE": 0.5, "RELEASE_ERROR_LIMIT": 1.0}
    body = attempt(course, resource="w1", response={"text": "Only pieces of one size can be counted together."})
    response = api("POST", "attempts/", body, key="words")
    first = response.json()
    assert response.status_code == 202 and first["state"] == "queued" and first["assessment"] is None

    def reads(attempt, **models):
        return (
            services.Verdict(
                score=0.5,
                label="partially_correct",
                confidence=0.9,
                feedback="Say why.",
                missing="why",
                assessor_kind="llm",
                model="a-model",
                prompt_version="p1",
            ),
            HashingEncoder().encode(["why"])[0].tolist(),
        )

    monkeypatch.setattr(services, "read_words", reads)
    monkeypatch.setattr(outbox, "publish", lambda attempt_id: True)
    assert services.attempt_work(first["id"]) == "assessed"
    said = api("GET", f"attempts/{first['id']}/").json()
    assert said["state"] == "assessed" and said["assessment"]["feedback"] == "Say why."
    assert said["assessment"]["assessor"] == {"kind": "llm", "model": "a-model", "prompt_version": "p1"}
    assert said["mastery"][0]["skill"] == "sums"

    # The same call once more is answered as the first time, and counts once.
    again = api("POST", "attempts/", body, key="words")
    assert (again.status_code, again.json()) == (202, first)
    assert again.headers["Idempotency-Replayed"] == "true"

    contested = api("POST", f"attempts/{first['id']}/contest/", {"reason": "I said it."})
    assert contested.status_code == 200 and contested.json()["state"] == "needs_review"


def test_an_answer_that_the_lms_has_scored(api, course):
    body = attempt(course, score=0.5)
    del body["response"]
    said = api("POST", "attempts/", body).json()
    assert said["state"] == "assessed" and said["assessment"]["score"] == 0.5
    assert said["assessment"]["label"] == "partially_correct" and said["mastery"]


def test_mastery_predictions_and_recommendations(api, course):
    api("POST", "attempts/", attempt(course))
    mastery = api("GET", f"learners/ada/mastery/?course={course}").json()
    assert [view["skill"] for view in mastery] == ["halves", "sums"]
    assert mastery[0]["n_attempts"] == 1 and mastery[0]["last_attempt_at"] == "2026-03-02T12:00:20Z"
    assert mastery[1]["n_attempts"] == 0 and 0 < mastery[1]["p_mastery"] < 1

    predicted = api("POST", "learners/ada/predictions/", {"course": course, "resources": ["e7", "e1"]}).json()
    assert [row["resource"] for row in predicted] == ["e7", "e1"]
    assert all(0 < row["p_correct"] < 1 for row in predicted)

    response = api("POST", "learners/ada/recommendations/", {"course": course, "count": 3, "purpose": "practice"})
    slate = response.json()
    assert response.status_code == 201 and len(slate["items"]) == 3
    assert slate["policy"] and slate["experiment"] is None
    for position, item in enumerate(slate["items"], start=1):
        assert item["position"] == position and item["title"] and item["kind"] == "exercise"
        assert item["reasons"] and all({"code", "facts"} <= set(reason) for reason in item["reasons"])
        assert 0 < item["propensity"] <= 1 and 0 < item["p_correct"] < 1
        assert item["explanation"]["state"] in {"ready", "pending"} and item["explanation"]["text"]
        assert "would_change_if" in item["explanation"]
    assert api("GET", f"recommendations/{slate['id']}/").json() == slate

    events = f"recommendations/{slate['id']}/items/1/events/"
    response = api("POST", events, {"type": "disagree", "reason": "too_easy"})
    assert response.status_code == 204 and response.content == b""
    assert_problem(api("POST", events, {"type": "rate", "rating": 9}), 422)
    assert_problem(api("POST", events.replace("/1/", "/9/"), {"type": "click"}), 404)


def test_nothing_left_to_recommend_says_why(api, course):
    body = {"course": course, "count": 3, "purpose": "practice", "kinds": ["video"]}
    response = api("POST", "learners/ada/recommendations/", body)
    assert response.status_code == 201
    assert response.json()["items"] == [] and response.json()["why_empty"]


def test_the_report_counts_what_is_there(api, course):
    api("POST", "attempts/", attempt(course))
    api("POST", "attempts/", attempt(course, resource="w1", response={"text": "Because."}))
    report = api("GET", f"courses/{course}/report/").json()
    assert report["n_learners"] == 1 and report["n_attempts"] == 2
    assert report["waiting"] == {"queued": 1, "needs_review": 0}
    assert report["learners"][0]["learner"] == "ada" and report["learners"][0]["cohort"] == "7b"
    halves, sums = report["skills"]
    assert (halves["started"], halves["not_started"]) == (1, 0) and (sums["started"], sums["not_started"]) == (0, 1)


def test_the_report_has_measured_agreement(api, cast):
    before = api("GET", "courses/fractions/report/").json()["marking"]
    assert before == {"error_limit": 0.05, "model": "", "measured_at": None, "course": None, "exercises": []}
    marked(cast, cast.exercises["short_text"], [(0.97, True)] * 50)
    marking = api("GET", "courses/fractions/report/").json()["marking"]
    assert marking["model"] == "reader 1" and marking["measured_at"]
    assert marking["course"]["agreement"] == 1.0 and marking["course"]["n_wrong_released"] == 0
    assert 0.04 < marking["course"]["error_upper_bound"] < 0.05
    (exercise,) = marking["exercises"]
    assert exercise["resource"] == "exercise-short_text" and exercise["n_marked"] == 50
