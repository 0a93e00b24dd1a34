"""Items in order: {"order": [id]}, every item once."""

from typing import Any

from adaptive.catalog.formats.base import Exercise, Format, check_choices, fail, the_only_key
from adaptive.common.errors import FieldError


def check(exercise: Exercise) -> list[FieldError]:
    errors = check_choices(exercise)
    key = exercise.answer.get("order")
    is_texts = isinstance(key, list) and all(isinstance(item, str) for item in key)
    if not errors and (not is_texts or sorted(key) != sorted(exercise.choice_ids)):
        errors.append(FieldError("/answer/order", "The key lists the ids of all items, each once, in the right order."))
    return errors


def read(exercise: Exercise, response: dict[str, Any]) -> dict[str, Any]:
    value = the_only_key(response, "order")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise fail("/response/order", "A list of the items' ids is expected here.")
    if sorted(value) != sorted(exercise.choice_ids):
        raise fail("/response/order", "Every item has exactly one place: one is missing, unknown or given twice.")
    return {"order": value}


FORMAT = Format("ordering", check, read)
