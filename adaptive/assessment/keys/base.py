"""What every key assessor shares. No Django: an exercise and a canonical response in, a verdict out."""

from typing import Any

from adaptive.assessment.types import Verdict


def verdict(
    score: float, *, feedback: str = "", misconception: str = "", details: dict[str, Any] | None = None
) -> Verdict:
    """A verdict by key: sure of itself, its label follows from the score."""
    if score >= 1.0 - 1e-9:
        score, label = 1.0, "correct"
    elif score > 1e-9:
        label = "partially_correct"
    else:
        score, label = 0.0, "incorrect"
    return Verdict(
        score=round(score, 6),
        label=label,
        confidence=1.0,
        feedback=feedback,
        misconception=misconception,
        details=details or {},
        assessor_kind="key",
        model="key",
    )
