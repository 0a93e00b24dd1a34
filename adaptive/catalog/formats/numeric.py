"""A number: {"value": "3/4"}. The key: {"value": .75, "tolerance": .01} or {"values": [...]}, perhaps with a unit."""

import math
from typing import Any

from adaptive.catalog.formats.base import Exercise, Format, clean_text, fail, the_only_key
from adaptive.common.errors import FieldError
from adaptive.common.numbers import MAX_LENGTH, NotANumber, read_number


def is_number(value: Any) -> bool:
    """A number of JSON that a float can hold."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def key_values(answer: dict[str, Any]) -> list[float]:
    """Every value that counts as right. Texts such as "3/4" are read; raises NotANumber."""
    given = answer["values"] if "values" in answer else [answer["value"]]
    return [v for value in given for v in ([float(value)] if is_number(value) else sorted(read_number(str(value))))]


def check(exercise: Exercise) -> list[FieldError]:
    answer, errors = exercise.answer, []
    name = "values" if "values" in answer else "value"
    given = answer.get(name)
    if given in (None, "", []) or (name == "values" and not isinstance(given, list)):
        return [FieldError(f"/answer/{name}", 'The key has a number as "value" or a list of numbers as "values".')]
    try:
        key_values(answer)
    except (NotANumber, OverflowError) as error:
        errors.append(FieldError(f"/answer/{name}", str(error)))
    tolerance = answer.get("tolerance", 0)
    if not is_number(tolerance) or tolerance < 0:
        errors.append(FieldError("/answer/tolerance", "The tolerance is a number of 0 or more."))
    common_errors = answer.get("common_errors") or []
    if not isinstance(common_errors, list):
        return [*errors, FieldError("/answer/common_errors", "A list of wrong values is expected here.")]
    for index, wrong in enumerate(common_errors):
        if not isinstance(wrong, dict) or not is_number(wrong.get("value")):
            errors.append(FieldError(f"/answer/common_errors/{index}", "A common error has a number as its value."))
        elif not all(isinstance(wrong.get(name) or "", str) for name in ("feedback", "misconception")):
            errors.append(FieldError(f"/answer/common_errors/{index}", "Feedback and misconception are texts."))
    return errors


def read(exercise: Exercise, response: dict[str, Any]) -> dict[str, Any]:
    value = the_only_key(response, "value")
    if is_number(value):
        return {"value": str(value)}
    text = clean_text(value, "/response/value", most=MAX_LENGTH)
    try:
        read_number(text, unit=str(exercise.answer.get("unit", "")))
    except NotANumber as error:
        raise fail("/response/value", str(error)) from None
    return {"value": text.strip()}


FORMAT = Format("numeric", check, read)
