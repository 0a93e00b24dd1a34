"""What every learner model must do, whatever it believes."""

import json
import math
import time

import pytest

from adaptive.backends.learner_model.available import DEFAULT_MODEL, MODELS
from adaptive.backends.learner_model.base import MAX_STATE_BYTES, Item, LearnerModel, Observation, contributions

from .histories import DAY, START, history, items


@pytest.fixture(params=sorted(MODELS), scope="module")
def model_class(request) -> type[LearnerModel]:
    return MODELS[request.param]


@pytest.fixture(params=["shipped", "fitted"], scope="module")
def model(request, model_class) -> LearnerModel:
    if request.param == "shipped":
        return model_class()
    return model_class(model_class.fit({str(n): history(n, 40) for n in range(30)}, 0))


def through_json(state):
    return json.loads(json.dumps(state))


def reordered(state):
    """As jsonb gives it back: the same, in another order of keys."""
    if isinstance(state, dict):
        return {key: reordered(state[key]) for key in sorted(state, key=lambda k: (len(k), k), reverse=True)}
    return state


def test_live_updates_through_json_equal_the_replay_to_the_bit(model):
    observations = history(seed=1, n=400)
    live = model.empty()
    for observation in observations:
        live = reordered(through_json(model.update(through_json(live), observation)))
    replayed = model.replay(observations)
    assert live == replayed
    assert json.dumps(live, sort_keys=True) == json.dumps(replayed, sort_keys=True)


def test_predictions_of_evaluation_are_those_of_live_use(model):
    observations = history(seed=2, n=100)
    state, live = model.empty(), model.empty()
    for observation in observations:
        p = model.predict_then_step(state, observation)
        assert p == model.predict(through_json(live), observation.item, observation.at)
        live = model.update(live, observation)


def test_a_walk_is_predict_skill_and_update_one_after_the_other(model):
    observations = history(seed=6, n=150)
    walk, state = model.walk(), model.empty()
    for n, observation in enumerate(observations):
        item, at = observation.item, observation.at
        assert walk.predict(item, at) == model.predict(state, item, at)
        for skill_id in item.skill_ids:
            assert walk.skill(skill_id, at) == model.skill(state, skill_id, at)
        if n % 2:
            walk.take(observation)
        else:
            assert walk.predict_then_take(observation) == model.predict(state, item, at)
        state = through_json(model.update(state, observation))
    assert walk.state() == state


def test_a_walk_refuses_what_cannot_be_and_goes_on_as_if_it_had_not_been(model):
    observations = history(seed=7, n=40)
    walk = model.walk()
    for observation in observations:
        with pytest.raises(ValueError, match="between 0 and 1"):
            walk.take(Observation(observation.item, 1.5, observation.at))
        walk.take(observation)
    assert walk.state() == model.replay(observations)


def test_update_leaves_its_argument_alone(model):
    state = model.replay(history(seed=3, n=50))
    before = json.dumps(state)
    for observation in history(seed=4, n=20):
        model.update(state, observation)
    assert json.dumps(state) == before


def test_two_empty_states_share_nothing(model):
    first, second = model.empty(), model.empty()
    model.replay(history(seed=3, n=5))
    model.update(first, history(seed=3, n=1)[0])
    assert first == second == model.empty()


def test_predictions_are_probabilities_for_anything_asked(model):
    state = model.replay(history(seed=5, n=200))
    asked = [*items(), Item(id=987654321, skill_ids=(55555, 3)), Item(id=1, skill_ids=()), Item(2, (2, 2), 40.0)]
    asked += [Item(3, (1,), -900.0), Item(4, tuple(range(1, 60)), 900.0)]
    for item in asked:
        for at in (0.0, START, START + 10_000 * DAY):
            assert 0.0 < model.predict(state, item, at) < 1.0


def test_a_skill_never_met_has_the_prior_and_no_history(model):
    view = model.skill(model.empty(), 31337, START)
    assert 0.0 < view.p_mastery < 1.0
    assert (view.n_attempts, view.last_at, view.due_at, view.retrievability) == (0, None, None, None)
    assert model.skills(model.empty(), START) == []


def test_skills_lists_each_skill_met_once_in_order(model):
    observations = history(seed=6, n=80)
    state = model.replay(observations)
    met = {skill for o in observations for skill in o.item.skill_ids}
    views = model.skills(state, START)
    assert [view.skill_id for view in views] == sorted(met)
    assert all(
        view.n_attempts == sum(view.skill_id in o.item.skill_ids for o in observations) and 0 < view.p_mastery < 1
        for view in views
    )
    assert views == [model.skill(state, view.skill_id, START) for view in views]


def test_an_item_that_names_a_skill_twice_counts_once(model):
    twice, once = Item(9, (2, 1, 2)), Item(9, (1, 2))
    a = model.update(model.empty(), Observation(twice, 1.0, START))
    b = model.update(model.empty(), Observation(once, 1.0, START))
    assert a == b


def test_a_time_that_goes_backwards_counts_as_the_latest(model):
    item = items()[0]
    first = model.update(model.empty(), Observation(item, 1.0, START))
    late = model.update(first, Observation(item, 0.0, START - 5 * DAY))
    same = model.update(first, Observation(item, 0.0, START))
    assert late == same


@pytest.mark.parametrize("score", [-0.01, 1.01, math.nan, math.inf])
def test_a_score_out_of_range_is_refused(model, score):
    bad = Observation(items()[0], score, START)
    with pytest.raises(ValueError, match="between 0 and 1"):
        model.update(model.empty(), bad)
    with pytest.raises(ValueError, match="between 0 and 1"):
        model.replay([bad])
    with pytest.raises(ValueError, match="between 0 and 1"):
        model.predict_then_step(model.empty(), bad)


@pytest.mark.parametrize("at", [math.nan, math.inf, START * 1000])
def test_a_time_in_another_unit_is_refused(model, at):
    with pytest.raises(ValueError, match="seconds since 1970"):
        model.update(model.empty(), Observation(items()[0], 1.0, at))


def test_a_negative_number_of_hints_is_refused(model):
    with pytest.raises(ValueError, match="hints"):
        model.update(model.empty(), Observation(items()[0], 1.0, START, n_hints=-1))


def test_a_right_answer_is_never_worse_for_the_belief_than_a_wrong_one(model):
    for seed in range(20):
        state = model.replay(history(seed=seed, n=seed * 3))
        for item in items():
            for skill_id in item.skill_ids:
                at = START + 100 * DAY
                p = [model.skill(model.update(state, Observation(item, s, at)), skill_id, at).p_mastery for s in (0, 1)]
                assert p[1] >= p[0]


def test_hints_make_a_right_answer_worth_less(model):
    item = items()[0]
    seen = [model.update(model.empty(), Observation(item, 1.0, START, n_hints=n)) for n in (0, 1, 4)]
    p = [model.skill(state, item.skill_ids[0], START).p_mastery for state in seen]
    assert p[0] > p[1] > p[2]


def test_the_state_stays_small_after_a_hundred_thousand_attempts(model_class):
    """Ids as large as a database gives, a new skill and a new item at nearly every attempt."""
    model = model_class()
    n_attempts = 100_000 if model_class is MODELS[DEFAULT_MODEL] else 20_000
    big = 9_000_000_000_000_000_000
    state = model.empty()
    largest = 0
    started = time.perf_counter()
    for n in range(n_attempts):
        item = Item(big + n, (big + n % 5000, big + (n * 7) % 3001))
        state_at = START + n * 977.0
        model.predict_then_step(state, Observation(item, (n % 10) / 9.0, state_at, n_hints=n % 3))
        if not n % 2_003 or n == n_attempts - 1:
            largest = max(largest, len(json.dumps(state).encode()))
    assert largest <= MAX_STATE_BYTES
    assert time.perf_counter() - started < 60  # bounded time each: never slower as the history grows
    assert state["n"] == n_attempts


def test_many_attempts_at_one_skill_stay_finite(model):
    item = items()[0]
    state = model.replay(Observation(item, 1.0, START + n) for n in range(5_000))
    assert 0.5 < model.predict(state, item, START + 5_000) < 1.0
    state = model.replay(Observation(item, 0.0, START + n) for n in range(5_000))
    assert 0.0 < model.predict(state, item, START + 5_000) < 0.5


def test_contributions_add_up_to_the_belief(model):
    observations = history(seed=8, n=60)
    at = START + 200 * DAY
    moved = contributions(model, observations, 2, at)
    prior = model.skill(model.empty(), 2, at).p_mastery
    believed = model.skill(model.replay(observations), 2, at).p_mastery
    assert sum(c.delta for c in moved) == pytest.approx(believed - prior, abs=1e-12)
    assert [c.index for c in moved] == sorted({c.index for c in moved})
    assert all(c.observation is observations[c.index] and c.delta for c in moved)
    at_the_skill = {n for n, o in enumerate(observations) if 2 in o.item.skill_ids}
    assert {c.index for c in moved} & at_the_skill


def test_contributions_without_attempts_are_none(model):
    assert contributions(model, [], 1, START) == []


def test_fitting_again_gives_the_same_parameters_and_they_are_json(model_class):
    histories = {str(n): history(n, 25) for n in range(12)}
    first, second = model_class.fit(histories, 3), model_class.fit(histories, 3)
    assert first == second == json.loads(json.dumps(first))


def test_fitted_models_know_hard_items_or_skills_from_easy_ones(model_class):
    easy, hard = Item(1, (1,)), Item(2, (2,))
    histories = {
        str(n): [Observation(easy, float(n % 10 != 0), START), Observation(hard, float(n % 10 == 0), START + 60)]
        for n in range(80)
    }
    model = model_class(model_class.fit(histories, 0))
    assert model.predict(model.empty(), easy, START) > 0.75
    assert model.predict(model.empty(), hard, START) < 0.35
