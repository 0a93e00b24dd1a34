"""A run that scores anew only what a change touches is a full run of the decision, for every change."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from adaptive.backends.learner_model.practice_effects import PracticeEffects
from adaptive.explanation.counterfactual import with_mastery, with_p_correct
from adaptive.explanation.rerunning import Base
from adaptive.recommendation.deciding import decide
from adaptive.recommendation.gain import Gains
from adaptive.recommendation.reranking import Crowding, chances, pick_slate
from adaptive.recommendation.skills import dependents_of, followers_of, readiness_again, readiness_of
from tests.recommendation.builders import context, exercise, shares, situations, skill


@settings(max_examples=120, deadline=None)
@given(situations(), st.data())
def test_a_run_with_another_belief_is_the_full_run(situation, data):
    ctx, candidates = situation
    ctx = replace(ctx, effects=PracticeEffects(unready=data.draw(st.sampled_from([0.0, 0.3, 0.9]))))
    base = Base(ctx, candidates, decide(ctx, candidates))
    skill_id = data.draw(st.sampled_from(sorted(ctx.skills)))
    for p in data.draw(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4)):
        full = decide(*with_mastery(ctx, candidates, skill_id, p)).picks
        assert base.of_mastery(skill_id).ids(p) == [pick.id for pick in full]


@settings(max_examples=80, deadline=None)
@given(situations(), st.data())
def test_a_run_with_another_expected_success_is_the_full_run(situation, data):
    ctx, candidates = situation
    answered = [c for c in candidates if c.p_correct is not None]
    if not answered:
        return
    base = Base(ctx, candidates, decide(ctx, candidates))
    one = data.draw(st.sampled_from(answered))
    p = data.draw(st.floats(0.01, 0.99))
    full = decide(*with_p_correct(ctx, candidates, one.id, p)).picks
    assert base.of_success(one).ids(p) == [pick.id for pick in full]


@settings(max_examples=60, deadline=None)
@given(situations(exploration=0.0), st.data())
def test_without_draws_the_margin_tells_whether_the_pick_is_gone(situation, data):
    ctx, candidates = situation
    decision = decide(ctx, candidates)
    if not decision.picks:
        return
    base = Base(ctx, candidates, decision)
    position = data.draw(st.integers(1, len(decision.picks)))
    pick = decision.picks[position - 1].scored.candidate
    if pick.main_skill not in ctx.skills:
        return
    change, p = base.of_mastery(pick.main_skill), data.draw(shares(0.01, 0.99))
    gone, margin = pick.id not in change.ids(p)[:position], change.margin(p, position)
    if abs(margin) > 1e-9 and not {c.id for c in candidates} - {s.candidate.id for s in decision.scored}:
        assert gone == (margin > 0)


def test_skills_that_run_in_a_circle_are_taken_as_a_whole():
    ctx = context(skill(1, 0.4, after=(3,)), skill(2, 0.5, after=(1,)), skill(3, 0.5, after=(2,)), skill(4, 0.6))
    assert followers_of(dependents_of(ctx), 1) is None
    candidates = [exercise(i, (i,), p=0.7) for i in range(1, 5)]
    base = Base(ctx, candidates, decide(ctx, candidates))
    for p in (0.05, 0.5, 0.95):
        full = decide(*with_mastery(ctx, candidates, 1, p)).picks
        assert base.of_mastery(1).ids(p) == [pick.id for pick in full]


@settings(max_examples=60, deadline=None)
@given(situations(max_candidates=4), st.data())
def test_readiness_and_gains_worked_out_in_part_are_those_worked_out_anew(situation, data):
    ctx, _ = situation
    ready, dependents = readiness_of(ctx), dependents_of(ctx)
    skill_id = data.draw(st.sampled_from(sorted(ctx.skills)))
    other, _ = with_mastery(ctx, [], skill_id, data.draw(st.floats(0.01, 0.99)))
    followers = followers_of(dependents, skill_id)
    again = readiness_again(other, ready, followers)
    assert again == readiness_of(other)
    renewed = [i for i in followers if again[i] != ready[i]]
    derived = Gains(ctx, ready).complete().after(other, again, changed=skill_id, renewed=renewed, dependents=dependents)
    anew = Gains(other, again)
    for one in other.skills.values():
        assert derived.of_try([one], 0.8) == anew.of_try([one], 0.8)


def slowly(ctx, scored):
    """The slate with every candidate looked at for every place; without pins and caps."""
    draws, remaining, crowding, ids = random.Random(ctx.seed), list(scored), Crowding(ctx.policy), []
    while remaining and len(ids) < ctx.count:
        lowered = sorted((-crowding.lowered(s), s.candidate.id) for s in remaining)
        chance = chances([(i, -value) for value, i in lowered[: ctx.policy.explore_at_most]], ctx.policy)
        explores, which = draws.random() < ctx.policy.exploration, draws.random()
        chosen = sorted(chance)[int(which * len(chance))] if explores else lowered[0][1]
        ids.append((chosen, chance[chosen], tuple(sorted(chance))))
        crowding.add(next(s.candidate for s in remaining if s.candidate.id == chosen))
        remaining = [s for s in remaining if s.candidate.id != chosen]
    return ids


@settings(max_examples=100, deadline=None)
@given(situations(max_candidates=40), st.booleans())
def test_who_need_not_be_looked_at_would_not_have_been_taken(situation, with_negative):
    ctx, candidates = situation
    scored = list(decide(ctx, candidates).scored)
    if with_negative:
        scored = [replace(s, score=s.score - 0.2) for s in scored]
    picks = [(p.id, p.propensity, p.pool) for p in pick_slate(ctx, scored)]
    assert picks == slowly(ctx, scored)
