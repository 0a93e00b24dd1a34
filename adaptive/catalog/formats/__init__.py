"""The eight response formats."""

from typing import Any

from adaptive.catalog.formats import choice, cloze, matching, multiple_choice, numeric, ordering, words
from adaptive.catalog.formats.base import Exercise, Format, fail
from adaptive.common.errors import FieldError

FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        choice.FORMAT,
        multiple_choice.FORMAT,
        numeric.FORMAT,
        words.SHORT,
        words.LONG,
        ordering.FORMAT,
        matching.FORMAT,
        cloze.FORMAT,
    )
}


def check_exercise(exercise: Exercise) -> list[FieldError]:
    """What is wrong with an exercise's choices and key; empty where nothing is."""
    return FORMATS[exercise.response_format].check(exercise)


def read_response(exercise: Exercise, response: Any) -> dict[str, Any]:
    """A learner's response in its canonical form. Raises InvalidInput with a pointer to what is wrong."""
    if not isinstance(response, dict):
        raise fail("/response", "The response is an object, in the shape of the exercise's answer.")
    return FORMATS[exercise.response_format].read(exercise, response)


__all__ = ["FORMATS", "Exercise", "Format", "check_exercise", "read_response"]
