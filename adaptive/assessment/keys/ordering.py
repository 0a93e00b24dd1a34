"""Order: credit for the longest run of items that stand in the right order among themselves."""

from bisect import bisect_left
from typing import Any

from adaptive.assessment.keys.base import verdict
from adaptive.assessment.types import Verdict
from adaptive.catalog.formats import Exercise


def longest_increasing(places: list[int]) -> int:
    """Length of the longest strictly increasing subsequence, O(n log n)."""
    tails: list[int] = []
    for place in places:
        at = bisect_left(tails, place)
        tails[at : at + 1] = [place]
    return len(tails)


def assess_ordering(exercise: Exercise, response: dict[str, Any]) -> Verdict:
    right = {item: place for place, item in enumerate(exercise.answer["order"])}
    n, in_order = len(right), longest_increasing([right[item] for item in response["order"]])
    # Any single item is "in order" by itself, so it earns nothing; one slip out of two or three items is no half right.
    score = (in_order - 1) / (n - 1) if n > 1 else 1.0
    if in_order < n and score < 0.5:
        score = 0.0
    pairs = zip(response["order"], exercise.answer["order"], strict=True)
    first_wrong = next((place for place, (got, want) in enumerate(pairs) if got != want), None)
    feedback = "" if first_wrong is None else f"Look again from place {first_wrong + 1} on."
    return verdict(score, feedback=feedback, details={"n_in_order": in_order, "n_items": n})
