"""For the learner: that the encoder was given their words. Apart from query_vector, which a server loads before the
models are there."""

from adaptive.audit.models import SentText
from adaptive.audit.services import sent_record
from adaptive.catalog.models import Course
from adaptive.learners.models import Learner
from adaptive.recommendation.query_vector import BUSY, MAX_CHARACTERS, UNAVAILABLE, QueryVector


def note_words_given(made: QueryVector, *, learner: Learner, course: Course, text: str) -> None:
    """One query, two where the words are new. Nothing leaves this machine."""
    if made.state not in (BUSY, UNAVAILABLE):
        words = text[:MAX_CHARACTERS]
        purpose = SentText.Purpose.SEARCH
        sent_record(learner=learner, purpose=purpose, model=made.model, text=words, subject=course)
