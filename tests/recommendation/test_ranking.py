"""What ranking values, one wish of a teacher at a time."""

import pytest
from hypothesis import given, settings

from adaptive.recommendation.features import features_of, window_value
from adaptive.recommendation.gain import Gains
from adaptive.recommendation.ranking import AT_PRACTICE, rank
from adaptive.recommendation.skills import readiness_of
from adaptive.recommendation.types import Policy, Tried

from .builders import context, exercise, reading, situations, skill


def best(ctx, *candidates):
    return rank(ctx, candidates)[0].candidate.id


def features(ctx, candidate):
    ready = readiness_of(ctx)
    return features_of(ctx, candidate, ready, Gains(ctx, ready))


def test_the_skill_with_more_room_to_learn_comes_first():
    ctx = context(skill(1, 0.8), skill(2, 0.4))
    assert best(ctx, exercise(1, (1,)), exercise(2, (2,))) == 2


def test_success_inside_the_window_beats_too_easy_and_too_hard():
    ctx = context()
    assert best(ctx, exercise(1, p=0.99), exercise(2, p=0.7), exercise(3, p=0.15)) == 2


def test_the_shorter_of_two_equal_exercises_comes_first():
    assert best(context(), exercise(1, minutes=6.0), exercise(2, minutes=2.0)) == 2


def test_a_skill_whose_prerequisite_is_missing_waits():
    ctx = context(skill(1, 0.3), skill(2, 0.3, after=(1,)))
    assert best(ctx, exercise(2, (2,)), exercise(3, (1,))) == 3


def test_two_missing_steps_are_further_off_than_one():
    ctx = context(skill(1, 0.5, 0), skill(2, 0.5, 0, after=(1,)), skill(3, 0.5, 0, after=(2,)))
    ready = readiness_of(ctx)
    assert 1.0 == ready[1] > ready[2] > ready[3] > 0


def test_a_known_prerequisite_counts_whatever_lies_before_it():
    ctx = context(skill(1, 0.2), skill(2, 0.9, after=(1,)), skill(3, 0.3, after=(2,)))
    assert readiness_of(ctx)[3] == 1.0


def test_a_long_chain_and_a_cycle_of_prerequisites_end():
    chain = [skill(n, 0.5, after=(n - 1,) if n > 1 else ()) for n in range(1, 26)]
    assert len(readiness_of(context(*reversed(chain)))) == 25
    cycle = context(skill(1, 0.3, after=(2,)), skill(2, 0.3, after=(1,)))
    assert set(readiness_of(cycle)) == {1, 2}


def test_what_fades_comes_before_what_is_fresh_in_mind():
    ctx = context(skill(1, 0.6, r=0.99), skill(2, 0.6, r=0.5))
    assert best(ctx, exercise(1, (1,)), exercise(2, (2,))) == 2


def test_what_resembles_the_miss_comes_first_and_more_so_the_worse_the_miss():
    ctx = context()
    near = {"similar_content": {"missed": "x", "similarity": 0.9, "score": 0.0}}
    nearly = {"similar_content": {"missed": "x", "similarity": 0.9, "score": 0.7}}
    assert best(ctx, exercise(1), exercise(2, found=nearly), exercise(3, found=near)) == 3


def test_an_exercise_answered_right_before_loses_value():
    ctx = context(tried={1: Tried(2, 2, 1.0, 99_999.0)})
    assert best(ctx, exercise(1), exercise(2)) == 2


def test_saying_too_easy_brings_harder_exercises_of_that_skill():
    easy, hard = exercise(1, p=0.85), exercise(2, p=0.45)
    assert best(context(), easy, hard) == 1
    assert best(context(stated={1: 1.4}), easy, hard) == 2


def test_not_now_lets_the_skill_rest():
    ctx = context(skill(1, 0.4), skill(2, 0.6), rested=frozenset({1}))
    assert best(ctx, exercise(1, (1,)), exercise(2, (2,))) == 2


def test_practice_prefers_exercises_and_the_feed_prefers_reading():
    new = skill(1, 0.5, 0)
    assert best(context(new), exercise(1), reading(2)) == 1
    assert best(context(new, purpose="feed"), exercise(1), reading(2)) == 2


def test_the_catalogue_prefers_what_is_longer():
    ctx = context(skill(1, 0.5, 0), purpose="catalogue")
    assert best(ctx, reading(1, minutes=2.0), reading(2, minutes=12.0)) == 2


def test_a_stated_preference_for_a_kind_counts():
    ctx = context(skill(1, 0.5, 0), preferred_kinds=("video",), purpose="feed")
    assert best(ctx, reading(1), reading(2, kind="video")) == 2


def test_with_a_query_the_match_leads():
    ctx = context(skill(1, 0.2), skill(2, 0.8), query="pizza")
    weak, strong = {"query_words": {"match": 0.2}}, {"query_words": {"match": 1.0}}
    assert best(ctx, exercise(1, (1,), found=weak), exercise(2, (2,), found=strong)) == 2


def test_a_resource_without_skills_is_still_ranked():
    (only,) = rank(context(), [exercise(1, ())])
    assert only.score > 0


@settings(max_examples=40, deadline=None)
@given(situations())
def test_scores_are_finite_and_never_negative(situation):
    ctx, candidates = situation
    assert all(0 <= s.score < 100 for s in rank(ctx, candidates))


@settings(max_examples=40, deadline=None)
@given(situations())
def test_every_feature_that_is_a_share_lies_in_its_range(situation):
    ctx, candidates = situation
    for candidate in candidates:
        f = features(ctx, candidate)
        shares = (f.room, f.readiness, f.forgetting, f.window, f.hint, f.match, f.popularity, f.freshness, f.repeat)
        assert all(0 <= value <= 1 for value in shares)
        assert (f.p_felt is None) == (candidate.p_correct is None)


@pytest.mark.parametrize(("p", "value"), [(0.55, 1.0), (0.7, 1.0), (0.9, 1.0), (0.45, 0.3679), (0.99, 0.4449)])
def test_the_window_is_flat_inside_and_falls_off_outside(p, value):
    assert window_value(p, 0.55, 0.9, 0.1) == pytest.approx(value, abs=1e-4)


def test_the_documented_formula_is_the_one_computed():
    near = {"similar_content": {"missed": "x", "similarity": 0.625, "score": 0.5}}
    ctx = context(skill(1, 0.4, r=0.8), skill(2, 0.6, r=None), tried={1: Tried(1, 1, 1.0, 99_999.0)})
    (one,) = rank(ctx, [exercise(1, (1, 2), p=0.45, minutes=2.0, found=near)])
    f, policy = one.features, Policy()
    room = (1.0 * 0.6 + 0.5 * 0.4) / 1.5
    assert f.room == pytest.approx(room, abs=1e-4)
    assert f.forgetting == pytest.approx(0.2)
    assert f.hint == pytest.approx(0.25)
    worth = (
        0.3679
        * (f.gain + AT_PRACTICE * policy.forgetting_weight * 0.2 + policy.hint_weight * 0.25)
        * policy.repeat_factor
    )
    assert one.score == pytest.approx((worth + policy.fresh_weight * 1.0) / 3.0, abs=1e-4)
