"""What is particular to our own model: its parts agree with each other, live use with the batch it was fitted in."""

import json
import math
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from adaptive.backends.learner_model import blend_fit, counters, factors, recurrent_fit, trees
from adaptive.backends.learner_model.base import MAX_STATE_BYTES, Item, Observation
from adaptive.backends.learner_model.baselines import BestLr
from adaptive.backends.learner_model.blend import Blend
from adaptive.backends.learner_model.evaluation import predict_all
from adaptive.backends.learner_model.logs import read_log
from adaptive.backends.learner_model.packing import unpack_array
from adaptive.backends.learner_model.recurrent import WEIGHTS, Nets, Recurrent, shape_of
from adaptive.common.metrics import auc, log_loss
from tests.data import shared

from .histories import DAY, START, history, items


@pytest.fixture(scope="module")
def histories() -> dict[str, list[Observation]]:
    return {str(n): history(n, 60) for n in range(60)}


@pytest.fixture(scope="module")
def params(histories) -> dict:
    return Blend.fit(histories, 0)


@pytest.fixture(scope="module")
def model(params) -> Blend:
    return Blend(json.loads(json.dumps(params)))


def test_enough_data_makes_trees_and_abilities_part_of_it(params):
    assert params["fitted"]["abilities"][0] == 1
    assert set(params["weights"]) == {"trees", "nets", "pfa"}
    assert all(weight >= 0 for weight in params["weights"].values())
    losses = params["fitted"]["held_out_log_loss"]
    assert losses["blend"] <= min(losses["trees"], losses["nets"], losses["pfa"]) + 1e-4


def test_too_little_data_leaves_pfa_alone():
    few = Blend.fit({str(n): history(n, 30) for n in range(10)}, 0)
    assert few["fitted"]["parts"] == ["pfa"]
    assert 0 < Blend(few).predict(Blend(few).empty(), items()[0], START) < 1


def test_live_use_predicts_what_the_batch_did(params, histories):
    """Rows as the fit makes them are those that live use makes, one attempt after the other."""
    learners = blend_fit._learners(histories, 0)
    parts = Blend(params)._parts
    one = learners[0]
    rows = blend_fit._rows(parts, one)
    model = Blend(params)
    batch = model._trees.logits(rows.features)
    state = model.empty()
    for row, observation in enumerate(one.history):
        view = model.walk(state)._view(observation.item, observation.at)
        assert (view.row == rows.features[row]).all()
        assert model._trees.logit(view.row) == pytest.approx(batch[row], abs=1e-9)
        state = json.loads(json.dumps(model.update(state, observation)))


def test_the_network_in_numpy_is_the_network_in_torch(histories):
    learners = blend_fit._learners(histories, 0)
    parts = blend_fit._parts(learners, 4, 6.0, 0)
    rows = [blend_fit._rows(parts, one) for one in learners]
    net, logits = recurrent_fit.fit(rows[10:], rows[:10], seed=0, hidden=16, embedding=8, head=12)
    nets, found = Nets([net]), []
    for one in rows[:10]:
        state = nets.empty()
        for row, observation in enumerate(one.history):
            seen = nets.look(observation.item, one.features[row])
            found += nets.logits(state, seen)
            state = nets.take(state, seen, one.outcome[row])
    assert np.abs(1 / (1 + np.exp(-np.array(found))) - 1 / (1 + np.exp(-logits))).max() < 1e-4


def test_fitting_and_predicting_reads_no_torch_where_it_only_predicts(tmp_path, params):
    """The web process updates beliefs: neither torch nor LightGBM may come with that."""
    (tmp_path / "params.json").write_text(json.dumps(params))
    code = (
        "import json, sys\n"
        "from adaptive.backends.learner_model.base import Item, Observation\n"
        "from adaptive.backends.learner_model.blend import Blend\n"
        f"model = Blend(json.load(open({str(tmp_path / 'params.json')!r})))\n"
        "state = model.update(model.empty(), Observation(Item(100, (1,)), 1.0, 0.0))\n"
        "assert 0 < model.predict(state, Item(101, (2,)), 60.0) < 1\n"
        "assert not {'torch', 'lightgbm', 'scipy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_fitted_state_stays_small_however_long_the_history(model):
    big = 9_000_000_000_000_000_000
    state, largest = model.empty(), 0
    for n in range(6_000):
        item = Item(big + n, (big + n % 500, big + (n * 7) % 301))
        model.predict_then_step(state, Observation(item, (n % 10) / 9.0, START + n * 977.0, n_hints=n % 3))
        if not n % 499:
            largest = max(largest, len(json.dumps(state)))
    assert max(largest, len(json.dumps(state))) <= MAX_STATE_BYTES


def random_net(seed: int, item_ids: range) -> Recurrent:
    rng = np.random.default_rng(seed)
    sizes = {"F": 55, "I": len(item_ids), "S": 6, "D": 8, "H": 16, "Q": 12}
    sizes |= {"X": sizes["D"] + sizes["F"], "O": sizes["D"] + 4, "G": 4 * sizes["H"], "R": 2 * sizes["Q"]}
    weights = {name: rng.normal(0, 0.3, shape_of(name, sizes)) for name in WEIGHTS}
    weights["scale"] = rng.uniform(0.5, 2.0, sizes["F"])
    return Recurrent(sizes, list(item_ids), list(range(1, 7)), weights)


def test_networks_evaluated_together_say_what_each_says_alone():
    """Also where one was fitted on items that the other never met, and for skills unknown to both."""
    several = [random_net(0, range(100, 120)), random_net(1, range(110, 125))]
    together, alone = Nets(several), [Nets([net]) for net in several]
    rng = np.random.default_rng(2)
    state, states = together.empty(), [net.empty() for net in alone]
    for item in [*items(), Item(100, (77, 1)), Item(5, ())]:
        features = rng.normal(size=55).astype(np.float32)
        outcome = (0.5, 0.2, 0.7, 1.0)
        seen = together.look(item, features)
        each = [net.look(item, features) for net in alone]
        own = [net.logits(before, one)[0] for net, before, one in zip(alone, states, each, strict=True)]
        assert together.logits(state, seen) == pytest.approx(own, abs=1e-5)
        state = together.take(state, seen, outcome)
        states = [net.take(before, one, outcome) for net, before, one in zip(alone, states, each, strict=True)]
        assert np.abs(state - np.concatenate(states)).max() < 1e-5


def test_more_items_than_are_kept_at_hand_change_nothing():
    few, many = Nets([random_net(0, range(100, 120))]), Nets([random_net(0, range(100, 120))])
    few._MAX_EMBEDDED = 3
    features = np.ones(55, dtype=np.float32)
    for item in items() * 2:
        assert (few.look(item, features).x == many.look(item, features).x).all()
    assert len(few._embedded) <= 3 < len(many._embedded)


def test_a_long_walk_needs_no_more_memory_than_a_short_one(model, monkeypatch):
    """Ids never seen before at every attempt, so that whatever is kept by id would show."""
    monkeypatch.setattr(Nets, "_MAX_EMBEDDED", 50)  # a bound too, but one that a short walk does not reach
    big = 9_000_000_000_000_000_000

    def observations(n_attempts: int) -> Iterator[Observation]:
        for n in range(n_attempts):
            item = Item(big + n, (big + n % 5_000, big + n * 7 % 3_001))
            yield Observation(item, n % 3 / 2.0, START + n * 977.0, elapsed_seconds=float(n % 100))

    def peak(n_attempts: int) -> int:
        tracemalloc.start()
        try:
            model.replay(observations(n_attempts))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(400)  # whatever is made once
    assert peak(4_000) < 1.3 * peak(1_000) + 200_000


@pytest.fixture(scope="module")
def model_with_nets(params) -> Blend:
    """Made-up learners may give the networks no weight; what is asked of networks is asked of these."""
    nets = [random_net(seed, range(100, 120)).to_params() for seed in range(3)]
    return Blend(json.loads(json.dumps({**params, "nets": nets, "weights": {**params["weights"], "nets": 0.3}})))


def test_live_use_through_json_after_every_attempt_is_the_replay_and_the_evaluation(model_with_nets):
    model = model_with_nets
    observations = [replace(o, elapsed_seconds=n % 90 or None) for n, o in enumerate(history(5, 500))]
    live, predicted = json.dumps(model.empty()), []
    for observation in observations:
        state = json.loads(live)
        predicted.append(model.predict(state, observation.item, observation.at))
        live = json.dumps(model.update(state, observation))
    assert json.loads(live) == model.replay(observations)
    _, p, _ = predict_all(model, {"one": observations})
    assert p.tolist() == predicted
    assert all(np.abs(unpack_array(packed, (2, 16))).max() > 0.01 for packed in json.loads(live)["r"])


def test_a_walk_may_begin_anywhere_and_its_state_is_a_snapshot(model_with_nets):
    """More attempts than the neighbours' window and the tables hold, broken off at any place."""
    model, pool = model_with_nets, items(400, 200)
    observations = history(seed=9, n=1_200, pool=pool)
    whole = model.replay(observations)
    for cut in (0, 1, 119, 121, 700):
        walk = model.walk(json.loads(json.dumps(model.replay(observations[:cut]))))
        before = walk.state()
        kept = json.dumps(before)
        for observation in observations[cut:]:
            walk.take(observation)
        assert walk.state() == whole
        assert json.dumps(before) == kept


def test_what_is_believed_of_abilities_stays_sound_over_a_long_history(model):
    """Thousands of roundings to single precision leave a covariance: symmetric, positive, within bounds."""
    state = model.replay(history(seed=4, n=5_000))
    for packed, one in zip(state["b"]["f"], model._parts.abilities, strict=True):
        belief = factors.unpack(packed, one.k)
        cov = np.reshape(belief.cov, (one.k, one.k))
        assert np.abs(cov - cov.T).max() < 1e-5
        values = np.linalg.eigvalsh(cov)
        assert values.min() > 0 and values.max() < 20
        assert np.isfinite(belief.mean).all()


def test_a_new_item_goes_by_the_difficulty_that_is_given(model):
    state = model.replay(history(3, 40))
    p = [model.predict(state, Item(987_654, (1,), difficulty), START + 400 * DAY) for difficulty in (-2.0, 0.0, 2.0)]
    assert p[0] > p[1] > p[2]


def test_time_taken_that_cannot_be_is_refused(model):
    for elapsed in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="seconds an answer took"):
            model.update(model.empty(), Observation(items()[0], 1.0, START, elapsed_seconds=elapsed))


def test_trees_written_out_are_lightgbms_own():
    import lightgbm

    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 5)).astype(np.float32)
    y = (rng.random(3000) < 1 / (1 + np.exp(-x[:, 0] * x[:, 1]))).astype(np.float32)
    kept = {}
    train = lightgbm.train
    try:
        lightgbm.train = lambda *args, **kwargs: kept.setdefault("booster", train(*args, **kwargs))
        fitted = trees.fit(x, y, seed=0, n_trees=40)
    finally:
        lightgbm.train = train
    wanted = kept["booster"].predict(x, raw_score=True)
    assert np.abs(fitted.logits(x) - wanted).max() < 1e-4
    assert fitted.logit(x[7]) == pytest.approx(fitted.logits(x[7:8])[0], abs=1e-12)


def test_two_abilities_are_told_apart():
    """Two kinds of items, learners good at one or the other: an answer to one kind says nothing about the other."""
    rng = np.random.default_rng(0)
    of_kind = [[Item(kind * 100 + n, (kind,)) for n in range(20)] for kind in (0, 1)]
    made = []
    for _ in range(150):
        theta = rng.normal(0, 2, 2)
        chosen = [(kind, of_kind[kind][n]) for kind in (0, 1) for n in rng.permutation(20)[:15]]
        made.append([Observation(i, float(rng.random() < 1 / (1 + np.exp(-theta[k]))), 0.0) for k, i in chosen])
    scores = [[o.score for o in one] for one in made]
    eases = counters.eases_of((o.item, o.score) for one in made for o in one)
    found = factors.fit(made, scores, eases, k=2, shrink=3.0, seed=0)

    def ability_after(right: Item, asked: Item) -> float:
        belief = factors.unpack(factors.empty(2), 2)
        for _ in range(8):
            belief = factors.take(belief, factors.look(found, belief, *found.of(right, eases)), 1.0)
        return factors.look(found, belief, *found.of(asked, eases)).features[1]

    same, other = ability_after(of_kind[0][0], of_kind[0][1]), ability_after(of_kind[0][0], of_kind[1][1])
    assert same > 0.5
    assert abs(other) < 0.5 * same


def test_stacking_gives_a_useless_voice_no_weight():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=5000)
    y = (rng.random(5000) < 1 / (1 + np.exp(-truth))).astype(float)
    weights, bias = blend_fit.stack(np.stack([truth, -truth + rng.normal(size=5000)], axis=1), y)
    assert weights[0] == pytest.approx(1.0, abs=0.15)
    assert weights[1] >= 0.0
    assert abs(bias) < 0.15


def test_with_fifty_learners_it_is_no_worse_than_best_lr_and_live_use_is_the_evaluation():
    log = read_log(shared("kt", "dbe_kt22", "attempts.csv.gz"))
    names = sorted(log.histories, key=int)
    train = {name: log.histories[name] for name in names[:50]}
    test = {name: log.histories[name] for name in names[500:600]}
    figures = {}
    for model_class in (Blend, BestLr):
        model = model_class(model_class.fit(train, 0))
        y, p, _ = predict_all(model, test)
        figures[model_class.name] = (auc(y, p), log_loss(y, p))
        live, first = [], next(iter(test.values()))
        state = model.empty()
        for observation in first:
            live.append(model.predict(state, observation.item, observation.at))
            state = json.loads(json.dumps(model.update(state, observation)))
        assert np.abs(np.array(live) - p[: len(first)]).max() < 1e-4
    assert figures["blend"][0] >= figures["best-lr"][0]
    assert figures["blend"][1] <= figures["best-lr"][1]
