"""When the attempts of a log were made. Pure: what the log does not say is drawn from a seed made of the learner."""

import math
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from adaptive.backends.learner_model.base import SECONDS_PER_DAY
from adaptive.backends.learner_model.logs import LogRow, bucket_seconds
from adaptive.common.hashing import stable_seed

MADE_UP_TIMES = "made_up_times"  # in an assessment's details: forgetting is not to be learned from this attempt
SECONDS_PER_ATTEMPT = 60.0
# A pause "60+" is a longer one of unknown length: anything from a minute to a week, every order of magnitude alike.
LONGEST_PAUSE = 7 * SECONDS_PER_DAY


class Times(NamedTuple):
    """Epoch seconds; `seconds` is how long the answer took, None where the log does not say."""

    submitted: float
    seconds: float | None


def _seconds_of(bucket: str | None) -> float | None:
    """The middle of a closed bucket of seconds."""
    return bucket_seconds(bucket) if bucket and "-" in bucket else None


def _pause(bucket: str, rng: Random) -> float:
    if not bucket.endswith("+"):
        return bucket_seconds(bucket)
    shortest = max(1.0, bucket_seconds(bucket))
    return math.exp(rng.uniform(math.log(shortest), math.log(max(LONGEST_PAUSE, shortest))))


def times_of(rows: Sequence[LogRow], *, end: float) -> list[Times]:
    """The times of one learner's rows, in the order of the rows.

    As the log has them. Where it has none: built up from its buckets of seconds between and within the attempts, else
    one attempt a minute, so that the learner's last attempt lies at `end` (epoch seconds).
    """
    if not rows:
        return []
    if rows[0].at is not None:
        return [Times(row.at, _seconds_of(row.elapsed)) for row in rows]
    rng = Random(stable_seed("pauses", rows[0].learner))
    made: list[float] = []
    for row in rows:
        if not made:
            made.append(0.0)
        elif row.lag is None:
            made.append(made[-1] + SECONDS_PER_ATTEMPT)
        else:
            took = bucket_seconds(row.elapsed or "") or SECONDS_PER_ATTEMPT / 2
            made.append(made[-1] + _pause(row.lag, rng) + took)
    shift = end - made[-1]
    return [Times(math.floor(moment + shift), _seconds_of(row.elapsed)) for row, moment in zip(rows, made, strict=True)]
