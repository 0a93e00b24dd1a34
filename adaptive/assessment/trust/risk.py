"""The lowest confidence from which marks may be released alone, so that their error stays under a limit.

The error is that of the decision right / not right, against a teacher's on the same answer. A threshold is accepted by
fixed-sequence testing (Learn then Test: Angelopoulos, Bates, Candès, Jordan, Lei 2021, arXiv:2110.01052): going down
from the strictest threshold, "the error among the released is above the limit" is tested exactly (binomial;
Clopper and Pearson 1934) until it can no longer be refused. Which thresholds are tested, and from where, depends on the
confidences alone and never on who was right, so with probability 1 - delta at least the error at the accepted one is
under the limit, however many were tried; several beginnings share delta (ibid., section 3).

Where own marks are few, what is known of a larger whole stands in for them (an exercise's course, a course's assessor
as it ships), and own marks can then only make the threshold stricter, until they prove a threshold themselves.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

DELTA = 0.1
# Tested from the last to the first.
GRID = np.array([*(x / 100 for x in range(50, 100)), 0.995, 0.999])
ENOUGH = 300  # own marks from which nothing else stands in for them
COURSE_STRENGTH = 50.0  # marks of its own that the shipped assessor's figures weigh as much as
EXERCISE_STRENGTH = 10.0  # the same for an exercise and its course


@dataclass(frozen=True, slots=True)
class Marks:
    """Answers that machine and teacher decided on. confidence: (n,) floats in [0, 1]; wrong: (n,) bools, the machine's
    decision was not the teacher's."""

    confidence: np.ndarray
    wrong: np.ndarray

    @classmethod
    def of(cls, confidence, wrong) -> "Marks":
        """Raises ValueError for arrays that do not fit, and confidences outside [0, 1]."""
        one, other = np.asarray(confidence, dtype=float).reshape(-1), np.asarray(wrong, dtype=bool).reshape(-1)
        if one.shape != other.shape:
            raise ValueError(f"Every mark has a confidence and a decision, not {one.shape} and {other.shape}.")
        if len(one) and not ((one >= 0) & (one <= 1)).all():
            raise ValueError("A confidence lies in [0, 1].")
        return cls(one, other)

    @property
    def n(self) -> int:
        return len(self.confidence)

    def released(self) -> tuple[np.ndarray, np.ndarray]:
        """(n, n_wrong), each (len(GRID),): marks at or above each threshold, and the wrong ones among them."""
        above = self.confidence[None, :] >= GRID[:, None]
        return above.sum(axis=1), (above & self.wrong[None, :]).sum(axis=1)


@dataclass(frozen=True, slots=True)
class Curve:
    """What a larger whole knows of the error from each threshold on.

    threshold: the lowest it would release at; None: at none. risk: (len(GRID),) upper bounds on the error, falling
    with the threshold.
    """

    threshold: float | None
    risk: np.ndarray


@dataclass(frozen=True, slots=True)
class Level:
    """What holds for a course or an exercise.

    threshold: confidence from which a mark is released alone; None: never. source: what it rests on, "own" marks, the
    "parent" (course or shipped figures, corrected by own marks) or the "limit" itself (0: never, 1: always).
    n_released, n_wrong: marked answers at or above it and the machine's errors among them; upper: Clopper-Pearson bound
    on their error at 1 - delta (1.0 without any).
    """

    threshold: float | None
    source: str
    n_marked: int
    n_agreed: int
    n_released: int
    n_wrong: int
    upper: float
    curve: Curve


def cdf(n_wrong: int, n: int, p: float) -> float:
    """P(at most n_wrong of n) where each is wrong with probability p."""
    if n_wrong >= n or p <= 0.0:
        return 1.0
    if n_wrong < 0 or p >= 1.0:
        return 0.0
    k = np.arange(n_wrong + 1)
    choose = np.concatenate([[0.0], np.cumsum(np.log((n - k[1:] + 1) / k[1:]))])  # log of the binomial coefficients
    return float(min(1.0, np.exp(choose + k * math.log(p) + (n - k) * math.log1p(-p)).sum()))


def upper_bound(n_wrong: int, n: int, delta: float = DELTA) -> float:
    """Clopper-Pearson: the largest error rate at which n_wrong or fewer of n would still be seen with probability
    delta. 1.0 for n = 0."""
    if not 0 <= n_wrong <= n:
        raise ValueError(f"{n_wrong} of {n} cannot be wrong.")
    if n_wrong == n:
        return 1.0
    low, high = n_wrong / n, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(n_wrong, n, middle) > delta else (low, middle)
    return high


@lru_cache(maxsize=4096)
def n_needed(n_wrong: int, limit: float, delta: float) -> int:
    """The fewest marks that accept a threshold with n_wrong errors among them."""
    n = n_wrong + 1
    while cdf(n_wrong, n, limit) > delta:
        n = max(n + 1, int(n * 1.02))
    return n


def starts(n_marked: int, limit: float, delta: float) -> tuple[list[int], float]:
    """(numbers of marks at which a sequence begins, the share of delta that each has).

    The first is the fewest that can accept a threshold at all, each other has twice as many: one early error then does
    not end all testing, and a course with few marks pays for one sequence only.
    """
    n = 1
    while n_marked >= n_needed(0, limit, delta / (n + 1)) * 2**n:
        n += 1
    fewest = n_needed(0, limit, delta / n)
    return [fewest * 2**power for power in range(n)], delta / n


def proven(marks: Marks, limit: float, delta: float = DELTA) -> int | None:
    """The place in GRID of the lowest threshold that own marks prove; None: they prove none."""
    n, wrong = marks.released()
    sizes, share = starts(marks.n, limit, delta)
    best = None
    for size in sizes:
        enough = np.flatnonzero(n >= size)
        place = int(enough[-1]) if len(enough) else -1
        while place >= 0 and cdf(int(wrong[place]), int(n[place]), limit) <= share:
            best = place if best is None else min(best, place)
            place -= 1
    return best


def bounds(marks: Marks, delta: float = DELTA) -> np.ndarray:
    """(len(GRID),) Clopper-Pearson bounds; where a stricter threshold has fewer marks it keeps the lower bound of a
    laxer one, as the error is taken not to grow with confidence."""
    n, wrong = marks.released()
    found: dict[tuple[int, int], float] = {}
    for pair in zip(wrong.tolist(), n.tolist(), strict=True):
        if pair not in found:
            found[pair] = upper_bound(*pair, delta)
    return np.minimum.accumulate([found[pair] for pair in zip(wrong.tolist(), n.tolist(), strict=True)])


def level(
    marks: Marks,
    *,
    parent: Curve,
    strength: float,
    limit: float,
    delta: float = DELTA,
    floor: float = 0.0,
    is_parent: bool = True,
) -> Level:
    """The threshold for a course (parent: the shipped assessor's) or an exercise (parent: its course's).

    strength: own marks that the parent's bound weighs as much as. floor: nothing is released under it, whatever is
    measured. is_parent: will its curve be asked for? (Bounds at all thresholds take most of the time.)

    With no own marks the parent's threshold holds; each error of the machine makes it stricter, and agreement brings it
    back; a lower one needs proof by own marks.
    """
    if not 0.0 <= limit <= 1.0:
        raise ValueError(f"A limit lies in [0, 1], not {limit!r}.")
    if limit in (0.0, 1.0):  # nothing can be proven to have no error; anything has at most an error each
        place = 0 if limit == 1.0 else None
        return _level(marks, place, "limit", np.full(len(GRID), limit or 1.0), delta, floor)
    own = proven(marks, limit, delta)
    n, wrong = marks.released()
    mixed = (wrong + strength * parent.risk) / (n + strength)
    if marks.n >= ENOUGH:
        return _level(marks, own, "own", bounds(marks, delta) if is_parent else parent.risk, delta, floor)
    allowed = np.zeros(len(GRID), dtype=bool)
    if parent.threshold is not None:
        allowed = (mixed <= limit) & np.greater_equal(GRID, parent.threshold - 1e-9)
    # From the strictest down, without a gap: a threshold under one that failed was passed by chance.
    place = len(GRID)
    while place > 0 and allowed[place - 1]:
        place -= 1
    inherited = None if place == len(GRID) else place
    if own is not None and (inherited is None or own < inherited):
        return _level(marks, own, "own", bounds(marks, delta) if is_parent else parent.risk, delta, floor)
    return _level(marks, inherited, "parent", np.minimum.accumulate(mixed), delta, floor)


def _level(marks: Marks, place: int | None, source: str, risk: np.ndarray, delta: float, floor: float) -> Level:
    threshold = None if place is None else max(floor, 0.0 if source == "limit" else float(GRID[place]))
    n_released = n_wrong = 0
    if threshold is not None:
        above = marks.confidence >= threshold - 1e-9
        n_released, n_wrong = int(above.sum()), int((above & marks.wrong).sum())
    return Level(
        threshold=threshold,
        source=source,
        n_marked=marks.n,
        n_agreed=int((~marks.wrong).sum()),
        n_released=n_released,
        n_wrong=n_wrong,
        upper=upper_bound(n_wrong, n_released, delta) if n_released else 1.0,
        curve=Curve(threshold, risk),
    )
