"""Pairs: {"pairs": {left id: right id}}. The left side is what the key has pairs for; all other choices are right."""

from typing import Any

from adaptive.catalog.formats.base import Exercise, Format, check_choices, fail, the_only_key
from adaptive.common.errors import FieldError


def sides(exercise: Exercise) -> tuple[list[str], list[str]]:
    """Ids of the left and of the right side, in the order of the exercise."""
    left = [choice_id for choice_id in exercise.choice_ids if choice_id in exercise.answer.get("pairs", {})]
    return left, [choice_id for choice_id in exercise.choice_ids if choice_id not in left]


def check(exercise: Exercise) -> list[FieldError]:
    errors = check_choices(exercise)
    pairs = exercise.answer.get("pairs")
    if not isinstance(pairs, dict) or not pairs:
        return [*errors, FieldError("/answer/pairs", "The key pairs every left id with a right id.")]
    if errors:
        return errors
    left, right = sides(exercise)
    for left_id, right_id in pairs.items():
        if left_id not in left or right_id not in right:
            errors.append(FieldError(f"/answer/pairs/{left_id}", "A pair joins two different choices of the exercise."))
    return errors


def read(exercise: Exercise, response: dict[str, Any]) -> dict[str, Any]:
    value = the_only_key(response, "pairs")
    if not isinstance(value, dict) or not value:
        raise fail("/response/pairs", "Match at least one pair.")
    left, right = sides(exercise)
    for left_id, right_id in value.items():
        if left_id not in left:
            raise fail(f"/response/pairs/{left_id[:60]}", f"There is no “{left_id[:60]}” on the left side.")
        if not isinstance(right_id, str) or right_id not in right:
            raise fail(f"/response/pairs/{left_id}", f"There is no “{str(right_id)[:60]}” on the right side.")
    return {"pairs": {left_id: value[left_id] for left_id in left if left_id in value}}


FORMAT = Format("matching", check, read)
