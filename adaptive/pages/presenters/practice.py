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
from adaptive.pages.markdown import plain_text, render_block
from adaptive.pages.presenters.bars import MasteryBar
from adaptive.pages.presenters.exercise import ExerciseForm
from adaptive.pages.presenters.marks import Mark, current_of, mark_of
from adaptive.pages.presenters.wording import kind_name, minutes
from adaptive.recommendation.models import Impression

MAX_KEY = 80


@dataclass(frozen=True, slots=True)
class HintLadder:
    """`seen`: the rungs shown so far. `next_rung`: the number to ask for, None at the end."""

    seen: list[SafeString]
    n_rungs: int

    @property
    def next_rung(self) -> int | None:
        return len(self.seen) + 1 if len(self.seen) < self.n_rungs else None

    @property
    def label(self) -> str:
        return _("Show a hint") if not self.seen else _("Show the next hint")

    @property
    def cost(self) -> str:
        """Said before the click: what a hint costs."""
        if self.next_rung is None:
            return _("These were all the hints.")
        return _("A hint counts: a right answer with hints says less than one without.")


def hint_ladder(resource: Resource, n_seen: int) -> HintLadder:
    return HintLadder([render_block(str(hint)) for hint in resource.hints[:n_seen]], len(resource.hints))


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
    n_hints: int,
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
        ladder=hint_ladder(resource, n_hints),
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
