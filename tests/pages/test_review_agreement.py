"""Measured agreement where marks are reviewed: the sentence, the table, the five that teach, the sample."""

import numpy as np
import pytest
from django.urls import reverse

from adaptive.assessment.models import AnswerVector
from adaptive.pages.presenters.agreement import share
from tests.factories import attempt_make, exercise_make
from tests.pages.reading import text_of
from tests.practice.marking import marked, read, says
from tests.practice.test_gate import GOOD


def review(client, cast) -> str:
    return client.get(reverse("adaptive:review", args=[cast.course.pk])).content.decode()


@pytest.fixture
def words(cast):
    return cast.exercises["short_text"]


def test_shares_have_a_place_where_it_matters():
    assert [share(x) for x in (0.0, 0.04943, 0.97, 1.0)] == ["0\u00a0%", "4.9\u00a0%", "97\u00a0%", "100\u00a0%"]


def test_before_anything_is_marked(charlie, cast, words):
    read(cast.alice, words, says(0.97))
    text = text_of(review(charlie, cast))
    assert "Measured agreement of AI and teachers: nothing marked yet." in text
    assert "No AI mark counts without you: an error of at most 5 % is not shown yet." in text.replace("\u00a0", " ")


def test_what_was_measured_with_its_counts(charlie, cast, words):
    marked(cast, words, GOOD)
    read(cast.alice, words, says(0.6))
    text = text_of(review(charlie, cast)).replace("\u00a0", " ")
    assert "on 70 of 70 marked answers (100 %)" in text
    assert "of 70 such answers that you marked, 0 were wrong; the error is at most 3.2 % (90 % certain)" in text
    assert "Leo's pizza 70 100 %" in text.replace("’", "'"), text
    assert text.count("on 70 of 70") == 2, "and on the card"


def test_five_come_first_that_teach_the_most(charlie, cast, words):
    marked(cast, words, GOOD)
    other = exercise_make(cast.course, cast.skills[:1], "short_text", title="Seldom marked")
    old = attempt_make(cast.bob, cast.exercises["long_text"], state="needs_review")
    far = read(cast.alice, words, says(0.52), text="far")
    near = [read(cast.alice, other, says(0.74), text=f"near {n}") for n in range(6)]
    rng = np.random.default_rng(0)
    for attempt in near:
        vector = rng.normal(size=384)
        AnswerVector.objects.create(attempt=attempt, embedding=(vector / np.linalg.norm(vector)).tolist(), model="m")
    html = review(charlie, cast)
    places = {attempt.pk: html.index(f'id="review-{attempt.pk}"') for attempt in [old, far, *near]}
    order = sorted(places, key=places.get)
    assert set(order[:5]) <= {attempt.pk for attempt in near}, order
    assert order.index(old.pk) == 5, "then the one that has waited longest"
    assert html.count("Marking this one teaches the AI more") == 5


def test_the_sample_is_shown_without_what_the_ai_said(charlie, cast, words, settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "AUDIT_SHARE": 1.0, "RELEASE_ERROR_LIMIT": 1.0}
    attempt = read(cast.alice, words, says(0.97, feedback="Very well."))
    html = review(charlie, cast)
    text = text_of(html)
    assert "A sample to check" in text and "Waiting for your mark 0" in text
    assert "Very well." not in text and "AI, not checked" not in text
    address = reverse("adaptive:review-one", args=[cast.course.pk, attempt.pk])
    assert "Very well." not in charlie.get(address).content.decode()
    charlie.post(address, {"label": "correct"})
    again = text_of(review(charlie, cast))
    assert "A sample to check" not in again and "on 1 of 1 marked answer" in again


def test_an_answer_without_an_ai_has_no_agreement(charlie, cast, words):
    attempt_make(cast.alice, words, state="needs_review")
    assert review(charlie, cast).count("Measured agreement") == 1
