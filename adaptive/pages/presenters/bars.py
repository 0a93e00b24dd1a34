"""Numbers for server-drawn SVG, in percent of the drawing's width, so that a bar fits any room without being stretched.

Every picture has its figures as text beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adaptive.mastery.selectors import MASTERED
from adaptive.pages.presenters.standing import StandingCount

LEAST = 1.0  # percent: a change, however small, is seen


def length(share: float) -> str:
    """A share in [0, 1] as an SVG length. Always with a point, whatever the language."""
    return f"{min(max(share, 0.0), 1.0) * 100:.1f}%"


@dataclass(frozen=True, slots=True)
class MasteryBar:
    """P(skill known now) on a track with the threshold as a tick. Without `before` nothing has changed."""

    p: float
    code: str = "started"
    before: float | None = None
    threshold: float = MASTERED

    @property
    def fill(self) -> str:
        return length(self.p)

    @property
    def tick(self) -> str:
        return length(self.threshold)

    @property
    def kept(self) -> str:
        """What stood before and still stands; the gained or lost stretch begins here."""
        return length(self.p if self.before is None else min(self.p, self.before))

    @property
    def moved(self) -> str:
        return length(0.0 if self.before is None else max(abs(self.p - self.before), LEAST / 100))

    @property
    def is_gain(self) -> bool:
        return self.before is None or self.p >= self.before


@dataclass(frozen=True, slots=True)
class Segment:
    x: str
    width: str
    code: str
    n: int


ORDER = ("mastered", "started", "needs_help", "not_started")
GAP, NARROWEST = 0.006, 0.02


def stack(counts: Sequence[StandingCount]) -> list[Segment]:
    """The counts as segments of one bar, mastered first. Anybody at all is at least visible."""
    shown = sorted((c for c in counts if c.n), key=lambda c: ORDER.index(c.standing.code))
    total = sum(c.n for c in shown)
    room = 1.0 - GAP * (len(shown) - 1) - NARROWEST * len(shown)
    segments, x = [], 0.0
    for count in shown:
        width = NARROWEST + room * count.n / total
        segments.append(Segment(length(x), length(width), count.standing.code, count.n))
        x += width + GAP
    return segments
