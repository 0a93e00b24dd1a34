"""Words that need no reading: exactly one of the texts that the author accepts."""

from typing import Any

from adaptive.assessment.keys.base import verdict
from adaptive.assessment.types import Verdict
from adaptive.catalog.formats import Exercise
from adaptive.common.text import normalise


def assess_accepted(exercise: Exercise, response: dict[str, Any]) -> Verdict | None:
    """A full mark for an accepted text; None where the words must be read."""
    accepted = {normalise(text) for text in exercise.answer.get("accepted", [])}
    return verdict(1.0) if normalise(response["text"]) in accepted else None
