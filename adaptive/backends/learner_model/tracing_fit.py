"""Fits the rates of knowledge tracing (see `tracing`) by expectation-maximisation. numpy.

All sequences of answers, one for each learner and skill, go through each step together; skills are held near the mean
of all, and an exercise's difficulty near what was known of it beforehand. 75,000 answers take a fifth of a second.
"""

import itertools
from dataclasses import dataclass, field

import numpy as np

from .answer_rows import Rows
from .tracing import Rates

ROUNDS = 25
HELD = 20.0  # pseudo-counts that hold a skill's rates near the mean of all
LOGIT_SD = 0.5  # by which skills' guess and slip differ, in logits
EASIEST, HARDEST = -4.0, 4.0
_LOW, _HIGH = np.array([0.01, 0.005, 0.02, 0.02]), np.array([0.95, 0.6, 0.45, 0.4])


@dataclass(slots=True)
class Traced:
    """A fit. rates: (n_skills, 4) known, learn, guess, slip; hardness: (n_items,) logits above a typical exercise.

    per_logit: what a logit of the difficulty that was known beforehand counts here.
    """

    rates: np.ndarray
    mean: np.ndarray
    hardness: np.ndarray
    per_logit: float

    def rates_of(self, skills: list[int]) -> dict[int, Rates]:
        """By skill id, in the order of `Rows.skills`."""
        return {
            skill: Rates(*(round(float(rate), 4) for rate in row))
            for skill, row in zip(skills, self.rates, strict=True)
        }


@dataclass(slots=True)
class _Order:
    """Pairs (answer, skill) in the order of their place in their sequence: place after place is one array operation."""

    pairs: np.ndarray
    bounds: list[tuple[int, int]] = field(default_factory=list)


def _order_of(rows: Rows, chosen: np.ndarray) -> _Order:
    """chosen: (n pairs,) bool, of whole sequences."""
    kept = np.flatnonzero(chosen)
    by_gap = kept[np.argsort(rows.pair_gap[kept], kind="stable")]
    gap = rows.pair_gap[by_gap]
    starts = np.r_[0, np.flatnonzero(np.diff(gap)) + 1] if len(gap) else np.zeros(0, dtype=np.int64)
    place = np.arange(len(gap)) - np.repeat(starts, np.diff(np.r_[starts, len(gap)]))
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place, minlength=1)
    edges = np.r_[0, np.cumsum(counts)]
    return _Order(by_gap[order], [(int(a), int(b)) for a, b in itertools.pairwise(edges)])


def _logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1.0 - p))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -30, 30)))


def _emissions(rows: Rows, fit: Traced, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P(right) of who does not know and of who knows the pair's skill, by pair."""
    skill, item = rows.pair_skill[pairs], rows.item[rows.pair_row[pairs]]
    _, _, guess, slip = fit.rates.T
    return (
        _sigmoid(_logit(guess)[skill] - fit.hardness[item]),
        _sigmoid(_logit(1.0 - slip)[skill] - fit.hardness[item]),
    )


def _forward(rows: Rows, fit: Traced, order: _Order) -> tuple[np.ndarray, np.ndarray]:
    """(P(known) before, after each answer), in the order of `order.pairs`; learning by the try is not in `after`."""
    pairs = order.pairs
    without, with_it = _emissions(rows, fit, pairs)
    y = rows.y[rows.pair_row[pairs]]
    low, high = np.where(y > 0.5, without, 1 - without), np.where(y > 0.5, with_it, 1 - with_it)
    known, learn = fit.rates[:, 0], fit.rates[:, 1]
    skill, gap = rows.pair_skill[pairs], rows.pair_gap[pairs]
    before, after = np.zeros(len(pairs)), np.zeros(len(pairs))
    now = np.zeros(rows.n_gaps)
    for place, (a, b) in enumerate(order.bounds):
        ahead = known[skill[a:b]] if not place else now[gap[a:b]]
        before[a:b] = ahead
        seen = ahead * high[a:b] / (ahead * high[a:b] + (1 - ahead) * low[a:b])
        after[a:b] = seen
        now[gap[a:b]] = seen + (1 - seen) * learn[skill[a:b]]
    return before, after


def tracing_fit(rows: Rows, *, learners: np.ndarray | None = None, rounds: int = ROUNDS) -> Traced:
    """learners: (n_learners,) bool, whom to fit on; None: all. Deterministic."""
    chosen = np.ones(len(rows.pair_row), dtype=bool) if learners is None else learners[rows.learner[rows.pair_row]]
    order = _order_of(rows, chosen)
    pairs, n_skills = order.pairs, len(rows.skills)
    skill, gap, row = rows.pair_skill[pairs], rows.pair_gap[pairs], rows.pair_row[pairs]
    item, y = rows.item[row], rows.y[row]
    offset = np.zeros(rows.n_items)
    offset[rows.item] = rows.offset
    mean = np.array([0.5, 0.1, 0.25, 0.15])
    fit = Traced(np.tile(mean, (n_skills, 1)), mean, 0.5 * offset, 0.5)
    spread = 1.0  # variance of what is not foreseen of a difficulty
    for _ in range(rounds):
        _, after = _forward(rows, fit, order)
        smooth, learnt, could = _smoothed(fit, order, skill, gap, after, rows.n_gaps)
        first = np.zeros(len(pairs), dtype=bool)
        first[order.bounds[0][0] : order.bounds[0][1]] = True
        hits = np.stack(
            [np.bincount(skill[first], smooth[first], n_skills), np.bincount(skill, learnt, n_skills)], axis=1
        )
        chances = np.stack([np.bincount(skill[first], minlength=n_skills), np.bincount(skill, could, n_skills)], axis=1)
        mean = fit.mean.copy()
        mean[:2] = hits.sum(0) / np.maximum(chances.sum(0), 1e-9)
        rates = fit.rates.copy()
        rates[:, :2] = (hits + HELD * mean[:2]) / (chances + HELD)
        # Guess, slip and hardness: a Newton step each, on what the smoothing says of who knew.
        for column, weight, sign in ((2, 1.0 - smooth, 1.0), (3, smooth, -1.0)):
            level = sign * _logit(rates[:, column])
            p = _sigmoid(level[skill] - fit.hardness[item])
            slope, curve = (
                np.bincount(skill, weight * (y - p), n_skills),
                np.bincount(skill, weight * p * (1 - p), n_skills),
            )
            middle = level.mean() + slope.sum() / max(curve.sum(), 1e-9)
            step = (slope - (level - middle) / LOGIT_SD**2) / (curve + LOGIT_SD**-2)
            level = level + np.clip(step, -1.0, 1.0)
            rates[:, column] = _sigmoid(sign * level)
            mean[column] = float(_sigmoid(sign * np.array(middle)))
        fit.rates, fit.mean = np.clip(rates, _LOW, _HIGH), np.clip(mean, _LOW, _HIGH)
        without, with_it = _emissions(rows, fit, pairs)
        gradient = smooth * (y - with_it) + (1 - smooth) * (y - without)
        curvature = smooth * with_it * (1 - with_it) + (1 - smooth) * without * (1 - without)
        slope, curve = -np.bincount(item, gradient, rows.n_items), np.bincount(item, curvature, rows.n_items)
        foreseen = fit.per_logit * offset
        step = (slope - (fit.hardness - foreseen) / spread) / (curve + 1.0 / spread)
        fit.hardness = np.clip(fit.hardness + np.clip(step, -1.0, 1.0), EASIEST, HARDEST)
        met = np.bincount(item, minlength=rows.n_items) > 0
        if (offset[met] ** 2).sum() > 0:
            # Around the skill's mean, which guess and slip take up.
            fit.per_logit = float(np.clip((fit.hardness[met] @ offset[met]) / (offset[met] @ offset[met]), 0.0, 1.5))
        left = fit.hardness[met] - fit.per_logit * offset[met]
        spread = float(np.clip((left**2 + 1.0 / (curve[met] + 1.0 / spread)).mean(), 0.05, 4.0))
    return fit


def _smoothed(
    fit: Traced, order: _Order, skill: np.ndarray, gap: np.ndarray, after: np.ndarray, n_gaps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P(known) at each answer given all of them, P(learnt right after it), P(could have been))."""
    learn = fit.rates[:, 1]
    smooth, learnt, could = after.copy(), np.zeros(len(after)), np.zeros(len(after))
    later, goes_on = np.zeros(n_gaps), np.zeros(n_gaps, dtype=bool)
    for a, b in reversed(order.bounds):
        g, now = gap[a:b], after[a:b]
        on = goes_on[g]
        ahead = np.clip(now + (1 - now) * learn[skill[a:b]], 1e-12, 1.0)
        kept = np.where(on, later[g] * now / ahead, now)  # what is known stays known
        smooth[a:b] = kept
        learnt[a:b] = np.where(on, later[g] * (1 - now) * learn[skill[a:b]] / ahead, 0.0)
        could[a:b] = np.where(on, 1 - kept, 0.0)
        later[g], goes_on[g] = kept, True
    return smooth, learnt, could


def foretold(rows: Rows, fit: Traced, learners: np.ndarray) -> np.ndarray:
    """(n answers,): P(right) of each answer of these learners (bool) from their earlier ones; nan of others'."""
    order = _order_of(rows, learners[rows.learner[rows.pair_row]])
    before, _ = _forward(rows, fit, order)
    row, skill = rows.pair_row[order.pairs], rows.pair_skill[order.pairs]
    n = len(rows.y)
    count = np.bincount(row, minlength=n)
    known = np.exp(np.bincount(row, np.log(np.maximum(before, 1e-9)), n))  # of all its skills
    low = np.bincount(row, _logit(fit.rates[skill, 2]), n) / np.maximum(count, 1) - fit.hardness[rows.item]
    high = np.bincount(row, _logit(1 - fit.rates[skill, 3]), n) / np.maximum(count, 1) - fit.hardness[rows.item]
    return np.where(count > 0, known * _sigmoid(high) + (1 - known) * _sigmoid(low), np.nan)
