"""The mark of one attempt: right, partly right, not right, being read, with the teacher. Icon, word and colour."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adaptive.assessment.models import Assessment
from adaptive.events.models import Attempt
from adaptive.pages.selectors import is_right


@dataclass(frozen=True, slots=True)
class Mark:
    """`code` names the icon and the CSS class."""

    code: str
    label: Promise


RIGHT = Mark("right", _("Right"))
PARTLY = Mark("partly", _("Partly right"))
WRONG = Mark("wrong", _("Not right yet"))
READING = Mark("reading", _("Being read"))
TEACHER = Mark("teacher", _("With your teacher"))


def mark_of(state: str, assessment: Assessment | None) -> Mark:
    """The mark as the learner may see it: a released assessment, else what the attempt waits for."""
    if assessment is None:
        return READING if state == Attempt.State.QUEUED else TEACHER
    if is_right(assessment):
        return RIGHT
    return PARTLY if assessment.label == Assessment.Label.PARTIALLY_CORRECT else WRONG


def current_of(attempt: Attempt) -> Assessment | None:
    """The released assessment, where the attempt was read with `current_assessments()`."""
    return attempt.current[0] if attempt.current else None
