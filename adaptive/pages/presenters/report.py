"""The class report: who needs help and how they err, then skills, map, difficult exercises, what waits for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from adaptive.catalog.models import Resource, Skill
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.pages.addresses import row_url
from adaptive.pages.markdown import plain_text
from adaptive.pages.presenters.answers import text_of
from adaptive.pages.presenters.bars import MasteryBar, length, stack
from adaptive.pages.presenters.drawing import stacked
from adaptive.pages.presenters.standing import NEEDS_HELP, NOT_STARTED, STANDINGS, Standing, StandingCount
from adaptive.pages.presenters.wording import percent, share
from adaptive.pages.report import ClassFigures, Difficult, InNeed, ShownError


@dataclass(frozen=True, slots=True)
class ErrorCount:
    name: str
    n: int


@dataclass(frozen=True, slots=True)
class NeedsHelp:
    learner: Learner
    n_skills: int
    skills: list[tuple[Skill, str]]  # with p_mastery in words
    errors: list[ErrorCount]
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Quote:
    learner: Learner
    resource: Resource
    title: str
    answer: str


@dataclass(frozen=True, slots=True)
class Misconception:
    name: str
    description: str
    n_learners: int
    n: int
    quotes: list[Quote]


@dataclass(frozen=True, slots=True)
class MapRow:
    learner: Learner
    cells: SafeString  # a <td> for each skill


@dataclass(frozen=True, slots=True)
class HardExercise:
    resource: Resource
    title: str
    n: int
    n_learners: int
    n_hinted: int
    right: str


@dataclass(frozen=True, slots=True)
class Report:
    figures: ClassFigures
    needs_help: list[NeedsHelp]
    n_need_help: int
    misconceptions: list[Misconception]
    skills: SafeString  # the rows of a table
    hard: list[HardExercise]


def misconceptions_by_id(known: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {m.get("id", ""): m for m in known}


def misconception_name(known: Mapping[str, dict[str, Any]], code: str) -> str:
    """The author's name for it; the bare id, readable, where the course has none."""
    return known.get(code, {}).get("name") or code.replace("-", " ").capitalize()


def needs_help_rows(
    in_need: Sequence[InNeed],
    learners: Mapping[int, Learner],
    weak: Mapping[int, list[tuple[int, float]]],
    skills: Mapping[int, Skill],
    errors: Mapping[int, list[tuple[str, int]]],
    known: Mapping[str, dict[str, Any]],
    *,
    most_skills: int = 3,
    most_errors: int = 2,
) -> list[NeedsHelp]:
    return [
        NeedsHelp(
            learner=learners[row.learner_id],
            n_skills=row.n_skills,
            skills=[(skills[pk], percent(p)) for pk, p in weak.get(row.learner_id, [])[:most_skills] if pk in skills],
            errors=[
                ErrorCount(misconception_name(known, code), n)
                for code, n in errors.get(row.learner_id, [])[:most_errors]
            ],
            last_at=row.last_at,
        )
        for row in in_need
        if row.learner_id in learners
    ]


def quote(attempt: Attempt) -> Quote:
    return Quote(
        attempt.learner,
        attempt.resource,
        plain_text(attempt.resource.title),
        text_of(attempt),
    )


def misconception_rows(
    found: Sequence[ShownError], quotes: Mapping[int, Attempt], known: Mapping[str, dict[str, Any]]
) -> list[Misconception]:
    return [
        Misconception(
            name=misconception_name(known, row.misconception),
            description=known.get(row.misconception, {}).get("description", ""),
            n_learners=row.n_learners,
            n=row.n,
            quotes=[quote(quotes[pk]) for pk in row.latest if pk in quotes],
        )
        for row in found
    ]


def class_counts(statuses: Mapping[str, int], n_learners: int) -> list[StandingCount]:
    """Counts of one skill over the whole class: who never met it has not started."""
    met = sum(n for status, n in statuses.items() if status != NOT_STARTED.code)
    numbers = {**statuses, NOT_STARTED.code: max(n_learners - met, 0)}
    return [StandingCount(standing, numbers.get(code, 0)) for code, standing in STANDINGS.items()]


def foremost(skills: Sequence[Skill], statuses: Mapping[int, Mapping[str, int]], *, most: int) -> list[Skill]:
    """Those in which most learners need help, where there are more than `most`; else all, in the course's order."""
    if len(skills) <= most:
        return list(skills)
    return sorted(skills, key=lambda one: -statuses.get(one.pk, {}).get(NEEDS_HELP.code, 0))[:most]


def skill_rows(
    skills: Sequence[Skill], statuses: Mapping[int, Mapping[str, int]], n_learners: int, *, course_id: int
) -> SafeString:
    """A row of a table for each: its name, drawn, and the number of learners in each standing. Not a template: a course
    has hundreds."""
    rows = []
    for skill in skills:
        counts = class_counts(statuses.get(skill.pk, {}), n_learners)
        cells = "".join(
            f'<td class="num{" is-help" if one.standing is NEEDS_HELP and one.n else ""}">{one.n:d}</td>'
            for one in counts
        )
        rows.append(
            f'<tr><th scope="row"><a href="{row_url("adaptive:report-skill", course_id, skill.pk)}">'
            f'{escape(skill.name)}</a></th><td class="wide-col">{stacked(stack(counts))}</td>{cells}</tr>'
        )
    return mark_safe("".join(rows))


def _cell(standing: Standing, p: str) -> SafeString:
    """A <td> of the map: drawn by its class, in words for who does not see it."""
    label = str(standing.label)
    return format_html(
        '<td class="cell cell-{}" title="{}"><span class="visually-hidden">{}</span></td>',
        standing.code,
        f"{label}, {p}" if p else label,
        f"{label} {p}" if p else label,
    )


def map_rows(
    learners: Sequence[Learner], skills: Sequence[Skill], cells: Mapping[tuple[int, int], tuple[str, float]]
) -> list[MapRow]:
    """cells: as report.cells_of reads them. Each different cell is written once: a map has thousands of few kinds."""
    written: dict[tuple[str, str], SafeString] = {}

    def cell(found: tuple[str, float] | None) -> SafeString:
        key = (found[0], percent(found[1])) if found else (NOT_STARTED.code, "")
        if key not in written:
            written[key] = _cell(STANDINGS[key[0]], key[1])
        return written[key]

    ids = [skill.pk for skill in skills]
    return [
        MapRow(learner, mark_safe("".join([cell(cells.get((learner.pk, pk))) for pk in ids])))  # of _cell
        for learner in learners
    ]


def hard_rows(found: Sequence[Difficult]) -> list[HardExercise]:
    return [
        HardExercise(
            resource=row.resource,
            title=plain_text(row.resource.title),
            n=row.n,
            n_learners=row.n_learners,
            n_hinted=row.n_hinted,
            right=share(row.ease),
        )
        for row in found
    ]


@dataclass(frozen=True, slots=True)
class LearnerOnSkill:
    learner: Learner
    standing: Standing
    p: str
    bar: MasteryBar
    n_attempts: int
    last_at: datetime | None


def learners_on_skill_rows(
    rows: Sequence[tuple[int, str, float, int, datetime | None]], learners: Mapping[int, Learner]
) -> list[LearnerOnSkill]:
    """Those who met the skill, grouped by standing (help first), the weakest first in each."""
    order = list(STANDINGS)
    found = [
        LearnerOnSkill(learners[pk], STANDINGS[status], percent(p), MasteryBar(p, status), n, last)
        for pk, status, p, n, last in rows
        if pk in learners
    ]
    return sorted(found, key=lambda row: order.index(row.standing.code))


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer that several learners gave, in words."""

    text: str
    n: int
    learners: list[Learner]
    n_more: int  # learners beside those named
    width: str


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """Answers that err in the same way; without a name those that no known error explains, or the right ones."""

    name: str
    description: str
    is_right: bool
    n: int
    n_learners: int
    answers: list[GivenAnswer]
    n_more: int  # different answers beside those shown


def _answers(groups: Mapping[str, Sequence[Attempt]], total: int, most: int, most_named: int = 5) -> list[GivenAnswer]:
    rows = []
    for text, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))[:most]:
        names = list({a.learner_id: a.learner for a in group}.values())
        n_more = max(len(names) - most_named, 0)
        rows.append(GivenAnswer(text, len(group), names[:most_named], n_more, length(len(group) / total)))
    return rows


def answer_groups(
    attempts: Sequence[Attempt], resource: Resource, known: Mapping[str, dict[str, Any]], *, most: int = 8
) -> list[AnswerGroup]:
    """The different answers, the wrong ones by the misconception that they show, what most learners showed first; then
    those without a named error, and the right ones last. Those that wait for a mark are left out."""
    found: dict[tuple[bool, str], dict[str, list[Attempt]]] = {}
    as_first: dict[str, str] = {}  # letters, spaces and a full stop make no other answer
    for attempt in attempts:
        if attempt.current:
            mark = attempt.current[0]
            is_right = mark.label == "correct"
            texts = found.setdefault((is_right, "" if is_right else mark.misconception), {})
            text = text_of(attempt, resource)
            text = as_first.setdefault(" ".join(text.casefold().split()).strip(".!;, "), text)
            texts.setdefault(text, []).append(attempt)
    total = sum(len(group) for texts in found.values() for group in texts.values()) or 1
    rows = []
    for (is_right, code), texts in found.items():
        everybody = {attempt.learner_id for group in texts.values() for attempt in group}
        rows.append(
            AnswerGroup(
                name=misconception_name(known, code) if code else "",
                description=known.get(code, {}).get("description", ""),
                is_right=is_right,
                n=sum(len(group) for group in texts.values()),
                n_learners=len(everybody),
                answers=_answers(texts, total, most),
                n_more=max(len(texts) - most, 0),
            )
        )
    return sorted(rows, key=lambda row: (row.is_right, not row.name, -row.n_learners, -row.n, row.name))
