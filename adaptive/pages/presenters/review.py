"""An answer before a teacher: question, answer, what the author wanted to see, what the machine thought."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adaptive.assessment.models import Agreement, Assessment
from adaptive.assessment.showing import feedback_shown
from adaptive.assessment.words.feedback import WAITING
from adaptive.events.models import Attempt
from adaptive.pages.markdown import plain_text
from adaptive.pages.presenters.agreement import exercise_sentence
from adaptive.pages.presenters.answers import AnswerLine, answer_lines, right_answer_lines
from adaptive.pages.presenters.exercise import question_html
from adaptive.pages.presenters.wording import percent

LABELS: dict[str, Promise] = {
    "correct": gettext_lazy("Right"),
    "partially_correct": gettext_lazy("Partly right"),
    "contradictory": gettext_lazy("Contradicts the right answer"),
    "irrelevant": gettext_lazy("Beside the question"),
    "incorrect": gettext_lazy("Not right"),
}
# What a teacher chooses from, with the score that it gives.
MARKS = (("correct", 1.0), ("partially_correct", 0.5), ("incorrect", 0.0))


@dataclass(frozen=True, slots=True)
class ReviewCard:
    attempt: Attempt
    title: str
    question: SafeString
    lines: list[AnswerLine]
    wanted: list[AnswerLine]
    rubric: list[str]
    opinion: str  # the machine's, in words; "" where it had none
    opinion_feedback: str
    reason: str  # why it is here
    agreement: str  # how AI and teachers agree on this exercise, as measured; "" where no AI read it
    asked: str  # what the learner wrote when they asked for a look; "" where nothing
    note: str  # why it stands where it stands; "" for no special reason


def _opinion(assessment: Assessment | None) -> str:
    if assessment is None:
        return ""
    values = {"label": LABELS.get(assessment.label, assessment.label), "p": percent(assessment.confidence)}
    if assessment.assessor_kind == "llm":
        return _("AI, not checked: %(label)s (%(p)s sure).") % values
    return _("Marked before: %(label)s.") % values


def review_card(
    attempt: Attempt, *, measured: Agreement | None = None, teaches: bool = False, asked: str = ""
) -> ReviewCard:
    """Of an attempt read by report.review_queue or report.review_sample.

    measured: the agreement on its exercise. teaches: it is among the few whose marks teach the most. asked:
    what its learner wrote, where they ask for a look.
    """
    resource = attempt.resource
    opinion = attempt.opinions[0] if attempt.opinions else None
    by_machine = opinion is not None and opinion.assessor_kind == "llm"
    is_drawn = by_machine and opinion.is_audit and attempt.state == Attempt.State.ASSESSED
    note = _("Marking this one teaches the AI more than most others.") if teaches else ""
    if is_drawn:
        # Who sees the mark first agrees with it more often: what is to be measured is not shown.
        opinion = None
        reason = _("A sample, drawn by chance: an AI mark counts already; yours shows how good such marks are.")
    elif opinion and opinion.is_released:
        reason = _("The learner asks you to look at the mark.")
    elif opinion:
        reason = _("The AI was not sure enough, so nothing has been counted.")
    else:
        # Why no model may read it is a text of practice.services.
        reason = _(attempt.last_error) if attempt.last_error else _("Nobody has read it yet.")
    return ReviewCard(
        attempt=attempt,
        title=plain_text(resource.title),
        question=question_html(resource),
        lines=answer_lines(resource, attempt.response),
        wanted=right_answer_lines(resource),
        rubric=[line.strip().removeprefix("-").strip() for line in resource.rubric.splitlines() if line.strip()],
        opinion=_opinion(opinion),
        opinion_feedback=feedback_shown(opinion) if opinion and opinion.feedback != WAITING else "",
        reason=reason,
        agreement=exercise_sentence(measured) if by_machine else "",
        asked=asked if opinion is not None and opinion.is_released else "",
        note=note,
    )
