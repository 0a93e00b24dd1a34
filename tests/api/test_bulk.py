"""Many attempts in one call: each line stands for itself."""

import json

from adaptive.api import bulk
from adaptive.events.models import Attempt
from tests.api.conftest import assert_problem

GOOD = {"learner": "alice", "course": "fractions", "resource": "exercise-choice", "response": {"choice": "b"}}


def send(api, lines, *, key=None):
    raw = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return api("POST", "attempts/bulk/", raw=raw, key=key, content_type="application/x-ndjson")


def answers(response):
    assert response.status_code == 200, b"".join(response)
    assert response.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]


def test_a_bad_line_never_stops_the_others(cast, api):
    lines = [
        GOOD,
        b"{not json",
        {**GOOD, "learner": "nobody"},
        b"",
        {**GOOD, "response": {"choice": 7}},
        b'"text"',
        b"\xff\xfe",
        {**GOOD, "response": None, "score": 0.25, "submitted_at": "2026-03-02T12:00:00Z"},
        {**GOOD, "resource": "exercise-short_text", "response": {"text": "No, they must be equal."}},
    ]
    said = answers(send(api, lines))
    assert [line["line"] for line in said] == [1, 2, 3, 5, 6, 7, 8, 9]
    assert ["id" in line for line in said] == [True, False, False, False, False, False, True, True]
    assert {line["error"]["status"] for line in said if "error" in line} == {400, 404, 422}
    assert said[3]["error"]["errors"][0]["pointer"] == "/response/choice"
    assert [line["state"] for line in said if "id" in line] == ["assessed", "assessed", "queued"]
    assert Attempt.objects.count() == 3


def test_the_same_call_again_stores_nothing_new(cast, api):
    lines = [GOOD, {**GOOD, "learner": "nobody"}, {**GOOD, "learner": "bob"}, GOOD]
    first = send(api, lines, key="bulk")
    said = answers(first)
    again = send(api, lines, key="bulk")
    assert answers(again) == said and again.headers["Idempotency-Replayed"] == "true"
    assert Attempt.objects.count() == 3
    assert_problem(send(api, lines[:2], key="bulk"), 409)


def test_a_call_that_broke_off_goes_on_where_it_stopped(cast, api):
    lines = [{**GOOD, "submitted_at": f"2026-03-02T12:00:0{i}Z"} for i in range(4)]
    stream = send(api, lines, key="bulk").streaming_content
    stored = [json.loads(next(stream)), json.loads(next(stream))]
    del stream  # the caller is gone
    assert Attempt.objects.count() == 2
    said = answers(send(api, lines, key="bulk"))
    assert [line["id"] for line in said[:2]] == [line["id"] for line in stored]
    assert Attempt.objects.count() == 4


def test_a_line_may_have_its_own_key(cast, api):
    line = {**GOOD, "idempotency_key": "lms-77"}
    first, again = answers(send(api, [line, line]))
    assert first["id"] == again["id"] and Attempt.objects.count() == 1
    [other] = answers(send(api, [{**line, "learner": "bob"}]))
    assert other["error"]["status"] == 409


def test_limits(cast, api, monkeypatch):
    assert_problem(send(api, []), 422)
    assert_problem(send(api, [b"", b"  "]), 422)
    assert_problem(send(api, [b"x" * (20 * 1024 * 1024 + 1)]), 413)
    assert_problem(send(api, [b"{}"] * (bulk.MAX_LINES + 1)), 422)
    assert not Attempt.objects.exists()


def test_a_fault_of_ours_costs_one_line(cast, api, monkeypatch):
    submit = bulk.answer_submit

    def sometimes(**kwargs):
        if kwargs["learner"] == cast.bob:
            raise RuntimeError("inside")
        return submit(**kwargs)

    monkeypatch.setattr(bulk, "answer_submit", sometimes)
    said = answers(send(api, [GOOD, {**GOOD, "learner": "bob"}, GOOD]))
    assert ["id" in line for line in said] == [True, False, True]
    assert said[1]["error"]["status"] == 500 and "inside" not in json.dumps(said[1])
