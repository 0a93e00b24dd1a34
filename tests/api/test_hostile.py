"""Bad input gets a clear problem document, and nothing is half stored."""

import json

import pytest

from adaptive.assessment.models import Assessment
from adaptive.catalog.models import Course, Resource
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.recommendation.models import Slate
from tests.api.conftest import assert_problem
from tests.factories import right

MANY = "x" * 1_000_000


def attempt(**values) -> dict:
    return {
        "learner": "alice",
        "course": "fractions",
        "resource": "exercise-choice",
        "response": {"choice": "b"},
        **values,
    }


ATTEMPTS = {
    "unknown learner": (attempt(learner="nobody"), 404, None),
    "unknown course": (attempt(course="nowhere"), 404, None),
    "unknown resource": (attempt(resource="nothing"), 404, None),
    "unknown choice": (attempt(response={"choice": "z"}), 422, "/response/choice"),
    "choice of another type": (attempt(response={"choice": 7}), 422, "/response/choice"),
    "shape of another format": (attempt(response={"value": "3/4"}), 422, "/response"),
    "more than the shape": (attempt(response={"choice": "b", "score": 1}), 422, "/response"),
    "a list for a response": (attempt(response=["b"]), 422, "/response"),
    "a text for a response": (attempt(response="b"), 422, "/response"),
    "neither response nor score": (attempt(response=None), 422, "/response"),
    "both": (attempt(score=1), 422, "/response"),
    "a score above one": (attempt(response=None, score=1.5), 422, "/score"),
    "a score in words": (attempt(response=None, score="1"), 422, "/score"),
    "a score that is true": (attempt(response=None, score=True), 422, "/score"),
    "not enrolled": (attempt(learner="outsider"), 403, None),
    "a reading": (attempt(resource="reading"), 422, "/resource"),
    "a time without sense": (attempt(submitted_at="yesterday"), 422, "/submitted_at"),
    "a time in the future": (attempt(submitted_at="2999-01-01T00:00:00Z"), 422, "/submitted_at"),
    "a time before time": (attempt(submitted_at="0001-01-01T00:00:00+14:00"), 422, "/submitted_at"),
    "start after the end": (
        attempt(started_at="2026-03-02T13:00:00Z", submitted_at="2026-03-02T12:00:00Z"),
        422,
        "/started_at",
    ),
    "hints below zero": (attempt(n_hints=-1), 422, "/n_hints"),
    "hints beyond the column": (attempt(n_hints=10**9), 422, "/n_hints"),
    "hints in words": (attempt(n_hints="2"), 422, "/n_hints"),
    "latency beyond the column": (attempt(latency_ms=10**30), 422, "/latency_ms"),
    "a number for a learner": (attempt(learner=7), 422, "/learner"),
    "an empty learner": (attempt(learner=""), 422, "/learner"),
    "an endless learner": (attempt(learner=MANY), 422, "/learner"),
    "a null byte in an id": (attempt(learner="ali\x00ce"), 422, "/learner"),
    "a control character in the answer": (
        attempt(resource="exercise-short_text", response={"text": "No\x07."}),
        422,
        "/response/text",
    ),
    "a million characters": (
        attempt(resource="exercise-short_text", response={"text": MANY}),
        422,
        "/response/text",
    ),
    "an empty answer": (attempt(resource="exercise-short_text", response={"text": "  "}), 422, "/response/text"),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_a_bad_attempt_is_refused_with_a_pointer_and_not_stored(cast, api, name):
    Learner.objects.create(tenant=cast.tenant, external_id="outsider")
    body, status, pointer = ATTEMPTS[name]
    said = assert_problem(api("POST", "attempts/", body, key="k"), status)
    if pointer:
        assert any(error["pointer"].startswith(pointer) for error in said["errors"]), said
    assert len(said["detail"]) < 500
    assert not Attempt.objects.exists()
    # The key was not used up: the mended call is taken.
    assert api("POST", "attempts/", attempt(), key="k").status_code == 201


def test_right_to_left_marks_are_harmless(cast, api):
    text = "\u202eNo\u202c, thirds must be equal parts.\u200f"
    body = attempt(resource="exercise-short_text", response={"text": text})
    response = api("POST", "attempts/", body)
    assert response.status_code == 202
    assert Attempt.objects.get().response["text"].strip()
    number = attempt(resource="exercise-numeric", response={"value": "\u200f3/4"})
    assert api("POST", "attempts/", number).status_code in {201, 422}


BODIES = {
    "no JSON": (b"{", 400),
    "two values": (b"{}{}", 400),
    "NaN": (b'{"score": NaN}', 400),
    "not UTF-8": (b'{"learner": "\xff"}', 400),
    "nested without end": (b"[" * 100_000, 400),
    "nested deep": (b'{"response": ' + b"[" * 50 + b"]" * 50 + b"}", 422),
    "an infinite number": (b'{"score": 1e999}', 422),
    "a number of 1,000 digits": (b'{"n_hints": ' + b"9" * 1000 + b"}", 422),
    "a number of 10,000 digits": (b'{"n_hints": ' + b"9" * 10_000 + b"}", 400),
    "half a character": (b'{"learner": "\\ud800"}', 422),
    "a null byte in a key": (b'{"response": {"a\\u0000": 1}}', 422),
    "a list": (b"[]", 422),
    "a text": (b'"text"', 422),
    "null": (b"null", 422),
    "nothing": (b"", 422),
    "too much": (b'{"learner": "' + b"x" * (2 * 1024 * 1024) + b'"}', 413),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "attempts/"),
        ("POST", "learners/alice/recommendations/"),
        ("PUT", "courses/fractions/resources/new/"),
        ("PUT", "courses/fractions/skills/new/"),
    ],
)
def test_a_body_that_is_none(cast, api, method, path, name):
    raw, status = BODIES[name]
    assert_problem(api(method, path, raw=raw), status)
    assert not Attempt.objects.exists() and not Slate.objects.exists()


def test_other_types_methods_and_addresses(cast, api):
    said = api("POST", "attempts/", raw=b"learner=alice", content_type="application/x-www-form-urlencoded")
    assert_problem(said, 415)
    response = api("DELETE", "attempts/")
    assert_problem(response, 405)
    assert "POST" in response.headers["Allow"]
    for path in ("nothing/", "attempts", "attempts/x/", "courses/", "learners/a/b/c/", "/api/", "/api/v2/x", "/api"):
        if path != "/api":
            assert_problem(api("GET", path), 404)
    assert_problem(api("GET", "attempts/99999999999999999999999/"), 404)
    assert_problem(api("GET", "recommendations/not-a-uuid/"), 404)
    assert_problem(api("PUT", "courses/a%00b/", {"title": "x"}), 404)
    assert_problem(api("PUT", f"courses/{'x' * 300}/", {"title": "x"}), 404)
    assert_problem(api("PUT", "courses/a%2Fb/", {"title": "x"}), 404)


def test_a_body_in_chunks_is_refused_for_what_it_is(cast, api):
    """WSGI hands it on as empty; “a field is missing” would send its author looking in the wrong place."""
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    said = assert_problem(api("PUT", "courses/new/", **chunked), 411)
    assert "Content-Length" in said["detail"]


def test_whatever_a_client_accepts_it_gets_json(cast, api):
    for accept in ("text/html", "application/problem+json", "image/png", "nonsense"):
        response = api("GET", "learners/alice/mastery/?course=fractions", headers={"Accept": accept})
        assert response.status_code == 200 and response.headers["Content-Type"] == "application/json"
    assert_problem(api("GET", "nowhere/", headers={"Accept": "text/html"}), 404)


def test_djangos_own_error_pages_stay_out_of_the_api(cast, api, settings):
    for settings.DEBUG in (False, True):
        assert_problem(api("GET", "learners/alice/mastery/?course=fractions", headers={"Host": "evil.example"}), 400)


def test_a_fault_of_ours_says_nothing_of_it(cast, api, monkeypatch):
    def breaks(**kwargs):
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("adaptive.api.views.mastery.mastery_of", breaks)
    response = api("GET", "learners/alice/mastery/?course=fractions")
    said = assert_problem(response, 500)
    assert "secret" not in response.content.decode()
    assert said["request_id"] == response.headers["X-Request-ID"]


def test_the_request_id_comes_back_unless_it_is_harmful(cast, api):
    assert api("GET", "/healthz", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    for harmful in ("", "a b", "x" * 200, "<script>", "a\x7f"):
        given = api("GET", "/healthz", headers={"X-Request-ID": harmful}).headers["X-Request-ID"]
        assert given != harmful and len(given) == 32


QUERIES = [
    ("learners/alice/mastery/", 422),
    ("learners/alice/mastery/?course=", 422),
    ("learners/alice/mastery/?course=%00", 422),
    ("learners/alice/mastery/?course=nowhere", 404),
    ("courses/fractions/resources/?limit=0", 422),
    ("courses/fractions/resources/?limit=201", 422),
    ("courses/fractions/resources/?limit=many", 422),
    ("courses/fractions/resources/?cursor=!!!", 422),
    ("courses/fractions/resources/?cursor=aWQ6LTE", 422),
]


@pytest.mark.parametrize(("path", "status"), QUERIES)
def test_a_bad_query(cast, api, path, status):
    assert_problem(api("GET", path), status)


CATALOGUE = {
    "no title": ("courses/new/", {"language": "en"}, "/title"),
    "a number for a title": ("courses/new/", {"title": 7}, "/title"),
    "an endless title": ("courses/new/", {"title": "x" * 256}, "/title"),
    "an unknown prerequisite": (
        "courses/fractions/skills/new/",
        {"name": "n", "prerequisites": ["?"]},
        "/prerequisites/0",
    ),
    "itself as prerequisite": (
        "courses/fractions/skills/new/",
        {"name": "n", "prerequisites": ["new"]},
        "/prerequisites",
    ),
    "prerequisites in words": (
        "courses/fractions/skills/new/",
        {"name": "n", "prerequisites": "meaning"},
        "/prerequisites",
    ),
    "no kind": ("courses/fractions/resources/new/", {"title": "t"}, "/kind"),
    "a kind in a list": ("courses/fractions/resources/new/", {"kind": ["exercise"], "title": "t"}, "/kind"),
    "an unknown skill": (
        "courses/fractions/resources/new/",
        {"kind": "reading", "title": "t", "skills": ["?"]},
        "/skills/0",
    ),
    "a script for an address": (
        "courses/fractions/resources/new/",
        {"kind": "video", "title": "t", "url": "javascript:alert(1)"},
        "/url",
    ),
    "an exercise without a format": (
        "courses/fractions/resources/new/",
        {"kind": "exercise", "title": "t"},
        "/response_format",
    ),
    "a format in a list": (
        "courses/fractions/resources/new/",
        {"kind": "exercise", "title": "t", "response_format": ["choice"], "answer": {}},
        "/response_format",
    ),
    "a key that is no choice": (
        "courses/fractions/resources/new/",
        {
            "kind": "exercise",
            "title": "t",
            "response_format": "choice",
            "choices": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}],
            "answer": {"choice": "c"},
        },
        "/answer",
    ),
    "a language in a list": (
        "courses/fractions/resources/new/",
        {"kind": "reading", "title": "t", "language": ["en"]},
        "/language",
    ),
    "an endless language": (
        "courses/fractions/resources/new/",
        {"kind": "reading", "title": "t", "language": "e" * 99},
        "/language",
    ),
    "difficulty above one": (
        "courses/fractions/resources/new/",
        {"kind": "reading", "title": "t", "authored_difficulty": 2},
        "/authored_difficulty",
    ),
    "a body of the wrong type": (
        "courses/fractions/resources/new/",
        {"kind": "reading", "title": "t", "body": {}},
        "/body",
    ),
    "consent in words": ("learners/new/", {"ai_consent": "yes"}, "/ai_consent"),
    "preferences in a list": ("learners/new/", {"preferences": []}, "/preferences"),
    "an unknown kind preferred": ("learners/new/", {"preferences": {"kinds": ["song"]}}, "/preferences/kinds"),
    "a role there is not": ("courses/fractions/enrolments/alice/", {"role": "admin"}, "/role"),
    "a cohort in a list": ("courses/fractions/enrolments/alice/", {"cohort": ["7b"]}, "/cohort"),
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_bad_catalogue_entry(cast, api, name):
    path, body, pointer = CATALOGUE[name]
    n = Course.objects.count(), Resource.objects.count(), Learner.objects.count()
    said = assert_problem(api("PUT", path, body), 422)
    assert any(error["pointer"].startswith(pointer) for error in said["errors"]), said
    assert n == (Course.objects.count(), Resource.objects.count(), Learner.objects.count())


def test_any_value_at_any_place_of_a_resource_is_taken_or_refused(cast, api):
    """Nothing that is JSON may break the catalogue's own check."""
    good = {
        "kind": "exercise",
        "title": "t",
        "body": "b",
        "skills": ["meaning"],
        "response_format": "choice",
        "choices": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}],
        "answer": {"choice": "a"},
        "hints": ["h"],
        "rubric": "",
        "explanation": "",
        "misconceptions": [],
        "source": "",
        "attribution": "",
        "language": "en",
        "url": "",
        "duration_minutes": 3,
        "authored_difficulty": 0.5,
    }
    values = [None, True, 0, -1, 1e308, "", "x", [], [None], [[]], [{}], {}, {"a": None}]
    for name in good:
        for value in values:
            response = api("PUT", "courses/fractions/resources/new/", {**good, name: value})
            assert response.status_code in {200, 201, 422}, (name, value, response.content)
    keys = (
        "choice",
        "choices",
        "value",
        "values",
        "tolerance",
        "references",
        "accepted",
        "order",
        "pairs",
        "gaps",
        "unit",
    )
    for response_format in ("choice", "multiple_choice", "numeric", "short_text", "ordering", "matching", "cloze"):
        for key in keys:
            for value in values:
                body = {**good, "response_format": response_format, "answer": {"value": 1, key: value}}
                response = api("PUT", "courses/fractions/resources/new/", body)
                assert response.status_code in {200, 201, 422}, (response_format, key, value, response.content)


def test_any_value_as_a_response_is_taken_or_refused(cast, api):
    values = [
        None,
        True,
        0,
        -1,
        1e308,
        "",
        "x",
        [],
        [None],
        [[]],
        [{}],
        {},
        {"a": None},
        {"l1": ["r1"]},
        ["x", "x", "y"],
    ]
    for response_format in cast.exercises:
        [key] = right(response_format)
        for value in values:
            body = attempt(resource=f"exercise-{response_format}", response={key: value})
            response = api("POST", "attempts/", body)
            assert response.status_code in {201, 202, 422}, (response_format, value, response.content)
    assert Assessment.objects.count() <= Attempt.objects.count()


def test_the_whole_problem_document(cast, api):
    said = json.loads(api("POST", "attempts/", {"course": 7}).content)
    assert said["title"] == "Unprocessable Entity" and said["type"].startswith("urn:")
    pointers = {error["pointer"] for error in said["errors"]}
    assert {"/learner", "/course", "/resource"} <= pointers
    assert all(error["detail"] for error in said["errors"])
