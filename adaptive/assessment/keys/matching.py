"""Pairs: the share that is right."""

from typing import Any

from adaptive.assessment.keys.base import verdict
from adaptive.assessment.types import Verdict
from adaptive.catalog.formats import Exercise


def assess_matching(exercise: Exercise, response: dict[str, Any]) -> Verdict:
    key, given = exercise.answer["pairs"], response["pairs"]
    wrong = [left for left, right in key.items() if given.get(left) != right]
    texts = {choice["id"]: choice["text"] for choice in exercise.choices}
    feedback = "" if not wrong else "Not yet right: " + "; ".join(texts[left] for left in wrong) + "."
    return verdict((len(key) - len(wrong)) / len(key), feedback=feedback, details={"wrong": wrong, "n_pairs": len(key)})
