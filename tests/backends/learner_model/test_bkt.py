import random

import pytest

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.backends.learner_model.bkt import Bkt

from .histories import DAY, START

TRUTH = {"p_init": 0.3, "p_learn": 0.2, "p_forget": 0.02, "p_guess": 0.2, "p_slip": 0.1}


def test_it_finds_the_numbers_that_made_the_data():
    rng = random.Random(0)
    item = Item(1, (7,))
    histories = {}
    for learner in range(2_000):
        known = rng.random() < TRUTH["p_init"]
        rows = []
        for n in range(12):
            right = rng.random() < (1 - TRUTH["p_slip"] if known else TRUTH["p_guess"])
            rows.append(Observation(item, float(right), START + n))
            known = rng.random() < (1 - TRUTH["p_forget"] if known else TRUTH["p_learn"])
        histories[str(learner)] = rows
    found = Bkt.fit(histories, 0)["skills"]["7"]
    for name, value in TRUTH.items():
        assert found[name] == pytest.approx(value, abs=0.06), name


def test_a_known_posterior():
    model = Bkt({"shared": {"p_init": 0.5, "p_learn": 0.0, "p_forget": 0.0, "p_guess": 0.2, "p_slip": 0.1}})
    item = Item(1, (1,))
    assert model.predict(model.empty(), item, START) == pytest.approx(0.55)
    state = model.update(model.empty(), Observation(item, 1.0, START))
    known = 0.45 / 0.55
    assert model.predict(state, item, START) == pytest.approx(known * 0.9 + (1 - known) * 0.2, abs=1e-5)


def test_time_takes_it_back_towards_the_start():
    model = Bkt()
    state = model.replay([Observation(Item(1, (1,)), 1.0, START + n) for n in range(6)])
    p = [model.skill(state, 1, START + days * DAY).p_mastery for days in (0, 2, 30, 400)]
    assert p == sorted(p, reverse=True) and p[0] > p[3] + 0.05
    assert p[3] > model.skill(model.empty(), 1, START).p_mastery


def test_a_log_without_skills_gives_the_defaults():
    assert Bkt.fit({"a": [Observation(Item(1, ()), 1.0, START)]}, 0)["skills"] == {}
