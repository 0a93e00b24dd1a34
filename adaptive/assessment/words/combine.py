"""Turns a row of features into probabilities of the labels: a multinomial logistic model. Pure, numpy only.

The weights are fitted by `fit` and shipped as JSON beside this file, with what they were fitted on.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from adaptive.assessment.types import LABELS

SHIPPED = Path(__file__).with_name("combiner.json")
# Without the language model's features: for models that the first one was not fitted on.
SHIPPED_TEXT_ONLY = Path(__file__).with_name("combiner_text.json")
SHIPPED_MARKER = Path(__file__).with_name("combiner_marker.json")  # on text features and the cross-encoder's
# Credit that a label is worth; the score is its expected value.
CREDIT = {"correct": 1.0, "partially_correct": 0.5, "contradictory": 0.0, "irrelevant": 0.0, "incorrect": 0.0}
MARKER_SHARE = 0.75  # chosen on questions and modules held out of fitting; from .5 to 1 they differ little in sum
_SHARPNESS = 1e-6


@dataclass(frozen=True)
class Combiner:
    """Fitted weights over the named features (and products of pairs of them).

    mean, scale: (n,) of the inputs in fitting; weights: (labels, n); bias: (labels,). calibration: (slope, intercept)
    on the log-odds of "correct", fitted on questions held out.
    """

    features: tuple[str, ...]
    products: tuple[tuple[str, str], ...]
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    calibration: tuple[float, float]
    about: dict[str, Any]

    @cached_property
    def version(self) -> str:
        """Changes with any number in it."""
        numbers = (self.mean, self.scale, self.weights, self.bias, np.array(self.calibration))
        said = repr((self.features, self.products)).encode() + b"".join(np.round(x, 5).tobytes() for x in numbers)
        return hashlib.blake2b(said, digest_size=4).hexdigest()

    def inputs(self, rows: np.ndarray) -> np.ndarray:
        """Standardised inputs (m, n) of feature rows (m, len(features)); a missing feature stands at its mean."""
        return inputs_of(rows, self.features, self.products, self.mean, self.scale)

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """P(label) of shape (m, len(LABELS)), calibrated on right / not right."""
        logits = self.inputs(rows) @ self.weights.T + self.bias
        return calibrated(softmax(logits), self.calibration)


def heard(rows: np.ndarray, names: tuple[str, ...], combiner: Combiner) -> np.ndarray:
    """The columns that the combiner wants of rows (m, len(names)), in its order."""
    return rows[:, [names.index(feature) for feature in combiner.features]]


def inputs_of(
    rows: np.ndarray,
    features: tuple[str, ...],
    products: tuple[tuple[str, str], ...],
    mean: np.ndarray,
    scale: np.ndarray,
) -> np.ndarray:
    rows = np.atleast_2d(np.asarray(rows, dtype=float))
    place = {name: index for index, name in enumerate(features)}
    columns = [rows, *(rows[:, [place[one]]] * rows[:, [place[other]]] for one, other in products)]
    full = np.concatenate(columns, axis=1)
    return np.clip((np.where(np.isfinite(full), full, mean) - mean) / scale, -5.0, 5.0)


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def calibrated(probabilities: np.ndarray, calibration: tuple[float, float]) -> np.ndarray:
    """The same with P(correct) moved on the log-odds scale; the other labels share the rest as before."""
    p = np.clip(probabilities[:, 0], _SHARPNESS, 1 - _SHARPNESS)
    moved = 1 / (1 + np.exp(-(calibration[0] * np.log(p / (1 - p)) + calibration[1])))
    out = probabilities * ((1 - moved) / (1 - p))[:, None]
    out[:, 0] = moved
    return out / out.sum(axis=1, keepdims=True)


def with_contradiction(probabilities: np.ndarray, against: np.ndarray) -> np.ndarray:
    """P(label) (n, labels) with P(contradictory) moved within what is not P(correct), by the marker's log-odds (n,) of
    "contradictory" against "incorrect".

    Few answers contradict, and in other words in every subject: what the combiner learns of them on some questions
    carries over less than what the marker says. Of the log-odds, MARKER_SHARE is the marker's.
    """
    place = LABELS.index("contradictory")
    rest = np.clip(1.0 - probabilities[:, 0], _SHARPNESS, 1.0)
    own = np.clip(probabilities[:, place] / rest, _SHARPNESS, 1 - _SHARPNESS)
    odds = MARKER_SHARE * against + (1 - MARKER_SHARE) * np.log(own / (1 - own))
    moved = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    out = probabilities * ((1 - moved) / (1 - own))[:, None]
    out[:, 0], out[:, place] = probabilities[:, 0], moved * rest
    return out / out.sum(axis=1, keepdims=True)


def with_judge(probabilities: np.ndarray, lm_yes: np.ndarray) -> np.ndarray:
    """Probabilities of the text-only combiner moved by an unfitted model's yes/no log-odds (each bounded, averaged).

    Not calibrated: an average of two opinions moves toward one half where they differ, so it errs toward review.
    """
    p = np.clip(probabilities[:, 0], _SHARPNESS, 1 - _SHARPNESS)
    judge = np.clip(np.where(np.isfinite(lm_yes), lm_yes, 0.0), -4.0, 4.0)
    moved = 1 / (1 + np.exp(-(np.log(p / (1 - p)) + judge) / 2))
    out = probabilities * ((1 - moved) / (1 - p))[:, None]
    out[:, 0] = moved
    return out


def verdict_of(probabilities: np.ndarray) -> tuple[str, float, float]:
    """(label, score, confidence) of one row of probabilities.

    confidence is P(the decision right / not right agrees with a person's): max(P(correct), 1 - P(correct)).
    The label is "correct" only above one half, so score, label and confidence never say different things.
    """
    p_correct = float(probabilities[0])
    score = float(sum(p * CREDIT[label] for p, label in zip(probabilities, LABELS, strict=True)))
    label = LABELS[0] if p_correct >= 0.5 else LABELS[1 + int(np.argmax(probabilities[1:]))]
    return label, min(1.0, max(0.0, score)), min(1.0, max(p_correct, 1.0 - p_correct))


def to_json(combiner: Combiner) -> str:
    def rounded(values: np.ndarray) -> list[Any]:
        return np.round(values, 5).tolist()

    content = {
        "about": combiner.about,
        "labels": LABELS,
        "features": combiner.features,
        "products": combiner.products,
        "mean": rounded(combiner.mean),
        "scale": rounded(combiner.scale),
        "weights": rounded(combiner.weights),
        "bias": rounded(combiner.bias),
        "calibration": [round(value, 5) for value in combiner.calibration],
    }
    return json.dumps(content, indent=1) + "\n"


def from_json(text: str) -> Combiner:
    """Raises ValueError for weights of another shape or other labels."""
    content = json.loads(text)
    try:
        combiner = Combiner(
            features=tuple(content["features"]),
            products=tuple((one, other) for one, other in content["products"]),
            mean=np.array(content["mean"], dtype=float),
            scale=np.array(content["scale"], dtype=float),
            weights=np.array(content["weights"], dtype=float),
            bias=np.array(content["bias"], dtype=float),
            calibration=(float(content["calibration"][0]), float(content["calibration"][1])),
            about=dict(content["about"]),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"The combiner's weights are incomplete: {error}") from error
    n = len(combiner.features) + len(combiner.products)
    shapes = (combiner.mean.shape, combiner.scale.shape, combiner.weights.shape, combiner.bias.shape)
    if tuple(content["labels"]) != LABELS or shapes != ((n,), (n,), (len(LABELS), n), (len(LABELS),)):
        raise ValueError("The combiner's weights do not fit this version's labels or features; fit them again.")
    return combiner


@lru_cache(maxsize=4)
def load(path: Path = SHIPPED) -> Combiner:
    return from_json(path.read_text())
