"""What is known of the shipped assessor before a course's own teachers have marked anything: its errors on data held
out of fitting, by confidence. They stand beside this file, with where they come from.

`python -m adaptive.assessment.trust.prior PREDICTIONS.csv --model NAME --about WORDS` makes the file anew after the
assessor has changed. The CSV has the columns confidence, said_right and is_right (0 or 1), one row an answer held out;
what the assessor's rules hold back in any case is left out.
"""

import argparse
import csv
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .risk import DELTA, GRID, Curve, Marks, bounds, proven, upper_bound

SHIPPED = Path(__file__).with_name("shipped.json")
# Added to the bound: another school's questions are not those that were held out, and a wrong mark costs more trust
# than a late one. The same at every threshold.
MARGIN = 0.01


@lru_cache(maxsize=16)
def shipped(model: str, limit: float, delta: float = DELTA, path: Path = SHIPPED) -> Curve:
    """The shipped figures as the curve that a course starts from; of another model than theirs nothing is known.

    Raises ValueError for a file of another shape.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    if not model.startswith(content["model"]):
        return Curve(None, np.ones(len(GRID)))
    n, wrong = np.array(content["n"], dtype=int), np.array(content["wrong"], dtype=int)
    at = np.array(content["threshold"], dtype=float)
    if not n.shape == wrong.shape == at.shape or (wrong > n).any() or (np.diff(at) <= 0).any():
        raise ValueError(f"{path.name} must have n, wrong and threshold of one length, thresholds rising.")
    risk = np.ones(len(GRID))
    for place, threshold in enumerate(GRID):
        # A threshold that was not measured has the bound of the next laxer one that was.
        known = np.flatnonzero(at <= threshold + 1e-9)
        if len(known) and n[known[-1]]:
            risk[place] = min(1.0, upper_bound(int(wrong[known[-1]]), int(n[known[-1]]), delta) + MARGIN)
    risk = np.minimum.accumulate(risk)
    passes = np.flatnonzero(risk <= limit)
    return Curve(float(GRID[passes[0]]) if len(passes) else None, risk)


def curve_json(confidence: np.ndarray, wrong: np.ndarray, *, model: str, about: str) -> dict[str, Any]:
    """The file's content from the confidences (n,) and errors (n,) of answers held out."""
    marks = Marks.of(confidence, wrong)
    n, n_wrong = marks.released()
    return {
        "model": model,
        "about": about,
        "n_answers": marks.n,
        "threshold": [round(float(x), 3) for x in GRID],
        "n": n.tolist(),
        "wrong": n_wrong.tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--model", required=True, help="how the name of the assessor's model begins")
    parser.add_argument("--about", required=True, help="which assessor, on which answers")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    with options.predictions.open(newline="", encoding="utf-8") as handle:
        rows = [(float(r["confidence"]), r["said_right"] != r["is_right"]) for r in csv.DictReader(handle)]
    content = curve_json(
        np.array([c for c, _ in rows]), np.array([w for _, w in rows]), model=options.model, about=options.about
    )
    options.out.write_text(json.dumps(content) + "\n", encoding="utf-8")
    marks = Marks.of([c for c, _ in rows], [w for _, w in rows])
    place = proven(marks, 0.05)
    print(
        f"{marks.n:,} answers; at a limit of 5 % they prove "
        + ("no threshold" if place is None else f"a threshold of {GRID[place]:.3f}")
        + f"; lowest bound {bounds(marks).min():.3f}."
    )


if __name__ == "__main__":
    main()
