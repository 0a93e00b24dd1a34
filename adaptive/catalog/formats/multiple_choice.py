"""Several choices: {"choices": [id]}."""

from typing import Any

from adaptive.catalog.formats.base import Exercise, Format, check_choices, fail, the_only_key
from adaptive.common.errors import FieldError


def check(exercise: Exercise) -> list[FieldError]:
    errors = check_choices(exercise)
    key = exercise.answer.get("choices")
    if not isinstance(key, list) or not key:
        errors.append(FieldError("/answer/choices", "The key lists the ids of the right choices, at least one."))
    elif not errors:
        for index, choice_id in enumerate(key):
            if choice_id not in exercise.choice_ids:
                errors.append(FieldError(f"/answer/choices/{index}", "The key names none of the choices."))
    return errors


def read(exercise: Exercise, response: dict[str, Any]) -> dict[str, Any]:
    value = the_only_key(response, "choices")
    if not isinstance(value, list) or not value:
        raise fail("/response/choices", "Pick at least one choice.")
    if len(value) > len(exercise.choices):
        raise fail("/response/choices", "There are more picks than choices.")
    for index, choice_id in enumerate(value):
        if not isinstance(choice_id, str) or choice_id not in exercise.choice_ids:
            raise fail(f"/response/choices/{index}", f"There is no choice “{str(choice_id)[:60]}” in this exercise.")
    # In the order of the exercise, each once: the same picks are the same response.
    return {"choices": [choice_id for choice_id in exercise.choice_ids if choice_id in value]}


FORMAT = Format("multiple_choice", check, read)
