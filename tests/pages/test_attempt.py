from datetime import timedelta

import pytest
from django.urls import reverse

from adaptive.assessment.types import AssessorUnavailable, Verdict
from adaptive.common.clock import now
from adaptive.events.models import Attempt
from adaptive.practice import services
from adaptive.practice.services import answer_submit, attempt_mark, attempt_work
from tests.factories import Cast, right
from tests.pages.reading import form_at, read, text_of


@pytest.fixture
def attempt(cast: Cast) -> Attempt:
    """Alice's answer in words, waiting to be read."""
    return answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises["short_text"],
        response={"text": "No <script>alert(1)</script> they are not equal"},
        source="page",
    ).attempt


def url(cast: Cast, attempt: Attempt, name: str = "attempt") -> str:
    return reverse(f"adaptive:{name}", args=[cast.course.pk, attempt.pk])


@pytest.fixture(autouse=True)
def confidence_alone_decides(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "RELEASE_ERROR_LIMIT": 1.0}


def is_read(monkeypatch, attempt: Attempt, **values) -> None:
    """A worker reads the answer and finds this."""
    found = {"score": 1.0, "label": "correct", "confidence": 0.93, "feedback": "Well said.", "assessor_kind": "llm"}
    verdict = Verdict(**{**found, **values})
    monkeypatch.setattr(services, "read_words", lambda attempt, **kwargs: (verdict, None))
    monkeypatch.setattr(services, "get_llm", lambda: None)
    monkeypatch.setattr(services, "get_embedding", lambda: None)
    Attempt.objects.filter(pk=attempt.pk).update(next_at=now() - timedelta(minutes=1))
    attempt_work(attempt.pk)


def test_while_it_is_read_the_page_looks_again(alice, cast, attempt):
    html = alice.get(url(cast, attempt)).content.decode()
    assert "Being read …" in text_of(html)
    poll = next(attrs for tag, attrs in read(html).tags if attrs.get("id") == "poll")
    assert poll["hx-trigger"] == "load delay:1s"
    look = alice.get(poll["hx-get"], headers={"HX-Request": "true"})
    assert "HX-Retarget" not in look and look.content.decode().count("<div") == 1


def test_the_mark_arrives_with_the_next_look(alice, cast, attempt, monkeypatch):
    is_read(monkeypatch, attempt)
    look = alice.get(url(cast, attempt, "attempt-state") + "?n=1&away=0", headers={"HX-Request": "true"})
    assert look["HX-Retarget"] == "#practice"
    html = look.content.decode()
    assert "Well said." in html and "Marked by AI, not checked by a person." in text_of(html)
    live = html[html.index('id="live"') :]
    assert "That is right." in live and "What a fraction means rose from" in live


def test_words_of_learner_and_model_are_never_markup(alice, cast, attempt, monkeypatch):
    is_read(monkeypatch, attempt, feedback="<img src=x onerror=alert(1)> $\\frac{1}{2}$")
    html = alice.get(url(cast, attempt)).content.decode()
    assert "<script>alert" not in html and "<img" not in html
    assert "&lt;img src=x" in html


def test_after_some_seconds_the_page_says_that_the_reader_is_away(alice, cast, monkeypatch):
    old = answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises["short_text"],
        response=right("short_text"),
        submitted_at=now() - timedelta(seconds=40),
        source="page",
    ).attempt
    monkeypatch.setattr(services, "read_words", lambda *a, **k: (_ for _ in ()).throw(AssessorUnavailable("no model")))
    page = text_of(alice.get(url(cast, old)).content)
    assert "Your answer is kept. It will be read when the reader is back." in page and "Go on" in page
    first = alice.get(url(cast, old, "attempt-state") + "?n=9&away=0", headers={"HX-Request": "true"})
    assert first["HX-Retarget"] == "#practice"
    second = alice.get(url(cast, old, "attempt-state") + "?n=10&away=1", headers={"HX-Request": "true"})
    assert "HX-Retarget" not in second


@pytest.mark.parametrize("n", ["", "x", "-1", "9" * 30])
def test_odd_counters_are_no_error(alice, cast, attempt, n):
    address = url(cast, attempt, "attempt-state")
    assert alice.get(address, {"n": n}, headers={"HX-Request": "true"}).status_code == 200


def test_without_ai_the_answer_is_with_the_teacher(alice, cast, settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "AI_ENABLED": False}
    page = alice.get(reverse("adaptive:resource", args=[cast.course.pk, cast.exercises["short_text"].pk]))
    assert "Your teacher reads it." in text_of(page.content)
    form = form_at(page.content, "/answer/")
    result = alice.post(form.action, form.with_values(a_text="Not equal"), follow=True)
    assert "Your answer is with your teacher." in text_of(result.content)
    home = text_of(alice.get(reverse("adaptive:course", args=[cast.course.pk])).content)
    assert "Waiting" in home and "With your teacher" in home


def test_a_mark_that_is_not_sure_is_not_shown(alice, cast, attempt, monkeypatch):
    is_read(monkeypatch, attempt, confidence=0.3, feedback="I think it is fine", needs_review=True)
    page = text_of(alice.get(url(cast, attempt)).content)
    assert "Your answer is with your teacher." in page and "I think it is fine" not in page


def test_ask_my_teacher_and_what_the_teacher_says(alice, cast, attempt, monkeypatch):
    is_read(monkeypatch, attempt, score=0.0, label="incorrect", feedback="Not quite.")
    form = form_at(alice.get(url(cast, attempt)).content, "/contest/")
    page = text_of(alice.post(form.action, {**form.fields, "reason": "But I said it!"}, follow=True).content)
    assert "Your teacher has been asked to look at this mark." in page and "Not right yet." in page
    attempt.refresh_from_db()
    assert attempt.state == "needs_review"
    attempt_mark(attempt=attempt, teacher="charlie", score=1.0, label="correct", feedback="You did say it.")
    page = text_of(alice.get(url(cast, attempt)).content)
    assert "That is right." in page and "You did say it." in page and "Marked by your teacher." in page


def test_a_waiting_answer_cannot_be_contested_yet(alice, cast, attempt):
    page = alice.post(url(cast, attempt, "contest"), follow=True)
    assert "has not been assessed yet" in text_of(page.content)


def test_an_old_result_is_to_be_read_and_makes_no_new_slate(alice, cast):
    old = answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises["choice"],
        response=right("choice"),
        submitted_at=now() - timedelta(days=3),
        source="page",
    ).attempt
    alice.get(url(cast, old))
    assert not cast.alice.slates.exists()


def test_without_javascript_there_is_a_link_to_look_again(alice, cast, attempt):
    html = alice.get(url(cast, attempt)).content.decode()
    assert "<noscript>" in html and "Look again" in html


@pytest.mark.parametrize(
    ("score", "label", "headline"),
    [
        (0.83, "correct", "That is right."),
        (0.5, "partially_correct", "Partly right."),
        (0.24, "incorrect", "Not right yet."),
        (0.1, "contradictory", "Not right yet."),
        (0.0, "irrelevant", "Not right yet."),
    ],
)
def test_the_label_decides_what_is_said_not_the_models_score(alice, cast, attempt, monkeypatch, score, label, headline):
    is_read(monkeypatch, attempt, score=score, label=label)
    assert headline in text_of(alice.get(url(cast, attempt)).content)
