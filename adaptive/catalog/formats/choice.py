"""One choice: {"choice": id}."""

from typing import Any

from adaptive.catalog.formats.base import Exercise, Format, check_choices, fail, the_only_key
from adaptive.common.errors import FieldError


def check(exercise: Exercise) -> list[FieldError]:
    errors = check_choices(exercise)
    if not errors and exercise.answer.get("choice") not in exercise.choice_ids:
        errors.append(FieldError("/answer/choice", "The key names none of the choices."))
    return errors


def read(exercise: Exercise, response: dict[str, Any]) -> dict[str, Any]:
    value = the_only_key(response, "choice")
    if not isinstance(value, str) or value not in exercise.choice_ids:
        raise fail("/response/choice", f"There is no choice “{str(value)[:60]}” in this exercise.")
    return {"choice": value}


FORMAT = Format("choice", check, read)
