"""The pure decision as a whole: the same every time, no repeats, honest propensities, a receipt that decides again."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptive.recommendation.deciding import decide, from_receipt, receipt_of
from adaptive.recommendation.reranking import chances
from adaptive.recommendation.types import Policy

from .builders import context, exercise, situations, skill


@settings(max_examples=40, deadline=None)
@given(situations())
def test_the_same_situation_gives_the_same_slate(situation):
    ctx, candidates = situation
    assert decide(ctx, candidates) == decide(ctx, list(reversed(candidates)))


@settings(max_examples=40, deadline=None)
@given(situations())
def test_no_slate_repeats_a_resource_or_is_longer_than_asked(situation):
    ctx, candidates = situation
    picks = decide(ctx, candidates).picks
    assert len({pick.id for pick in picks}) == len(picks) <= ctx.count
    assert [pick.position for pick in picks] == list(range(1, len(picks) + 1))


@settings(max_examples=40, deadline=None)
@given(situations())
def test_every_candidate_is_either_scored_or_dropped_for_a_reason(situation):
    ctx, candidates = situation
    decision = decide(ctx, candidates)
    scored = {s.candidate.id for s in decision.scored}
    assert scored | set(decision.dropped) == {c.id for c in candidates}
    assert not scored & set(decision.dropped)
    assert all(decision.dropped.values())
    assert len(decision.picks) == min(ctx.count, len(scored))


@settings(max_examples=40, deadline=None)
@given(situations())
def test_a_stored_slate_is_decided_again_from_its_receipt_alone(situation):
    ctx, candidates = situation
    decision = decide(ctx, candidates)
    stored = json.loads(json.dumps([ctx.to_json(), receipt_of(decision, candidates)]))
    again = decide(*from_receipt(*stored))
    assert [(p.id, p.propensity, p.scored.score) for p in again.picks] == [
        (p.id, p.propensity, p.scored.score) for p in decision.picks
    ]
    assert again.dropped == decision.dropped


@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=30),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(1, 12),
)
def test_the_chances_for_a_place_sum_to_one_and_favour_the_best(scores, exploration, within, at_most):
    adjusted = sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))
    policy = Policy(exploration=exploration, explore_within=within, explore_at_most=at_most)
    chance = chances(adjusted, policy)
    assert sum(chance.values()) == pytest.approx(1.0)
    assert all(0 < p <= 1 + 1e-12 for p in chance.values())
    assert chance[adjusted[0][0]] == max(chance.values())
    assert len(chance) <= at_most + 1


@settings(max_examples=6, deadline=None)
@given(situations(exploration=0.3, max_candidates=10), st.integers(0, 1000))
def test_logged_propensities_are_how_often_it_really_happens(situation, offset):
    ctx, candidates = situation
    ctx = replace(ctx, count=1)
    runs = 800
    counted: Counter = Counter()
    logged = {}
    for seed in range(offset, offset + runs):
        for pick in decide(replace(ctx, seed=seed), candidates).picks:
            counted[pick.id] += 1
            logged[pick.id] = pick.propensity
    if counted:
        assert sum(logged.values()) <= 1 + 1e-9
    for resource_id, n in counted.items():
        assert n / runs == pytest.approx(logged[resource_id], abs=0.08)


def test_exploration_off_always_takes_the_best_with_certainty():
    candidates = [exercise(i, p=0.5 + i / 50) for i in range(10)]
    for seed in range(50):
        picks = decide(context(seed=seed), candidates).picks
        assert {pick.propensity for pick in picks} == {1.0}
        assert not any(pick.is_exploration for pick in picks)


def test_exploration_only_draws_good_candidates():
    good = [exercise(i) for i in range(1, 4)]
    hopeless = [exercise(i, p=0.02) for i in range(4, 20)]
    for seed in range(100):
        picks = decide(context(seed=seed, exploration=1.0, count=1), [*good, *hopeless]).picks
        assert picks[0].id <= 3


def test_an_empty_pool_gives_an_empty_slate():
    decision = decide(context(), [])
    assert decision.picks == () and decision.scored == ()


def test_a_slate_mixes_skills_kinds_and_formats_rather_than_repeat_the_best():
    skills = [skill(1, 0.4), skill(2, 0.45)]
    of_one = [exercise(i, (1,)) for i in range(1, 6)]
    other = exercise(6, (2,), response_format="cloze")
    picks = decide(context(*skills, count=2), [*of_one, other]).picks
    assert {pick.scored.candidate.main_skill for pick in picks} == {1, 2}


@pytest.mark.parametrize(
    "changes",
    [
        {"exploration": 1.5},
        {"exploration": -0.1},
        {"exploration": True},
        {"window_slope": 0},
        {"explore_at_most": 0},
        {"hint_weight": "much"},
        {"hint_weight": float("nan")},
        {"nonsense": 1},
        {"name": ""},
    ],
)
def test_a_policy_refuses_numbers_that_make_no_sense(changes):
    with pytest.raises(ValueError):
        Policy().with_changes(changes)
