"""Near copies and the order of words, on their own."""

import pytest

from adaptive.assessment.words.text import Text
from adaptive.assessment.words.wording import (
    MAX_WORDS,
    change_of,
    common_run,
    contradicts_itself,
    corrected,
    is_rearranged,
    n_order_faults,
)


def words(text: str) -> list[str]:
    return text.split()


REFERENCE = words("the current is the same before and after the lamp in this loop")


def changed(*pairs: tuple[str, str]) -> str | None:
    text = " ".join(REFERENCE)
    for old, new in pairs:
        text = text.replace(old, new)
    change = change_of(text.split(), REFERENCE)
    return change.turned if change else None


@pytest.mark.parametrize(
    ("pairs", "turned"),
    [
        ([(" is ", " is not ")], "denial"),
        ([("same", "different")], "opposite"),
        ([(" is ", " is not "), ("same", "different")], ""),
        ([("lamp", "bulb")], ""),
        ([("in this loop", "")], ""),
        ([("the current is the same before", "nothing like it")], None),
    ],
)
def test_what_a_copy_turns_round(pairs: list[tuple[str, str]], turned: str | None) -> None:
    assert changed(*pairs) == turned


def test_numbers_and_units_of_a_copy() -> None:
    reference = words("the wire is 5 cm long and has 2 ends")
    assert change_of(words("the wire is 7 cm long and has 2 ends"), reference).turned == "numbers"
    assert change_of(words("the wire is 5 km long and has 2 ends"), reference).turned == "units"
    assert change_of(words("the wire has 2 ends and is 5 cm long"), reference) is None
    assert (
        change_of(words("terminals 1,2 and 3 are open here"), words("terminals 1 2 and 3 are open here")).turned == ""
    )


def test_words_put_in_another_order() -> None:
    reference = words("roots bring water from the soil up to the leaves")
    assert is_rearranged(words("leaves bring water from the soil up to the roots"), reference)
    assert not is_rearranged(words("up to the leaves roots bring water from the soil"), reference), "a clause moved"
    assert not is_rearranged(words("roots take water from the ground up to leaves"), reference), "other words"
    assert not is_rearranged(words("b is connected to a"), words("a is connected to b")), "holds either way round"


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("the of lamp", 1),
        ("the lamp is can of", 3),
        ("because the circuit is open", 0),
        ("what it is made of", 1),  # one fault alone is weighed with the length
        ("A is on and A or B is off", 0),
        ("Paths A and B. A is open", 0),
        ("it goes in and out, on and off", 0),
        ("its a gap, their is one", 0),
    ],
)
def test_small_words_that_never_meet(text: str, n: int) -> None:
    assert n_order_faults(text) == n


def test_two_clauses_may_contrast_but_not_contradict() -> None:
    assert contradicts_itself(Text("The lamp is on now. The lamp is not on now."))
    assert not contradicts_itself(Text("The left lamp is on now. The right lamp is not on now."))
    assert not contradicts_itself(
        Text("If the switch is open the lamp is off. If the switch is closed the lamp is on.")
    )


def test_slips_are_put_right_only_where_a_known_word_is_near() -> None:
    known = frozenset(("terminal", "circuit"))
    assert corrected(["postive", "terminl", "banana", "the"], known) == ["positive", "terminal", "banana", "the"]


def test_the_longest_run() -> None:
    assert common_run(words("so the lamp is out"), words("why is it that the lamp is out")) == words("the lamp is out")
    assert common_run([], ["why"]) == []


def test_of_very_long_texts_the_beginning_is_read() -> None:
    """Whatever stands behind it is not looked at, so that no answer can keep a worker busy."""
    long = words("the lamp is out and the path is open but no current flows to it " * 700)
    other = long[::-1]
    for compare in (change_of, is_rearranged, common_run):
        assert compare(long, other) == compare(long[:MAX_WORDS], other[:MAX_WORDS])
