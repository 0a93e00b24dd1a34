"""What an author or an LMS sends as a resource: checked whole before anything is stored. No database here."""

from typing import Any
from urllib.parse import urlsplit

from adaptive.catalog.formats import FORMATS, Exercise, check_exercise
from adaptive.common.errors import FieldError
from adaptive.common.text import control_character

KINDS = ("exercise", "reading", "video", "worked_example")
MAX_BODY = 200_000
MAX_HINTS = 10
MAX_MISCONCEPTIONS = 50
TEXTS = {
    "title": 255,
    "body": MAX_BODY,
    "rubric": 10_000,
    "explanation": 10_000,
    "attribution": 10_000,
    "source": 255,
    "language": 35,
}
EXERCISE_ONLY = ("response_format", "choices", "answer", "hints", "rubric", "misconceptions")


def check_external_id(value: Any, pointer: str) -> list[FieldError]:
    if not isinstance(value, str) or not 1 <= len(value) <= 255 or control_character(value) or "/" in value:
        return [FieldError(pointer, "An id is a text of 1 to 255 characters, without slashes and control characters.")]
    return []


def _check_texts(data: dict[str, Any]) -> list[FieldError]:
    errors = []
    for name, most in TEXTS.items():
        value = data.get(name, "")
        if not isinstance(value, str):
            errors.append(FieldError(f"/{name}", "A text is expected here."))
        elif len(value) > most:
            errors.append(FieldError(f"/{name}", f"{len(value):,} characters are too many; {most:,} is the most."))
        elif bad := control_character(value):
            errors.append(FieldError(f"/{name}", f"The text holds a control character ({bad})."))
    if not str(data.get("title", "")).strip():
        errors.append(FieldError("/title", "A title is needed."))
    return errors


def _check_numbers(data: dict[str, Any]) -> list[FieldError]:
    errors = []
    duration = data.get("duration_minutes", 3)
    if isinstance(duration, bool) or not isinstance(duration, int | float) or not 0 < duration <= 10_000:
        errors.append(FieldError("/duration_minutes", "A number of minutes above 0 is expected."))
    difficulty = data.get("authored_difficulty")
    if difficulty is not None and (
        isinstance(difficulty, bool) or not isinstance(difficulty, int | float) or not 0 <= difficulty <= 1
    ):
        errors.append(FieldError("/authored_difficulty", "A number from 0 (easy) to 1 (hard) is expected."))
    return errors


def _check_url(data: dict[str, Any]) -> list[FieldError]:
    url = data.get("url", "")
    if not isinstance(url, str) or len(url) > 2000:
        return [FieldError("/url", "A web address of at most 2,000 characters is expected.")]
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if url and (parts is None or parts.scheme not in {"http", "https"} or not parts.netloc):
        return [FieldError("/url", "Only addresses that begin with http:// or https:// are taken.")]
    return []


def _check_list_of_texts(data: dict[str, Any], name: str, most: int) -> list[FieldError]:
    value = data.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        return [FieldError(f"/{name}", "A list of texts is expected here.")]
    if len(value) > most:
        return [FieldError(f"/{name}", f"{most} are the most.")]
    return []


def _check_exercise(data: dict[str, Any]) -> list[FieldError]:
    response_format = data.get("response_format")
    if not isinstance(response_format, str) or response_format not in FORMATS:
        return [FieldError("/response_format", f"An exercise has a format: one of {', '.join(FORMATS)}.")]
    choices, answer = data.get("choices") or [], data.get("answer")
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        return [FieldError("/choices", "A list of choices is expected: [{id, text, feedback}].")]
    if not isinstance(answer, dict):
        return [FieldError("/answer", "An exercise has an answer: an object in the shape of its format.")]
    exercise = Exercise(response_format, data.get("body", ""), tuple(choices), answer)
    return [
        *check_exercise(exercise),
        *_check_list_of_texts(data, "hints", MAX_HINTS),
        *_check_list_of_texts(data, "misconceptions", MAX_MISCONCEPTIONS),
    ]


def check_resource(data: dict[str, Any]) -> list[FieldError]:
    """All that is wrong with a resource in the shape of the REST contract; empty where it can be stored."""
    kind = data.get("kind")
    if kind not in KINDS:
        return [FieldError("/kind", f"A resource has a kind: one of {', '.join(KINDS)}.")]
    errors = [*_check_texts(data), *_check_numbers(data), *_check_url(data), *_check_list_of_texts(data, "skills", 50)]
    if errors:
        return errors
    if kind == "exercise":
        return _check_exercise(data)
    misplaced = [name for name in EXERCISE_ONLY if data.get(name)]
    return [FieldError(f"/{name}", f"Only an exercise has this; the kind is “{kind}”.") for name in misplaced]
