"""Gaps: the share that is right. Spelling variants are the author's; case, spaces and forms of a number are ours.

Where the form of the number is the question (7/20 as a decimal), the key says "exact" and only its texts count.
"""

from typing import Any

from adaptive.assessment.keys.base import verdict
from adaptive.assessment.types import Verdict
from adaptive.catalog.formats import Exercise
from adaptive.common.numbers import NotANumber, read_number
from adaptive.common.text import normalise


def is_accepted(text: str, accepted: list[str], *, is_exact: bool = False) -> bool:
    """Is it one of the accepted texts, or the same number? is_exact: only one of the texts."""
    if normalise(text) in {normalise(variant) for variant in accepted}:
        return True
    if is_exact:
        return False
    try:
        readings = read_number(text)
    except NotANumber:
        return False
    for variant in accepted:
        try:
            if any(abs(a - b) <= 1e-9 * max(1.0, abs(b)) for a in readings for b in read_number(variant)):
                return True
        except NotANumber:
            continue
    return False


def assess_cloze(exercise: Exercise, response: dict[str, Any]) -> Verdict:
    gaps, is_exact = exercise.answer["gaps"], bool(exercise.answer.get("exact"))
    wrong = [
        index + 1
        for index, (text, accepted) in enumerate(zip(response["gaps"], gaps, strict=True))
        if not text.strip() or not is_accepted(text, accepted, is_exact=is_exact)
    ]
    feedback = ""
    if wrong:
        where = "gap " if len(wrong) == 1 else "gaps "
        feedback = "Look again at " + where + ", ".join(map(str, wrong)) + "."
    return verdict((len(gaps) - len(wrong)) / len(gaps), feedback=feedback, details={"wrong_gaps": wrong})
