"""Which variant a learner gets: a hash of experiment and learner, so that it needs no table and never changes. Pure."""

from collections.abc import Sequence

from adaptive.common.hashing import stable_hash

_STEPS = 2**52  # hex digits used; every step is exact in a float


def share_of(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone, evenly spread over different parts."""
    return int(stable_hash([str(part) for part in parts])[:13], 16) / _STEPS


def assign(*, experiment: str, unit: str, variants: Sequence[tuple[str, float]]) -> str:
    """The variant's name for this unit (a learner's key), from (name, weight) pairs in any order.

    Raises ValueError where there is no variant of a weight above 0. Different experiments split independently.
    """
    weighted = sorted((name, float(weight)) for name, weight in variants if weight > 0)
    total = sum(weight for _, weight in weighted)
    if not weighted or not total < float("inf"):
        raise ValueError("An experiment needs at least one variant with a finite weight above 0.")
    point = share_of(experiment, unit) * total
    for name, weight in weighted:
        if point < weight:
            return name
        point -= weight
    return weighted[-1][0]
