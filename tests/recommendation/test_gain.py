"""What a try is expected to add to the goal."""

import math

import numpy as np
import pytest

from adaptive.backends.learner_model.practice_effects import PracticeEffects
from adaptive.recommendation.gain import Gains, skill_gain, teaching_of
from adaptive.recommendation.practice import practice_of
from adaptive.recommendation.ranking import rank
from adaptive.recommendation.skills import readiness_of
from adaptive.recommendation.types import Context

from .builders import context, exercise, skill

GROWTH = PracticeEffects(all_or_none=0.0)


def gain(ctx, *numbers, teaching=1.0):
    return Gains(ctx, readiness_of(ctx)).of_try([ctx.skills[n] for n in numbers], teaching)


def best(ctx, *candidates):
    return rank(ctx, candidates)[0].candidate.id


def test_the_gain_is_the_mean_over_what_the_level_may_be():
    state = skill(1, 0.6, n=4, practice=(2.0, 3.0, 4.0))
    found = skill_gain(state, GROWTH, stated=0.0, horizon_days=7.0).of(1.0)

    variance = 0.8 / (1 + 0.19 * 4)
    middle = math.log(0.5 / 0.5) * math.sqrt(1 + math.pi / 8 * variance)
    levels = np.random.default_rng(0).normal(middle, math.sqrt(variance), 200_000)
    fade = [math.exp(-math.log(2) / days * 7) for days in (2, 30, 1500)]
    mix = (0.256, 0.255, 0.489)
    now = sum(m * p for m, p in zip(mix, state.practice, strict=True))
    then = sum(m * p * f for m, p, f in zip(mix, state.practice, fade, strict=True))
    fresh = sum(m * f for m, f in zip(mix, fade, strict=True))
    without = levels - 0.22 * math.log1p(now)

    def success(x):
        return 1 / (1 + np.exp(-x))

    added = success(without + 0.22 * math.log1p(then + fresh)) - success(without + 0.22 * math.log1p(then))
    assert found == pytest.approx(0.8 * added.mean(), rel=0.01)


def test_practice_of_the_same_skill_adds_less_each_time():
    fresh, tired = skill(1, 0.6, n=6), skill(2, 0.6, n=6, practice=practice_of([0.01] * 6, 6))
    ctx = context(fresh, tired, effects=GROWTH)
    assert gain(ctx, 1) > 1.5 * gain(ctx, 2)
    assert best(ctx, exercise(1, (1,)), exercise(2, (2,))) == 1


def test_practice_long_ago_leaves_more_to_gain_than_practice_today():
    today = skill(1, 0.6, n=6, practice=practice_of([0.01] * 6))
    long_ago = skill(2, 0.6, n=6, practice=practice_of([60.0] * 6))
    assert gain(context(today, long_ago, effects=GROWTH), 2) > gain(context(today, long_ago, effects=GROWTH), 1)


def test_attempts_that_are_not_listed_count_as_old_as_the_oldest():
    assert practice_of([0.0, 10.0], 4)[2] == pytest.approx(practice_of([0.0, 10.0, 10.0, 10.0])[2])
    assert practice_of([], 7) == (0.0, 0.0, 0.0)


def test_a_skill_that_practice_moves_more_comes_first():
    effects = PracticeEffects(growth_of={1: 0.1, 2: 0.4})
    assert best(context(skill(1), skill(2), effects=effects), exercise(1, (1,)), exercise(2, (2,))) == 2


def test_certain_and_hopeless_levels_gain_less_than_middling_ones():
    ctx = context(skill(1, 0.97, n=9), skill(2, 0.6, n=9), skill(3, 0.23, n=9), effects=GROWTH)
    assert gain(ctx, 2) > gain(ctx, 1)
    assert gain(ctx, 2) > gain(ctx, 3)


def test_where_skills_are_known_or_not_the_least_known_gains_most():
    ctx = context(skill(1, 0.25, n=5), skill(2, 0.6, n=5), effects=PracticeEffects(all_or_none=1.0))
    assert gain(ctx, 1) > gain(ctx, 2) > 0


def test_only_the_goals_skills_count():
    ctx = context(skill(1), skill(2), goal={2: 1.0})
    assert gain(ctx, 1) == 0.0
    assert best(ctx, exercise(1, (1,)), exercise(2, (2,))) == 2


def test_a_prerequisite_outside_the_goal_counts_for_what_it_unlocks():
    ctx = context(skill(1, 0.4), skill(2, 0.4, after=(1,)), skill(3, 0.4), goal={2: 1.0})
    assert gain(ctx, 1) > 0.0 == gain(ctx, 3)


def test_practice_without_its_prerequisites_counts_in_part():
    known, unknown = skill(1, 0.9), skill(1, 0.3)
    waiting = skill(2, 0.5, after=(1,))
    for unready in (0.1, 0.5):
        effects = PracticeEffects(unready=unready, all_or_none=0.0)
        ratio = gain(context(unknown, waiting, effects=effects), 2) / gain(context(known, waiting, effects=effects), 2)
        assert unready < ratio < 1.0


def test_out_of_the_window_of_success_a_try_teaches_in_part():
    ctx = context(effects=PracticeEffects(outside=0.2, all_or_none=0.0))
    assert 0.15 < gain(ctx, 1, teaching=0.0) / gain(ctx, 1, teaching=1.0) < 0.3
    assert teaching_of(None, 0.4, 0.9, 0.1) == teaching_of(0.5, 0.4, 0.9, 0.1) == 1.0
    assert teaching_of(0.99, 0.4, 0.9, 0.1) == pytest.approx(0.4449, abs=1e-4)


def test_two_skills_share_a_try():
    ctx = context(skill(1), skill(2), effects=GROWTH)
    assert gain(ctx, 1) < gain(ctx, 1, 2) < 1.3 * gain(ctx, 1)  # two half tries, each fresher than a whole one


def test_a_first_try_at_a_middling_skill_is_about_the_unit():
    assert gain(context(skill(1, 0.6, n=0), effects=GROWTH, horizon_days=0.0), 1) == pytest.approx(1.0, rel=0.25)


@pytest.mark.parametrize("p", [0.0, 0.01, 0.2, 0.99, 1.0])
@pytest.mark.parametrize("effects", [PracticeEffects(), PracticeEffects(growth=0.0), PracticeEffects(slip=0.79)])
def test_extremes_give_finite_gains_that_are_not_negative(p, effects):
    ctx = context(skill(1, p, n=0), skill(2, p, n=1000, after=(1,), practice=(900.0, 950.0, 999.0)), effects=effects)
    for number in (1, 2):
        assert 0.0 <= gain(ctx, number) < 100.0


def test_what_a_decision_rests_on_survives_the_receipt():
    ctx = context(
        skill(1, practice=(0.5, 1.25, 2.0)),
        effects=PracticeEffects(growth_of={1: 0.31}, p_learn_of={1: 0.2}, unready=0.25),
        goal={1: 2.0},
        horizon_days=12.5,
    )
    again = Context.from_json(ctx.to_json())
    assert again == ctx
    old = ctx.to_json()
    for name in ("effects", "goal", "horizon_days"):
        del old[name]
    for row in old["skills"]:
        del row["practice"]
    assert Context.from_json(old).effects == PracticeEffects()  # slates of earlier versions can still be read


def test_what_is_known_and_about_to_be_forgotten_gains_by_a_review():
    effects = PracticeEffects(all_or_none=1.0)
    firm = skill(1, 0.85, n=5, stability_days=60.0, days_since=1.0)
    fading = skill(2, 0.85, n=5, stability_days=3.0, days_since=2.0)
    ctx = context(firm, fading, effects=effects)
    assert gain(ctx, 2) > 2 * gain(ctx, 1) > 0


def test_the_window_yields_where_skills_were_found_to_be_known_or_not():
    hard, easy = exercise(1, (1,), p=0.3), exercise(2, (2,), p=0.8)
    skills = skill(1, 0.3, n=5), skill(2, 0.8, n=5)
    assert best(context(*skills), hard, easy) == 2
    assert best(context(*skills, effects=PracticeEffects(all_or_none=1.0)), hard, easy) == 1
