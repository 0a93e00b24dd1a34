"""What neighbouring exercises say: found where it is there, the same live as in the batch, nothing where nothing is."""

import numpy as np
import pytest

from adaptive.backends.learner_model import neighbours
from adaptive.backends.learner_model.neighbours import Neighbours, Path, Recent


def after(found: Neighbours, *answers: tuple[int, float]) -> Recent:
    recent = found.unpack(found.empty())
    for item_id, surprise in answers:
        found.take(recent, item_id, surprise)
    return recent


@pytest.fixture(scope="module")
def paths() -> list[Path]:
    """Items 2n and 2n + 1 are one problem: who surprises on the first surprises on the second."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(120):
        items, surprises = [], []
        for problem in rng.permutation(12):
            luck = rng.normal(0, 0.3)
            items += [2 * int(problem), 2 * int(problem) + 1]
            surprises += [luck + rng.normal(0, 0.1), luck + rng.normal(0, 0.1)]
        made.append(Path(items, np.array(surprises)))
    return made


def test_the_step_before_speaks_and_another_problem_does_not(paths):
    found = neighbours.fit(paths, seed=0)

    def value(answered: int, asked: int, surprise: float = 0.5) -> float:
        return found.look(after(found, (answered, surprise)), asked)[0]

    assert value(6, 7) > 0.2
    assert abs(value(6, 9)) < 0.1
    assert value(6, 7) == pytest.approx(-value(6, 7, -0.5), abs=1e-6)


def test_the_usual_way_is_told_from_a_jump(paths):
    found = neighbours.fit(paths, seed=0)
    kept = after(found, (6, 0.0))
    usual, jump = found.look(kept, 7), found.look(kept, 13)
    share = neighbours.FEATURES.index("follows_share")
    assert usual[share] > jump[share]


def test_unknown_items_and_no_history_say_nothing(paths):
    found = neighbours.fit(paths, seed=0)
    assert found.look(found.unpack(""), 3) == (0.0,) * len(neighbours.FEATURES)
    kept = after(found, (999, 0.5))
    assert found.look(kept, 3)[0] == 0.0
    assert found.look(kept, 12345) == (0.0,) * len(neighbours.FEATURES)


def test_it_survives_its_parameters_and_forgets_what_is_long_past(paths):
    import json

    found = neighbours.fit(paths, seed=0)
    again = neighbours.Neighbours.from_params(json.loads(json.dumps(found.to_params())))
    recent, kept = found.unpack(found.empty()), found.empty()
    for n in range(9 * neighbours.WINDOW):
        found.take(recent, n % 24, n % 7 / 10)
        packed = found.unpack(kept)
        found.take(packed, n % 24, n % 7 / 10)
        kept = found.pack(packed)
        assert found.pack(recent) == kept
    assert len(recent.places) == len(recent.surprises) == recent.n == neighbours.WINDOW
    assert again.look(again.unpack(kept), 5) == found.look(recent, 5)


def test_a_log_without_pairs_is_no_error():
    found = neighbours.fit([Path([1], np.array([0.2])), Path([2], np.array([-0.2]))], seed=0)
    assert found.look(found.unpack(""), 1) == (0.0,) * len(neighbours.FEATURES)
