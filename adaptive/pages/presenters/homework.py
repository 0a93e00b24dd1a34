"""Homework in words: for whom, until when, how far; the same on cards, in the list and on a learner's home."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from adaptive.learners.models import Learner
from adaptive.pages.markdown import plain_text
from adaptive.pages.presenters.bars import Segment, stack
from adaptive.pages.presenters.marks import READING, RIGHT, WRONG, Mark
from adaptive.pages.presenters.standing import NOT_STARTED, STANDINGS, StandingCount
from adaptive.recommendation.homework_progress import Counts, GivenTo, Progress, Tries
from adaptive.recommendation.models import Homework


@dataclass(frozen=True, slots=True)
class HomeworkCard:
    """One homework before its teacher. `n_done`, `n_begun` (of those not done), `n_not`: learners."""

    homework: Homework
    to: str
    due: str
    is_over: bool
    n_learners: int
    n_done: int
    n_begun: int
    n_not: int
    segments: list[Segment]

    @property
    def how_far(self) -> str:
        """ "3 of 28 have done it, 9 more have begun"."""
        said = ngettext("%(n)d of %(of)d has done it", "%(n)d of %(of)d have done it", self.n_done)
        said %= {"n": self.n_done, "of": self.n_learners}
        if self.n_begun:
            more = ngettext("%(n)d more has begun", "%(n)d more have begun", self.n_begun) % {"n": self.n_begun}
            return f"{said}, {more}"
        return said


def to_line(given: GivenTo | None) -> str:
    if given is None or not (given.cohort or given.n_learners):
        return _("the whole class")
    if given.cohort:
        return given.cohort
    return ngettext("%(n)d chosen learner", "%(n)d chosen learners", given.n_learners) % {"n": given.n_learners}


def learner_ticks(learners: Iterable[Learner], ticked: Collection[int]) -> SafeString:
    """A box to tick for everybody. Not a template: a class may be a thousand."""
    box = '<label><input type="checkbox" name="learner" value="{}"{}> {}</label>'
    on = mark_safe(" checked")
    return format_html_join("", box, ((one.pk, on if one.pk in ticked else "", one) for one in learners))


def day_words(moment: datetime) -> str:
    """ "Friday, 6 March", in the language's own order."""
    return date_format(localtime(moment), "l, ") + date_format(localtime(moment), "MONTH_DAY_FORMAT")


def due_line(due_at: datetime | None, at: datetime) -> str:
    """ "" where there is no day."""
    if due_at is None:
        return ""
    if due_at < at:
        return _("was due on %(day)s") % {"day": day_words(due_at)}
    days = (localdate(due_at) - localdate(at)).days
    if days == 0:
        return pgettext("homework", "due today")
    if days == 1:
        return pgettext("homework", "due tomorrow")
    return _("due on %(day)s") % {"day": day_words(due_at)}


def homework_card(homework: Homework, counts: Counts, given: GivenTo | None, *, at: datetime) -> HomeworkCard:
    rest = counts.n_learners - counts.n_done - counts.n_begun
    numbers = {"mastered": counts.n_done, "started": counts.n_begun, NOT_STARTED.code: rest}
    shown = [StandingCount(standing, numbers.get(code, 0)) for code, standing in STANDINGS.items()]
    return HomeworkCard(
        homework=homework,
        to=to_line(given),
        due=due_line(homework.due_at, at),
        is_over=homework.due_at is not None and homework.due_at < at,
        n_learners=counts.n_learners,
        n_done=counts.n_done,
        n_begun=counts.n_begun,
        n_not=rest,
        segments=stack(shown) if counts.n_learners else [],
    )


def mark_of_tries(tries: Tries) -> Mark | None:
    """None where it was not tried since it was given."""
    if tries.is_right:
        return RIGHT
    if not tries.n:
        return None
    return WRONG if tries.n_read else READING


@dataclass(frozen=True, slots=True)
class LearnerRow:
    learner: Learner
    marks: list[Mark | None]
    n_right: int
    last_at: datetime | None


def learner_rows(progress: Mapping[int, Progress], learners: Mapping[int, Learner]) -> list[LearnerRow]:
    """Who has done least first, then by name."""
    rows = [
        LearnerRow(
            learner=learner,
            marks=[mark_of_tries(one) for one in found.tries],
            n_right=found.n_right,
            last_at=max((one.last_at for one in found.tries if one.last_at), default=None),
        )
        for pk, learner in learners.items()
        if (found := progress.get(pk))
    ]
    return sorted(rows, key=lambda row: row.n_right)


@dataclass(frozen=True, slots=True)
class ExerciseCount:
    resource_id: int
    title: str
    n_tried: int
    n_right: int


def exercise_counts(progress: Mapping[int, Progress], titles: Mapping[int, str]) -> list[ExerciseCount]:
    """Exercise by exercise, in the order they were given; without counts where nobody is there to count."""
    tries: dict[int, list[Tries]] = {}
    for found in progress.values():
        for one in found.tries:
            tries.setdefault(one.resource_id, []).append(one)
    order = list(tries) or list(titles)
    return [
        ExerciseCount(
            pk,
            plain_text(titles.get(pk, "")),
            sum(one.n > 0 for one in tries.get(pk, ())),
            sum(one.is_right for one in tries.get(pk, ())),
        )
        for pk in order
    ]


@dataclass(frozen=True, slots=True)
class ToDoLine:
    resource_id: int
    title: str
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class ToDo:
    """Homework as its learner sees it on their home."""

    title: str
    due: str
    is_over: bool
    lines: list[ToDoLine]
    n_right: int

    @property
    def is_done(self) -> bool:
        return self.n_right == len(self.lines)

    @property
    def how_far(self) -> str:
        n = len(self.lines)
        return ngettext("%(right)d of %(n)d right", "%(right)d of %(n)d right", n) % {"right": self.n_right, "n": n}


def to_do(
    homework: Sequence[Homework],
    progress: Mapping[int, Mapping[int, Progress]],
    titles: Mapping[int, str],
    *,
    learner: Learner,
    at: datetime,
    most: int = 3,
) -> list[ToDo]:
    """What is not done yet, and what is done before its day."""
    found = []
    for one in homework:
        mine = progress.get(one.pk, {}).get(learner.pk)
        if mine is None or (mine.is_done and (one.due_at is None or one.due_at < at)):
            continue
        found.append(
            ToDo(
                title=one.title,
                due=due_line(one.due_at, at),
                is_over=one.due_at is not None and one.due_at < at and not mine.is_done,
                lines=[
                    ToDoLine(t.resource_id, plain_text(titles.get(t.resource_id, "")), mark_of_tries(t))
                    for t in mine.tries
                ],
                n_right=mine.n_right,
            )
        )
    return sorted(found, key=lambda one: one.is_done)[:most]
