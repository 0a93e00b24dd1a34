"""One learner as their teacher sees them: skills, answers with marks, what was recommended and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adaptive.assessment.models import Assessment
from adaptive.assessment.showing import feedback_shown
from adaptive.events.models import Attempt
from adaptive.pages.markdown import plain_text
from adaptive.pages.presenters.answers import text_of
from adaptive.pages.presenters.feedback import ChangeLine, change_line
from adaptive.pages.presenters.marks import Mark, current_of, mark_of
from adaptive.pages.presenters.picks import PickCard, pick_card
from adaptive.pages.presenters.why import DISAGREE
from adaptive.recommendation.models import Impression, ImpressionEvent, Slate

ASSESSORS = {
    "key": _("by answer key"),
    "llm": _("by AI"),
    "teacher": _("by a teacher"),
    "lms": _("by the learning platform"),
}


@dataclass(frozen=True, slots=True)
class AnswerRow:
    attempt: Attempt
    title: str
    answer: str
    mark: Mark
    assessor: Promise | str
    feedback: str
    changes: list[ChangeLine]
    needs_mark: bool


def _feedback(assessment: Assessment) -> str:
    said = feedback_shown(assessment)
    return plain_text(said) if assessment.assessor_kind == "key" else said


def answer_row(attempt: Attempt) -> AnswerRow:
    """Of an attempt read by selectors.results."""
    current = current_of(attempt)
    return AnswerRow(
        attempt=attempt,
        title=plain_text(attempt.resource.title),
        answer=text_of(attempt),
        mark=mark_of(attempt.state, current),
        assessor=ASSESSORS.get(current.assessor_kind, "") if current else "",
        feedback=_feedback(current) if current else "",
        changes=[change_line(change) for change in attempt.changes],
        needs_mark=attempt.state == Attempt.State.NEEDS_REVIEW,
    )


@dataclass(frozen=True, slots=True)
class ShownPick:
    card: PickCard
    outcome: str


@dataclass(frozen=True, slots=True)
class ShownSlate:
    slate: Slate
    picks: list[ShownPick]


_OUTCOMES = {
    ImpressionEvent.Type.COMPLETE: _("done"),
    ImpressionEvent.Type.DISMISS: _("set aside"),
    ImpressionEvent.Type.START: _("opened"),
    ImpressionEvent.Type.CLICK: _("opened"),
    ImpressionEvent.Type.IMPRESSION: _("shown"),
}


def _outcome(impression: Impression) -> str:
    """The most that became of it."""
    events = {event.type: event for event in impression.events.all()}
    if disagreed := events.get(ImpressionEvent.Type.DISAGREE):
        return str(dict(DISAGREE).get(disagreed.reason, ""))
    return next((str(word) for type_, word in _OUTCOMES.items() if type_ in events), "")


def shown_slates(slates: Sequence[Slate]) -> list[ShownSlate]:
    shown = []
    for slate in slates:
        picks = []
        for impression in slate.impressions.all():
            impression.slate = slate
            picks.append(ShownPick(pick_card(impression), _outcome(impression)))
        shown.append(ShownSlate(slate, picks))
    return shown
