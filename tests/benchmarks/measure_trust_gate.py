#!/usr/bin/env python3
"""Measures the trust gate and the calibrator on real graded answers, without database and without language model.

    python -m tests.benchmarks.measure_trust_gate beetle_ua.csv scientsbank_ua.csv [--splits 500]

The machine is the assessor's text-only combiner, as shipped. Half of the answers, drawn anew for every split, serve as
teachers' marks; the threshold that they prove is judged on the other half. Beside it the lowest threshold whose error
among the marks seen is under the limit, which promises nothing. The calibrator is judged on questions left out and on
answers left out.
"""

import argparse
from pathlib import Path

import numpy as np

from adaptive.assessment.trust import calibrator
from adaptive.assessment.trust.risk import GRID, Marks, proven
from adaptive.assessment.words import combine
from adaptive.assessment.words.data import Graded, read_graded
from adaptive.assessment.words.evidence import VectorStore, gather
from adaptive.assessment.words.features import TEXT_FEATURES, Case
from adaptive.assessment.words.text import Text, plain
from adaptive.backends.embedding.sentence_encoder import SentenceEncoder
from adaptive.common.metrics import log_loss

LIMITS = (0.05, 0.1, 0.15, 0.2)


def p_right(graded: list[Graded], store: VectorStore) -> np.ndarray:
    """(n,) P(right) by the text-only combiner."""
    combiner, found = combine.load(combine.SHIPPED_TEXT_ONLY), []
    for start in range(0, len(graded), 100):
        cases = [
            Case(Text(plain(one.question)), tuple(Text(plain(text)) for text in one.references), Text(one.answer))
            for one in graded[start : start + 100]
        ]
        rows = gather(cases, llm=None, store=store).rows[:, : len(TEXT_FEATURES)]
        found.append(combiner.probabilities(rows)[:, 0])
    return np.concatenate(found)


def gate_line(confidence: np.ndarray, wrong: np.ndarray, limit: float, n_splits: int) -> str:
    rng = np.random.default_rng(0)
    shares, errors, n_over, n_naive_over = [], [], 0, 0
    for _ in range(n_splits):
        order = rng.permutation(len(wrong))
        marked, rest = order[: len(order) // 2], order[len(order) // 2 :]
        marks = Marks.of(confidence[marked], wrong[marked])
        n, n_wrong = marks.released()
        seems_good = np.flatnonzero((n > 0) & (n_wrong <= limit * n))
        if len(seems_good):
            released = confidence[rest] >= GRID[seems_good[0]]
            n_naive_over += bool(released.any() and wrong[rest][released].mean() > limit)
        if (place := proven(marks, limit)) is not None:
            released = confidence[rest] >= GRID[place]
            error = float(wrong[rest][released].mean()) if released.any() else 0.0
            n_over += error > limit
            shares.append(released.mean())
            errors.append(error)
    line = f"  limit {limit:.0%}: releases in {len(shares)} of {n_splits} splits"
    if shares:
        line += f", {np.mean(shares):.0%} of the answers, error {np.mean(errors):.1%}"
    return f"{line}; over the limit in {n_over / n_splits:.1%} (what only seems good: {n_naive_over / n_splits:.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--splits", type=int, default=500)
    options = parser.parse_args()
    store = VectorStore(SentenceEncoder(threads=1), n_kept=100_000)
    for path in options.files:
        graded = read_graded(path)
        p, right = p_right(graded, store), np.array([one.is_correct for one in graded])
        numbers: dict[str, int] = {}
        exercises = [numbers.setdefault(one.question_id, len(numbers)) for one in graded]
        confidence, wrong = np.maximum(p, 1 - p), (p >= 0.5) != right
        print(f"{path.name}: {len(graded)} answers to {len(numbers)} questions, accuracy {1 - wrong.mean():.3f}")
        for limit in LIMITS:
            print(gate_line(confidence, wrong, limit, options.splits))
        marked = calibrator.Marked(p, right, exercises, list(range(len(graded))))
        learned = calibrator.learn(marked, seed=0)
        for name, one in (
            ("as shipped", p),
            ("questions left out", learned.by_question),
            ("answers left out", learned.by_learner),
        ):
            print(f"  {name}: log loss {log_loss(right, one):.4f}, accuracy {((one >= 0.5) == right).mean():.3f}")


if __name__ == "__main__":
    main()
