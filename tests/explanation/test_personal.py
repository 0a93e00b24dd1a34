"""What is in it for you: from facts, in words, checked."""

from datetime import timedelta

import pytest
from django.utils import translation

from adaptive.common.clock import now
from adaptive.explanation.grounding import is_grounded
from adaptive.explanation.personal import in_it_for_you
from adaptive.practice.services import answer_submit
from tests.factories import Cast, cast_make, exercise_make, right, wrong


@pytest.fixture
def cast(db) -> Cast:
    return cast_make()


def said(cast: Cast, **values) -> str:
    found = in_it_for_you(learner=cast.alice, resource=cast.reading, skills=[cast.skills[0]], at=now(), **values)
    assert all(is_grounded(fact.text, [fact]).ok for fact in found.facts)
    return found.text


def answer(cast: Cast, response: dict, learner=None, **values) -> None:
    answer_submit(
        tenant=cast.tenant,
        learner=learner or cast.alice,
        course=cast.course,
        resource=cast.exercises["choice"],
        response=response,
        source="page",
        **values,
    )


def test_something_new(cast):
    assert said(cast) == "In about 3 min you meet “What a fraction means”, which you have not practised yet."


def test_after_a_miss_with_where_one_stands(cast):
    answer(cast, wrong("choice"), submitted_at=now() - timedelta(days=3))
    answer(cast, wrong("choice"), learner=cast.bob)
    text = said(cast)
    assert "where we put you at about" in text and "after 1 answer." in text
    assert "You missed “A bar of chocolate” 3 days ago, on the same skill." in text


def test_what_was_missed_long_ago_is_let_be(cast):
    answer(cast, wrong("choice"), submitted_at=now() - timedelta(days=20))
    assert "missed" not in said(cast)


def test_something_mastered(cast):
    for n in range(8):
        exercise = exercise_make(cast.course, [cast.skills[0]], "choice", external_id=f"m{n}")
        answer_submit(
            tenant=cast.tenant,
            learner=cast.alice,
            course=cast.course,
            resource=exercise,
            response=right("choice"),
            source="page",
        )
    assert said(cast).startswith("You have mastered “What a fraction means” (about ")


@pytest.mark.parametrize(("share", "words"), [(0.1, "easy"), (0.4, "neither easy nor hard"), (0.8, "hard")])
def test_how_hard_its_author_finds_it(cast, share, words):
    cast.reading.authored_difficulty = share
    assert said(cast).endswith(f"Its author calls it {words}.")


def test_names_that_would_say_more_than_is_so_are_left_out(cast):
    cast.skills[0].name = "Fractions” 90 % of all “pupils"
    assert "90 %" not in said(cast)


def test_without_a_skill_and_in_german(cast):
    found = in_it_for_you(learner=cast.alice, resource=cast.reading, skills=[], at=now())
    assert found.text == "It takes about 3 minutes."
    with translation.override("de"):
        assert in_it_for_you(learner=cast.alice, resource=cast.reading, skills=[cast.skills[0]], at=now()).text
