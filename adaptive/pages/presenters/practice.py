"""The practice page: one exercise, its goal, the marks so far, the hint ladder as far as it was climbed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adaptive.catalog.models import Resource, Skill
from adaptive.events.models import Attempt
from adaptive.pages.goals import Goal
from adaptive.pages.hints import answer_shown, example_shown
from adaptive.pages.markdown import plain_text, render_block
from adaptive.pages.presenters.answers import AnswerLine, right_answer_lines
from adaptive.pages.presenters.bars import MasteryBar
from adaptive.pages.presenters.exercise import ExerciseForm, question_html
from adaptive.pages.presenters.marks import Mark, current_of, mark_of
from adaptive.pages.presenters.wording import kind_name, minutes
from adaptive.recommendation.models import Impression

MAX_KEY = 80


@dataclass(frozen=True, slots=True)
class Example:
    """A similar problem with its solution. `question`: empty where the solution tells it (a worked example)."""

    title: str
    question: SafeString | str
    right_lines: list[AnswerLine]
    solution: SafeString | str
    language: str


def example_of(resource: Resource) -> Example:
    body = question_html(resource)
    if not resource.is_exercise:
        return Example(plain_text(resource.title), "", [], body, resource.language)
    return Example(
        title=plain_text(resource.title),
        question=body,
        right_lines=right_answer_lines(resource),
        solution=render_block(resource.explanation),
        language=resource.language,
    )


@dataclass(frozen=True, slots=True)
class HintLadder:
    """`seen`: the author's hints shown so far, of n_rungs. `example`: the similar problem, once it was asked for.

    next_rung: the number to ask for; None at the end, where the answer alone is left (`may_show_answer`). error: the
    error behind the learner's last answer, which they were told already; it costs nothing.
    """

    seen: list[SafeString]
    n_rungs: int
    next_rung: int | None = None
    is_next_example: bool = False
    example: Example | None = None
    is_answer_seen: bool = False
    error: str = ""

    @property
    def may_show_answer(self) -> bool:
        return self.next_rung is None and not self.is_answer_seen

    @property
    def label(self) -> str:
        if self.is_next_example:
            return _("Show a similar problem, worked out")
        return _("Show a hint") if not self.seen else _("Show the next hint")

    @property
    def cost(self) -> str:
        """Said before the click: what a hint costs."""
        if self.is_answer_seen:
            return _("You have seen the answer: the next try says as little as one with all hints.")
        if self.may_show_answer:
            return _("These were all the hints. The answer ends this try: it counts as not right.")
        return _("A hint counts: a right answer with hints says less than one without.")


def hint_ladder(resource: Resource, n_seen: int, *, similar: Resource | None = None, error: str = "") -> HintLadder:
    """`similar`: the problem that the rung after the author's hints shows, where there is one."""
    n_rungs, at_example = len(resource.hints), example_shown(resource)
    is_next_example = similar is not None and n_seen == n_rungs
    next_rung = n_seen + 1 if n_seen < n_rungs or is_next_example else None
    return HintLadder(
        seen=[render_block(str(hint)) for hint in resource.hints[:n_seen]],
        n_rungs=n_rungs,
        next_rung=next_rung,
        is_next_example=is_next_example,
        example=example_of(similar) if similar is not None and n_seen == at_example else None,
        is_answer_seen=n_seen >= answer_shown(resource),
        error=error,
    )


@dataclass(frozen=True, slots=True)
class SkillGoal:
    """The skill in work. `sentence`: the goal in words."""

    skill: Skill
    status: str
    sentence: str
    bar: MasteryBar


def skill_goal(skill: Skill, goal: Goal) -> SkillGoal:
    if goal.n_right == 0:
        sentence = _("Mastered. A right answer keeps it fresh.")
    elif goal.n_right is None:
        sentence = _("Each right answer brings it closer to mastered.")
    else:
        sentence = ngettext(
            "%(n)d more right answer and it counts as mastered.",
            "%(n)d more right answers and it counts as mastered.",
            goal.n_right,
        ) % {"n": goal.n_right}
    return SkillGoal(skill, goal.status, sentence, MasteryBar(goal.p_mastery, goal.status))


@dataclass(frozen=True, slots=True)
class Practice:
    """Everything that the practice page draws. `key` names this rendered form: sent twice, it counts once."""

    resource: Resource
    title: str
    kind_name: str
    minutes: str
    form: ExerciseForm
    ladder: HintLadder
    goal: SkillGoal | None
    marks: list[Mark]
    key: str
    started: str
    back: str
    impression: Impression | None = None
    error: str = ""
    n_misses: int = 0
    is_read_by_ai: bool = False


def practice(
    *,
    resource: Resource,
    form: ExerciseForm,
    ladder: HintLadder,
    goal: SkillGoal | None,
    marks: Sequence[Attempt],
    started: str,
    back: str,
    key: str = "",
    impression: Impression | None = None,
    error: str = "",
    n_misses: int = 0,
    is_read_by_ai: bool = False,
) -> Practice:
    return Practice(
        resource=resource,
        title=plain_text(resource.title),
        kind_name=kind_name(resource.kind),
        minutes=minutes(resource.duration_minutes),
        form=form,
        ladder=ladder,
        goal=goal,
        marks=[mark_of(attempt.state, current_of(attempt)) for attempt in marks],
        key=key[:MAX_KEY] or uuid.uuid4().hex,
        started=started,
        back=back,
        impression=impression,
        error=error,
        n_misses=n_misses,
        is_read_by_ai=is_read_by_ai,
    )
