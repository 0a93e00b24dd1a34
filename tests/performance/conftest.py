from datetime import timedelta

import pytest

from adaptive.performance import jobs
from tests.factories import NOON, Cast, attempt_make, cast_make


@pytest.fixture
def cast(db) -> Cast:
    return cast_make()


@pytest.fixture
def told(monkeypatch) -> list[tuple]:
    """What the workers were told, instead of telling them."""
    sent: list[tuple] = []
    monkeypatch.setattr(jobs, "_send", lambda job, *args: sent.append((job, *args)) or True)
    return sent


def session_make(cast: Cast, learner=None, *, at=NOON, scores=(1.0, 1.0, 0.0, 0.0), **values):
    """A session of answers a minute apart: two exercises of "meaning", then two of "equivalent"."""
    names = ("choice", "ordering", "multiple_choice", "matching")  # skills 0, 2, 1, 0
    return [
        attempt_make(
            learner or cast.alice,
            cast.exercises[names[n % 4]],
            score=score,
            submitted_at=at + timedelta(minutes=n),
            **values,
        )
        for n, score in enumerate(scores)
    ]
