"""A learner's rights: to see everything, to be forgotten everywhere."""

import json
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection

from adaptive.assessment.models import Assessment
from adaptive.audit.models import AuditEntry
from adaptive.common.clock import now
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.services import state_check
from adaptive.planning.calendar import feed_open, feed_token, plan_of_token
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.planning.services import plan_set
from adaptive.practice.exporting import export_text
from adaptive.practice.privacy import ERASED_ID, learner_erase
from adaptive.practice.services import answer_submit, attempt_contest, attempt_mark, slate_next
from adaptive.recommendation.models import Slate
from adaptive.recommendation.services import impression_event
from adaptive.tenants.services import token_create
from tests.api.conftest import Api
from tests.exports import learner_export
from tests.factories import cast_make

SECRET = "a secret only zebras know"


@pytest.fixture
def cast(db):
    return cast_make()


@pytest.fixture
def lived(cast):
    """alice has done a bit of everything; bob one thing."""

    def submit(learner, name, response, **values):
        return answer_submit(
            tenant=cast.tenant,
            learner=learner,
            course=cast.course,
            resource=cast.exercises[name],
            response=response,
            source="rest",
            **values,
        ).attempt

    closed = submit(cast.alice, "choice", {"choice": "b"}, idempotency_key="alice-1")
    submit(cast.alice, "numeric", {"value": "0.5"})
    waiting = submit(cast.alice, "short_text", {"text": SECRET})
    marked = submit(cast.alice, "long_text", {"text": SECRET})
    attempt_mark(attempt=marked, teacher="charlie", score=0.5, feedback=f"You wrote: {SECRET}")
    attempt_contest(attempt=closed, reason=SECRET)
    slate = slate_next(learner=cast.alice, course=cast.course, count=2)
    impression_event(slate=slate, position=1, type="rate", rating=4)
    api = Api(token_create(tenant=cast.tenant, name="lms"))
    kept = api("POST", "learners/alice/recommendations/", {"course": "fractions", "query": SECRET}, key="slate")
    assert kept.status_code == 201
    plan = {"exam_at": now() + timedelta(days=9), "target": 0.8, "minutes_per_weekday": [20] * 7}
    for learner in (cast.alice, cast.bob):
        feed_open(plan=plan_set(learner=learner, course=cast.course, **plan))
    submit(cast.bob, "choice", {"choice": "a"})
    cast.extra = {"waiting": waiting, "closed": closed, "api": api}
    return cast


def test_the_export_holds_everything(lived):
    data = learner_export(learner=lived.alice)
    assert data["learner"]["display_name"] == "Alice" and data["learner"]["login"] == "alice"
    assert [row["course"] for row in data["enrolments"]] == ["fractions"]
    assert [row["resource"] for row in data["attempts"]] == [
        "exercise-choice",
        "exercise-numeric",
        "exercise-short_text",
        "exercise-long_text",
    ]
    assert data["attempts"][0]["assessments"][0]["score"] == 1
    assert data["attempts"][0]["mastery_changes"][0]["skill"] == "meaning"
    assert data["attempts"][2]["response"] == {"text": SECRET}
    assert SECRET in data["attempts"][3]["assessments"][-1]["feedback"]
    assert [row["query"] for row in data["recommendations"]] == ["", SECRET]
    assert data["recommendations"][0]["items"][0]["events"][0]["rating"] == 4
    assert data["states"] and data["mastery"] and len(data["audit"]) >= 2
    [plan] = data["study_plans"]
    assert plan["course"] == "fractions" and plan["has_calendar_feed"] and plan["forecast"]["low"]
    blocks = [block for session in plan["sessions"] for block in session["blocks"]]
    assert {block["skill"] for block in blocks} == {"meaning", "equivalent", "adding"}
    assert {name for block in blocks for name in block["resources"]} >= {"exercise-choice", "exercise-numeric"}
    text = json.dumps(data)
    key = StudyPlan.objects.get(learner=lived.alice).feed_key
    assert key and key not in text, "who reads an export must not be able to open the calendar"
    assert "bob" not in text.lower()


def test_moments_are_exported_to_the_microsecond_as_they_are_stored(lived):
    stored = Attempt.objects.filter(learner=lived.alice).order_by("pk").values_list("received_at", flat=True)
    rows = learner_export(learner=lived.alice)["attempts"]
    assert [datetime.fromisoformat(row["received_at"]) for row in rows] == list(stored)


def test_who_stops_reading_midway_leaves_nothing_open(lived):
    text = export_text(learner=lived.alice)
    assert all(next(text) for _ in range(10)), "attempts are being read"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE NOT is_holdable")
        assert cursor.fetchone()[0] > 2
    text.close()  # as the answer does that was broken off
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE NOT is_holdable")
        assert cursor.fetchone() == (0,)
    assert len(learner_export(learner=lived.alice)["attempts"]) == 4


def everywhere() -> str:
    """Every row of every table, as text."""
    rows = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy:
                cursor.execute(f'SELECT row_to_json(t)::text FROM "{model._meta.db_table}" t')
                rows += [f"{model._meta.db_table}: {row[0]}" for row in cursor.fetchall()]
    return "\n".join(rows)


def test_after_erasing_nothing_names_them_anywhere(lived):
    assert SECRET in everywhere() and "alice" in everywhere().lower()
    erasure = learner_erase(learner=lived.alice, asked_by="lms")
    assert (erasure.n_attempts_anonymised, erasure.n_attempts_deleted) == (3, 1)
    left = everywhere()
    assert SECRET not in left
    assert "alice" not in left.lower(), [line for line in left.splitlines() if "alice" in line.lower()]
    assert not User.objects.filter(username="alice").exists() and User.objects.filter(username="bob").exists()


def test_the_statistics_stay_without_them(lived):
    before = dict(Assessment.objects.filter(is_current=True).values_list("attempt__resource__external_id", "score"))
    learner_erase(learner=lived.alice)
    kept = Attempt.objects.filter(learner__external_id=ERASED_ID)
    for attempt in kept:
        assert attempt.response is None and attempt.idempotency_key is None and attempt.applied_seq is None
        assert attempt.state == "assessed" and attempt.given_score == attempt.assessments.get().score
        assert attempt.submitted_at.isoformat().endswith("00:00:00+00:00")
    scores = dict(kept.values_list("resource__external_id", "given_score"))
    assert scores == {"exercise-choice": 1.0, "exercise-numeric": 0.0, "exercise-long_text": 0.5}
    assert before["exercise-numeric"] == scores["exercise-numeric"]


def test_others_are_left_as_they_were(lived):
    bobs = list(Attempt.objects.filter(learner=lived.bob).values())
    learner_erase(learner=lived.alice)
    assert list(Attempt.objects.filter(learner=lived.bob).values()) == bobs
    assert state_check(learner=lived.bob, course=lived.course) == []
    nobody = Learner.objects.get(external_id=ERASED_ID)
    assert state_check(learner=nobody, course=lived.course) == []
    assert not nobody.enrolments.exists()


def test_two_who_were_erased_cannot_be_told_apart(lived):
    learner_erase(learner=lived.alice)
    learner_erase(learner=lived.bob)
    assert Learner.objects.filter(external_id=ERASED_ID).count() == 1
    assert Attempt.objects.filter(learner__external_id=ERASED_ID).count() == 4


def test_the_past_is_guarded_again_afterwards(lived):
    learner_erase(learner=lived.alice)
    with connection.cursor() as cursor:
        # Within a test all shares one transaction; outside of it the switch ends with the erasing.
        cursor.execute("SET LOCAL adaptive.erasing = 'off'")
    with pytest.raises(Exception, match="never deleted"):
        Attempt.objects.all().delete()


def test_the_study_plan_and_its_calendar_go_too(lived):
    tokens = {plan.learner_id: feed_token(plan) for plan in StudyPlan.objects.all()}
    learner_erase(learner=lived.alice)
    assert [plan.learner for plan in StudyPlan.objects.all()] == [lived.bob]
    assert {session.plan.learner for session in StudySession.objects.all()} == {lived.bob}
    assert plan_of_token(tokens[lived.bob.pk]) is not None
    assert [token for pk, token in tokens.items() if pk != lived.bob.pk and plan_of_token(token)] == []


def test_an_operators_account_stays(lived):
    User.objects.filter(username="alice").update(is_staff=True)
    lived.alice.refresh_from_db()
    learner_erase(learner=lived.alice)
    assert User.objects.filter(username="alice").exists()


def test_erasing_is_noted_without_naming_who(lived):
    learner_erase(learner=lived.alice, asked_by="lms")
    entry = AuditEntry.objects.get(action="learner_erase")
    assert entry.actor == "lms" and entry.outcome == {"n_attempts_anonymised": 3, "n_attempts_deleted": 1}


def test_over_rest(lived):
    api = lived.extra["api"]
    assert api("GET", "learners/alice/export/").json()["learner"]["id"] == "alice"
    response = api("DELETE", "learners/alice/")
    assert response.status_code == 202 and response.json()["state"] == "erased"
    assert api("DELETE", "learners/alice/").status_code == 404
    assert api("GET", "learners/alice/export/").status_code == 404
    assert api("GET", f"attempts/{lived.extra['waiting'].pk}/").status_code == 404
    assert not Slate.objects.exists()
    # The same id is a new person.
    assert api("PUT", "learners/alice/", {"display_name": "New"}).status_code == 201
    assert api("GET", "learners/alice/export/").json()["attempts"] == []
