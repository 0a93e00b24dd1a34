"""A learner's skills in the four standings, and one skill with the evidence behind what is believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from adaptive.assessment.models import Assessment
from adaptive.catalog.models import Resource, Skill
from adaptive.events.models import Attempt
from adaptive.mastery.models import MasteryChange
from adaptive.mastery.selectors import SkillMasteryView
from adaptive.pages.addresses import row_url
from adaptive.pages.markdown import plain_text
from adaptive.pages.presenters.answers import text_of
from adaptive.pages.presenters.bars import MasteryBar, Segment, stack
from adaptive.pages.presenters.drawing import mastery_bar, standing, when
from adaptive.pages.presenters.marks import Mark, mark_of
from adaptive.pages.presenters.standing import STANDINGS, Standing, StandingCount, standing_counts
from adaptive.pages.presenters.wording import kind_name, minutes, percent, points


@dataclass(frozen=True, slots=True)
class SkillCard:
    skill: Skill
    standing: Standing
    p: str
    bar: MasteryBar
    n_attempts: int
    last_at: datetime | None
    due_at: datetime | None
    is_due: bool
    after: list[Skill]  # what should be known before


@dataclass(frozen=True, slots=True)
class SkillMap:
    cards: list[SkillCard]
    counts: list[StandingCount]
    segments: list[Segment]


def skill_card(view: SkillMasteryView, prerequisites: Sequence[Skill] = (), *, at: datetime) -> SkillCard:
    return SkillCard(
        skill=view.skill,
        standing=STANDINGS[view.status],
        p=percent(view.p_mastery),
        bar=MasteryBar(view.p_mastery, view.status),
        n_attempts=view.n_attempts,
        last_at=view.last_attempt_at,
        due_at=view.due_at,
        is_due=bool(view.n_attempts and view.due_at and view.due_at <= at),
        after=list(prerequisites),
    )


def skill_map(
    masteries: Sequence[SkillMasteryView], prerequisites: Mapping[int, Sequence[int]], *, at: datetime
) -> SkillMap:
    by_id = {view.skill.pk: view.skill for view in masteries}
    counts = standing_counts(view.status for view in masteries)
    cards = [
        skill_card(view, [by_id[p] for p in prerequisites.get(view.skill.pk, ()) if p in by_id], at=at)
        for view in masteries
    ]
    return SkillMap(cards, counts, stack(counts))


def skill_rows(cards: Sequence[SkillCard], *, course_id: int, learner_id: int, at: datetime) -> SafeString:
    """A row of a teacher's table for each, with ways to the class on the skill and to the evidence. Not a template: a
    course has hundreds."""
    rows = []
    for card in cards:
        name, pk = escape(card.skill.name), card.skill.pk
        bar, now = "", "–"
        if card.n_attempts:
            label = escape(_("%(p)s on %(skill)s: the evidence") % {"p": card.p, "skill": card.skill.name})
            address = row_url("adaptive:learner-skill", course_id, learner_id, pk)
            bar, now = mastery_bar(card.bar), f'<a href="{address}" aria-label="{label}">{escape(card.p)}</a>'
        rows.append(
            f'<tr><th scope="row"><a href="{row_url("adaptive:report-skill", course_id, pk)}">{name}</a></th>'
            f'<td>{standing(card.standing)}</td><td class="wide-col">{bar}</td><td class="num">{now}</td>'
            f'<td class="num">{card.n_attempts:d}</td><td class="nowrap">{when(card.last_at, at)}</td></tr>'
        )
    return mark_safe("".join(rows))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One attempt that moved the belief. `answer` is the learner's own text, plain."""

    attempt: Attempt
    title: str
    answer: str
    mark: Mark
    before: str
    after: str
    step: str  # by how many points it moved the belief, with its sign
    bar: MasteryBar
    n_hints: int


@dataclass(frozen=True, slots=True)
class ResourceLine:
    resource: Resource
    title: str
    kind_name: str
    minutes: str


@dataclass(frozen=True, slots=True)
class SkillPage:
    card: SkillCard
    evidence: list[Evidence]
    strongest: list[Evidence]  # those that moved the belief most, the largest step first
    exercises: list[ResourceLine]
    readings: list[ResourceLine]
    next_skills: list[Skill]


def evidence_line(change: MasteryChange, assessment: Assessment | None) -> Evidence:
    attempt = change.attempt
    return Evidence(
        attempt=attempt,
        title=plain_text(attempt.resource.title),
        answer=text_of(attempt),
        mark=mark_of(attempt.state, assessment),
        before=percent(change.before),
        after=percent(change.after),
        step=points(change.after - change.before),
        bar=MasteryBar(change.after, "started", change.before),
        n_hints=attempt.n_hints,
    )


def resource_line(resource: Resource) -> ResourceLine:
    return ResourceLine(
        resource, plain_text(resource.title), kind_name(resource.kind), minutes(resource.duration_minutes)
    )


def skill_page(
    masteries: Mapping[int, SkillMasteryView],
    skill_id: int,
    *,
    evidence: Sequence[MasteryChange],
    strongest: Sequence[MasteryChange],
    assessments: Mapping[int, Assessment],
    resources: Sequence[Resource],
    prerequisites: Mapping[int, Sequence[int]],
    at: datetime,
) -> SkillPage:
    """`assessments`: by attempt id, those that count."""
    before = [masteries[p].skill for p in prerequisites.get(skill_id, ()) if p in masteries]
    lines = [resource_line(resource) for resource in resources]
    return SkillPage(
        card=skill_card(masteries[skill_id], before, at=at),
        evidence=[evidence_line(change, assessments.get(change.attempt_id)) for change in evidence],
        strongest=[evidence_line(change, assessments.get(change.attempt_id)) for change in strongest],
        exercises=[line for line in lines if line.resource.is_exercise],
        readings=[line for line in lines if not line.resource.is_exercise],
        next_skills=[view.skill for view in masteries.values() if skill_id in prerequisites.get(view.skill.pk, ())],
    )
