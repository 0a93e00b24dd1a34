"""What the fine-tuned cross-encoder says about answers, as features. The other part of this folder that calls a model.

An answer longer than the network reads at once is read part by part: the part that is most right speaks for it, and how
far the parts lie apart is a feature of its own.
"""

from collections.abc import Sequence

import numpy as np

from adaptive.backends.cross_encoder.marker import Marker
from adaptive.backends.cross_encoder.triples import CLASSES, Triple

from . import combine
from .evidence import Evidence, VectorStore
from .features import MARKED_FEATURES, Case, as_row, text_features

PART_WORDS, PART_STEP, MAX_PARTS = 60, 45, 8
_CORRECT, _CONTRADICTORY, _INCORRECT = (CLASSES.index(name) for name in ("correct", "contradictory", "incorrect"))


def marked(cases: Sequence[Case], *, marker: Marker, store: VectorStore) -> Evidence:
    """Feature rows (n, len(MARKED_FEATURES)) of the cases. Raises ModelUnavailable, EmbeddingUnavailable."""
    vectors = store.of([text for case in cases for text in case.texts_to_embed()])
    values = [text_features(case, vectors) for case in cases]
    for known, more in zip(values, marker_features(cases, marker=marker), strict=True):
        known.update(more)
    return Evidence(np.stack([as_row(each, MARKED_FEATURES) for each in values]), vectors, "")


def opinion(rows: np.ndarray, combiner: combine.Combiner) -> np.ndarray:
    """P(label) (n, len(LABELS)) from feature rows (n, len(MARKED_FEATURES)): combiner and marker together."""
    found = combiner.probabilities(combine.heard(rows, MARKED_FEATURES, combiner))
    against = rows[:, MARKED_FEATURES.index("marker_contradictory")]
    return combine.with_contradiction(found, np.nan_to_num(against))


def marker_features(cases: Sequence[Case], *, marker: Marker) -> list[dict[str, float]]:
    """MARKER_FEATURES of each case, by name."""
    triples, owner = [], []
    for place, case in enumerate(cases):
        references = tuple(reference.text for reference in case.references)
        for part in parts_of(case.answer.text):
            triples.append(Triple(case.question.text, references, part))
            owner.append(place)
    found = marker.logits(triples)
    owners = np.array(owner)
    return [_features(found[owners == place]) for place in range(len(cases))]


def parts_of(answer: str) -> list[str]:
    """The answer, or overlapping parts of it where it is longer than is read at once; of a very long one the ends."""
    words = answer.split()
    if len(words) <= PART_WORDS + PART_STEP // 2:
        return [answer]
    starts = list(range(0, len(words) - PART_WORDS + PART_STEP, PART_STEP))
    if len(starts) > MAX_PARTS:
        starts = starts[: MAX_PARTS // 2] + starts[-MAX_PARTS // 2 :]
    return [" ".join(words[start : start + PART_WORDS]) for start in starts]


def _features(logits: np.ndarray) -> dict[str, float]:
    """From the logits (n_parts, len(CLASSES)) of one answer's parts."""
    rest = np.logaddexp(logits[:, _CONTRADICTORY], logits[:, _INCORRECT])
    correct = logits[:, _CORRECT] - rest
    against = logits[:, _CONTRADICTORY] - logits[:, _INCORRECT]
    best = int(np.argmax(correct))
    return {
        "marker_correct": float(np.clip(correct[best], -10.0, 10.0)),
        "marker_contradictory": float(np.clip(against[best], -10.0, 10.0)),
        "marker_spread": float(np.clip(correct.max() - correct.min(), 0.0, 10.0)),
    }
