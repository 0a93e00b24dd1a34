"""The assessor as something that is fitted and judged on files of graded answers: behind the commands, no database.

What is judged is the assessor's opinion (P of each label), before the rules that hand an answer to a person.
"""

import base64
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adaptive.assessment.types import LABELS
from adaptive.backends.cross_encoder.marker import Marker
from adaptive.backends.embedding.base import EmbeddingModel
from adaptive.common.errors import InvalidInput

from . import combine
from .data import FINGERPRINT_BYTES, Graded, fingerprint_of, made_up
from .evidence import VectorStore
from .marking import opinion
from .measure import THREE_WAY, macro_f1

Say = Callable[[str], None]

WEIGHTS, COMBINER = "marker.safetensors", "combiner.json"
TWO_WAY = ("correct", "incorrect")
HELD_BACK = 0.12  # of the questions: they fit the combiner, since the network never saw them
EPOCHS = 5
MIN_QUESTIONS = 8
_BATCH = 256


@dataclass(frozen=True)
class Grader:
    """A marker and the combiner that goes with it."""

    marker: Marker
    combiner: combine.Combiner
    embedding: EmbeddingModel

    def probabilities(self, graded: Sequence[Graded], *, say: Say) -> np.ndarray:
        """P of THREE_WAY, shape (n, 3): what is neither right nor contradictory counts as incorrect.

        An answer without words gets P(incorrect) = 1; one to a question without a reference too.
        """
        from .marker_fit import rows_of  # torch comes with it

        store = VectorStore(self.embedding)
        out = np.zeros((len(graded), len(THREE_WAY)))
        for start in range(0, len(graded), _BATCH):
            part = graded[start : start + _BATCH]
            rows = rows_of(part, marker=self.marker, store=store)
            found = three_way(opinion(rows, self.combiner))
            found[~np.isfinite(rows[:, 0])] = (0.0, 0.0, 1.0)
            out[start : start + len(part)] = found
            say(f"assessed {start + len(part):,} of {len(graded):,} answers")
        return out


def three_way(probabilities: np.ndarray) -> np.ndarray:
    """(n, len(LABELS)) -> (n, 3), in the order of THREE_WAY."""
    correct, against = LABELS.index("correct"), LABELS.index("contradictory")
    rest = 1.0 - probabilities[:, correct] - probabilities[:, against]
    return np.stack([probabilities[:, correct], probabilities[:, against], np.clip(rest, 0.0, 1.0)], axis=1)


def decided(probabilities: np.ndarray, n_ways: int) -> tuple[list[str], np.ndarray]:
    """(labels, confidence (n,)) from P of THREE_WAY; n_ways 2 or 3."""
    if n_ways == 2:
        right = probabilities[:, 0]
        return [TWO_WAY[0] if p >= 0.5 else TWO_WAY[1] for p in right], np.maximum(right, 1.0 - right)
    best = probabilities.argmax(axis=1)
    return [THREE_WAY[place] for place in best], probabilities.max(axis=1)


def figures_of(wanted: Sequence[str], said: Sequence[str], n_ways: int) -> dict[str, float]:
    """accuracy, macro_f1, weighted_f1, f1_correct."""
    classes = TWO_WAY if n_ways == 2 else THREE_WAY
    each = {}
    for name in classes:
        hits = sum(one == name == other for one, other in zip(wanted, said, strict=True))
        total = sum(one == name for one in wanted) + sum(other == name for other in said)
        each[name] = 2 * hits / total if total else 0.0
    n = len(wanted)
    weighted = sum(each[name] * sum(one == name for one in wanted) for name in classes) / n
    return {
        "accuracy": round(sum(one == other for one, other in zip(wanted, said, strict=True)) / n, 6),
        "macro_f1": round(macro_f1(list(wanted), list(said), classes), 6),
        "weighted_f1": round(weighted, 6),
        "f1_correct": round(each["correct"], 6),
        **{f"f1_{name}": round(value, 6) for name, value in each.items() if name != "correct"},
    }


def label_of(graded: Graded, n_ways: int) -> str:
    if graded.label == "correct":
        return "correct"
    return "contradictory" if n_ways == 3 and graded.label == "contradictory" else "incorrect"


def shipped(marker: Marker, embedding: EmbeddingModel) -> Grader:
    """As the product marks. InvalidInput where the cross-encoder is not installed."""
    if not marker.is_available():
        raise InvalidInput("The cross-encoder's packages are not installed: run `make setup`.")
    return Grader(marker, combine.load(combine.SHIPPED_MARKER), embedding)


def loaded(folder: Path, marker_options: dict[str, Any], embedding: EmbeddingModel) -> Grader:
    """What `fitted` left in a folder. InvalidInput naming what is missing."""
    for name in (WEIGHTS, COMBINER):
        if not (folder / name).is_file():
            raise InvalidInput(f"{folder} holds no {name}: it is not a folder that evaluate_grader --save wrote.")
    try:
        combiner = combine.from_json((folder / COMBINER).read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInput(f"{folder / COMBINER}: {error}") from None
    return Grader(Marker(**{**marker_options, "weights": str(folder / WEIGHTS)}), combiner, embedding)


def n_seen_by(marker: Marker, graded: Sequence[Graded]) -> int:
    """How many of the answers the marker was fitted on."""
    packed = base64.b64decode(marker.about().get("answers", ""))
    seen = {packed[at : at + FINGERPRINT_BYTES] for at in range(0, len(packed), FINGERPRINT_BYTES)}
    return sum(fingerprint_of(each) in seen for each in graded)


def fitted(
    train: Sequence[Graded],
    folder: Path,
    *,
    base: Path,
    marker_options: dict[str, Any],
    embedding: EmbeddingModel,
    seed: int,
    threads: int,
    say: Say,
) -> Grader:
    """Fitted on `train` alone, from the base model: adapters on most of the questions, the combiner on the others.

    Broken off, the same folder goes on. InvalidInput where there are too few questions or only one label, and where the
    folder holds a fit on other answers.
    """
    import torch

    from . import marker_data, marker_fit, marker_train

    questions = {(each.source, each.question_id) for each in train}
    if len(questions) < MIN_QUESTIONS:
        raise InvalidInput(f"The training file has {len(questions)} questions; {MIN_QUESTIONS} are the least.")
    apart = [each for each in train if marker_data.is_left_out(each, HELD_BACK, seed, modules=())]
    inside = [each for each in train if not marker_data.is_left_out(each, HELD_BACK, seed, modules=())]
    if min(len({each.is_correct for each in part}) for part in (apart, inside)) < 2:
        raise InvalidInput("The training file needs right and wrong answers to several questions.")
    torch.set_num_threads(threads)
    started = time.monotonic()
    about = {"data": Counter(each.source for each in inside), "left_out": HELD_BACK}
    recipe = marker_train.Recipe(epochs=EPOCHS)
    marker_train.fit(inside, base, folder, seed=seed, about=about, recipe=recipe, say=say)
    say(f"cross-encoder fitted in {time.monotonic() - started:.0f} s")
    marker = Marker(**{**marker_options, "weights": str(folder / WEIGHTS)})
    real = list(apart) + made_up(list(apart), seed=seed + 77)
    rows = marker_fit.rows_of(real, marker=marker, store=VectorStore(embedding))
    combiner = marker_fit.combiner_of(rows, real, seed=seed, about={"marker": marker.name})
    (folder / COMBINER).write_text(combine.to_json(combiner), encoding="utf-8")
    return Grader(marker, combiner, embedding)
