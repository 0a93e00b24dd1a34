from datetime import UTC, datetime


def rfc3339(at: datetime | None) -> str | None:
    """The moment in UTC, as RFC 3339 with a Z."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
