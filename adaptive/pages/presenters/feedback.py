"""What a learner reads after an answer: what was right, what changed, and, while it is read, what is waited for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adaptive.assessment.models import Assessment
from adaptive.assessment.showing import feedback_shown
from adaptive.events.models import Attempt
from adaptive.mastery.models import MasteryChange
from adaptive.mastery.selectors import MASTERED as MASTERED_FROM
from adaptive.pages.markdown import render_block, render_inline
from adaptive.pages.presenters.answers import AnswerLine, is_given_up, lines_of, right_answer_lines
from adaptive.pages.presenters.bars import MasteryBar
from adaptive.pages.presenters.marks import PARTLY, READING, RIGHT, WRONG, Mark, mark_of
from adaptive.pages.presenters.wording import percent
from adaptive.pages.selectors import is_right
from adaptive.practice.selectors import Feedback

AWAY_AFTER = timedelta(seconds=20)
MISSES_UNTIL_SHOWN = 2
# Seconds between looks, growing, so that a reader who is away for an hour costs next to nothing.
DELAYS = (1, 1, 1, 1, 2, 2, 3, 3, 5, 5, 10, 15, 30)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One skill's belief before and after. `sentence` says the same as the bar."""

    skill_id: int
    name: str
    before: str
    after: str
    sentence: str
    bar: MasteryBar
    is_mastered_now: bool = False  # this very answer made it so


@dataclass(frozen=True, slots=True)
class Result:
    attempt: Attempt
    mark: Mark
    headline: str
    lines: list[AnswerLine]
    words: SafeString | str = ""
    misconception: str = ""  # its name; the author describes it to teachers
    explanation: SafeString | str = ""
    right_lines: list[AnswerLine] = field(default_factory=list)
    changes: list[ChangeLine] = field(default_factory=list)
    note: str = ""  # why nothing changed, or that hints counted
    is_waiting: bool = False
    is_away: bool = False
    is_with_teacher: bool = False
    is_contested: bool = False
    by_ai: bool = False
    by_teacher: bool = False
    may_reveal: bool = False
    may_retry: bool = False
    n_misses: int = 0

    @property
    def may_contest(self) -> bool:
        return self.by_ai and not self.is_contested

    @property
    def announcement(self) -> str:
        """The same in one breath, for the live region."""
        return " ".join([self.headline, *(change.sentence for change in self.changes)])


def poll_delay(n: int) -> int:
    """Seconds until look n + 1 at an answer that is being read."""
    return DELAYS[min(max(n, 0), len(DELAYS) - 1)]


def change_line(change: MasteryChange, *, is_mastered_now: bool = False) -> ChangeLine:
    before, after = percent(change.before), percent(change.after)
    values = {"skill": change.skill.name, "before": before, "after": after}
    if before == after:
        sentence = _("%(skill)s stays at %(after)s.") % values
    elif change.after > change.before:
        sentence = _("%(skill)s rose from %(before)s to %(after)s.") % values
    else:
        sentence = _("%(skill)s fell from %(before)s to %(after)s.") % values
    if is_mastered_now:
        sentence = _("%(sentence)s You have mastered it.") % {"sentence": sentence}
    code = "mastered" if change.after >= MASTERED_FROM else "started"
    return ChangeLine(
        change.skill_id,
        change.skill.name,
        before,
        after,
        sentence,
        MasteryBar(change.after, code, change.before),
        is_mastered_now,
    )


def _headline(mark: Mark, n_misses: int, *, is_away: bool) -> str:
    if mark is READING:
        return _("Your answer is kept. It will be read when the reader is back.") if is_away else _("Being read …")
    if mark is RIGHT:
        return _("That is right.")
    if mark is PARTLY:
        return _("Partly right.")
    if mark is WRONG:
        return _("Not right yet.") if n_misses < MISSES_UNTIL_SHOWN else _("Still not right. That happens.")
    return _("Your answer is with your teacher.")


def _words(assessment: Assessment) -> SafeString | str:
    """The author's words may hold mathematics; a model's or a person's are text and stay text."""
    said = feedback_shown(assessment)
    return render_inline(said) if assessment.assessor_kind == "key" else said


def _note(attempt: Attempt, assessment: Assessment, changes: Sequence[MasteryChange]) -> str:
    if not changes:
        return ""
    if not is_right(assessment):
        if any(change.after < change.before for change in changes):
            return _("It falls when an answer is not right, and rises again with the next one that is.")
        return ""
    if attempt.n_hints:
        return ngettext(
            "You used %(n)d hint: a right answer with hints says less than one without.",
            "You used %(n)d hints: a right answer with hints says less than one without.",
            attempt.n_hints,
        ) % {"n": attempt.n_hints}
    return ""


def result(
    feedback: Feedback,
    *,
    misconceptions: Sequence[dict],
    n_misses: int,
    is_revealed: bool,
    mastered_now: Collection[int] = (),
    at: datetime,
) -> Result:
    """The page's view of the feedback.

    n_misses: misses in a row at this exercise, this one included. mastered_now: ids of skills that it made mastered.
    """
    attempt, assessment, resource = feedback.attempt, feedback.assessment, feedback.attempt.resource
    mark = mark_of(feedback.state, assessment)
    details = None if assessment is None else assessment.details
    lines = lines_of(attempt, resource, details)
    if assessment is None:
        is_waiting = mark is READING
        is_away = is_waiting and at - attempt.submitted_at > AWAY_AFTER
        return Result(
            attempt=attempt,
            mark=mark,
            headline=_headline(mark, n_misses, is_away=is_away),
            lines=lines,
            is_waiting=is_waiting,
            is_away=is_away,
            is_with_teacher=not is_waiting,
        )
    shows_answer = mark is RIGHT or is_revealed or is_given_up(attempt) or n_misses >= MISSES_UNTIL_SHOWN
    known = {m.get("id"): m.get("name", "") for m in misconceptions}
    return Result(
        attempt=attempt,
        mark=mark,
        headline=_("Here is the answer.") if is_given_up(attempt) else _headline(mark, n_misses, is_away=False),
        lines=lines,
        words=_words(assessment),
        misconception=known.get(assessment.misconception, "") if mark is not RIGHT else "",
        explanation=render_block(feedback.explanation) if shows_answer and feedback.explanation else "",
        right_lines=right_answer_lines(resource) if shows_answer and mark is not RIGHT else [],
        changes=[change_line(c, is_mastered_now=c.skill_id in mastered_now) for c in feedback.changes],
        note=_note(attempt, assessment, feedback.changes),
        is_contested=feedback.state == Attempt.State.NEEDS_REVIEW,
        by_ai=assessment.assessor_kind == "llm",
        by_teacher=assessment.assessor_kind == "teacher",
        may_reveal=not shows_answer,
        may_retry=mark is not RIGHT,
        n_misses=n_misses,
    )
