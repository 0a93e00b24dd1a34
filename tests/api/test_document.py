"""The OpenAPI document: open, valid, and complete."""

import json
import re

import pytest
from django.urls import URLPattern, get_resolver
from drf_spectacular.validation import validate_schema

from adaptive.api.documents import document
from adaptive.api.examples import EXAM_AT
from tests.api.conftest import PROBLEM, Api
from tests.factories import attempt_make


@pytest.fixture(scope="module")
def paths() -> dict:
    return document()["paths"]


def walk(patterns, prefix=""):
    for pattern in patterns:
        here = prefix + re.sub(r"<(\w+:)?(\w+)>", r"{\2}", str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield here, pattern.callback
        else:
            yield from walk(pattern.url_patterns, here)


@pytest.mark.parametrize("query", ["", "?format=json", "?format=openapi-json", "?lang=de"])
def test_anybody_may_read_it(db, query):
    response = Api(None)("GET", f"schema/{query}")
    assert response.status_code == 200 and response.headers["Content-Type"] == "application/json"
    assert response.json()["openapi"].startswith("3.1")


def test_it_is_valid():
    validate_schema(document())


def test_every_address_and_method_is_in_it(paths):
    found = {}
    for address, view in walk(get_resolver().url_patterns):
        if (
            hasattr(view, "cls")
            and view.cls.__module__.startswith("adaptive.")
            and view.cls.__name__ != "NothingHereView"
        ):
            found["/" + address.replace("^", "")] = {
                name for name in ("get", "put", "post", "delete", "patch") if hasattr(view.cls, name)
            }
    assert found == {address: set(calls) for address, calls in paths.items()}
    assert len(found) > 15


def test_no_page_for_people_is_in_it(paths):
    assert all(address.startswith("/api/v1/") or address in {"/healthz", "/readyz", "/metrics"} for address in paths)


def test_every_call_says_what_it_takes_and_what_can_go_wrong(paths):
    for address, calls in paths.items():
        for method, call in calls.items():
            where = f"{method} {address}"
            assert call["summary"] and call["tags"] and "api" not in call["tags"], where
            if not address.startswith("/api/v1/") or address.endswith("/schema/"):
                assert call.get("security", [{}]) in ([], [{}]), where
                continue
            assert call["security"] == [{"token": []}], where
            assert PROBLEM in call["responses"]["401"]["content"], where
            if method in {"post", "put"}:
                [body] = call["requestBody"]["content"].values()
                assert body["examples"], where
            if method == "post":
                assert "Idempotency-Key" in {parameter["name"] for parameter in call["parameters"]}, where


def test_the_examples_are_taken_by_their_own_calls(cast, api, paths):
    """Each example of a body, sent to a course that has what it names."""
    attempt = attempt_make(cast.alice, cast.exercises["choice"], score=0.0)
    slate = api("POST", "learners/alice/recommendations/", {"course": "fractions"}).json()
    api("PUT", "learners/ada/", {})
    api("PUT", "courses/fractions/enrolments/ada/", {})
    values = {
        "course": "fractions",
        "skill": "adding",
        "resource": "half-and-quarter",
        "learner": "ada",
        "attempt": attempt.pk,
        "slate": slate["id"],
        "conversation": api("POST", "learners/ada/conversations/", {"course": "fractions"}).json()["id"],
        "position": 1,
    }
    numbers = {"kind": "exercise", "title": "t", "body": "b", "response_format": "numeric", "answer": {"value": 0.75}}
    for name in ("half-and-quarter", "e1", "e2"):
        assert api("PUT", f"courses/fractions/resources/{name}/", numbers).status_code == 201
    n = 0
    for address, calls in paths.items():
        for method, call in calls.items():
            for kind, content in call.get("requestBody", {}).get("content", {}).items():
                for example in content.get("examples", {}).values():
                    body = example["value"]
                    if call["operationId"].endswith("resources_update") or "resources/{resource}" in address:
                        continue  # would turn the exercise into one in words under the attempts' feet
                    response = api(method.upper(), address.format(**values), body, content_type=kind)
                    assert response.status_code < 300, (address, response.content)
                    n += 1
    assert n >= 9


def test_answers_have_the_shapes_that_it_promises(cast, api, paths):
    attempt = attempt_make(cast.alice, cast.exercises["choice"], score=0.5)
    slate = api("POST", "learners/alice/recommendations/", {"course": "fractions", "count": 2}).json()
    plan = {"course": "fractions", "exam_at": EXAM_AT, "target": 0.99, "minutes_per_weekday": [9] * 7}
    assert api("POST", "learners/alice/study-plan/", plan).status_code == 201
    talk = api("POST", "learners/alice/conversations/", {"course": "fractions"}).json()
    for text in ("what is a fraction", "an exercise", "help"):
        assert api("POST", f"conversations/{talk['id']}/messages/", {"text": text}).status_code == 202
    calls = {
        "/api/v1/attempts/{attempt}/": f"attempts/{attempt.pk}/",
        "/api/v1/recommendations/{slate}/": f"recommendations/{slate['id']}/",
        "/api/v1/learners/{learner}/mastery/": "learners/alice/mastery/?course=fractions",
        "/api/v1/learners/{learner}/study-plan/": "learners/alice/study-plan/",
        "/api/v1/conversations/{conversation}/messages/": f"conversations/{talk['id']}/messages/",
        "/api/v1/learners/{learner}/export/": "learners/alice/export/",
        "/api/v1/courses/{course}/report/": "courses/fractions/report/",
        "/api/v1/courses/{course}/recommendations/": "courses/fractions/recommendations/",
        "/api/v1/courses/{course}/resources/": "courses/fractions/resources/",
        "/healthz": "/healthz",
        "/readyz": "/readyz",
    }
    for address, path in calls.items():
        response = api("GET", path)
        shape = paths[address]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        fits(shape, json.loads(response.content), address)


def test_the_examples_of_answers_have_those_shapes_too(paths):
    n = 0
    for address, calls in paths.items():
        for call in calls.values():
            for answer in call["responses"].values():
                for content in answer.get("content", {}).values():
                    for example in content.get("examples", {}).values():
                        fits(content["schema"], example["value"], address)
                        n += 1
    assert n >= 8


def fits(shape: dict, value, where: str) -> None:
    """Every key of the answer is in the document, and every key that it requires is in the answer."""
    if "$ref" in shape:
        shape = document()["components"]["schemas"][shape["$ref"].rsplit("/", 1)[-1]]
    for part in shape.get("allOf", []) + shape.get("oneOf", []) + shape.get("anyOf", []):
        if "$ref" in part and value is not None:
            fits(part, value, where)
    if isinstance(value, list) and "items" in shape:
        for inner in value:
            fits(shape["items"], inner, where)
    if isinstance(value, dict) and "properties" in shape:
        unknown = set(value) - set(shape["properties"])
        missing = set(shape.get("required", [])) - set(value)
        allowed = {"language_model", "embedding"}  # of readyz's models
        assert not unknown - allowed and not missing, (where, unknown, missing)
        for key, inner in value.items():
            if key in shape["properties"]:
                fits(shape["properties"][key], inner, f"{where} {key}")
