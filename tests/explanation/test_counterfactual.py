"""What would have changed the pick: flipping the fact really does, and nothing is said where nothing would."""

from hypothesis import given, settings

from adaptive.explanation.counterfactual import (
    HIGHEST,
    LOWEST,
    flips_of,
    instead_of,
    with_mastery,
    with_p_correct,
    would_change_if,
)
from adaptive.recommendation.deciding import decide
from tests.recommendation.builders import context, exercise, reading, situations, skill


def flipped(ctx, candidates, flip, pick_id, value):
    if flip.fact == "p_mastery":
        return with_mastery(ctx, candidates, flip.skill_id, value)
    return with_p_correct(ctx, candidates, pick_id, value)


@settings(max_examples=40, deadline=None)
@given(situations(max_candidates=15))
def test_with_the_fact_flipped_the_pick_changes_as_said(situation):
    ctx, candidates = situation
    picks = decide(ctx, candidates).picks
    for position, flip in flips_of(ctx, candidates, range(1, len(picks) + 1)).items():
        if flip is None:
            continue
        pick = picks[position - 1]
        after = decide(*flipped(ctx, candidates, flip, pick.id, flip.threshold)).picks
        first = [p.id for p in after[:position]]
        assert pick.id not in first
        assert flip.instead in first
        assert flip.instead not in [p.id for p in picks[:position]]


@settings(max_examples=40, deadline=None)
@given(situations(max_candidates=15))
def test_the_present_value_changes_nothing_and_the_threshold_lies_beyond_it(situation):
    ctx, candidates = situation
    picks = decide(ctx, candidates).picks
    for position, flip in flips_of(ctx, candidates, range(1, len(picks) + 1)).items():
        if flip is None:
            continue
        original = [p.id for p in picks[:position]]
        assert instead_of(*flipped(ctx, candidates, flip, original[-1], flip.now), original) is None
        assert LOWEST <= flip.threshold <= HIGHEST
        assert (flip.threshold > flip.now) == (flip.direction == "above")
        assert round(flip.threshold * 100) / 100 == flip.threshold


@settings(max_examples=30, deadline=None)
@given(situations(max_candidates=15))
def test_or_more_holds_to_the_end_of_the_range(situation):
    ctx, candidates = situation
    picks = decide(ctx, candidates).picks
    for position, flip in flips_of(ctx, candidates, range(1, len(picks) + 1)).items():
        if flip is None:
            continue
        original = [p.id for p in picks[:position]]
        end = HIGHEST if flip.direction == "above" else LOWEST
        assert instead_of(*flipped(ctx, candidates, flip, original[-1], end), original) is not None


def test_a_skill_learned_gives_way_to_the_other():
    ctx = context(skill(1, 0.6), skill(2, 0.75), count=1)
    candidates = [exercise(1, (1,), p=0.75), exercise(2, (2,), p=0.75)]
    flip = would_change_if(ctx, candidates, 1)
    assert (flip.fact, flip.skill, flip.direction) == ("p_mastery", "Skill A", "above")
    assert flip.instead == 2 and flip.instead_title == "Exercise 2"
    assert 0.6 < flip.threshold <= 0.8


def test_without_a_skill_the_expected_success_is_flipped():
    candidates = [exercise(1, (), p=0.7), exercise(2, (), p=0.5)]
    flip = would_change_if(context(count=1), candidates, 1)
    assert flip.fact == "p_correct" and flip.skill_id is None
    assert flip.instead == 2


def test_nothing_is_said_where_there_is_no_other_candidate():
    assert would_change_if(context(count=1), [exercise(1)], 1) is None


def test_nothing_is_said_of_a_pick_drawn_by_chance():
    candidates = [exercise(i, p=0.6 + i / 100) for i in range(1, 6)]
    explored = 0
    for seed in range(40):
        ctx = context(count=1, exploration=1.0, seed=seed)
        if decide(ctx, candidates).picks[0].is_exploration:
            explored += 1
            assert would_change_if(ctx, candidates, 1) is None
    assert explored > 0


def test_nothing_is_said_of_a_place_that_does_not_exist():
    assert would_change_if(context(), [exercise(1)], 2) is None
    assert would_change_if(context(), [exercise(1)], 0) is None
    assert would_change_if(context(), [], 1) is None


def test_another_belief_about_a_skill_moves_what_trains_it_and_nothing_else():
    ctx = context(skill(1, 0.5), skill(2, 0.5))
    main, second = exercise(1, (1,), p=0.5), exercise(2, (2, 1), p=0.5)
    other, text = exercise(3, (2,), p=0.5), reading(4)
    moved_ctx, moved = with_mastery(ctx, [main, second, other, text], 1, 0.9)
    assert moved_ctx.skills[1].p_mastery == 0.9 and moved_ctx.skills[2].p_mastery == 0.5
    assert moved[0].p_correct == 0.9
    assert 0.5 < moved[1].p_correct < 0.9
    assert moved[2] is other and moved[3] is text
