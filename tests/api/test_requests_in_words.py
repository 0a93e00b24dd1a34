"""POST recommendations with a `query`: what was understood, what shall not count, and nothing that breaks it."""

import pytest

from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.recommendation import services
from adaptive.recommendation.models import Slate
from adaptive.recommendation.query_vector import QueryVector
from tests.api.conftest import assert_problem
from tests.api.test_cost import cost, grow
from tests.factories import resource_make

PATH = "learners/bob/recommendations/"


@pytest.fixture(autouse=True)
def in_time(monkeypatch):
    """A vector at once, however busy the machine."""

    def vector(text: str) -> QueryVector:
        return QueryVector(HashingEncoder().encode([text])[0].tolist(), "hashing", "made", 0.0)

    monkeypatch.setattr(services, "vector_of_words", vector)


def ask(api, query, **values):
    return api("POST", PATH, {"course": "fractions", "query": query, **values})


def test_what_was_understood_comes_with_the_items(cast, api):
    resource_make(cast.course, [cast.skills[2]], external_id="clip", kind="video", duration_minutes=3)
    resource_make(cast.course, [cast.skills[2]], external_id="film", kind="video", duration_minutes=30)
    response = ask(api, "a short video on adding fractions")
    body = response.json()
    assert response.status_code == 201 and [item["resource"] for item in body["items"]] == ["clip"]
    assert body["understood"] == [
        {
            "code": "kinds",
            "value": ["video"],
            "label": "video",
            "words": "video",
            "is_in_force": True,
            "is_missed": False,
            "n_without": None,
        },
        {
            "code": "at_most",
            "value": 5.0,
            "label": "at most 5 min",
            "words": "short",
            "is_in_force": True,
            "is_missed": False,
            "n_without": None,
        },
        {
            "code": "skills",
            "value": ["adding"],
            "label": "on Adding fractions",
            "words": "adding fractions",
            "is_in_force": True,
            "is_missed": False,
            "n_without": None,
        },
    ]
    again = api("GET", f"recommendations/{body['id']}/").json()
    assert again["understood"] == body["understood"]
    fewer = ask(api, "a short video on adding fractions", without=["at_most"]).json()
    assert {item["resource"] for item in fewer["items"]} == {"clip", "film"}
    assert [one["is_in_force"] for one in fewer["understood"]] == [True, False, True]


def test_without_a_query_nothing_is_said_of_it(cast, api):
    for query in (None, "", " \n "):
        assert "understood" not in ask(api, query).json()
    assert ask(api, "surprise me").json()["understood"] == []


def test_an_empty_answer_says_what_is_in_the_way(cast, api):
    body = ask(api, "a worked example with pictures").json()
    assert body["items"] == [] and "Without “with pictures” there would be something (1)." in body["why_empty"]
    assert {one["code"]: one["n_without"] for one in body["understood"]} == {"kinds": None, "pictures": 1}


def test_only_known_codes_can_be_left_out(cast, api):
    assert_problem(ask(api, "a video", without=["colour"]), 422)
    assert_problem(ask(api, "a video", without="kinds"), 422)
    assert ask(api, "a video", without=None).status_code == 201


@pytest.mark.parametrize(
    "query",
    [
        "x" * 10_000,
        "video\u202e\u2066",
        "'; DROP TABLE x; --",
        "a & b | !c <-> (d:*)",
        "🍕" * 50,
        "a video, no videos",
    ],
)
@pytest.mark.parametrize("count", [0, 1_000, -(10**30), 10**30])
def test_any_text_and_any_count_give_a_slate_or_a_sentence(cast, api, query, count):
    response = ask(api, query, count=count)
    body = response.json()
    assert response.status_code == 201 and (1 <= len(body["items"]) <= 20 or body["why_empty"])
    assert len(Slate.objects.get(pk=body["id"]).query) <= 500


def test_control_characters_are_named(cast, api):
    assert "U+0007" in str(assert_problem(ask(api, "video\u0007"), 422))


@pytest.mark.parametrize(
    "values", [{"query": 7}, {"query": ["a video"]}, {"count": "3"}, {"count": 2.5}, {"count": True}]
)
def test_other_types_are_refused(cast, api, values):
    assert_problem(api("POST", PATH, {"course": "fractions", **values}), 422)


def test_a_request_costs_the_same_however_large_the_course(cast, api):
    body = {"course": "fractions", "count": 3, "query": "exercises on adding fractions, not too hard"}
    before = cost(lambda: api("POST", PATH, body))
    grow(cast)
    assert cost(lambda: api("POST", PATH, body)) <= before <= 45
