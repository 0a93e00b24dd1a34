"""An assessment of performance as a card: how it went in a session or a week, line by line, with the answers behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from adaptive.events.models import Attempt
from adaptive.pages.markdown import plain_text
from adaptive.pages.presenters.marks import Mark, current_of, mark_of
from adaptive.performance.models import PerformanceAssessment
from adaptive.performance.showing import is_as_written, words_now
from adaptive.performance.words import GAP, MISCONCEPTION, NEXT, PACE, STRENGTH, SUMMARY

ICONS = {STRENGTH: "star", GAP: "alert", MISCONCEPTION: "bulb", PACE: "clock", NEXT: "arrow"}
MOST_ANSWERS = 12  # drawn under a line; the line says how many there are


@dataclass(frozen=True, slots=True)
class AnswerLink:
    attempt: Attempt
    title: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Line:
    """`icon`: of templatetags, "" for the sentence that sums up. `answers`: those that it stands on."""

    code: str
    text: str
    icon: str
    n_answers: int
    answers: list[AnswerLink]


@dataclass(frozen=True, slots=True)
class PerformanceCard:
    assessment: PerformanceAssessment
    title: str
    summary: Line | None
    lines: list[Line]
    words: str  # a model's, where they stand; "" where the lines say it all
    ends_at: datetime

    @property
    def first_lines(self) -> list[Line]:
        """The first of each kind that matters at a glance, for the home."""
        firsts = {line.code: line for line in reversed(self.lines)}
        return [firsts[code] for code in (STRENGTH, GAP, MISCONCEPTION, NEXT) if code in firsts]


def title_of(assessment: PerformanceAssessment) -> str:
    if assessment.period == PerformanceAssessment.Period.WEEK:
        last = assessment.ends_at - timedelta(seconds=1)
        return _("Week from %(first)s to %(last)s") % {
            "first": date_format(localtime(assessment.starts_at), "MONTH_DAY_FORMAT"),
            "last": date_format(localtime(last), "MONTH_DAY_FORMAT"),
        }
    return _("Practice on %(day)s") % {"day": date_format(localtime(assessment.starts_at), "MONTH_DAY_FORMAT")}


def performance_card(
    assessment: PerformanceAssessment, attempts: Mapping[int, Attempt] | None = None
) -> PerformanceCard:
    """`attempts`: by id, for the answers behind the lines; without them the lines alone."""
    as_written = is_as_written(assessment)
    facts = assessment.word_facts if as_written else [fact.to_json() for fact in words_now(assessment).facts]
    lines = [_line(fact, attempts or {}) for fact in facts]
    return PerformanceCard(
        assessment=assessment,
        title=title_of(assessment),
        summary=next((line for line in lines if line.code == SUMMARY), None),
        lines=[line for line in lines if line.code != SUMMARY],
        words=assessment.text if as_written and assessment.text != assessment.plain_text else "",
        ends_at=assessment.ends_at,
    )


def _line(fact: Mapping, attempts: Mapping[int, Attempt]) -> Line:
    ids = _behind(fact) if attempts else []
    answers = [
        AnswerLink(one, plain_text(one.resource.title), mark_of(one.state, current_of(one)))
        for pk in ids[:MOST_ANSWERS]
        if (one := attempts.get(pk))
    ]
    return Line(fact["code"], fact["text"], ICONS.get(fact["code"], ""), len(ids), answers)


def _behind(fact: Mapping) -> list[int]:
    """Ids of the answers that a line stands on. What to do next follows from the lines above, whose answers stand
    there."""
    return [] if fact["code"] == NEXT else fact["values"].get("attempts", [])


def attempt_ids(assessments: Sequence[PerformanceAssessment]) -> set[int]:
    """Of the answers that are shown with the lines."""
    return {pk for one in assessments for fact in one.word_facts for pk in _behind(fact)[:MOST_ANSWERS]}
