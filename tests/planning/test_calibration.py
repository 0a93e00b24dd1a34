"""The band's numbers do what they promise where the truth is known, and the replay looks at nothing it must not see."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.backends.learner_model.pfa import PfaForgetting
from adaptive.planning.calibration import (
    N_QUESTIONS,
    calibrate,
    coverage_of,
    cuts_of,
    halves,
    pooled,
    replay_forecasts,
    split,
)


def histories(n_learners: int, n_answers: int, *, seed: int, name: str = "a") -> dict[str, list[Observation]]:
    """Learners of differing ability on eight skills."""
    draw = random.Random(seed)
    found = {}
    for number in range(n_learners):
        ability = draw.gauss(0.8, 0.9)
        rows = []
        for place in range(n_answers):
            skill = 1 + place // 6 % 8
            p = 1 / (1 + math.exp(-(ability - 0.2 * (skill - 4))))
            item = Item(id=skill * 100 + draw.randrange(20), skill_ids=(skill,))
            rows.append(Observation(item, float(draw.random() < p), at=1e9 + 60.0 * place))
        found[f"{name}{number}"] = rows
    return found


def test_the_band_covers_what_it_should_on_learners_it_has_not_seen():
    model = PfaForgetting()
    logs = [replay_forecasts(model, histories(150, 110, seed=k), seed=0) for k in (1, 2)]
    band = calibrate(logs)
    test = replay_forecasts(model, histories(200, 110, seed=3), seed=0)
    found = coverage_of(band, test, seed=0)
    assert 0.75 <= found["coverage"] <= 0.85 and found["interval_95"][0] < found["coverage"] < found["interval_95"][1]
    assert abs(found["mean_error"]) < 0.03
    assert found["coverage"] + found["below"] + found["above"] == pytest.approx(1, abs=2e-3)
    assert pooled({"x": found, "y": found})["coverage"] == found["coverage"]


def test_a_band_made_too_narrow_is_found_out():
    logs = [replay_forecasts(PfaForgetting(), histories(150, 110, seed=1), seed=0)]
    band = calibrate(logs)
    narrow = replace(band, z_low=band.z_low / 3, z_high=band.z_high / 3)
    assert coverage_of(narrow, logs[0], seed=0)["coverage"] < 0.5


def test_a_forecast_sees_no_score_of_plan_or_exam():
    """Turning every answer after the cut round changes the outcomes and nothing of the forecasts."""
    some = histories(30, 60, seed=4)
    cuts = {name: cuts_of(name, len(rows), seed=0) for name, rows in some.items()}
    first = {name: min(cut[0] for cut in found) for name, found in cuts.items() if found}
    turned = {
        name: [o if k < first[name] else replace(o, score=1 - o.score) for k, o in enumerate(rows)]
        for name, rows in some.items()
        if name in first
    }
    a, b = (replay_forecasts(PfaForgetting(), part, seed=0) for part in ({n: some[n] for n in turned}, turned))
    at_first = np.array([a.n_before[k] == first[list(turned)[a.learner[k]]] for k in range(len(a))])
    assert at_first.any()
    assert np.array_equal(a.idle[at_first], b.idle[at_first]) and np.array_equal(
        a.planned[at_first], b.planned[at_first]
    )
    assert np.array_equal(a.scores[at_first], 1 - b.scores[at_first])


def test_every_forecast_has_answers_enough_and_the_same_every_time():
    for n_answers in (5, 30, 31, 90, 400):
        cuts = cuts_of("somebody", n_answers, seed=0)
        assert cuts == cuts_of("somebody", n_answers, seed=0)
        assert all(before + practised + N_QUESTIONS <= n_answers for before, practised in cuts)
    assert cuts_of("somebody", 29, seed=0) == []


def test_parts_share_no_learner_and_twins_stay_together():
    some = histories(60, 60, seed=5)
    some |= {f"twin{k}": list(some[f"a{k}"]) for k in range(20)}
    for parts in (split(some, seed=0), halves(some, seed=0)):
        names = [name for part in parts.values() for name in part]
        assert sorted(names) == sorted(some)
        where = {name: part for part, found in parts.items() for name in found}
        assert all(where[f"a{k}"] == where[f"twin{k}"] for k in range(20))


def test_no_learner_with_answers_enough_gives_no_forecast():
    assert len(replay_forecasts(PfaForgetting(), histories(3, 20, seed=6), seed=0)) == 0
