"""Slips are put right; words that mean something else are left alone."""

import random

import pytest

from adaptive.assessment.words.data import mistyped
from adaptive.assessment.words.slips import is_slip, put_right
from adaptive.assessment.words.text import Text

REFERENCE = Text("The soluble salt dissolves because the current is stronger in the hypotonic alkene solution.")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("The curent is stronegr!", "The current is stronger!"),
        ("Currrent", "current"),
        ("salt disolves, becuase", "salt dissolves, because"),
        ("It is insoluble", "It is insoluble"),
        ("a hypertonic alkane", "a hypertonic alkane"),
        ("currents", "currents"),
        ("weaker than weakre", "weaker than weakre"),
        ("", ""),
        ("😀 12 $x^2$", "😀 12 $x^2$"),
    ],
)
def test_what_is_read(typed, read):
    assert put_right(Text(typed), [REFERENCE]).text == Text(read).text


def test_nothing_is_guessed_between_two_words():
    assert put_right(Text("staing"), [Text("stating staying")]).text == "staing"


def test_what_is_mistyped_by_rule_is_a_slip_of_the_word_it_came_from():
    chance = random.Random(3)
    for word in ("evaporation", "numerator", "because", "stronger", "light"):
        for _ in range(20):
            typed = mistyped(word, chance, 1)
            assert typed == word or is_slip(typed, word)
        assert not is_slip(word, word)


def test_a_very_long_answer_is_read_in_its_beginning():
    read = put_right(Text(f"curent {'so it goes ' * 700}stronegr"), [REFERENCE]).text.split()
    assert (read[0], read[-1]) == ("current", "stronegr")
