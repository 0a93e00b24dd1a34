"""Was a day's work done? Read off the attempts, never ticked by hand. Pure."""

from dataclasses import dataclass
from datetime import date

DONE, PARTLY, MISSED, TODAY, AHEAD = "done", "partly", "missed", "today", "ahead"
DONE_SHARE = 0.6  # of the planned minutes: whoever was quick has done it, too


@dataclass(frozen=True, slots=True)
class Work:
    """What was done on a day in the course, whether it was planned or not."""

    minutes: float = 0.0
    resource_ids: frozenset[int] = frozenset()


def status_of(*, day: date, minutes: int, resource_ids: frozenset[int], work: Work, today: date) -> str:
    """done: most of the minutes, or all that was planned; partly: something; missed: nothing on a day that is over."""
    if work.minutes >= DONE_SHARE * minutes or (resource_ids and resource_ids <= work.resource_ids):
        return DONE
    if day > today:
        return AHEAD
    if day == today:
        return TODAY
    return PARTLY if work.resource_ids else MISSED
