"""What an exercise is to who answers it: the eight response formats, their keys and the shapes of responses.

No Django here: a format's module checks what an author wrote (`check`) and reads what a learner answered (`read`).
Shapes are those of the REST contract.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adaptive.common.errors import FieldError, InvalidInput
from adaptive.common.text import control_character

MAX_CHOICES = 60
MAX_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Exercise:
    """The parts of an exercise that its format needs."""

    response_format: str
    body: str = ""
    choices: tuple[dict[str, Any], ...] = ()
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def choice_ids(self) -> list[str]:
        return [choice["id"] for choice in self.choices]


@dataclass(frozen=True, slots=True)
class Format:
    """One response format. `check` says what is wrong with the key; `read` returns the response in canonical form."""

    name: str
    check: Callable[[Exercise], list[FieldError]]
    read: Callable[[Exercise, dict[str, Any]], dict[str, Any]]


def fail(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[FieldError(pointer, detail)])


def the_only_key(response: dict[str, Any], key: str) -> Any:
    """The value of `key`, which must be there, alone."""
    extra = sorted(set(response) - {key})
    if key not in response:
        raise fail(f"/response/{key}", f'The response to this exercise has the shape {{"{key}": ...}}.')
    if extra:
        raise fail(f"/response/{extra[0]}", f"“{extra[0][:60]}” does not belong to a response of this format.")
    return response[key]


def clean_text(value: Any, pointer: str, *, most: int = MAX_TEXT, may_be_empty: bool = False) -> str:
    """A text that can be stored and read. Raises InvalidInput naming the pointer."""
    if not isinstance(value, str):
        raise fail(pointer, "A text is expected here.")
    if len(value) > most:
        raise fail(pointer, f"The text has {len(value):,} characters; {most:,} is the most.")
    if bad := control_character(value):
        raise fail(pointer, f"The text holds a control character ({bad}).")
    if not may_be_empty and not value.strip():
        raise fail(pointer, "The answer is empty.")
    return value


def check_choices(exercise: Exercise, *, least: int = 2) -> list[FieldError]:
    """The choices themselves: ids, texts, number."""
    errors = []
    if not least <= len(exercise.choices) <= MAX_CHOICES:
        errors.append(FieldError("/choices", f"Give {least} to {MAX_CHOICES} choices."))
    seen = set()
    for index, choice in enumerate(exercise.choices):
        choice_id = choice.get("id")
        if not isinstance(choice_id, str) or not choice_id or len(choice_id) > 64:
            errors.append(FieldError(f"/choices/{index}/id", "Every choice has an id of 1 to 64 characters."))
        elif choice_id in seen:
            errors.append(FieldError(f"/choices/{index}/id", f"The id “{choice_id}” is given twice."))
        seen.add(str(choice_id))
        if not isinstance(choice.get("text"), str) or not choice["text"].strip():
            errors.append(FieldError(f"/choices/{index}/text", "Every choice has a text."))
        for name in ("feedback", "misconception"):
            if not isinstance(choice.get(name) or "", str):
                errors.append(FieldError(f"/choices/{index}/{name}", "A text is expected here."))
    return errors
