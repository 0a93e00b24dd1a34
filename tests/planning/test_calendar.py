"""The feed as a calendar program reads it: RFC 5545 to the byte, and an address that can be taken back."""

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from adaptive.audit.models import AuditEntry
from adaptive.learners.services import language_set
from adaptive.planning.calendar import feed_close, feed_of, feed_open, feed_token, plan_of_token
from adaptive.planning.models import StudyPlan
from adaptive.planning.services import plan_set, plan_skip
from tests.planning.conftest import MONDAY


@pytest.fixture
def plan(cast, clock):
    return plan_set(
        learner=cast.alice,
        course=cast.course,
        exam_at=MONDAY + timedelta(days=6),
        target=0.7,
        minutes_per_weekday=[20] * 7,
    )


def events(plan) -> dict[str, dict]:
    return {str(event["uid"]): event for event in Calendar.from_ical(feed_of(plan)).walk("VEVENT")}


def test_every_session_and_the_exam_are_events(plan):
    found = events(plan)
    assert len(found) == plan.sessions.count() + 1
    first = found[f"{plan.uid}-2026-03-02@adaptive"]
    assert first["dtstart"].dt == datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert first["dtend"].dt - first["dtstart"].dt == timedelta(minutes=plan.sessions.first().minutes)
    assert str(first["summary"]).startswith("Practise: Fractions (") and "What a fraction means" in first["description"]
    exam = found[f"{plan.uid}-exam@adaptive"]
    assert str(exam["summary"]) == "Exam: Fractions" and exam["dtstart"].dt == plan.exam_at


def test_names_that_need_escaping_and_folding_come_out_whole(cast, plan):
    name = "Brüche; Anteile, Prozente \\ „½“ " + "ü" * 90
    cast.course.title = name + "\r\nBEGIN:VEVENT"
    cast.course.save()
    cast.skills[0].name = "a,b;c\\d\nX-EVIL:1"
    cast.skills[0].save()
    raw = feed_of(StudyPlan.objects.get())
    lines = raw.split(b"\r\n")
    assert raw.endswith(b"\r\n") and b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in lines) <= 75
    assert not any(line.startswith((b"X-EVIL", b"BEGIN:VEVENTB")) for line in lines)
    assert raw.count(b"\r\nBEGIN:VEVENT\r\n") == plan.sessions.count() + 1
    unfolded = raw.replace(b"\r\n ", b"").decode()
    assert "Brüche\\; Anteile\\, Prozente \\\\ „½“" in unfolded
    exam = events(StudyPlan.objects.get())[f"{plan.uid}-exam@adaptive"]
    assert name in str(exam["summary"])


def test_what_every_calendar_wants_is_there(plan):
    raw = feed_of(plan).decode()
    assert raw.startswith("BEGIN:VCALENDAR\r\n") and "VERSION:2.0\r\n" in raw and "PRODID:" in raw
    for event in events(plan).values():
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE"} <= set(event)
        assert event["dtstamp"].dt.tzinfo is not None


def test_the_same_plan_gives_the_same_bytes_and_a_changed_day_keeps_its_uid(plan, clock):
    before, first = feed_of(plan), events(plan)
    assert feed_of(StudyPlan.objects.get()) == before
    clock.on(0.2)
    changed = plan_skip(plan=plan, day=(MONDAY + timedelta(days=1)).date())
    after = events(changed)
    assert f"{plan.uid}-2026-03-03@adaptive" not in after
    both = [uid for uid in after if uid in first and "exam" not in uid]
    moved = [uid for uid in both if after[uid]["sequence"] > first[uid]["sequence"]]
    assert moved and all(after[uid]["dtstamp"].dt > first[uid]["dtstamp"].dt for uid in moved)


def test_the_feed_names_nobody(cast, plan):
    cast.alice.display_name = "Zaphod"
    cast.alice.save()
    raw = feed_of(StudyPlan.objects.get())
    assert b"alice" not in raw.lower() and b"Zaphod" not in raw


def test_an_address_opens_until_it_is_revoked_or_replaced(plan):
    assert feed_token(plan) == ""
    token = feed_open(plan=plan)
    assert plan_of_token(token) == plan and feed_token(StudyPlan.objects.get()) == token
    other = feed_open(plan=plan)
    assert other != token and plan_of_token(token) is None and plan_of_token(other) == plan
    feed_close(plan=plan)
    assert plan_of_token(other) is None and feed_token(StudyPlan.objects.get()) == ""
    said = AuditEntry.objects.filter(subject_kind="learner").order_by("pk")
    assert [entry.action for entry in said] == ["study_plan_feed_open"] * 2 + ["study_plan_feed_close"]
    assert token not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    "wrong", ["", ".", "x", "x.y", "{key}", "{key}.", "{key}.0" * 9, ".{signature}", "{token}x", "ü.ü"]
)
def test_a_guess_opens_nothing(plan, wrong):
    token = feed_open(plan=plan)
    key, signature = token.split(".")
    assert plan_of_token(wrong.format(key=key, signature=signature, token=token)) is None


def test_a_plan_without_an_address_is_not_opened_by_an_empty_key(plan):
    from adaptive.planning import calendar

    assert plan_of_token("." + calendar._signature("")) is None


def test_who_has_the_database_but_not_the_secret_key_opens_nothing(plan, settings):
    feed_open(plan=plan)
    key = StudyPlan.objects.get().feed_key
    settings.SECRET_KEY = "another installation's"
    forged = feed_token(StudyPlan.objects.get())
    settings.SECRET_KEY = "this one's"
    assert plan_of_token(forged) is None and plan_of_token(key) is None


def test_the_feed_speaks_the_language_of_the_learner(plan):
    assert b"Practise: Fractions" in feed_of(plan)
    language_set(learner=plan.learner, language="de")
    assert "Üben: Fractions" in feed_of(plan).decode()
