"""Figures of an assessor of words against people's labels. Pure."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from adaptive.assessment.types import LABELS

from .combine import verdict_of
from .data import Graded

THREE_WAY = ("correct", "contradictory", "incorrect")
RELEASE = 0.75


def figures(probabilities: np.ndarray, graded: Sequence[Graded]) -> dict[str, Any]:
    """By source: 2-way and 3-way macro-F1 and accuracy of the real answers, and what a release at RELEASE would do.

    For made-up answers: the share taken as correct, by how they were made up.
    """
    out: dict[str, Any] = {}
    for source in sorted({each.source for each in graded}):
        places = [place for place, each in enumerate(graded) if each.source == source and not each.made]
        if places:
            out[source] = source_figures(probabilities[places], [graded[place].label for place in places])
    made: dict[str, list[tuple[bool, bool]]] = {}
    for row, each in zip(probabilities, graded, strict=True):
        if each.made:
            label, _, confidence = verdict_of(row)
            made.setdefault(each.made, []).append((label == "correct", label == "correct" and confidence >= RELEASE))
    out["made_up"] = {
        kind: {
            "n": len(seen),
            "taken_as_correct": round(sum(one for one, _ in seen) / len(seen), 3),
            "released_as_correct": round(sum(two for _, two in seen) / len(seen), 3),
        }
        for kind, seen in sorted(made.items())
    }
    return out


def source_figures(probabilities: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    verdicts = [verdict_of(row) for row in probabilities]
    right = np.array([label == "correct" for label in labels])
    said_right = np.array([label == "correct" for label, _, _ in verdicts])
    confidence = np.array([value for _, _, value in verdicts])
    released = confidence >= RELEASE
    agrees = right == said_right
    three = [label if label in THREE_WAY else "incorrect" for label in labels]
    said_three = [label if label in THREE_WAY else "incorrect" for label, _, _ in verdicts]
    return {
        "n": len(labels),
        "accuracy_2way": _rounded(agrees.mean()),
        "macro_f1_2way": _rounded(macro_f1(right.tolist(), said_right.tolist(), (True, False))),
        "macro_f1_3way": _rounded(macro_f1(three, said_three, THREE_WAY)),
        "macro_f1_5labels": _rounded(macro_f1(list(labels), [label for label, _, _ in verdicts], LABELS)),
        "calibration_error": _rounded(calibration_error(confidence, agrees)),
        "released": _rounded(released.mean()),
        "accuracy_of_released": _rounded(agrees[released].mean()) if released.any() else None,
        "released_as_correct_of_not_correct": _rounded((released & said_right & ~right).sum() / max(1, (~right).sum())),
    }


def macro_f1(wanted: Sequence[Any], said: Sequence[Any], classes: Sequence[Any]) -> float:
    """Mean F1 over the classes that occur in `wanted`."""
    scores = []
    for name in classes:
        hits = sum(one == name == other for one, other in zip(wanted, said, strict=True))
        n_wanted, n_said = sum(one == name for one in wanted), sum(other == name for other in said)
        if n_wanted:
            scores.append(2 * hits / (n_wanted + n_said))
    return sum(scores) / len(scores)


def calibration_error(confidence: np.ndarray, agrees: np.ndarray, n_bins: int = 10) -> float:
    """Mean distance of confidence and agreement over equal-width bins from 1/2 to 1, weighted by their size."""
    bins = np.minimum(((confidence - 0.5) * 2 * n_bins).astype(int), n_bins - 1)
    gaps = [
        abs(confidence[bins == each].mean() - agrees[bins == each].mean()) * (bins == each).mean()
        for each in range(n_bins)
        if (bins == each).any()
    ]
    return float(sum(gaps))


def _rounded(value: float) -> float:
    return round(float(value), 4)
