"""The words say what the facts say, and the check that a model's words must pass finds nothing in them."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptive.explanation.facts import Fact
from adaptive.explanation.grounding import is_grounded
from adaptive.performance.facts import facts_of
from adaptive.performance.words import words_of

from .rows import DAY, row
from .test_facts import rows_strategy


def said(rows, period="session", **values) -> str:
    facts = facts_of(rows, **values)
    return words_of(facts, period=period, is_english=True).text


def test_a_session_in_full():
    rows = [
        *(row(n, 1.0, seconds=20.0) for n in (1, 2, 3)),
        *(row(n, 0.0, skill=2, seconds=40.0, misconception="swaps") for n in (4, 5)),
        row(6, None),
    ]
    assert said(rows, misconceptions={"swaps": "Swaps the two"}, usual_seconds=[60.0] * 5) == (
        "You gave 6 answers; 3 right so far, and 1 still waits for its mark. "
        "You are doing well in “Skill A”: 3 of 3 right. "
        "There is a gap in “Skill B”: 0 of 2 right. "
        "What stood in the way in 2 answers: “Swaps the two”. "
        "You took about 20 seconds for an answer; it was about 60 seconds before. "
        "Next, work on “Skill B”; we look for what helps with it."
    )


@pytest.mark.parametrize(
    ("rows", "begins"),
    [
        ([row(1, 1.0)], "You gave 1 answer, and it was right."),
        ([row(1, 0.0)], "You gave 1 answer, and it was not right yet."),
        ([row(1, None)], "You gave 1 answer; it still waits for its mark. Next, go on while"),
        ([row(1, None), row(2, None)], "You gave 2 answers; they still wait for their marks."),
        ([row(1, 1.0), row(2, 1.0)], "You gave 2 answers, and all of them were right."),
        ([row(1, 0.0), row(2, 0.0)], "You gave 2 answers, and none of them was right yet."),
        ([row(1, 1.0), row(2, 0.0)], "You gave 2 answers; 1 of them right."),
    ],
)
def test_how_it_begins(rows, begins):
    assert said(rows).startswith(begins)


def test_a_week_says_on_how_many_days():
    rows = [row(1, 1.0), row(2, 0.0, day=DAY + timedelta(days=2))]
    assert said(rows, period="week").startswith("You gave 2 answers on 2 days; 1 of them right.")
    assert said(rows[:1], period="week").startswith("You gave 1 answer on 1 day, and it was right.")


def test_a_pace_that_did_not_change_is_not_compared_with_itself():
    for seconds, words in ((120.0, "about 2 min for an answer"), (20.0, "about 20 seconds for an answer")):
        rows = [row(n, 1.0, seconds=seconds) for n in (1, 2)]
        assert f"{words}, as long as before." in said(rows, usual_seconds=[seconds + 0.2] * 5)


def test_a_slow_pace_is_said_in_minutes():
    assert "about 3 minutes for an answer." in said([row(n, 1.0, seconds=180.0) for n in (1, 2)])
    assert "about 2 min for an answer; it was about 1 min before." in said(
        [row(n, 1.0, seconds=120.0) for n in (1, 2)], usual_seconds=[60.0] * 5
    )


def test_rapid_guesses_are_said():
    text = said([row(1, 0.0, seconds=1.0), row(2, 0.0, seconds=2.0)])
    assert "2 wrong answers came within 5 seconds; take your time to read." in text


@settings(max_examples=150, deadline=None)
@given(rows=rows_strategy, usual=st.lists(st.floats(1, 3000), max_size=8), period=st.sampled_from(["session", "week"]))
def test_all_words_are_grounded(rows, usual, period):
    facts = facts_of(rows, usual_seconds=usual)
    if not facts:
        return
    words = words_of(facts, period=period, is_english=True)
    assert words.grounding == {"is_checked": True, "is_grounded": True, "offending": []}
    assert is_grounded(words.text, words.facts).ok
    assert [Fact.from_json(fact.to_json()).text for fact in words.facts] == [fact.text for fact in words.facts]
    assert all(fact.values["attempts"] for fact in words.facts)


@pytest.mark.parametrize("name", ["100 % sure: “two” of 3 <b>", "$\\frac{1}{2}$", "%(n_right)s", "Ω 7", "x" * 255])
def test_names_that_look_like_something_else_do_no_harm(name):
    rows = [row(n, 0.0, skill_name=name) for n in (1, 2)]
    words = words_of(facts_of(rows), period="session", is_english=True)
    assert words.text.startswith("You gave 2 answers, and none")
    # Whatever the check cannot follow is left out, not shown.
    assert is_grounded(words.text, words.facts).ok


def test_a_false_number_would_be_refused():
    words = words_of(facts_of([row(1, 1.0), row(2, 0.0)]), period="session", is_english=True)
    assert not is_grounded(words.text.replace("2 answers", "3 answers"), words.facts).ok
    assert not is_grounded("You took about 9 seconds.", words.facts).ok


def test_other_languages_are_not_checked_and_say_so():
    words = words_of(facts_of([row(1, 1.0)]), period="session", is_english=False)
    assert words.text and words.grounding["is_checked"] is False
