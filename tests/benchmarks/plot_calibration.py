#!/usr/bin/env python3
"""Draws docs/calibration.svg from reports of evaluate_learner_model.

    python tests/benchmarks/plot_calibration.py OUT.svg NAME=REPORT.json [NAME=REPORT.json ...]

Bins of all folds are pooled. The more rows a bin has, the larger its point; bins under 30 rows are left out.
"""

import argparse
import json
import math
from collections import defaultdict
from html import escape
from pathlib import Path

SIDE, STEP_X, STEP_Y, COLUMNS = 150, 210, 225, 3
MIN_ROWS = 30


def points_of(report: dict) -> list[tuple[float, float, int]]:
    """(mean predicted, mean observed, rows) of every bin that has enough rows."""
    bins: dict[float, list[tuple[float, float, int]]] = defaultdict(list)
    for part in report.get("folds", [report]):
        for each in part["calibration"]:
            bins[round(each["low"], 6)].append((each["mean_predicted"], each["mean_observed"], each["n"]))
    out = []
    for _, found in sorted(bins.items()):
        n = sum(each[2] for each in found)
        if n >= MIN_ROWS:
            out.append((sum(p * k for p, _, k in found) / n, sum(o * k for _, o, k in found) / n, n))
    return out


def panel(name: str, report: dict, left: int, top: int) -> list[str]:
    base, middle = top + SIDE, left + SIDE / 2
    places = [(left + SIDE * p, base - SIDE * o, n) for p, o, n in points_of(report)]
    lines = [
        f'<text x="{middle}" y="{top - 8}" text-anchor="middle" font-weight="bold" fill="#222">'
        f"{escape(name)}, ece {report['ece']:.3f}</text>",
        f'<rect x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#888"/>',
        f'<path d="M{left} {base}L{left + SIDE} {top}" stroke="#bbb" stroke-dasharray="3 3"/>',
        '<polyline fill="none" stroke="#0b63b0" stroke-width="1.5" points="'
        + " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
        + '"/>',
    ]
    most = max(n for _, _, n in places)
    lines += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{1.2 + 3 * math.sqrt(n / most):.1f}" fill="#0b63b0"/>'
        for x, y, n in places
    ]
    for share in (0, 0.5, 1):
        lines.append(
            f'<text x="{left + SIDE * share}" y="{base + 14}" text-anchor="middle" fill="#444">{share:g}</text>'
            f'<text x="{left - 5}" y="{base - SIDE * share + 4}" text-anchor="end" fill="#444">{share:g}</text>'
        )
    lines.append(
        f'<text x="{middle}" y="{base + 28}" text-anchor="middle" fill="#444">predicted</text>'
        f'<text transform="translate({left - 26},{base - SIDE / 2}) rotate(-90)" text-anchor="middle" fill="#444">'
        "observed</text>"
    )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("reports", nargs="+", metavar="NAME=REPORT.json")
    options = parser.parse_args()
    lines: list[str] = []
    for number, pair in enumerate(options.reports):
        name, _, path = pair.partition("=")
        left, top = 45 + STEP_X * (number % COLUMNS), 30 + STEP_Y * (number // COLUMNS)
        lines += panel(name, json.loads(Path(path).read_text(encoding="utf-8")), left, top)
    height = 20 + STEP_Y * math.ceil(len(options.reports) / COLUMNS)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 {height}" font-family="sans-serif" font-size="11" '
        'role="img" aria-label="Calibration: predicted against observed share of right answers">'
    )
    options.out.write_text("\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *lines, "</svg>\n"]))


if __name__ == "__main__":
    main()
