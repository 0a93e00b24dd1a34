"""The time, in one place: pure modules take it as an argument, services take it from here."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def from_epoch(seconds: float) -> datetime:
    """Seconds since 1970 (UTC) as an aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)
