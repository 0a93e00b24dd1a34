"""Texts are read as data, whatever they hold."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.assessment.words.text import MAX_CHARACTERS, Text, clean, latin_share, plain, stem


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("it is 3/4 of it", {Fraction(3, 4)}),
        ("0,75 or 75% or three quarters", {Fraction(3, 4)}),
        ("1,000 m and 0,750 kg", {Fraction(1000), Fraction(3, 4)}),
        ("−5 degrees", {Fraction(-5)}),
        ("half of the six boxes", {Fraction(1, 2), Fraction(6)}),
        ("the one that is first", set()),
        ("5/0 and 1/2/3", set()),
    ],
)
def test_numbers_are_read_in_every_spelling(said: str, meant: set[Fraction]) -> None:
    assert Text(said).numbers == meant


@pytest.mark.parametrize(
    ("one", "other"),
    [("evaporated", "evaporation"), ("batteries", "battery"), ("connected", "connection"), ("stopped", "stop")],
)
def test_forms_of_a_word_meet(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_control_direction_and_zero_width_characters_are_dropped() -> None:
    assert clean("sa\u200blt\u202e \x00is\tleft\r\n\n\n over ") == "salt is left\nover"
    assert clean("ﬁve ²") == "five 2"


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (r"$\frac{2}{3}$ of **it** costs \$5", "2/3 of it costs $5"),
        (r"$x \times 3 \le 4$ and *why*?", "x x 3 ≤ 4 and why?"),
        (r"$3 \text{ kg} \, \alpha$", "3 kg"),
        ("## Two_words stay", "Two_words stay"),
        ("", ""),
    ],
)
def test_markdown_and_tex_are_read_as_words(written: str, seen: str) -> None:
    assert plain(written) == seen


def test_denials_are_counted_in_all_forms() -> None:
    assert Text("It isn’t open, can't close and is never on").n_negations == 3


def test_script_share_ignores_digits_and_signs() -> None:
    assert latin_share("x = 3") == 1.0
    assert latin_share("12 + 4 = 16") == 1.0
    assert latin_share("соль осталась") == 0.0


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_can_be_read(raw: str) -> None:
    text = Text(raw)
    assert len(text.text) <= MAX_CHARACTERS
    for part in (text.words, text.sentences, text.content_words, text.stems, text.bigrams, text.numbers, text.units):
        assert len(part) >= 0
    assert text.n_negations >= 0 and 0 <= text.function_word_share <= 1
    assert clean(text.text) == text.text, "cleaning twice changes nothing"
