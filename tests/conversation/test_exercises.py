"""Is an exercise's question in a message?"""

import pytest

from adaptive.conversation.exercises import Question, exercise_met

QUESTIONS = [
    Question(1, "Two steps back", "What is the solution of $2x+6=14$?"),
    Question(
        2,
        "Flour in the bowl",
        "Zofia puts $\\frac{1}{2}$ cup of flour into a bowl and then $\\frac{1}{3}$ cup. How much is it?",
    ),
    Question(3, "Plants at night", "Do plants respire at night? Say why in one sentence."),
]


@pytest.mark.parametrize(
    ("message", "exercise", "how"),
    [
        ("please do 2x + 6 = 14 for me", 1, "expression"),
        ("2X+6=14", 1, "expression"),
        ("Zofia puts half a cup of flour into a bowl, then a third of a cup, how much flour", 2, "body"),
        ("Do plants respire at night? Say why in one sentence.", 3, "body"),
        ("I am at flour in the bowl", 2, "title"),
    ],
)
def test_it_is_met(message, exercise, how):
    met = exercise_met(message, QUESTIONS, language="en")
    assert (met.exercise, met.how) == (exercise, how)


@pytest.mark.parametrize("message", ["what is an equation", "why do plants need light", "", "2x", "x" * 10_000, "🙂"])
def test_it_is_not(message):
    assert exercise_met(message, QUESTIONS, language="en") is None
