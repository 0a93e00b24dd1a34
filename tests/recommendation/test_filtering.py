"""What never stands in a slate, and why it says so."""

from dataclasses import replace

import pytest

from adaptive.recommendation.filtering import filter_candidates, why_dropped
from adaptive.recommendation.types import Tried

from .builders import COURSE, context, exercise, reading, skill


def test_what_is_fine_stays():
    assert why_dropped(context(), exercise(1)) == ""


def test_another_course_a_retired_one_and_a_wrong_kind_are_dropped():
    ctx = context(kinds=("exercise",))
    assert why_dropped(ctx, replace(exercise(1), course_id=COURSE + 1)) == "wrong_course"
    assert why_dropped(ctx, replace(exercise(1), is_retired=True)) == "retired"
    assert why_dropped(ctx, reading(2)) == "wrong_kind"


@pytest.mark.parametrize(
    ("score", "minutes_ago", "reason"),
    [
        (1.0, 5, "answered_right"),
        (0.8, 60 * 24 * 2.9, "answered_right"),
        (1.0, 60 * 24 * 3.1, ""),
        (0.3, 5, "just_tried"),
        (0.3, 15, ""),
        (None, 5, "being_read"),
        (None, 99_999, "being_read"),
    ],
)
def test_an_exercise_just_answered_rests(score, minutes_ago, reason):
    ctx = context(tried={1: Tried(1, int((score or 0) >= 0.8), score, minutes_ago)})
    assert why_dropped(ctx, exercise(1)) == reason


def test_a_due_review_may_bring_an_exercise_back_sooner():
    tried = {1: Tried(1, 1, 1.0, 60 * 24.0)}
    assert why_dropped(context(skill(1, r=0.99), tried=tried), exercise(1)) == "answered_right"
    assert why_dropped(context(skill(1, r=0.6), tried=tried), exercise(1)) == ""


@pytest.mark.parametrize("code", ["dismissed", "too_easy", "too_hard", "seen", "not_now"])
def test_what_the_learner_set_aside_stays_away(code):
    assert why_dropped(context(set_aside={1: code}), exercise(1)) == code


def test_a_finished_reading_stays_away_but_of_exercises_the_answers_tell():
    ctx = context(set_aside={1: "completed"})
    assert why_dropped(ctx, reading(1)) == "completed"
    assert why_dropped(ctx, exercise(1)) == ""


def test_review_takes_only_what_is_due():
    ctx = context(skill(1, 0.9, r=0.99), skill(2, 0.9, r=0.7), purpose="review")
    assert why_dropped(ctx, exercise(1, (1,))) == "not_due"
    assert why_dropped(ctx, exercise(2, (2,))) == ""


def test_mastered_skills_are_not_practised_until_they_are_due():
    assert why_dropped(context(skill(1, 0.95, r=0.99)), exercise(1)) == "mastered"
    assert why_dropped(context(skill(1, 0.95, r=0.7)), exercise(1)) == ""
    assert why_dropped(context(skill(1, 0.95, 0)), exercise(1)) == ""  # a guess proves nothing


def test_with_a_query_only_what_it_found_stays():
    ctx = context(query="pizza")
    assert why_dropped(ctx, exercise(1)) == "no_match"
    assert why_dropped(ctx, exercise(1, found={"query_words": {"match": 0.5}})) == ""


def test_who_asks_for_words_also_gets_what_is_mastered():
    ctx = context(skill(1, 0.95), query="pizza")
    assert why_dropped(ctx, exercise(1, found={"query_words": {"match": 0.5}})) == ""


def test_every_candidate_ends_on_one_side():
    kept, dropped = filter_candidates(context(set_aside={2: "seen"}), [exercise(1), exercise(2)])
    assert [c.id for c in kept] == [1]
    assert dropped == {2: "seen"}
