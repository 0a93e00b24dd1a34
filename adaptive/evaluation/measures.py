"""What is told of a policy: how much was learnt, how far towards the oracle, for whom, and how hard it was."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .running import Played
from .simulators.numbers import Floats

N_BOOTSTRAP = 2000
TOO_EASY, TOO_HARD = 0.95, 0.35


@dataclass(frozen=True, slots=True)
class Figures:
    """One policy in one world. Intervals are 95 %, over learners, who are the same for every policy.

    ep: mean over learners of (E1 - E0) / (1 - E0), with E1 the final score and E0 that had nothing been practised.
    fraction: (ep - random's) / (oracle's - random's), None where these tie or were not played.
    group_gap: mean E1 of the strong third minus the weak third; group_gap_over_random: minus random's.
    over: other policy -> (mean difference in ep, low, high).
    """

    ep: float
    score: float
    fraction: float | None
    fraction_interval: tuple[float, float] | None
    too_easy: float
    too_hard: float
    group_gap: float
    group_gap_over_random: float | None
    over: dict[str, tuple[float, float, float]]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def ep_of(played: Played) -> Floats:
    """(n_learners,)"""
    return (played.after - played.before) / np.maximum(1.0 - played.before, 1e-9)


def figures_of(played: Mapping[str, Played], *, seed: int = 0, n_bootstrap: int = N_BOOTSTRAP) -> dict[str, Figures]:
    """By policy; needs "random" and "oracle" for fractions. All were played with the same learners."""
    ep = {name: ep_of(p) for name, p in played.items()}
    n = len(next(iter(ep.values())))
    rng = np.random.default_rng([seed, 11])
    weights = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(n_bootstrap)]) / n
    means = {name: weights @ values for name, values in ep.items()}
    found = {}
    for name, p in played.items():
        gap = _gap(p)
        fraction = interval = None
        if {"random", "oracle"} <= set(ep):
            whole = ep["oracle"].mean() - ep["random"].mean()
            if whole > 1e-9:
                fraction = float((ep[name].mean() - ep["random"].mean()) / whole)
                many = (means[name] - means["random"]) / np.maximum(means["oracle"] - means["random"], 1e-12)
                interval = _interval(many)
        found[name] = Figures(
            ep=float(ep[name].mean()),
            score=float(p.after.mean()),
            fraction=fraction,
            fraction_interval=interval,
            too_easy=float((p.p > TOO_EASY).mean()),
            too_hard=float((p.p < TOO_HARD).mean()),
            group_gap=gap,
            group_gap_over_random=gap - _gap(played["random"]) if "random" in played else None,
            over={
                other: (float((ep[name] - ep[other]).mean()), *_interval(means[name] - means[other]))
                for other in ep
                if other != name
            },
        )
    return found


def _gap(p: Played) -> float:
    if not p.is_strong.any() or not p.is_weak.any():
        return 0.0
    return float(p.after[p.is_strong].mean() - p.after[p.is_weak].mean())


def _interval(values: Floats) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def table_of(figures: Mapping[str, Figures]) -> str:
    """Lines for a terminal."""
    lines = [
        f"{'policy':<14}{'Ep':>7}{'score':>7}{'fraction':>10}{'95 %':>14}{'easy':>7}{'hard':>7}{'gap':>7}{'-rand':>7}"
    ]
    for name, f in figures.items():
        low, high = f.fraction_interval or (float("nan"), float("nan"))
        fraction = float("nan") if f.fraction is None else f.fraction
        over = float("nan") if f.group_gap_over_random is None else f.group_gap_over_random
        lines.append(
            f"{name:<14}{f.ep:>7.3f}{f.score:>7.3f}{fraction:>10.2f}{f'{low:.2f}..{high:.2f}':>14}"
            f"{f.too_easy:>7.2f}{f.too_hard:>7.2f}{f.group_gap:>7.3f}{over:>+7.3f}"
        )
    return "\n".join(lines)


def log_table_of(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Lines for a terminal, of next-item ranking: figures by ranker."""
    names = [name for name in next(iter(figures.values())) if name not in ("n_events", "n_learners")]
    lines = [f"{'ranker':<12}" + "".join(f"{name:>9}" for name in names) + f"{'events':>10}"]
    for ranker, row in figures.items():
        lines.append(f"{ranker:<12}" + "".join(f"{row[n]['value']:>9.3f}" for n in names) + f"{row['n_events']:>10,}")
    return "\n".join(lines)
