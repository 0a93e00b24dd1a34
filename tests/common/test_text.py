import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.common.text import control_character, normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Three Quarters", "three  quarters."),
        (" 3/4 ", "3/4"),
        ("it’s", "it's"),
        ("−3", "-3"),
        ("ﬁve", "five"),
        ("\u202ethree\u202c", "three"),
        ("STRASSE", "straße"),
        ("cafe\u0301", "café"),
    ],
)
def test_the_same_to_a_reader(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), [("3/4", "34"), ("-3", "3"), ("a b", "ab"), ("2.5", "25"), ("x^2", "x2")])
def test_not_the_same_to_a_reader(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(("text", "found"), [("a\x00b", "U+0000"), ("\x1b[31m", "U+001B"), ("\x7f", "U+007F")])
def test_control_characters_are_named(text: str, found: str) -> None:
    assert control_character(text) == found


def test_line_breaks_tabs_and_other_scripts_are_no_control_characters() -> None:
    assert control_character("one\n\ttwo\r\n三 \u202eأربعة 🍕") is None
    assert "surrogate" in control_character("\ud800")
