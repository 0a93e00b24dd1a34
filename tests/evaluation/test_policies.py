"""Every policy plays by the rules, and the known ones do what their names say."""

import numpy as np
import pytest

from adaptive.evaluation.policies import POLICIES, make_policy
from adaptive.evaluation.policies.base import Sequence
from adaptive.evaluation.policies.blind import Fixed, Random
from adaptive.evaluation.policies.oracle import Oracle
from adaptive.evaluation.policies.tracing import LowestMastery, MasteryOrder, fit_tracing
from adaptive.evaluation.running import history_of, play, play_world
from adaptive.evaluation.simulators import make_world
from adaptive.evaluation.simulators.course import Timetable

SHORT = Timetable(n_sessions=2, per_session=4)


@pytest.mark.parametrize("name", list(POLICIES))
def test_choices_are_exercises_and_the_same_whoever_else_is_there(name: str) -> None:
    whole = play(make_world("all", n_learners=6, seed=0, timetable=SHORT), make_policy(name), seed=5)
    again = play(make_world("all", n_learners=6, seed=0, timetable=SHORT), make_policy(name), seed=5)
    part = play(make_world("all", n_learners=6, seed=0, timetable=SHORT, part=slice(2, 5)), make_policy(name), seed=5)
    assert np.array_equal(whole.items, again.items)
    assert np.array_equal(whole.items[2:5], part.items)
    assert whole.items.shape == (6, 8)


@pytest.mark.parametrize("name", ["lowest", "mastery", "greedy"])
def test_who_learns_from_others_plays_otherwise_afterwards(name: str) -> None:
    history = history_of("hidden_markov", seed=0, n_learners=80)
    cold = play_world("hidden_markov", make_policy(name), n_learners=10, seed=0)
    fitted = play_world("hidden_markov", make_policy(name), n_learners=10, seed=0, history=history)
    assert not np.array_equal(cold.items, fitted.items)


def test_two_processes_play_what_one_plays() -> None:
    one = play_world("window", Random(), n_learners=9, seed=0, timetable=SHORT)
    two = play_world("window", Random(), n_learners=9, seed=0, timetable=SHORT, processes=2)
    assert np.array_equal(one.items, two.items)
    assert np.allclose(one.after, two.after)


@pytest.mark.parametrize("name", ["additive", "prerequisites", "window", "all", "hidden_markov"])
def test_the_oracle_teaches_more_than_chance(name: str) -> None:
    oracle = play(make_world(name, n_learners=100, seed=0), Oracle(), seed=0)
    chance = play(make_world(name, n_learners=100, seed=0), Random(), seed=0)
    assert (oracle.after - chance.after).mean() > 0
    assert (oracle.after > chance.after).mean() > 0.8


def test_the_plan_goes_through_the_whole_course_in_its_order() -> None:
    world = make_world("additive", n_learners=2, seed=0)
    played = play(world, Fixed(), seed=0)
    skills = [world.view.skills[item][0] for item in played.items[0]]
    assert skills == sorted(skills) and set(skills) == set(range(20))
    assert np.array_equal(played.items[0], played.items[1])


def test_mastery_order_stays_until_the_skill_is_known_and_lowest_goes_where_least_is() -> None:
    world = make_world("additive", n_learners=1, seed=0, timetable=Timetable(1, 12))
    view = world.view
    for policy, moves_on in ((MasteryOrder(), 0), (LowestMastery(), 1)):
        policy.start(view, world.learners, 0)
        first = policy.choose(0, 0.0)
        policy.observe(first, np.zeros(1), 0.0)
        second = policy.choose(1, 0.0)
        has_moved = view.skills[int(second[0])][0] != view.skills[int(first[0])][0]
        if moves_on:  # a miss with the shipped numbers still raises what is believed, and twenty others are lower
            assert has_moved
        else:
            assert not has_moved
    mastery = MasteryOrder()
    mastery.start(view, world.learners, 0)
    skills = []
    for step in range(12):
        items = mastery.choose(step, 0.0)
        skills.append(view.skills[int(items[0])][0])
        mastery.observe(items, np.ones(1), 0.0)
    assert skills == sorted(skills) and len(set(skills)) > 1


def test_tracing_finds_the_numbers_that_made_the_answers() -> None:
    rng = np.random.default_rng(0)
    view = make_world("additive", n_learners=1, seed=0).view
    items = [i for i in view.items_of(0) if len(view.skills[i]) == 1][:1] * 12
    init, learn, guess, slip = 0.3, 0.2, 0.2, 0.1
    history = []
    for _ in range(3000):
        known, scores = rng.random() < init, []
        for _ in items:
            scores.append(float(rng.random() < (1 - slip if known else guess)))
            known = known or rng.random() < learn
        history.append(Sequence(np.array(items), np.array(scores), np.zeros(len(items))))
    assert np.allclose(fit_tracing(view, tuple(history))[0], [init, learn, guess, slip], atol=0.05)


def test_an_empty_history_leaves_the_tracer_with_numbers_that_work() -> None:
    view = make_world("additive", n_learners=1, seed=0).view
    rates = fit_tracing(view, ())
    assert np.isfinite(rates).all() and (rates > 0).all() and (rates < 1).all()
