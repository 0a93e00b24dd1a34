"""Does an item keep a wish? The rules of retrieval's SQL (retrieval/wish_filter.py) once more, on what was loaded."""

from typing import Protocol

from .types import (
    AT_LEAST,
    AT_MOST,
    DIFFICULTIES,
    DIFFICULTY,
    KINDS,
    NOT_KINDS,
    NOT_SKILLS,
    PICTURES,
    SKILLS,
    Constraint,
    Wish,
)

N_SKILLS = 2  # an item trains its main and its second skill; further ones it only touches
EXERCISE = "exercise"


class Item(Protocol):
    """`difficulty`: share of wrong answers expected, None where unknown or where nothing is answered."""

    kind: str
    minutes: float
    skills: tuple[int, ...]
    difficulty: float | None
    has_pictures: bool


def why_not_kept(wish: Wish, item: Item) -> str:
    """The code of the first constraint in force that the item does not keep, "" where it keeps them all."""
    return next((constraint.code for constraint in wish.in_force if not keeps(constraint, item)), "")


def keeps(constraint: Constraint, item: Item) -> bool:
    code, value = constraint.code, constraint.value
    if code == KINDS:
        return item.kind in value
    if code == NOT_KINDS:
        return item.kind not in value
    if code == AT_MOST:
        return item.minutes <= value
    if code == AT_LEAST:
        return item.minutes >= value
    if code == DIFFICULTY:
        low, high = difficulty_range(constraint)
        if item.kind != EXERCISE:
            return low == 0.0  # what is not answered cannot be failed, and cannot be hard
        return item.difficulty is not None and low <= item.difficulty <= high
    if code == SKILLS:
        return bool(set(value) & set(item.skills[:N_SKILLS]))
    if code == NOT_SKILLS:
        return not set(value) & set(item.skills)
    if code == PICTURES:
        return item.has_pictures == value
    raise ValueError(f"{code!r} is no constraint.")


def difficulty_range(constraint: Constraint) -> tuple[float, float]:
    """From and to of the share of wrong answers; from above to where the words contradict each other."""
    bounds = [DIFFICULTIES[word] for word in constraint.value]
    return max(low for low, _ in bounds), min(high for _, high in bounds)
