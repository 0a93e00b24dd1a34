import numpy as np
import pytest

from adaptive.evaluation.measures import ep_of, figures_of, log_table_of, table_of
from adaptive.evaluation.running import Played


def played(after: list[float], p: float = 0.6) -> Played:
    n = len(after)
    flags = np.arange(n)
    return Played(
        before=np.full(n, 0.5),
        after=np.array(after),
        items=np.zeros((n, 2), dtype=int),
        scores=np.ones((n, 2)),
        p=np.full((n, 2), p),
        is_strong=flags >= n - 1,
        is_weak=flags < 1,
    )


def test_ep_is_the_share_of_what_was_left_to_learn() -> None:
    assert np.allclose(ep_of(played([0.5, 0.75, 1.0])), [0.0, 0.5, 1.0])


def test_fractions_lie_between_random_and_oracle() -> None:
    found = figures_of(
        {"random": played([0.5, 0.6, 0.7]), "mine": played([0.55, 0.65, 0.75], 0.97), "oracle": played([0.6, 0.7, 0.8])}
    )
    assert found["random"].fraction == pytest.approx(0.0) and found["oracle"].fraction == pytest.approx(1.0)
    assert found["mine"].fraction == pytest.approx(0.5)
    assert found["mine"].fraction_interval == pytest.approx((0.5, 0.5))  # the same share for every learner
    assert found["mine"].over["random"] == pytest.approx((0.1, 0.1, 0.1))
    assert (found["mine"].too_easy, found["mine"].too_hard) == (1.0, 0.0)
    assert found["mine"].group_gap == pytest.approx(0.2)
    assert found["mine"].group_gap_over_random == pytest.approx(0.0)
    assert "mine" in table_of(found)


def test_a_tie_has_no_fraction() -> None:
    found = figures_of({"random": played([0.5, 0.6]), "oracle": played([0.5, 0.6])})
    assert found["oracle"].fraction is None and found["oracle"].fraction_interval is None
    assert "nan" in table_of(found)


def test_one_learner_is_enough_for_a_table() -> None:
    assert "random" in table_of(figures_of({"random": played([0.5]), "oracle": played([0.7])}))


def test_the_table_of_a_log() -> None:
    row = {"n_events": 1200, "n_learners": 3, "mrr": {"value": 0.25, "interval": [0.2, 0.3]}}
    assert "0.250" in log_table_of({"popular": row}) and "1,200" in log_table_of({"popular": row})
