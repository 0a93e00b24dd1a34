"""On a real log, where it is at hand: the figures the default model must not fall below."""

import time
from pathlib import Path

import pytest

from adaptive.backends.learner_model.bkt import Bkt
from adaptive.backends.learner_model.evaluation import cross_validate
from adaptive.backends.learner_model.logs import read_log
from adaptive.backends.learner_model.pfa import PfaForgetting

LOG = Path(__file__).parents[4] / "shared/data/kt/dbe_kt22/attempts.csv.gz"

pytestmark = pytest.mark.skipif(not LOG.exists(), reason="the DBE-KT22 log is not at ../shared/data")


@pytest.fixture(scope="module")
def log():
    return read_log(LOG)


def test_the_default_model_beats_tracing_and_is_calibrated(log):
    ours, bkt = (cross_validate(model, log, seed=0, say=lambda _: None, only=["0"]) for model in (PfaForgetting, Bkt))
    assert ours["auc"] > 0.80 and ours["ece"] < 0.015
    assert ours["auc"] > bkt["auc"] + 0.05
    assert ours["log_loss"] < bkt["log_loss"]


def test_a_whole_course_is_replayed_in_seconds(log):
    model = PfaForgetting()
    started = time.perf_counter()
    for history in log.histories.values():
        model.replay(history)
    assert log.n_rows / (time.perf_counter() - started) > 5_000
