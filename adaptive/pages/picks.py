"""What to do next, for a page: the learner's slate as it stands, or a new one where it no longer says what is true."""

from dataclasses import dataclass
from datetime import datetime

from adaptive.catalog.models import Course
from adaptive.learners.models import Learner
from adaptive.pages.selectors import impressions_open
from adaptive.practice.services import slate_next
from adaptive.recommendation.models import Impression, Slate
from adaptive.recommendation.services import impression_event, slate_current


@dataclass(frozen=True, slots=True)
class Picks:
    """The places that still wait, best first; `why_empty` says why there are none."""

    waiting: list[Impression]
    why_empty: str
    slate: Slate

    @property
    def first(self) -> Impression | None:
        return self.waiting[0] if self.waiting else None


def picks_now(
    *, learner: Learner, course: Course, at: datetime, purpose: str = Slate.Purpose.PRACTICE, count: int = 5
) -> Picks:
    """The current picks. Makes and stores a slate where there is no current one."""
    slate = slate_current(learner=learner, course=course, at=at, purpose=purpose)
    if slate is None:
        slate = slate_next(learner=learner, course=course, purpose=purpose, count=count)
    return Picks(impressions_open(slate=slate), slate.why_empty, slate)


def pick_seen(impression: Impression, *types: str) -> None:
    """Notes once what became of a place (it was shown, started): a page read twice is one event."""
    known = {event.type for event in impression.events.all()}
    for type_ in types:
        if type_ not in known:
            impression_event(slate=impression.slate, position=impression.position, type=type_)
