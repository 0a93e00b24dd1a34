"""What an author or an LMS sends: good resources pass, anything else is refused with a pointer, nothing crashes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.assessment.keys import assess_by_key
from adaptive.catalog.checking import KINDS, check_external_id, check_resource
from adaptive.catalog.formats import FORMATS, Exercise, read_response
from adaptive.common.errors import InvalidInput
from tests.factories import EXERCISES

FORMAT_NAMES = sorted(FORMATS)


def exercise(of_format: str = "choice", **changes: Any) -> dict[str, Any]:
    base = {"kind": "exercise", "response_format": of_format, "skills": ["s"], **EXERCISES[of_format][0]}
    return {**base, **changes}


def pointers(data: dict[str, Any]) -> list[str]:
    return [error.pointer for error in check_resource(data)]


@pytest.mark.parametrize("response_format", FORMAT_NAMES)
def test_an_exercise_of_every_format_passes(response_format: str) -> None:
    assert check_resource(exercise(response_format)) == []


def test_a_reading_passes_and_may_not_have_a_key() -> None:
    assert check_resource({"kind": "reading", "title": "Parts", "body": "A *part*.", "skills": []}) == []
    assert pointers({"kind": "reading", "title": "Parts", "answer": {"choice": "a"}}) == ["/answer"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "quiz"}, "/kind"),
        ({"kind": []}, "/kind"),
        ({"title": "  "}, "/title"),
        ({"title": 5}, "/title"),
        ({"title": "x" * 256}, "/title"),
        ({"body": "x" * 200_001}, "/body"),
        ({"body": "a\x00b"}, "/body"),
        ({"language": 5}, "/language"),
        ({"language": "x" * 36}, "/language"),
        ({"duration_minutes": 0}, "/duration_minutes"),
        ({"duration_minutes": "3"}, "/duration_minutes"),
        ({"duration_minutes": float("nan")}, "/duration_minutes"),
        ({"duration_minutes": 10**400}, "/duration_minutes"),
        ({"authored_difficulty": 1.5}, "/authored_difficulty"),
        ({"authored_difficulty": True}, "/authored_difficulty"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"url": "http://[broken"}, "/url"),
        ({"skills": "s"}, "/skills"),
        ({"skills": [1]}, "/skills"),
        ({"hints": ["ok", ""]}, "/hints"),
        ({"hints": ["h"] * 11}, "/hints"),
        ({"misconceptions": "swaps"}, "/misconceptions"),
        ({"response_format": "essay"}, "/response_format"),
        ({"response_format": []}, "/response_format"),
        ({"response_format": None}, "/response_format"),
        ({"choices": "a"}, "/choices"),
        ({"choices": [1, 2]}, "/choices"),
        ({"answer": "b"}, "/answer"),
        ({"answer": {}}, "/answer/choice"),
        ({"answer": {"choice": "z"}}, "/answer/choice"),
        ({"answer": {"choice": ["b"]}}, "/answer/choice"),
    ],
)
def test_what_is_wrong_is_pointed_at(changes: dict[str, Any], pointer: str) -> None:
    assert pointer in pointers(exercise(**changes))


@pytest.mark.parametrize(
    ("response_format", "changes", "pointer"),
    [
        ("choice", {"choices": [{"id": "a", "text": "one"}]}, "/choices"),
        ("choice", {"choices": [{"id": "b", "text": "x"}, {"id": "b", "text": "y"}]}, "/choices/1/id"),
        ("choice", {"choices": [{"id": "b", "text": ""}, {"id": "c", "text": "y"}]}, "/choices/0/text"),
        ("choice", {"choices": [{"id": ["b"], "text": "x"}, {"id": "c", "text": "y"}]}, "/choices/0/id"),
        (
            "choice",
            {"choices": [{"id": "a", "text": "x", "feedback": 5}, {"id": "b", "text": "y"}]},
            "/choices/0/feedback",
        ),
        (
            "choice",
            {"choices": [{"id": "a", "text": "x", "misconception": ["swaps"]}, {"id": "b", "text": "y"}]},
            "/choices/0/misconception",
        ),
        ("multiple_choice", {"answer": {"choices": []}}, "/answer/choices"),
        ("multiple_choice", {"answer": {"choices": ["a", "z"]}}, "/answer/choices/1"),
        ("multiple_choice", {"answer": {"choices": [["a"]]}}, "/answer/choices/0"),
        ("numeric", {"answer": {"value": "a half"}}, "/answer/value"),
        ("numeric", {"answer": {"value": 10**400}}, "/answer/value"),
        ("numeric", {"answer": {"value": float("inf")}}, "/answer/value"),
        ("numeric", {"answer": {"values": []}}, "/answer/values"),
        ("numeric", {"answer": {"value": 1, "tolerance": -1}}, "/answer/tolerance"),
        ("numeric", {"answer": {"value": 1, "tolerance": 10**400}}, "/answer/tolerance"),
        ("numeric", {"answer": {"value": 1, "common_errors": 5}}, "/answer/common_errors"),
        ("numeric", {"answer": {"value": 1, "common_errors": [{"value": "two"}]}}, "/answer/common_errors/0"),
        (
            "numeric",
            {"answer": {"value": 1, "common_errors": [{"value": 2, "feedback": ["no"]}]}},
            "/answer/common_errors/0",
        ),
        ("ordering", {"answer": {"order": ["y", "z"]}}, "/answer/order"),
        ("ordering", {"answer": {"order": ["y", "z", "z"]}}, "/answer/order"),
        (
            "ordering",
            {"choices": [{"id": "1", "text": "x"}, {"id": "2", "text": "y"}], "answer": {"order": [1, 2]}},
            "/answer/order",
        ),
        ("matching", {"answer": {"pairs": {}}}, "/answer/pairs"),
        ("matching", {"answer": {"pairs": {"l1": "l2", "l2": "r2"}}}, "/answer/pairs/l1"),
        ("matching", {"answer": {"pairs": {"l9": "r1"}}}, "/answer/pairs/l9"),
        ("cloze", {"answer": {"gaps": []}}, "/answer/gaps"),
        ("cloze", {"answer": {"gaps": [["4/9"], []]}}, "/answer/gaps"),
        ("cloze", {"body": "[[1]] and [[3]]"}, "/body"),
        ("cloze", {"answer": {"gaps": [["4/9"], ["5/9"]], "exact": "yes"}}, "/answer/exact"),
        ("short_text", {"answer": {"references": "one"}}, "/answer/references"),
        ("long_text", {"answer": {"accepted": [""]}}, "/answer/accepted"),
    ],
)
def test_a_key_that_cannot_be_right_is_pointed_at(response_format: str, changes: dict[str, Any], pointer: str) -> None:
    assert pointer in pointers(exercise(response_format, **changes))


@pytest.mark.parametrize("bad", ["", "x" * 256, "a/b", "a\x00b", 5, None, ["a"]])
def test_external_ids(bad: Any) -> None:
    assert check_external_id(bad, "/course")


def test_an_id_may_hold_any_letters() -> None:
    assert check_external_id("https:example ü 数", "/course") == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = [
    "kind", "title", "body", "url", "language", "duration_minutes", "response_format", "choices", "answer", "hints",
    "rubric", "explanation", "misconceptions", "authored_difficulty", "skills", "source", "attribution",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS), json_values), st.sampled_from(FORMAT_NAMES))
def test_no_json_crashes_the_check(changes: dict[str, Any], response_format: str) -> None:
    assert isinstance(check_resource(exercise(response_format, **changes)), list)
    assert isinstance(check_resource(changes), list)


KEYS = ["choice", "choices", "value", "values", "tolerance", "unit", "common_errors", "order", "pairs", "gaps", "exact",
        "references", "accepted"]  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(KEYS), json_values),
    st.sampled_from(FORMAT_NAMES),
    st.booleans(),
)
def test_a_key_that_passes_can_assess_any_response_that_can_be_read(
    key: dict[str, Any], response_format: str, keeps_right_key: bool
) -> None:
    content, right, wrong = EXERCISES[response_format]
    answer = {**key, **content["answer"]} if keeps_right_key else {**content["answer"], **key}
    data = exercise(response_format, answer=answer)
    if check_resource(data):
        return
    built = Exercise(response_format, data.get("body", ""), tuple(data.get("choices", ())), answer)
    for response in (right, wrong):
        try:
            canonical = read_response(built, response)
        except InvalidInput:
            continue
        verdict = assess_by_key(built, canonical)
        assert verdict is None or 0.0 <= verdict.score <= 1.0


def test_every_kind_is_known_to_the_model() -> None:
    from adaptive.catalog.models import Resource

    assert set(KINDS) == set(Resource.Kind.values)
