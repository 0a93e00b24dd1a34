from datetime import UTC, datetime, timedelta

import pytest

from adaptive.planning import services
from tests.factories import Cast, cast_make

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def cast(db: None) -> Cast:
    return cast_make()


class Clock:
    """The time as the services see it."""

    def __init__(self) -> None:
        self.at = MONDAY

    def __call__(self) -> datetime:
        return self.at

    def on(self, days: float) -> datetime:
        self.at = MONDAY + timedelta(days=days)
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Monday, 2 March 2026, 8 o'clock; `clock.on(3)` is Thursday."""
    found = Clock()
    monkeypatch.setattr(services, "now", found)
    return found
