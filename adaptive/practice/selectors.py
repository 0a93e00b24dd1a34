from dataclasses import dataclass

from adaptive.assessment.models import Assessment
from adaptive.assessment.selectors import assessment_current
from adaptive.events.models import Attempt
from adaptive.mastery.models import MasteryChange
from adaptive.mastery.selectors import changes_of


@dataclass(frozen=True, slots=True)
class Feedback:
    """All that may be said about an attempt to the learner who made it.

    assessment is None while it waits, and while a held-back mark waits for a teacher.
    """

    attempt: Attempt
    state: str
    assessment: Assessment | None
    changes: list[MasteryChange]
    explanation: str  # the author's words on the right answer; "" while it may not be shown


def feedback_of(*, attempt: Attempt) -> Feedback:
    """What became of the attempt."""
    assessment = assessment_current(attempt=attempt)
    if assessment and not assessment.is_released:
        assessment = None
    may_explain = assessment is not None and attempt.state in {Attempt.State.ASSESSED, Attempt.State.NEEDS_REVIEW}
    return Feedback(
        attempt=attempt,
        state=attempt.state,
        assessment=assessment,
        changes=changes_of(attempt=attempt) if assessment else [],
        explanation=attempt.resource.explanation if may_explain else "",
    )
