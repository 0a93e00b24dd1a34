"""Responses as they come in from pages and systems: read into one canonical form, or refused with a pointer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.catalog.formats import FORMATS, Exercise, read_response
from adaptive.common.errors import InvalidInput
from tests.factories import EXERCISES

FORMAT_NAMES = sorted(FORMATS)


def exercise(response_format: str) -> Exercise:
    content = EXERCISES[response_format][0]
    return Exercise(response_format, content["body"], tuple(content.get("choices", ())), content["answer"])


@pytest.mark.parametrize("response_format", FORMAT_NAMES)
def test_right_and_wrong_responses_are_read(response_format: str) -> None:
    _, right, wrong = EXERCISES[response_format]
    assert read_response(exercise(response_format), right) == right
    assert read_response(exercise(response_format), wrong) == wrong


@pytest.mark.parametrize(
    ("response_format", "response", "canonical"),
    [
        ("multiple_choice", {"choices": ["b", "a", "b"]}, {"choices": ["a", "b"]}),
        ("numeric", {"value": 0.75}, {"value": "0.75"}),
        ("numeric", {"value": "  3/4 "}, {"value": "3/4"}),
        ("matching", {"pairs": {"l2": "r2", "l1": "r1"}}, {"pairs": {"l1": "r1", "l2": "r2"}}),
        ("matching", {"pairs": {"l1": "r1"}}, {"pairs": {"l1": "r1"}}),
        ("cloze", {"gaps": ["4/9", ""]}, {"gaps": ["4/9", ""]}),
        ("short_text", {"text": "أربعة \u202eabc\u202c 🍕"}, {"text": "أربعة \u202eabc\u202c 🍕"}),
    ],
)
def test_the_same_answer_has_one_form(response_format: str, response: dict[str, Any], canonical: Any) -> None:
    assert read_response(exercise(response_format), response) == canonical


@pytest.mark.parametrize(
    ("response_format", "response", "pointer"),
    [
        ("choice", None, "/response"),
        ("choice", ["b"], "/response"),
        ("choice", {}, "/response/choice"),
        ("choice", {"choice": "z"}, "/response/choice"),
        ("choice", {"choice": ["b"]}, "/response/choice"),
        ("choice", {"choice": "b", "score": 1}, "/response/score"),
        ("multiple_choice", {"choices": []}, "/response/choices"),
        ("multiple_choice", {"choices": "ab"}, "/response/choices"),
        ("multiple_choice", {"choices": ["a", "z"]}, "/response/choices/1"),
        ("multiple_choice", {"choices": [["a"]]}, "/response/choices/0"),
        ("multiple_choice", {"choices": ["a"] * 10_000}, "/response/choices"),
        ("numeric", {"value": ""}, "/response/value"),
        ("numeric", {"value": "three"}, "/response/value"),
        ("numeric", {"value": "1/0"}, "/response/value"),
        ("numeric", {"value": "9" * 10_240}, "/response/value"),
        ("numeric", {"value": 10**400}, "/response/value"),
        ("numeric", {"value": float("nan")}, "/response/value"),
        ("numeric", {"value": True}, "/response/value"),
        ("numeric", {"value": [1]}, "/response/value"),
        ("ordering", {"order": ["x", "y"]}, "/response/order"),
        ("ordering", {"order": ["x", "y", "y"]}, "/response/order"),
        ("ordering", {"order": [1, 2, 3]}, "/response/order"),
        ("matching", {"pairs": {}}, "/response/pairs"),
        ("matching", {"pairs": {"r1": "l1"}}, "/response/pairs/r1"),
        ("matching", {"pairs": {"l1": "l2"}}, "/response/pairs/l1"),
        ("matching", {"pairs": {"l1": ["r1"]}}, "/response/pairs/l1"),
        ("matching", {"pairs": {"x" * 100_000: "r1"}}, "/response/pairs/" + "x" * 60),
        ("cloze", {"gaps": ["4/9"]}, "/response/gaps"),
        ("cloze", {"gaps": ["", " "]}, "/response/gaps"),
        ("cloze", {"gaps": ["x" * 201, "y"]}, "/response/gaps/0"),
        ("cloze", {"gaps": [1, 2]}, "/response/gaps/0"),
        ("short_text", {"text": "  \n "}, "/response/text"),
        ("short_text", {"text": "a\x00b"}, "/response/text"),
        ("short_text", {"text": "\ud800"}, "/response/text"),
        ("long_text", {"text": "x" * 1_000_000}, "/response/text"),
        ("long_text", {"text": 5}, "/response/text"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(response_format: str, response: Any, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_response(exercise(response_format), response)
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert len(refused.value.detail) < 300, "what was sent is not repeated without end"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["a", "l1", "r1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KEYS = st.sampled_from(["choice", "choices", "value", "text", "order", "pairs", "gaps"])


@given(st.sampled_from(FORMAT_NAMES), st.dictionaries(KEYS, json_values, max_size=2) | json_values)
def test_any_json_is_read_or_refused(response_format: str, response: Any) -> None:
    try:
        canonical = read_response(exercise(response_format), response)
    except InvalidInput as refused:
        assert refused.errors
        return
    assert read_response(exercise(response_format), canonical) == canonical
