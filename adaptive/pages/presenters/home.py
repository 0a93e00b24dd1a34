"""The student's home: what to do now and why, what is due, how it went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adaptive.events.models import Attempt
from adaptive.mastery.selectors import SkillMasteryView
from adaptive.pages.markdown import plain_text
from adaptive.pages.picks import Picks
from adaptive.pages.presenters.bars import Segment, stack
from adaptive.pages.presenters.feedback import ChangeLine, change_line
from adaptive.pages.presenters.marks import READING, TEACHER, Mark, current_of, mark_of
from adaptive.pages.presenters.picks import PickCard, pick_card
from adaptive.pages.presenters.standing import StandingCount, standing_counts
from adaptive.pages.presenters.wording import minutes


@dataclass(frozen=True, slots=True)
class ResultLine:
    attempt: Attempt
    title: str
    mark: Mark
    change: ChangeLine | None


@dataclass(frozen=True, slots=True)
class Home:
    start: PickCard | None
    total_minutes: str
    then: list[PickCard]
    why_empty: str
    due: list[SkillMasteryView]
    waiting: list[ResultLine]
    recent: list[ResultLine]
    counts: list[StandingCount]
    segments: list[Segment]
    n_skills: int
    is_new: bool  # nothing answered yet


def result_line(attempt: Attempt) -> ResultLine:
    """Of an attempt read with its assessment and changes (selectors.results)."""
    return ResultLine(
        attempt=attempt,
        title=plain_text(attempt.resource.title),
        mark=mark_of(attempt.state, current_of(attempt)),
        change=change_line(attempt.changes[0]) if attempt.changes else None,
    )


def home(*, picks: Picks, masteries: Sequence[SkillMasteryView], recent: Sequence[Attempt], at: datetime) -> Home:
    lines = [result_line(attempt) for attempt in recent]
    counts = standing_counts(view.status for view in masteries)
    return Home(
        start=pick_card(picks.first) if picks.first else None,
        total_minutes=minutes(sum(pick.resource.duration_minutes for pick in picks.waiting)),
        then=[pick_card(pick) for pick in picks.waiting[1:4]],
        why_empty=picks.why_empty,
        due=[view for view in masteries if view.n_attempts and view.due_at and view.due_at <= at],
        waiting=[line for line in lines if line.mark in (READING, TEACHER)],
        recent=[line for line in lines if line.mark not in (READING, TEACHER)],
        counts=counts,
        segments=stack(counts),
        n_skills=len(masteries),
        is_new=not recent,
    )
