"""A learner's study plan over REST: made, read, made anew; and everything that cannot be planned."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from adaptive.common.clock import now
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.planning.services import plan_delete
from tests.api.conftest import assert_problem
from tests.factories import enrol, exercise_make, learner_make, right

PATH = "learners/alice/study-plan/"


def body(**values):
    return {
        "course": "fractions",
        "exam_at": (now() + timedelta(days=12)).isoformat(),
        "target": 0.7,
        "minutes_per_weekday": [20] * 7,
        **values,
    }


@pytest.fixture
def course(cast):
    for number in range(18):
        exercise_make(cast.course, [cast.skills[number % 3]], "choice", external_id=f"more{number}")
    return cast


def test_sessions_with_date_minutes_and_resources_and_a_forecast(course, api):
    made = api("POST", PATH, body())
    assert made.status_code == 201
    plan = made.json()
    assert plan["learner"] == "alice" and plan["course"] == "fractions" and plan["target"] == 0.7
    names = set(course.course.resources.values_list("external_id", flat=True))
    dates = [session["date"] for session in plan["sessions"]]
    assert dates == sorted(set(dates)) and len(dates) >= 8
    for session in plan["sessions"]:
        assert 0 < session["minutes"] <= 20 and session["resources"] and set(session["resources"]) <= names
        assert [item["resource"] for item in session["items"]] == session["resources"]
        assert session["starts_at"].endswith("Z") and session["status"] in {"today", "ahead"}
    found = plan["forecast"]
    assert 0 < found["low"] < found["expected"] < found["high"] < 1
    assert 0.76 <= found["basis"]["coverage"] <= 0.84 and found["basis"]["n_questions"] == 20
    assert api("GET", f"{PATH}?course=fractions").json() == plan == api("GET", PATH).json()


def test_posting_again_replaces_it_and_a_repeated_key_does_not(course, api):
    first = body()
    assert api("POST", PATH, first, key="k").status_code == 201
    again = api("POST", PATH, first, key="k")
    assert again.status_code == 201 and again.headers["Idempotency-Replayed"] == "true"
    other = api("POST", PATH, body(minutes_per_weekday=[0, 9, 0, 0, 0, 30.0, 30]))
    assert other.json()["minutes_per_weekday"] == [0, 9, 0, 0, 0, 30, 30]
    assert StudyPlan.objects.count() == 1


def test_days_off_and_the_hour_are_kept_to(course, api):
    off = (now() + timedelta(days=2)).date().isoformat()
    plan = api("POST", PATH, body(days_off=[off], start_time="06:30")).json()
    assert plan["days_off"] == [off] and plan["start_time"] == "06:30"
    assert off not in [session["date"] for session in plan["sessions"]]
    assert plan["sessions"][-1]["starts_at"].endswith("T06:30:00Z")


def test_an_answer_shows_in_status_and_forecast(course, api):
    before = api("POST", PATH, body()).json()
    for name in ("choice", "numeric", "cloze", "matching", "ordering", "multiple_choice"):
        attempt = {"learner": "alice", "course": "fractions", "resource": f"exercise-{name}", "response": right(name)}
        assert api("POST", "attempts/", attempt).status_code == 201
    after = api("GET", PATH).json()
    assert after["forecast"]["now"] > before["forecast"]["now"]
    today = now().date().isoformat()
    assert {s["status"] for s in after["sessions"] if s["date"] == today} <= {"done"}


def test_a_target_out_of_reach_is_answered_with_what_can_be_had(course, api):
    plan = api("POST", PATH, body(target=1)).json()
    short = plan["shortfall"]
    assert short["reachable"] == plan["forecast"]["expected"] and not short["more"]["is_enough"]
    assert api("POST", PATH, body(target=0.2)).json()["shortfall"] is None


def test_without_a_plan_there_is_nothing_to_read(course, api):
    assert "no study plan" in assert_problem(api("GET", f"{PATH}?course=fractions"), 404)["detail"]
    assert_problem(api("GET", PATH), 422)
    assert_problem(api("GET", f"{PATH}?course=nowhere"), 404)
    assert_problem(api("GET", "learners/nobody/study-plan/?course=fractions"), 404)


def test_who_is_not_enrolled_gets_no_plan(course, api):
    learner_make(course.tenant, "outsider", login=False)
    assert_problem(api("POST", "learners/outsider/study-plan/", body()), 403)
    assert_problem(api("GET", "learners/outsider/study-plan/?course=fractions"), 403)


def test_a_course_without_exercises(course, api):
    assert api("PUT", "courses/empty/", {"title": "Empty"}).status_code == 201
    assert api("PUT", "courses/empty/enrolments/alice/", {}).status_code == 201
    problem = assert_problem(api("POST", PATH, body(course="empty")), 422)
    assert "no exercises yet" in problem["detail"] and problem["errors"][0]["pointer"] == "/course"


SOON = {
    "a day that is over": ({"exam_at": "2020-01-01T00:00:00Z"}, "/exam_at"),
    "today": ({"exam_at": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}, "/exam_at"),
    "in two years": ({"exam_at": (datetime.now(UTC) + timedelta(days=800)).isoformat()}, "/exam_at"),
    "before time": ({"exam_at": "0001-01-01T00:00:00+14:00"}, "/exam_at"),
    "after time": ({"exam_at": "9999-12-31T23:59:59-14:00"}, "/exam_at"),
    "words for a date": ({"exam_at": "in June"}, "/exam_at"),
    "a number for a date": ({"exam_at": 20260612}, "/exam_at"),
    "no date": ({"exam_at": None}, "/exam_at"),
    "no target": ({"target": None}, "/target"),
    "a target of nothing": ({"target": 0}, "/target"),
    "a target of more than all": ({"target": 80}, "/target"),
    "a negative target": ({"target": -0.5}, "/target"),
    "a target in words": ({"target": "0.8"}, "/target"),
    "a target that is true": ({"target": True}, "/target"),
    "six days": ({"minutes_per_weekday": [20] * 6}, "/minutes_per_weekday"),
    "eight days": ({"minutes_per_weekday": [20] * 8}, "/minutes_per_weekday"),
    "a million days": ({"minutes_per_weekday": [20] * 100_000}, "/minutes_per_weekday"),
    "no minutes": ({"minutes_per_weekday": [0] * 7}, "/minutes_per_weekday"),
    "minutes below zero": ({"minutes_per_weekday": [20, 20, -1, 20, 20, 20, 20]}, "/minutes_per_weekday/2"),
    "more than a day has": ({"minutes_per_weekday": [1441, *[20] * 6]}, "/minutes_per_weekday/0"),
    "minutes without end": ({"minutes_per_weekday": [10**400, *[20] * 6]}, "/minutes_per_weekday/0"),
    "minutes in words": ({"minutes_per_weekday": ["20"] * 7}, "/minutes_per_weekday/0"),
    "minutes that are true": ({"minutes_per_weekday": [True] * 7}, "/minutes_per_weekday/0"),
    "an object for minutes": ({"minutes_per_weekday": {"monday": 20}}, "/minutes_per_weekday"),
    "days off in words": ({"days_off": ["Christmas"]}, "/days_off/0"),
    "a text for days off": ({"days_off": "2026-12-24"}, "/days_off"),
    "ten thousand days off": ({"days_off": ["2026-12-24"] * 10_000}, "/days_off"),
    "an hour that is none": ({"start_time": "25:00"}, "/start_time"),
    "a course of another kind": ({"course": 7}, "/course"),
}


@pytest.mark.parametrize(("values", "pointer"), SOON.values(), ids=SOON)
def test_what_cannot_be_planned(course, api, values, pointer):
    problem = assert_problem(api("POST", PATH, body(**values)), 422)
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert not StudyPlan.objects.exists() and not StudySession.objects.exists()


@pytest.mark.parametrize("left_out", ["course", "exam_at", "target", "minutes_per_weekday"])
def test_what_is_needed(course, api, left_out):
    whole = body()
    del whole[left_out]
    assert f"/{left_out}" in json.dumps(assert_problem(api("POST", PATH, whole), 422))


@pytest.mark.parametrize("raw", [b"[]", b"null", b"NaN", b'{"target": NaN}', b"{", b"\xff\xfe", b'"text"'])
def test_a_body_that_is_no_object(course, api, raw):
    assert api("POST", PATH, raw=raw).status_code in {400, 422}
    assert not StudyPlan.objects.exists()


def test_a_bad_plan_leaves_the_good_one(course, api):
    plan = api("POST", PATH, body()).json()
    assert_problem(api("POST", PATH, body(minutes_per_weekday=[0] * 7)), 422)
    assert api("GET", PATH).json() == plan


def test_with_plans_in_two_courses_one_has_to_be_named(course, api):
    assert api("PUT", "courses/second/", {"title": "Second"}).status_code == 201
    assert api("PUT", "courses/second/skills/s/", {"name": "S"}).status_code == 201
    numbers = {"kind": "exercise", "title": "t", "body": "b", "response_format": "numeric", "answer": {"value": 1}}
    assert api("PUT", "courses/second/resources/r/", {**numbers, "skills": ["s"]}).status_code in {200, 201}
    assert api("PUT", "courses/second/enrolments/alice/", {}).status_code == 201
    for name in ("fractions", "second"):
        assert api("POST", PATH, body(course=name)).status_code == 201
    assert_problem(api("GET", PATH), 422)
    assert api("GET", f"{PATH}?course=second").json()["course"] == "second"
    plan_delete(plan=StudyPlan.objects.get(course__external_id="second"))
    assert api("GET", PATH).json()["course"] == "fractions"


def test_a_teacher_of_the_course_may_have_one_too(course, api):
    enrol(learner_make(course.tenant, "dora", login=False), course.course, "teacher")
    assert api("POST", "learners/dora/study-plan/", body()).status_code == 201


def test_a_hostile_title_stays_text(course, api):
    course.exercises["choice"].title = "<script>alert(1)</script>"
    course.exercises["choice"].save()
    plan = api("POST", PATH, body()).json()
    titles = {item["title"] for session in plan["sessions"] for item in session["items"]}
    assert "<script>alert(1)</script>" in titles, "JSON needs no escaping, and nothing is lost"
