"""Marking by key: what each format gives credit for."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.assessment.keys import ASSESSORS, assess_by_key
from adaptive.assessment.keys.ordering import longest_increasing
from adaptive.assessment.types import Verdict
from adaptive.catalog.formats import FORMATS, Exercise, read_response
from tests.factories import EXERCISES


def exercise(response_format: str, **answer: Any) -> Exercise:
    content = EXERCISES[response_format][0]
    choices = tuple(content.get("choices", ()))
    return Exercise(response_format, content["body"], choices, answer or content["answer"])


def assess(response_format: str, response: dict[str, Any], **answer: Any) -> Verdict | None:
    built = exercise(response_format, **answer)
    return assess_by_key(built, read_response(built, response))


def test_every_format_has_an_assessor() -> None:
    assert set(ASSESSORS) == set(FORMATS)


@pytest.mark.parametrize("response_format", sorted(set(FORMATS) - {"short_text", "long_text"}))
def test_right_is_right_and_wrong_is_not(response_format: str) -> None:
    _, right, wrong = EXERCISES[response_format]
    verdict = assess(response_format, right)
    assert (verdict.score, verdict.label, verdict.confidence, verdict.assessor_kind) == (1.0, "correct", 1.0, "key")
    verdict = assess(response_format, wrong)
    assert verdict.score < 0.5
    assert verdict.label in {"incorrect", "partially_correct"}
    assert not verdict.needs_review


def test_a_wrong_choice_is_answered_with_its_feedback_and_its_misconception() -> None:
    verdict = assess("choice", {"choice": "a"})
    assert (verdict.feedback, verdict.misconception) == ("Count all pieces.", "part-to-part")


def test_a_right_choice_shows_no_misconception() -> None:
    assert assess("choice", {"choice": "b"}).misconception == ""


@pytest.mark.parametrize(
    ("picked", "score"),
    [
        (["a", "b"], 1.0),
        (["a"], 0.5),
        (["a", "b", "c"], 0.5),
        (["a", "c"], 0.0),
        (["c", "d"], 0.0),
        (["a", "b", "c", "d"], 0.0),
    ],
)
def test_several_choices_right_picks_less_wrong_ones(picked: list[str], score: float) -> None:
    assert assess("multiple_choice", {"choices": picked}).score == score


def test_a_missing_choice_is_said_but_not_named() -> None:
    verdict = assess("multiple_choice", {"choices": ["a"]})
    assert verdict.feedback == "One right choice is missing."
    assert verdict.label == "partially_correct"


def test_wrong_picks_are_answered_with_their_feedback_and_the_first_misconception() -> None:
    verdict = assess("multiple_choice", {"choices": ["c", "d"]})
    assert verdict.feedback == "More than a half. A fifth."
    assert verdict.misconception == "part-to-part"


@pytest.mark.parametrize("text", ["3/4", "0.75", " 0,75 ", "75%", "6/8", "0.75 m", "¾", "x = 0.75", "75/100", "+.75"])
def test_a_number_counts_in_every_spelling(text: str) -> None:
    assert assess("numeric", {"value": text}).score == 1.0


@pytest.mark.parametrize("text", ["0.7500001", "0.7499", "-3/4", "75", "4/3", "3/5", "7.5", "0"])
def test_another_number_does_not(text: str) -> None:
    assert assess("numeric", {"value": text}).score == 0.0


def test_a_common_error_is_named_and_answered() -> None:
    wrong = [{"value": 1.25, "misconception": "swaps", "feedback": "The other way round."}]
    verdict = assess("numeric", {"value": "5/4"}, value=0.8, common_errors=wrong)
    assert (verdict.score, verdict.misconception, verdict.feedback) == (0.0, "swaps", "The other way round.")


@pytest.mark.parametrize(("text", "score"), [("3.1", 1.0), ("3.2", 1.0), ("3.25", 0.0), ("3.0", 1.0), ("2.99", 0.0)])
def test_a_tolerance_includes_its_edges(text: str, score: float) -> None:
    assert assess("numeric", {"value": text}, value=3.1, tolerance=0.1).score == score


def test_several_values_may_be_right() -> None:
    assert assess("numeric", {"value": "-2"}, values=[2, "-2"]).score == 1.0
    assert assess("numeric", {"value": "1/2"}, value="1/2").score == 1.0


def test_a_thousand_may_be_written_with_a_comma_and_so_may_one() -> None:
    assert assess("numeric", {"value": "1,000"}, value=1000).score == 1.0
    assert assess("numeric", {"value": "1,000"}, value=1).score == 1.0
    assert assess("numeric", {"value": "1,000"}, value=100).score == 0.0


def test_percent_where_percent_is_asked() -> None:
    assert assess("numeric", {"value": "75"}, value=75, unit="%").score == 1.0
    assert assess("numeric", {"value": "75%"}, value=75, unit="%").score == 1.0
    assert assess("numeric", {"value": "75%"}, value=75).score == 0.0


@given(st.floats(-1e9, 1e9, allow_nan=False))
def test_every_number_is_right_where_it_is_the_key(value: float) -> None:
    assert assess("numeric", {"value": repr(value)}, value=value).score == 1.0


@given(st.integers(-10_000, 10_000), st.integers(1, 500))
def test_every_fraction_is_right_where_its_value_is_the_key(above: int, below: int) -> None:
    assert assess("numeric", {"value": f"{above}/{below}"}, value=above / below, tolerance=1e-9).score == 1.0


def order_exercise(n: int) -> Exercise:
    ids = [chr(ord("a") + place) for place in range(n)]
    choices = tuple({"id": item, "text": item} for item in reversed(ids))
    return Exercise("ordering", "", choices, {"order": ids})


@pytest.mark.parametrize(
    ("order", "score"),
    [("abcde", 1.0), ("bacde", 0.75), ("bcdea", 0.75), ("eabcd", 0.75), ("badce", 0.5), ("edcba", 0.0), ("cbaed", 0.0)],
)
def test_order_is_worth_its_longest_part_in_order(order: str, score: float) -> None:
    assert assess_by_key(order_exercise(5), {"order": list(order)}).score == score


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_only_the_right_order_is_fully_right(n: int) -> None:
    built = order_exercise(n)
    for order in permutations(built.answer["order"]):
        verdict = assess_by_key(built, {"order": list(order)})
        assert (verdict.score == 1.0) == (list(order) == built.answer["order"])
        assert 0.0 <= verdict.score <= 1.0


def test_the_first_wrong_place_is_pointed_at() -> None:
    assert assess_by_key(order_exercise(4), {"order": list("abdc")}).feedback == "Look again from place 3 on."


@given(st.lists(st.integers(0, 30), max_size=12, unique=True))
def test_longest_increasing_agrees_with_trying_all(places: list[int]) -> None:
    best = [1] * len(places)
    for at, place in enumerate(places):
        best[at] = 1 + max((best[before] for before in range(at) if places[before] < place), default=0)
    assert longest_increasing(places) == max(best, default=0)


def test_pairs_are_worth_their_share() -> None:
    verdict = assess("matching", {"pairs": {"l1": "r1", "l2": "r3"}})
    assert (verdict.score, verdict.label) == (0.5, "partially_correct")
    assert verdict.details["wrong"] == ["l2"]
    assert "\\frac{1}{4}" in verdict.feedback and "0.25" not in verdict.feedback


def test_a_pair_left_open_is_wrong() -> None:
    assert assess("matching", {"pairs": {"l1": "r1"}}).score == 0.5


@pytest.mark.parametrize(
    ("gaps", "score"),
    [
        (["4/9", "5/9"], 1.0),
        ([" FOUR  ninths.", "Five Ninths"], 1.0),
        (["8/18", "10/18"], 1.0),
        (["0.4444444444444", "5/9"], 1.0),
        (["0.44", "5/9"], 0.5),
        (["4/9", ""], 0.5),
        (["5/9", "4/9"], 0.0),
        (["\u202e4/9", "5/9"], 1.0),
        (["", "nothing"], 0.0),
    ],
)
def test_gaps_are_worth_their_share(gaps: list[str], score: float) -> None:
    assert assess("cloze", {"gaps": gaps}).score == score


@pytest.mark.parametrize(
    ("gaps", "score"),
    [
        (["0.35", "35"], 1.0),
        ([" .35 ", "35 %"], 1.0),
        (["7/20", "35"], 0.5),
        (["35%", "35"], 0.5),
        (["0.35", "0.35"], 0.5),
    ],
)
def test_where_the_form_is_the_question_another_form_of_the_number_does_not_count(
    gaps: list[str], score: float
) -> None:
    key = [["0.35", ".35"], ["35", "35%", "35 %"]]
    assert assess("cloze", {"gaps": gaps}, gaps=key, exact=True).score == score


def test_wrong_gaps_are_named_by_their_number_only() -> None:
    assert assess("cloze", {"gaps": ["1", "2"]}).feedback == "Look again at gaps 1, 2."


def test_words_are_left_to_who_can_read_them() -> None:
    assert assess("short_text", {"text": "Thirds are equal parts."}) is None
    assert assess("long_text", {"text": "Because."}) is None


def test_an_accepted_text_needs_no_reading() -> None:
    verdict = assess("short_text", {"text": "  Equal   PARTS. "}, references=[], accepted=["equal parts"])
    assert (verdict.score, verdict.assessor_kind) == (1.0, "key")
    assert assess("short_text", {"text": "unequal parts"}, references=[], accepted=["equal parts"]) is None
