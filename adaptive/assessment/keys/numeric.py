"""Numbers, within a tolerance; a known wrong value is named as the error that it shows."""

from typing import Any

from adaptive.assessment.keys.base import verdict
from adaptive.assessment.types import Verdict
from adaptive.catalog.formats import Exercise
from adaptive.catalog.formats.numeric import key_values
from adaptive.common.numbers import read_number

# Above what decimals lose on the way through binary, below any tolerance that an author means.
ROUNDING = 1e-9


def _is_near(value: float, target: float, tolerance: float) -> bool:
    return abs(value - target) <= tolerance + ROUNDING * max(1.0, abs(target))


def assess_numeric(exercise: Exercise, response: dict[str, Any]) -> Verdict:
    readings = read_number(response["value"], unit=str(exercise.answer.get("unit", "")))
    tolerance = float(exercise.answer.get("tolerance", 0))
    if any(_is_near(reading, target, tolerance) for reading in readings for target in key_values(exercise.answer)):
        return verdict(1.0)
    for wrong in exercise.answer.get("common_errors") or []:
        if any(_is_near(reading, float(wrong["value"]), tolerance) for reading in readings):
            return verdict(0.0, feedback=wrong.get("feedback") or "", misconception=wrong.get("misconception") or "")
    return verdict(0.0)
