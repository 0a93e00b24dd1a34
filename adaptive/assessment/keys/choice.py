"""Choices. Several choices earn partial credit: right picks less wrong ones, over all right ones, never below zero."""

from typing import Any

from adaptive.assessment.keys.base import verdict
from adaptive.assessment.types import Verdict
from adaptive.catalog.formats import Exercise


def assess_choice(exercise: Exercise, response: dict[str, Any]) -> Verdict:
    picked = next(choice for choice in exercise.choices if choice["id"] == response["choice"])
    is_right = response["choice"] == exercise.answer["choice"]
    return verdict(
        1.0 if is_right else 0.0,
        feedback=picked.get("feedback") or "",
        misconception="" if is_right else picked.get("misconception") or "",
    )


def assess_multiple_choice(exercise: Exercise, response: dict[str, Any]) -> Verdict:
    right, picked = set(exercise.answer["choices"]), set(response["choices"])
    wrong = picked - right
    score = max(0.0, (len(picked & right) - len(wrong)) / len(right))
    noticed = [choice for choice in exercise.choices if choice["id"] in wrong]
    missed = len(right - picked)
    feedback = " ".join(choice["feedback"] for choice in noticed if choice.get("feedback"))
    if missed and not feedback:
        feedback = "One right choice is missing." if missed == 1 else f"{missed} right choices are missing."
    return verdict(
        score,
        feedback=feedback,
        misconception=next((choice["misconception"] for choice in noticed if choice.get("misconception")), ""),
        details={"n_right": len(picked & right), "n_wrong": len(wrong), "n_missed": missed},
    )
