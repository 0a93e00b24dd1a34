"""The facts are counted, not guessed: every one has the attempts behind it, and the same rows give the same facts."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptive.performance.facts import GAP_BELOW, STRONG_FROM, facts_of

from .rows import row


def names(entries):
    return [entry["name"] for entry in entries]


def test_no_attempt_is_no_assessment():
    assert facts_of([]) == {}


def test_one_right_answer_is_neither_strength_nor_gap():
    facts = facts_of([row(1, 1.0)])
    assert facts["strengths"] == facts["gaps"] == facts["misconceptions"] == []
    assert facts["pace"] is None and (facts["n_attempts"], facts["n_right"]) == (1, 1)
    assert [(step["action"], step["name"]) for step in facts["next"]] == [("practise_more", "Skill A")]


def test_one_wrong_answer_is_a_gap_only_where_its_assessment_says_what_was_missing():
    assert facts_of([row(1, 0.0)])["gaps"] == []
    (gap,) = facts_of([row(1, 0.0, missing="equal parts")])["gaps"]
    assert gap["missing"] == ["equal parts"] and gap["attempts"] == [1]


def test_all_right():
    facts = facts_of([row(n, 1.0) for n in range(1, 5)])
    (strength,) = facts["strengths"]
    assert (strength["skill"], strength["n_right"], strength["attempts"]) == (1, 4, [1, 2, 3, 4])
    assert facts["gaps"] == [] and facts["next"][0]["action"] == "go_harder"


def test_all_wrong():
    facts = facts_of([row(n, 0.0, skill=1 + n % 2) for n in range(1, 6)])
    assert facts["strengths"] == [] and facts["n_right"] == 0
    assert names(facts["gaps"]) == ["Skill B", "Skill A"], "the one with more wrong answers first"
    assert [step["action"] for step in facts["next"]] == ["close_gap", "close_gap"]


def test_what_waits_counts_as_an_attempt_and_in_no_score():
    facts = facts_of([row(1, None), row(2, None)])
    assert (facts["n_attempts"], facts["n_scored"], facts["n_waiting"], facts["mean_score"]) == (2, 0, 2, None)
    assert facts["strengths"] == facts["gaps"] == []
    assert facts["next"] == [{"action": "wait", "skill": None, "resource": None, "name": None, "attempts": [1, 2]}]


def test_right_with_hints_is_no_strength():
    assert facts_of([row(n, 1.0, n_hints=2) for n in range(1, 5)])["strengths"] == []
    assert facts_of([row(n, 1.0, n_hints=n % 2) for n in range(1, 5)])["strengths"]


def test_an_exercise_without_a_skill_stands_for_itself():
    facts = facts_of([row(n, 0.0, skill=None, resource=7, title="Leo's pizza") for n in (1, 2)])
    (gap,) = facts["gaps"]
    assert (gap["skill"], gap["resource"], gap["name"]) == (None, 7, "Leo's pizza")


def test_misconceptions_are_counted_by_answers_and_named_by_the_course():
    rows = [row(1, 0.0, misconception="swaps"), row(2, 0.2, misconception="swaps"), row(3, 0.0, misconception="other")]
    first, second = facts_of(rows, misconceptions={"swaps": "Swaps the two"})["misconceptions"]
    assert (first["name"], first["n_attempts"], first["attempts"]) == ("Swaps the two", 2, [1, 2])
    assert second["name"] == "other", "what the course does not name goes by its code"


def test_a_misconception_on_a_right_answer_is_none():
    assert facts_of([row(1, 1.0, misconception="swaps")])["misconceptions"] == []


def test_pace_is_a_median_beside_the_usual_one():
    rows = [row(n, 1.0, seconds=s) for n, s in enumerate((10.0, 40.0, 20.0), start=1)]
    pace = facts_of(rows, usual_seconds=[30.0] * 5)["pace"]
    assert (pace["median_seconds"], pace["usual_seconds"], pace["attempts"]) == (20.0, 30.0, [1, 2, 3])
    assert facts_of(rows, usual_seconds=[30.0] * 4)["pace"]["usual_seconds"] is None, "too few to say what is usual"
    assert facts_of(rows[:1])["pace"] is None


def test_who_was_away_is_not_slow():
    rows = [row(1, 1.0, seconds=10.0), row(2, 1.0, seconds=12.0), row(3, 1.0, seconds=7200.0)]
    assert facts_of(rows)["pace"]["n_timed"] == 2


def test_rapid_wrong_answers_are_counted_and_rapid_right_ones_are_not():
    rows = [row(1, 0.0, seconds=1.0), row(2, 0.0, seconds=2.0), row(3, 1.0, seconds=1.0)]
    assert facts_of(rows)["pace"]["n_rapid"] == 2


rows_strategy = st.lists(
    st.builds(
        row,
        st.integers(1, 10_000),
        st.none() | st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1),
        skill=st.none() | st.integers(1, 6),
        n_hints=st.integers(0, 3),
        seconds=st.none() | st.floats(0.1, 4000),
        missing=st.sampled_from(["", "equal parts", "a common denominator"]),
        misconception=st.sampled_from(["", "swaps", "part-to-part"]),
    ),
    max_size=25,
    unique_by=lambda one: one.id,
)


@settings(max_examples=150, deadline=None)
@given(rows=rows_strategy, usual=st.lists(st.floats(1, 3000), max_size=8))
def test_every_fact_holds_and_has_its_attempts(rows, usual):
    facts = facts_of(rows, usual_seconds=usual)
    assert facts == facts_of(rows, usual_seconds=usual) == json.loads(json.dumps(facts))
    if not rows:
        return
    by_id = {one.id: one for one in rows}
    assert facts["n_scored"] + facts["n_waiting"] == facts["n_attempts"] == len(rows)
    for kind in ("strengths", "gaps"):
        for about in facts[kind]:
            behind = [by_id[pk] for pk in about["attempts"]]
            assert len(behind) == about["n_scored"] and all(one.score is not None for one in behind)
            assert about["mean_score"] == pytest.approx(sum(one.score for one in behind) / len(behind), abs=1e-3)
            if about["skill"] is not None:
                assert {one.skill for one in behind} == {about["skill"]}
    assert all(one["mean_score"] >= STRONG_FROM for one in facts["strengths"])
    assert all(one["mean_score"] < GAP_BELOW for one in facts["gaps"])
    assert facts["next"] and all(step["attempts"] for step in facts["next"])
