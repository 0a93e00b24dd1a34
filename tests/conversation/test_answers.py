"""What counts as giving an answer away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.conversation.answers import Keys, held_answers, key_of, said
from tests.factories import EXERCISES


def keys_of(response_format: str, **values) -> Keys:
    content = {"body": "", **EXERCISES[response_format][0], **values}
    content.pop("title", None)
    names = ("body", "answer", "choices", "hints", "explanation", "rubric")
    return Keys.of(
        [key_of(exercise=1, response_format=response_format, **{n: content[n] for n in names if n in content})]
    )


@pytest.mark.parametrize(
    "text", ["3/4", "0.75", "$\\frac{3}{4}$", "75 %", "three quarters", "¾", "three fourths", "0,75"]
)
def test_a_number_is_held_in_any_form_where_the_exercise_is_meant(text):
    keys = keys_of("numeric", body="How much?", answer={"value": 0.75})
    assert held_answers(f"It is {text}.", keys, in_focus=[1]) == [1]
    assert held_answers(f"It is {text}.", keys) == []


def test_a_number_alone_is_no_answer_of_another_exercise_but_beside_its_own_numbers_it_is():
    keys = keys_of("numeric", body="What is 1/2 + 1/3?", answer={"value": 0.8333333333333334})
    assert held_answers("A half and a third are parts.", keys) == []
    assert held_answers("Five sixths of the cake is left.", keys) == []
    assert held_answers("1/2 + 1/3 = 5/6, as you see.", keys) == [1]


def test_a_negative_answer_is_held_with_and_without_its_sign():
    keys = keys_of("numeric", body="How cold?", answer={"value": -4})
    assert held_answers("It is −4 degrees.", keys, in_focus=[1]) == [1]


def test_six_words_of_a_reference_answer_in_a_row_are_held_whatever_is_meant():
    reference = "The parts are not of the same size, so they cannot be counted together."
    keys = keys_of("short_text", body="Why?", answer={"references": [reference]})
    assert held_answers("Remember: parts are not of the **same** size here.", keys) == [1]
    assert held_answers("Parts have a size.", keys) == []


def test_the_last_hint_is_held_and_an_earlier_one_is_not():
    keys = keys_of(
        "numeric",
        answer={"value": 7},
        hints=["Look at the whole of it and then go on.", "Take the sum of both and halve it again."],
    )
    assert held_answers("Take the sum of both and halve it again.", keys) == [1]
    assert held_answers("Look at the whole of it and then go on.", keys) == []


def test_the_right_choice_is_held_by_its_letter_and_its_words():
    choices = [{"id": "a", "text": "a stiff wall"}, {"id": "c", "text": "a thin skin"}]
    keys = keys_of("choice", body="Which?", choices=choices, answer={"choice": "c"})
    assert held_answers("Take answer C.", keys, in_focus=[1]) == [1]
    assert held_answers("It is a thin skin.", keys, in_focus=[1]) == [1]
    assert held_answers("It is a stiff wall.", keys, in_focus=[1]) == []


def test_a_gap_a_pair_and_an_order_are_held():
    cloze = keys_of("cloze", body="[[1]]", answer={"gaps": [["xylem"]]})
    assert held_answers("Water rises in the xylem.", cloze, in_focus=[1]) == [1]
    matching = keys_of(
        "matching",
        body="",
        choices=[{"id": "l1", "text": "root"}, {"id": "r1", "text": "takes in water"}],
        answer={"pairs": {"l1": "r1"}},
    )
    assert held_answers("The root takes in water.", matching, in_focus=[1]) == [1]
    assert held_answers("The root is long. A leaf takes in light.", matching, in_focus=[1]) == []
    items = [{"id": i, "text": t} for i, t in (("a", "cut it"), ("b", "boil it"), ("c", "eat it"))]
    ordering = keys_of("ordering", body="", choices=items, answer={"order": ["b", "a", "c"]})
    assert held_answers("First boil it, then cut it, and eat it.", ordering) == [1]
    assert held_answers("First cut it, then boil it, and eat it.", ordering) == []


def test_what_is_solved_may_be_said():
    keys = keys_of("numeric", body="How much?", answer={"value": 0.75})
    assert held_answers("It is 3/4.", keys, is_open=[], in_focus=[1]) == []


@pytest.mark.parametrize("response_format", list(EXERCISES))
@pytest.mark.parametrize("broken", [{}, {"choice": None}, {"gaps": []}, {"pairs": {}}, {"values": ["x"]}])
def test_a_malformed_key_breaks_nothing(response_format, broken):
    key = key_of(exercise=1, response_format=response_format, body="", answer=broken, choices=[{"id": "a"}])
    held_answers("Some words.", Keys.of([key]), in_focus=[1])


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    said(text)
    held_answers(text, keys_of("numeric", body="1 2", answer={"value": 3}), in_focus=[1])
