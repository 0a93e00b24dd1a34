"""Fits the combiner: `python -m adaptive.assessment.words.fit --answers FOLDER --model-dir FOLDER --kept FILE`.

Reads graded answers (scientsbank_train.csv, beetle_train.csv, saf_english.csv in the folder), makes wrong answers up,
asks the models, and writes combiner.json and combiner_text.json beside this file, each with its figures on questions
that took no part in fitting. Asking the models takes most of the time (several answers a second on two cores); what
they said is kept in FILE, so that a run can be broken off and resumed. Needs no database and no Django settings.
"""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adaptive.assessment.types import LABELS
from adaptive.backends.embedding.sentence_encoder import SentenceEncoder
from adaptive.backends.llm.transformers_local import TransformersModel

from . import combine, measure
from .data import Graded, made_up, read_graded, sampled
from .evidence import VectorStore, prompt_version
from .extract import features_of
from .features import FEATURES, TEXT_FEATURES

SOURCES = {"scientsbank_train": 6, "beetle_train": 12, "saf_english": 5}  # answers taken of every question
HELD_OUT = 0.25  # of the questions: figures
MADE_WEIGHT = 0.5
PENALTY = 3e-3
PRODUCTS = (
    ("sim_best", "negation_mismatch"),
    ("overlap_new", "negation_mismatch"),
    ("overlap_all", "antonyms"),
    ("sim_best", "sim_best"),
    ("sim_best", "overlap_new"),
    ("sim_best", "length_ratio"),
    ("echo", "sim_question"),
)
LLM_PRODUCTS = (
    ("lm_answer_gain_total", "lm_reference_gain"),
    ("sim_best", "lm_answer_gain_total"),
    ("overlap_all", "lm_scrambled"),
    ("sim_best", "lm_scrambled"),
    ("negation_mismatch", "lm_reference_gain"),
)
logger = logging.getLogger(__name__)


def fit_weights(
    inputs: np.ndarray, targets: np.ndarray, sample_weights: np.ndarray, *, penalty: float, steps: int = 1500
) -> tuple[np.ndarray, np.ndarray]:
    """(weights (labels, n), bias (labels,)) of a multinomial logistic model by accelerated gradient descent.

    targets: label indices. Deterministic; the loss is convex, so the start does not matter.
    """
    n_rows, n = inputs.shape
    wanted = np.eye(len(LABELS))[targets]
    share = (sample_weights / sample_weights.sum())[:, None]
    design = np.hstack([inputs, np.ones((n_rows, 1))])
    curvature = 0.5 * np.linalg.eigvalsh((design * share).T @ design)[-1] + penalty
    weights = np.zeros((len(LABELS), n + 1))
    ahead, momentum = weights, 1.0
    for _ in range(steps):
        errors = (combine.softmax(design @ ahead.T) - wanted) * share
        gradient = errors.T @ design
        gradient[:, :n] += penalty * ahead[:, :n]
        moved = ahead - gradient / curvature
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / following * (moved - weights)
        weights, momentum = moved, following
    return weights[:, :n], weights[:, n]


def fit_calibration(p_correct: np.ndarray, is_correct: np.ndarray) -> tuple[float, float]:
    """(slope, intercept) on the log-odds of P(correct) that make the log loss least."""
    p = np.clip(p_correct, 1e-6, 1 - 1e-6)
    design = np.stack([np.log(p / (1 - p)), np.ones(len(p))], axis=1)
    # A quarter of this matrix is never flatter than the loss, so no step overshoots (Newton's can, far from the end).
    bound = 0.25 * design.T @ design + 1e-9 * np.eye(2)
    beta = np.array([1.0, 0.0])
    for _ in range(500):
        guess = 1 / (1 + np.exp(-np.clip(design @ beta, -60, 60)))
        beta = beta - np.linalg.solve(bound, design.T @ (guess - is_correct))
    return float(beta[0]), float(beta[1])


def fold_of(graded: Graded, *, n_folds: int, seed: int) -> int:
    """The fold of a question: all its answers, made-up ones too, are in one."""
    generator = np.random.default_rng([seed, *graded.source.encode(), *graded.question_id.encode()])
    return int(generator.integers(n_folds))


def fit_combiner(
    rows: np.ndarray,
    graded: Sequence[Graded],
    *,
    features: tuple[str, ...],
    products: tuple[tuple[str, str], ...],
    seed: int,
    about: dict[str, Any],
    penalty: float = PENALTY,
) -> combine.Combiner:
    """Fits on all rows given; the calibration on predictions for questions left out in turn (five folds)."""
    targets = np.array([LABELS.index(each.label) for each in graded])
    weights_of_rows = _sample_weights(graded)
    mean, scale = _moments(rows, features, products)
    inputs = combine.inputs_of(rows, features, products, mean, scale)
    folds = np.array([fold_of(each, n_folds=5, seed=seed) for each in graded])
    apart = np.zeros(len(graded))
    for fold in range(5):
        inside, outside = folds != fold, folds == fold
        weights, bias = fit_weights(inputs[inside], targets[inside], weights_of_rows[inside], penalty=penalty)
        apart[outside] = combine.softmax(inputs[outside] @ weights.T + bias)[:, 0]
    real = np.array([not each.made for each in graded])
    calibration = fit_calibration(apart[real], (targets == 0)[real])
    weights, bias = fit_weights(inputs, targets, weights_of_rows, penalty=penalty)
    return combine.Combiner(features, products, mean, scale, weights, bias, calibration, about)


def _sample_weights(graded: Sequence[Graded]) -> np.ndarray:
    """Every source weighs the same, made-up answers half as much as real ones."""
    sources = [each.source for each in graded]
    counts = {source: sources.count(source) for source in set(sources)}
    return np.array([(MADE_WEIGHT if each.made else 1.0) / counts[each.source] for each in graded])


def _moments(
    rows: np.ndarray, features: tuple[str, ...], products: tuple[tuple[str, str], ...]
) -> tuple[np.ndarray, np.ndarray]:
    centre = np.nanmean(rows, axis=0)
    base = np.where(np.isfinite(rows), rows, centre)
    place = {name: index for index, name in enumerate(features)}
    columns = [base, *(base[:, [place[one]]] * base[:, [place[other]]] for one, other in products)]
    full = np.concatenate(columns, axis=1)
    scale = full.std(axis=0)
    scale[scale < 1e-6] = 1.0
    return full.mean(axis=0), scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--model-dir", required=True)
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=combine.SHIPPED.parent)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    real = [each for source in SOURCES for each in read_graded(options.answers / f"{source}.csv")]
    made = made_up(real, seed=options.seed)
    some = [
        each
        for source, n in SOURCES.items()
        for each in sampled([one for one in real if one.source == source], per_question=n, seed=options.seed)
    ]
    llm = TransformersModel(model_dir=options.model_dir, threads=options.threads)
    llm.load()
    store = VectorStore(SentenceEncoder(threads=options.threads))
    for name, graded, model in (("combiner.json", some + made, llm), ("combiner_text.json", real + made, None)):
        rows = features_of(graded, llm=model, store=store, kept=options.kept)
        features = FEATURES if model else TEXT_FEATURES
        combiner = fit_and_measure(
            rows[:, : len(features)],
            graded,
            features=features,
            products=PRODUCTS + (LLM_PRODUCTS if model else ()),
            seed=options.seed,
            about={
                "llm": llm.name if model else "",
                "llm_version": llm.version if model else "",
                "prompts": prompt_version() if model else "",
                "embedding": "all-MiniLM-L6-v2",
            },
        )
        (options.out / name).write_text(combine.to_json(combiner))
        logger.info("%s: %s", name, combiner.about["figures"])


def fit_and_measure(
    rows: np.ndarray,
    graded: Sequence[Graded],
    *,
    features: tuple[str, ...],
    products: tuple[tuple[str, str], ...],
    seed: int,
    about: dict[str, Any],
    penalty: float = PENALTY,
) -> combine.Combiner:
    """A combiner fitted on three quarters of the questions, its figures on the others in `about`."""
    usable = np.isfinite(rows[:, 0])
    apart = np.array([fold_of(each, n_folds=1000, seed=seed + 1) < 1000 * HELD_OUT for each in graded])
    inside, outside = np.flatnonzero(usable & ~apart), np.flatnonzero(usable & apart)
    combiner = fit_combiner(
        rows[inside],
        [graded[index] for index in inside],
        features=features,
        products=products,
        seed=seed,
        about=dict(about),
        penalty=penalty,
    )
    held = [graded[index] for index in outside]
    combiner.about.update(
        {
            "data": "SemEval-2013 task 7 SciEntsBank and Beetle (CC BY-SA 3.0, training parts), SAF English (MIT), "
            "and answers made up from them (shuffled, keywords, denied, echo, stranger, non-answer, part, reference)",
            "n_fitted": len(inside),
            "n_fitted_made_up": sum(bool(graded[index].made) for index in inside),
            "n_questions": len({(graded[index].source, graded[index].question_id) for index in inside}),
            "seed": seed,
            "penalty": penalty,
            "figures": measure.figures(combiner.probabilities(rows[outside]), held),
            "figures_are_of": f"{HELD_OUT:.0%} of the questions, none of whose answers took part in fitting",
        }
    )
    return combiner


if __name__ == "__main__":
    main()
