"""Fits the combiner of text features and the cross-encoder's, on answers that the cross-encoder never saw.

    python -m adaptive.assessment.words.marker_fit --answers FOLDER --weights FILE --leave-out SHARE --kept FOLDER

--weights: made by `marker_train` with the same --leave-out and --seed. Questions that took no part there are what is
fitted on and judged here (in five folds by question), so the figures are those of questions never seen. Writes
combiner_marker.json beside this file, or to --out.
"""

import argparse
import csv
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adaptive.backends.cross_encoder.marker import Marker
from adaptive.backends.embedding.sentence_encoder import SentenceEncoder

from . import combine
from .data import Graded, by_question, made_up, read_authored
from .evidence import VectorStore
from .extract import case_of
from .features import HEARD_FEATURES, MARKED_FEATURES, as_row, text_features
from .fit import N_FOLDS, TEACHING, fit_and_measure, fit_combiner, fold_of
from .marker_data import is_left_out, read_training
from .marking import marker_features

# The cross-encoder reads the order of words, so it can learn from nearly all that is made up; see fit.TEACHING. A word
# turned into its opposite does not always make an answer wrong: taught by those, log loss rose on three of four sets of
# questions left out, and stood on the fourth.
MADE_TAUGHT = (*TEACHING, "shuffled", "keywords", "denied", "denied_answer")
PENALTY = 0.002
logger = logging.getLogger(__name__)


def rows_of(graded: Sequence[Graded], *, marker: Marker, store: VectorStore) -> np.ndarray:
    """(len(graded), len(MARKED_FEATURES)); NaN for what the guards keep back."""
    out = np.full((len(graded), len(MARKED_FEATURES)), np.nan)
    place_of = {id(each): place for place, each in enumerate(graded)}
    groups = list(by_question(list(graded)).values())
    for number, group in enumerate(groups, start=1):
        found = [(place_of[id(each)], case_of(each)) for each in group]
        inside = [(place, case) for place, case in found if case is not None]
        if not inside:
            continue
        cases = [case for _, case in inside]
        vectors = store.of([text for case in cases for text in case.texts_to_embed()])
        read = marker_features(cases, marker=marker)
        for (place, case), more in zip(inside, read, strict=True):
            out[place] = as_row({**text_features(case, vectors), **more}, MARKED_FEATURES)
        if not number % 10 or number == len(groups):
            logger.info("read: question %d of %d", number, len(groups))
    return out


def combiner_of(rows: np.ndarray, graded: Sequence[Graded], *, seed: int, about: dict[str, Any]) -> combine.Combiner:
    """Fitted on the rows that the guards let through, calibrated on questions left out in turn."""
    taught = ("", *MADE_TAUGHT)
    usable = [n for n, each in enumerate(graded) if each.made in taught and np.isfinite(rows[n, 0])]
    return fit_combiner(
        _heard(rows[usable]),
        [graded[place] for place in usable],
        features=HEARD_FEATURES,
        products=(),
        seed=seed,
        about=about,
        penalty=PENALTY,
    )


def _heard(rows: np.ndarray) -> np.ndarray:
    return rows[:, [MARKED_FEATURES.index(name) for name in HEARD_FEATURES]]


def predictions_write(path: Path, rows: np.ndarray, graded: Sequence[Graded], *, seed: int) -> None:
    """confidence, said_right, is_right of real answers to questions left out in turn (`trust.prior` reads it)."""
    folds = np.array([fold_of(each, n_folds=N_FOLDS, seed=seed + 1) for each in graded])
    usable = np.isfinite(rows[:, 0])
    with path.open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle)
        out.writerow(("confidence", "said_right", "is_right", "source"))
        for fold in range(N_FOLDS):
            inside, outside = np.flatnonzero(usable & (folds != fold)), np.flatnonzero(usable & (folds == fold))
            combiner = combiner_of(rows[inside], [graded[place] for place in inside], seed=seed, about={})
            for place, p in zip(outside, combiner.probabilities(_heard(rows[outside])), strict=True):
                if not graded[place].made:
                    label, _, confidence = combine.verdict_of(p)
                    is_right = int(graded[place].is_correct)
                    out.writerow((round(confidence, 5), int(label == "correct"), is_right, graded[place].source))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--courses", type=Path, default=Path("fixtures/courses"))
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--base", default=None)
    parser.add_argument("--leave-out", type=float, required=True)
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=combine.SHIPPED_MARKER)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    real = [each for each in read_training(options.answers) if is_left_out(each, options.leave_out, options.seed)]
    real += read_authored(options.courses)
    graded = real + made_up(real, seed=options.seed + 77)
    marker = Marker(base=options.base, weights=str(options.weights), threads=options.threads)
    store = VectorStore(SentenceEncoder(threads=options.threads))
    kept = options.kept / f"rows-{options.weights.stat().st_mtime_ns}.npy"
    if kept.exists():
        rows = np.load(kept)
    else:
        rows = rows_of(graded, marker=marker, store=store)
        np.save(kept, rows)
    about = {"marker": marker.name, "marker_of_figures": marker.version, "left_out": options.leave_out}
    combiner = fit_and_measure(
        _heard(rows),
        graded,
        features=HEARD_FEATURES,
        products=(),
        seed=options.seed,
        about=about,
        penalty=PENALTY,
        teaching=MADE_TAUGHT,
    )
    predictions_write(options.kept / "held-out.csv", rows, graded, seed=options.seed)
    options.out.write_text(combine.to_json(combiner), encoding="utf-8")
    logger.info("%s", json.dumps(combiner.about["figures"], indent=1))


if __name__ == "__main__":
    main()
