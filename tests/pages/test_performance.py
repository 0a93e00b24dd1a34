"""How practice went: on the student's home, on a page with the answers behind it, and for teachers with consent."""

from datetime import timedelta

import pytest
from django.urls import reverse

from adaptive.audit.models import AuditEntry
from adaptive.common.clock import now
from adaptive.performance import jobs
from adaptive.performance.models import PerformanceAssessment
from tests.factories import Cast, attempt_make

from .reading import form_at, read, text_of


def assess(cast: Cast, learner, *, at=None) -> PerformanceAssessment:
    """A session of four answers that ended an hour ago, assessed."""
    at = at or now() - timedelta(hours=1)
    for n, (name, score) in enumerate((("choice", 1.0), ("choice", 1.0), ("multiple_choice", 0.0), ("numeric", 0.0))):
        attempt_make(learner, cast.exercises[name], score=score, submitted_at=at + timedelta(seconds=30 * n))
    attempt_make(learner, cast.exercises["long_text"], score=0.0, submitted_at=at + timedelta(minutes=2))
    jobs.sessions_note(at=now())
    found = PerformanceAssessment.objects.get(learner=learner, made_at=None)
    assert jobs.performance_work(found.pk) == "made"
    found.refresh_from_db()
    return found


@pytest.fixture(autouse=True)
def nobody_told(monkeypatch):
    monkeypatch.setattr(jobs, "_send", lambda *args: True)


def home(cast):
    return reverse("adaptive:course", args=[cast.course.pk])


def own_page(cast):
    return reverse("adaptive:performance", args=[cast.course.pk])


def teachers_page(cast):
    return reverse("adaptive:learner", args=[cast.course.pk, cast.alice.pk])


def test_nothing_is_drawn_while_there_is_nothing(cast, alice):
    assert "performance" not in alice.get(home(cast)).content.decode()
    assert "Nothing yet." in text_of(alice.get(own_page(cast)).content)


def test_a_pending_assessment_is_not_shown(cast, alice):
    at = now() - timedelta(hours=1)
    attempt_make(cast.alice, cast.exercises["choice"], score=1.0, submitted_at=at)
    jobs.sessions_note(at=now())
    assert "performance-summary" not in alice.get(home(cast)).content.decode()
    assert "Nothing yet." in text_of(alice.get(own_page(cast)).content)


def first_gap(found):
    return next(fact for fact in found.word_facts if fact["code"] == "gap")


def test_the_home_says_how_it_went(cast, alice):
    found = assess(cast, cast.alice)
    text = text_of(alice.get(home(cast)).content)
    assert "You gave 5 answers; 2 of them right." in text
    assert {fact["code"] for fact in found.word_facts} == {"summary", "strength", "gap", "next"}
    for fact in found.word_facts:
        assert (fact["text"] in text) is (fact["code"] != "gap" or fact == first_gap(found))
    assert own_page(cast) in alice.get(home(cast)).content.decode()


def test_the_page_leads_to_the_answers_behind_every_line(cast, alice):
    found = assess(cast, cast.alice)
    html = alice.get(own_page(cast)).content
    links = {values.get("href") for tag, values in read(html).tags if tag == "a"}
    for pk in found.facts["attempts"]:
        if any(pk in fact["values"]["attempts"] for fact in found.word_facts if fact["code"] != "summary"):
            assert reverse("adaptive:attempt", args=[cast.course.pk, pk]) in links
    assert "From 2 answers" in text_of(html)


def test_better_words_stand_with_a_note_and_the_counted_lines_below(cast, alice):
    found = assess(cast, cast.alice)
    PerformanceAssessment.objects.filter(pk=found.pk).update(text="You gave 5 answers, well done.")
    text = text_of(alice.get(own_page(cast)).content)
    assert "You gave 5 answers, well done. Worded by AI" in text and "2 of them right" in text
    assert "Worded by AI" in text_of(alice.get(home(cast)).content)


def test_teachers_see_it_with_consent_alone(cast, as_user):
    assess(cast, cast.alice)
    charlie = as_user("charlie")
    text = text_of(charlie.get(teachers_page(cast)).content)
    assert "Alice has not agreed" in text and "You gave 5 answers" not in text

    alice = as_user("alice")
    form = form_at(alice.get(own_page(cast)).content, "/sharing/")
    assert alice.post(form.action, form.with_values(shares="yes")).status_code == 303
    assert "You and your teachers, because you agreed." in text_of(alice.get(own_page(cast)).content)
    charlie = as_user("charlie")
    text = text_of(charlie.get(teachers_page(cast)).content)
    assert "You gave 5 answers" in text and "In the words that Alice reads." in text

    alice = as_user("alice")
    for _ in range(2):
        alice.post(form.action, form.with_values(shares="no"))
    assert "You gave 5 answers" not in text_of(as_user("charlie").get(teachers_page(cast)).content)
    said = AuditEntry.objects.filter(action="performance_sharing_set").order_by("pk")
    assert [entry.outcome["shares_performance"] for entry in said] == [True, False], "a second press changes nothing"


def test_one_sees_ones_own_alone(cast, as_user):
    assess(cast, cast.alice)
    bob = as_user("bob")
    assert "You gave 5 answers" not in text_of(bob.get(own_page(cast)).content)
    assert "You gave 5 answers" not in text_of(bob.get(home(cast)).content)
    assert as_user("charlie").get(own_page(cast)).status_code == 404
    other = reverse("adaptive:performance", args=[cast.other_course.pk])
    assert as_user("alice").get(other).status_code == 404
    assert as_user("charlie").post(reverse("adaptive:performance-sharing", args=[cast.course.pk])).status_code == 404


def test_names_of_the_course_are_text_not_markup(cast, alice):
    cast.skills[1].name = "<script>alert(1)</script>"
    cast.skills[1].save()
    assess(cast, cast.alice)
    for address in (home(cast), own_page(cast)):
        assert "<script>alert" not in alice.get(address).content.decode()
