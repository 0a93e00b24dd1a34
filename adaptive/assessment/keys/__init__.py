"""Assessing by key: one function a response format."""

from typing import Any

from adaptive.assessment.keys.choice import assess_choice, assess_multiple_choice
from adaptive.assessment.keys.cloze import assess_cloze
from adaptive.assessment.keys.matching import assess_matching
from adaptive.assessment.keys.numeric import assess_numeric
from adaptive.assessment.keys.ordering import assess_ordering
from adaptive.assessment.keys.words import assess_accepted
from adaptive.assessment.types import Verdict
from adaptive.catalog.formats import Exercise

ASSESSORS = {
    "choice": assess_choice,
    "multiple_choice": assess_multiple_choice,
    "numeric": assess_numeric,
    "ordering": assess_ordering,
    "matching": assess_matching,
    "cloze": assess_cloze,
    "short_text": assess_accepted,
    "long_text": assess_accepted,
}


def assess_by_key(exercise: Exercise, response: dict[str, Any]) -> Verdict | None:
    """The key's verdict on a canonical response (see catalog.formats.read_response); None: words must be read."""
    return ASSESSORS[exercise.response_format](exercise, response)
