"""A call costs the same number of queries however much there is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import attempt_make, enrol, exercise_make, learner_make, mastery_make, skill_make

ATTEMPT = {"learner": "alice", "course": "fractions", "resource": "exercise-choice", "response": {"choice": "b"}}


def cost(call) -> int:
    call()  # what is made once (the learner's state, the token's last use) is made now
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = call()
    assert response.status_code < 300, response.content
    return len(queries)


def grow(cast) -> None:
    """Twenty times as much of everything."""
    for i in range(20):
        skill = skill_make(cast.course, f"s{i}", after=[cast.skills[i % 3]])
        resource = exercise_make(cast.course, [skill, cast.skills[0]], external_id=f"grown-{i}")
        learner = learner_make(cast.tenant, f"learner{i}", login=False)
        enrol(learner, cast.course)
        attempt_make(learner, resource, score=0.5)
        attempt_make(cast.alice, resource, score=1.0)
        mastery_make(learner, skill, 0.9)
        mastery_make(cast.alice, skill, 0.2)


CALLS = {
    "attempt": ("POST", "attempts/", ATTEMPT, 40),
    "attempt in words": (
        "POST",
        "attempts/",
        {**ATTEMPT, "resource": "exercise-short_text", "response": {"text": "No."}},
        20,
    ),
    "mastery": ("GET", "learners/alice/mastery/?course=fractions", None, 8),
    "mastery with evidence": ("GET", "learners/alice/mastery/?course=fractions&evidence=5", None, 9),
    "resources": ("GET", "courses/fractions/resources/?limit=200", None, 6),
    "recommendations": ("POST", "learners/alice/recommendations/", {"course": "fractions", "count": 3}, 60),
    "report": ("GET", "courses/fractions/report/", None, 12),
    "reviews": ("GET", "courses/fractions/recommendations/?limit=200", None, 10),
    "export": ("GET", "learners/alice/export/", None, 29),
    "put a resource": (
        "PUT",
        "courses/fractions/resources/reading/",
        {"kind": "reading", "title": "t", "skills": ["meaning"]},
        15,
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_queries_do_not_grow(cast, api, name):
    method, path, body, most = CALLS[name]
    before = cost(lambda: api(method, path, body))
    grow(cast)
    after = cost(lambda: api(method, path, body))
    assert after <= before and before <= most, (name, before, after)


def test_predictions_cost_the_same_for_one_and_for_many(cast, api):
    grow(cast)
    names = [f"grown-{i}" for i in range(20)]

    def ask(resources):
        return lambda: api("POST", "learners/alice/predictions/", {"course": "fractions", "resources": resources})

    assert cost(ask(names[:1])) == cost(ask(names))


def test_pages_of_a_list_hold_everything_once(cast, api):
    grow(cast)
    seen, address, n = [], "courses/fractions/resources/?limit=7", 0
    while address:
        body = api("GET", address).json()
        assert set(body) == {"results", "next"} and len(body["results"]) <= 7
        seen += [row["id"] for row in body["results"]]
        address, n = body["next"], n + 1
        assert address is None or address.startswith("http://testserver/api/v1/")
    assert n == 5 and len(seen) == len(set(seen)) == cast.course.resources.count() == 30
