"""Fits the combiner: `python -m adaptive.assessment.words.fit --answers FOLDER --courses FOLDER --kept FILE`.

Reads graded answers (scientsbank_train.csv, beetle_train.csv, saf_english.csv in the folder) and the examples in the
courses' folder, makes more answers up, asks the models, and writes combiner.json and combiner_text.json beside this
file, each with its figures on questions that took no part in fitting. Asking the models takes most of the time (a few
answers a second on two cores); what they said is kept in FILE, so that a run can be broken off and resumed. Needs no
database and no Django settings.
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
from .data import Graded, made_up, read_authored, read_graded, sampled
from .evidence import VectorStore, prompt_version
from .extract import features_of
from .features import FEATURES, TEXT_FEATURES

SOURCES = {"scientsbank_train": 6, "beetle_train": 12, "saf_english": 5}  # answers taken of every question
N_FOLDS = 5
MADE_WEIGHT = 0.5
# Made-up answers that teach what is right, partial or beside the point. Shuffled, keyword and denied copies of a
# reference do not: they are near it by every measure of meaning, so learning them as wrong spoils the measures for
# honest answers. The assessor has rules against those.
TEACHING = ("stranger", "non_answer", "echo", "part", "reference")
# Strong, since the use is another course than the data: chosen by what carries over from two of the sets to the third.
PENALTY = 0.05
N_SOMETIMES_MISSING = 2  # lm_order and lm_scrambled of answers of one or two words
PRODUCTS: tuple[tuple[str, str], ...] = (("overlap_all", "negation_mismatch"), ("overlap_all", "antonyms"))
logger = logging.getLogger(__name__)


def fit_weights(
    inputs: np.ndarray, targets: np.ndarray, sample_weights: np.ndarray, *, penalty: float, steps: int = 400
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


def fit_calibration(
    p_correct: np.ndarray, is_correct: np.ndarray, sample_weights: np.ndarray | None = None
) -> tuple[float, float]:
    """(slope, intercept) on the log-odds of P(correct) that make the log loss least."""
    p = np.clip(p_correct, 1e-6, 1 - 1e-6)
    design = np.stack([np.log(p / (1 - p)), np.ones(len(p))], axis=1)
    share = np.ones(len(p)) if sample_weights is None else sample_weights / sample_weights.mean()
    # A quarter of this matrix is never flatter than the loss, so no step overshoots (Newton's can, far from the end).
    bound = 0.25 * (design * share[:, None]).T @ design + 1e-9 * np.eye(2)
    beta = np.array([1.0, 0.0])
    for _ in range(500):
        guess = 1 / (1 + np.exp(-np.clip(design @ beta, -60, 60)))
        beta = beta - np.linalg.solve(bound, design.T @ (share * (guess - is_correct)))
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
    folds = np.array([fold_of(each, n_folds=N_FOLDS, seed=seed) for each in graded])
    apart = np.zeros(len(graded))
    for fold in range(N_FOLDS):
        inside, outside = folds != fold, folds == fold
        weights, bias = fit_weights(inputs[inside], targets[inside], weights_of_rows[inside], penalty=penalty)
        apart[outside] = combine.softmax(inputs[outside] @ weights.T + bias)[:, 0]
    # Real answers with all their features, as in use.
    is_real = np.array([not each.made for each in graded])
    complete = is_real & (np.isfinite(rows).sum(axis=1) >= len(features) - N_SOMETIMES_MISSING)
    weights_of_complete = _sample_weights([each for each, one in zip(graded, complete, strict=True) if one])
    calibration = fit_calibration(apart[complete], (targets == 0)[complete], weights_of_complete)
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
    place = {name: index for index, name in enumerate(features)}
    columns = [rows, *(rows[:, [place[one]]] * rows[:, [place[other]]] for one, other in products)]
    full = np.concatenate(columns, axis=1)
    scale = np.nanstd(full, axis=0)
    scale[scale < 1e-6] = 1.0
    return np.nanmean(full, axis=0), scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--courses", type=Path, required=True)
    parser.add_argument("--model-dir", default=".data/models")
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
    authored = read_authored(options.courses)
    graded, asked = real + authored + made, {*some, *authored, *made}
    llm = TransformersModel(model_dir=options.model_dir, threads=options.threads)
    llm.load()
    store = VectorStore(SentenceEncoder(threads=options.threads), n_kept=100_000)
    # Asking about every real answer would take hours; the rest still teaches the weights of the other features.
    rows = features_of(graded, llm=llm, store=store, kept=options.kept, asked=asked)
    about = {"llm": llm.name, "llm_version": llm.version, "prompts": prompt_version()}
    for name, features, more in (
        ("combiner.json", FEATURES, about),
        ("combiner_text.json", TEXT_FEATURES, {"llm": ""}),
    ):
        combiner = fit_and_measure(
            rows[:, : len(features)],
            graded,
            features=features,
            products=PRODUCTS,
            seed=options.seed,
            about={**more, "embedding": "all-MiniLM-L6-v2"},
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
    teaching: tuple[str, ...] = TEACHING,
) -> combine.Combiner:
    """A combiner fitted on all, with figures in `about` from five that each left out a fifth of the questions.

    Made-up answers outside `teaching` take no part in fitting; their figures are of the same five combiners.
    """
    usable = np.flatnonzero(np.isfinite(rows[:, 0]))
    rows, graded = rows[usable], [graded[index] for index in usable]
    teaches = np.array([not each.made or each.made in teaching for each in graded])
    complete = np.isfinite(rows).sum(axis=1) >= len(features) - N_SOMETIMES_MISSING
    folds = np.array([fold_of(each, n_folds=N_FOLDS, seed=seed + 1) for each in graded])

    def fitted(chosen: np.ndarray) -> combine.Combiner:
        places = np.flatnonzero(chosen & teaches)
        return fit_combiner(
            rows[places],
            [graded[place] for place in places],
            features=features,
            products=products,
            seed=seed,
            about=dict(about),
            penalty=penalty,
        )

    apart = np.zeros((len(graded), len(LABELS)))
    for fold in range(N_FOLDS):
        outside = folds == fold
        apart[outside] = fitted(~outside).probabilities(rows[outside])
    combiner = fitted(np.ones(len(graded), dtype=bool))
    combiner.about.update(
        {
            "data": "SemEval-2013 task 7 SciEntsBank and Beetle (CC BY-SA 3.0, training parts), SAF English (MIT), the "
            f"authored examples of fixtures/courses, and answers made up ({', '.join(teaching)}); each source weighs "
            "the same",
            "n_fitted": int(teaches.sum()),
            "n_fitted_with_all_features": int((teaches & complete).sum()),
            "n_fitted_made_up": sum(bool(each.made) for each, one in zip(graded, teaches, strict=True) if one),
            "n_questions": len({(each.source, each.question_id) for each in graded}),
            "seed": seed,
            "penalty": penalty,
            "figures_are_of": "answers to questions left out of fitting and calibration, in five folds; before the "
            "assessor's rules, which hold back more",
            "figures": measure.figures(apart[complete], [graded[place] for place in np.flatnonzero(complete)]),
        }
    )
    return combiner


if __name__ == "__main__":
    main()
