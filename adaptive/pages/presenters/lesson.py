"""Tomorrow's ten minutes as cards: what to talk about, with which words, which question, what to practise, what came
of it. Quotes have no names: the page may stand before the class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adaptive.catalog.models import Resource
from adaptive.events.models import Attempt
from adaptive.pages.addresses import row_url
from adaptive.pages.lesson import BeforeAfter, Counted, Shown
from adaptive.pages.markdown import plain_text, render_inline
from adaptive.pages.presenters.answers import AnswerLine, answer_text, right_answer_lines
from adaptive.pages.presenters.exercise import question_html
from adaptive.pages.presenters.homework import HomeworkCard
from adaptive.pages.presenters.report import misconception_name
from adaptive.pages.presenters.wording import minutes
from adaptive.pages.report import Name
from adaptive.pages.selectors import skills_of_resource


@dataclass(frozen=True, slots=True)
class Words:
    text: str
    title: str  # of the exercise
    is_said: bool  # in the learner's own words, not picked from what was offered


@dataclass(frozen=True, slots=True)
class Starter:
    exercise: Resource
    question: SafeString
    choices: list[SafeString]
    claim: str  # an answer that showed the misconception; "" where there is none to show
    right: list[AnswerLine]


@dataclass(frozen=True, slots=True)
class SetLine:
    exercise: Resource
    title: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: `verdict` says no more than the two lines of counts do."""

    verdict: str
    before: str
    after: str
    is_fewer: bool


@dataclass(frozen=True, slots=True)
class LessonCard:
    code: str
    name: str
    description: str
    who: str
    n_learners: int
    who_links: SafeString
    who_inputs: SafeString  # the same as fields of a form
    quotes: list[Words]
    starter: Starter | None
    set: list[SetLine]
    set_minutes: str
    title: str  # of the homework, as learners read it: its skill, never the error
    homework: HomeworkCard | None
    outcome: Outcome | None
    is_early: bool  # homework was given, too lately to count


def who_line(shown: Shown, n_class: int) -> str:
    n = len(shown.learners)
    who = ngettext("%(n)d of %(of)d learner", "%(n)d of %(of)d learners", n_class) % {"n": n, "of": n_class}
    times = ngettext("%(n)d time", "%(n)d times", shown.n) % {"n": shown.n}
    days, hours = shown.span.days, shown.span.seconds // 3600
    since = ngettext("in the last day", "in the last %(days)d days", days) % {"days": days}
    if not days:
        since = ngettext("in the last hour", "in the last %(hours)d hours", hours) % {"hours": hours}
    return f"{who}, {times} {since}"


def _counts(counted: Counted) -> str:
    """ "in 12 of 40 answers, by 7 of 28 learners"."""
    if not counted.of:
        return _("no answers to exercises where it can show")
    answers = ngettext("in %(n)d of %(of)d answer", "in %(n)d of %(of)d answers", counted.of)
    learners = ngettext("by %(n)d of %(of)d learner", "by %(n)d of %(of)d learners", counted.of_learners)
    said = {"n": counted.n, "of": counted.of}
    by = {"n": counted.n_learners, "of": counted.of_learners}
    return f"{answers % said}, {learners % by}"


def outcome(counted: BeforeAfter) -> Outcome:
    before, after = counted.before, counted.after
    is_fewer = False
    if not after.of:
        verdict = _("Nobody has answered an exercise where it can show since then, so nothing can be said.")
    elif not before.of:
        verdict = _("Nobody had answered an exercise where it can show before, so there is nothing to compare with.")
    else:
        share_before, share_after = before.n / before.of, after.n / after.of
        is_fewer = share_after < share_before
        if is_fewer:
            verdict = _("It declined: it shows in a smaller share of the answers than before.")
        elif not after.n:
            verdict = _("It has not shown, neither before nor since.")
        elif share_after == share_before:
            verdict = _("It did not decline: it shows in the same share of the answers as before.")
        else:
            verdict = _("It did not decline: it shows in a larger share of the answers than before.")
    days_before, days_since = counted.days_before, counted.days_since
    return Outcome(
        verdict=verdict,
        before=ngettext("%(days)d day before:", "%(days)d days before:", days_before) % {"days": days_before}
        + " "
        + _counts(before),
        after=ngettext("%(days)d day since:", "%(days)d days since:", days_since) % {"days": days_since}
        + " "
        + _counts(after),
        is_fewer=is_fewer,
    )


def _starter(exercise: Resource | None, claim: str) -> Starter | None:
    if exercise is None:
        return None
    return Starter(
        exercise=exercise,
        question=question_html(exercise),
        choices=_offered(exercise),
        claim=claim,
        right=right_answer_lines(exercise),
    )


def _offered(exercise: Resource) -> list[SafeString]:
    return [render_inline(choice["text"]) for choice in exercise.choices]


def _title(exercises: Sequence[Resource]) -> str:
    """Named by the skill that most of them train."""
    names = [links[0].name for one in exercises if (links := skills_of_resource(one))]
    return max(names, key=names.count) if names else ""


def lesson_card(
    shown: Shown,
    *,
    known: Mapping[str, dict[str, Any]],
    course_id: int,
    learners: Sequence[Name],
    quotes: Sequence[Attempt],
    starter: Resource | None,
    claim: str,
    exercises: Sequence[Resource],
    homework: HomeworkCard | None,
    counted: BeforeAfter | None,
) -> LessonCard:
    """`learners`: the class, in the order of names."""
    who = [one for one in learners if one.pk in shown.learners]
    return LessonCard(
        code=shown.code,
        name=misconception_name(known, shown.code),
        description=known.get(shown.code, {}).get("description", ""),
        who=who_line(shown, len(learners)),
        n_learners=len(who),
        # Not in the template: a card may have hundreds.
        who_links=format_html_join(
            ", ", '<a href="{}">{}</a>', ((row_url("adaptive:learner", course_id, one.pk), one) for one in who)
        ),
        who_inputs=format_html_join("", '<input type="hidden" name="learner" value="{}">', ([one.pk] for one in who)),
        quotes=[
            Words(answer_text(one.resource, one.response), plain_text(one.resource.title), one.resource.is_words)
            for one in quotes
        ],
        starter=_starter(starter, claim),
        set=[SetLine(one, plain_text(one.title)) for one in exercises],
        set_minutes=minutes(sum(one.duration_minutes for one in exercises)),
        title=_title(exercises),
        homework=homework,
        outcome=outcome(counted) if counted else None,
        is_early=homework is not None and counted is None,
    )
