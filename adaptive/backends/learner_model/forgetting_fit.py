"""Fits the parameters of FSRS-6 to a course's own dated answers, and keeps the defaults unless they are clearly worse.

Loss and penalty follow fsrs-optimizer (MIT licence, Open Spaced Repetition): log loss of retrievability just before
each practice that comes a day or more after the last one, plus the sum of squared distances from the defaults in their
standard deviations over many collections, so that little data moves little. Practice within the same day changes the
state, but is no row of the loss, because retrievability is 1 there.

torch (automatic differentiation, all sequences at once) is loaded inside the fit only.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptive.common.hashing import stable_seed

from .base import SECONDS_PER_DAY, Observation
from .forgetting import DIFFICULTY_MAX, DIFFICULTY_MIN, FSRS_6_DEFAULTS, STABILITY_MAX, STABILITY_MIN, rating_of
from .logistic_model import effective_score

Floats = NDArray[np.float64]
Say = Callable[[str], None]

# Spread of each parameter over collections, and the bounds that the fsrs package (6.3.2) accepts.
SPREAD: tuple[float, ...] = (
    *(6.43, 9.66, 17.58, 27.85, 0.57, 0.28, 0.6, 0.12, 0.39, 0.18, 0.33),
    *(0.3, 0.09, 0.16, 0.57, 0.25, 1.03, 0.31, 0.32, 0.14, 0.27),
)
LOWER: tuple[float, ...] = (
    *(0.001, 0.001, 0.001, 0.001, 1.0, 0.001, 0.001, 0.001, 0.0, 0.0, 0.001),
    *(0.001, 0.001, 0.001, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.1),
)
UPPER: tuple[float, ...] = (
    *(100.0, 100.0, 100.0, 100.0, 10.0, 4.0, 4.0, 0.75, 4.5, 0.8, 3.5),
    *(5.0, 0.25, 0.9, 4.0, 1.0, 6.0, 2.0, 2.0, 0.8, 0.8),
)

MIN_ROWS = 1000  # that count in the loss; 21 parameters, and defaults that beat fits of single users
MIN_LEARNERS = 30
MAX_ROWS = 200_000  # learners beyond are left out: a minute is enough
MAX_PRACTICES = 64  # of one skill, as in fsrs-optimizer; later ones need the same parameters
HELD_OUT = 5  # one learner in five
N_BOOTSTRAP = 1000
_P_MIN = 1e-4


@dataclass(frozen=True, slots=True)
class ForgettingFit:
    """What came of a fit. `w` serves as `w` of the functions in `forgetting`: the defaults unless `is_accepted`.

    loss_default and loss_fitted: mean log loss (natural logarithm) on held-out learners; gain = default - fitted, with
    its 95 % interval by bootstrap over learners. None where nothing was fitted.
    """

    w: tuple[float, ...]
    is_accepted: bool
    reason: str
    n_rows: int
    n_learners: int
    loss_default: float | None = None
    loss_fitted: float | None = None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "w": list(self.w)}


@dataclass(frozen=True, slots=True)
class Sequences:
    """n practised skills of single learners, longest first, padded to t practices.

    days: (n, t) since the previous practice of the skill, 0 at the first. score: (n, t) effective. rating: (n, t)
    1-3. length: (n,). learner: (n,) index into `learners`.
    """

    days: Floats
    score: Floats
    rating: NDArray[np.int64]
    length: NDArray[np.int64]
    learner: NDArray[np.int64]
    learners: tuple[str, ...]

    @property
    def counts(self) -> NDArray[np.bool_]:
        """(n, t): is this practice a row of the loss?"""
        place = np.arange(self.days.shape[1])
        return (place[None] > 0) & (place[None] < self.length[:, None]) & (self.days >= 1.0)

    def of(self, rows: NDArray[Any]) -> "Sequences":
        length = self.length[rows]
        width = int(length.max()) if len(length) else 0
        return Sequences(
            days=self.days[rows][:, :width],
            score=self.score[rows][:, :width],
            rating=self.rating[rows][:, :width],
            length=length,
            learner=self.learner[rows],
            learners=self.learners,
        )


def sequences_of(histories: Mapping[str, Sequence[Observation]]) -> Sequences:
    """Each learner's practices skill by skill; an attempt at several skills is a practice of each.

    A time before the latest one counts as that, as in the learner models.
    """
    found: list[tuple[int, list[float], list[float]]] = []
    for number, history in enumerate(histories.values()):
        last: dict[int, tuple[float, list[float], list[float]]] = {}
        now = -np.inf
        for observation in history:
            now = max(now, observation.at)
            score = effective_score(observation.score, observation.n_hints)
            for skill_id in observation.item.skill_ids:
                before, days, scores = last.get(skill_id) or (now, [], [])
                if len(days) < MAX_PRACTICES:
                    days.append((now - before) / SECONDS_PER_DAY)
                    scores.append(score)
                    last[skill_id] = (now, days, scores)
        found += [(number, days, scores) for _, days, scores in last.values()]
    found.sort(key=lambda one: -len(one[1]))
    width = len(found[0][1]) if found else 0
    days, score = np.zeros((len(found), width)), np.zeros((len(found), width))
    rating = np.ones((len(found), width), dtype=np.int64)
    for row, (_, some_days, some_scores) in enumerate(found):
        days[row, : len(some_days)] = some_days
        score[row, : len(some_scores)] = some_scores
        rating[row, : len(some_scores)] = [rating_of(one) for one in some_scores]
    return Sequences(
        days=days,
        score=score,
        rating=rating,
        length=np.array([len(one[1]) for one in found], dtype=np.int64),
        learner=np.array([one[0] for one in found], dtype=np.int64),
        learners=tuple(histories),
    )


def fit_forgetting(
    histories: Mapping[str, Sequence[Observation]], *, has_time: bool, seed: int = 0, say: Say | None = None
) -> ForgettingFit:
    """FSRS-6 parameters from dated answers, or the defaults with the reason in words. Deterministic for a seed.

    has_time: are the times real (`AttemptLog.has_time`)? Fitted on four fifths of the learners; accepted only where
    the log loss of the other fifth falls, and the 95 % interval of the fall (bootstrap by learner) lies above 0.
    """
    started = time.perf_counter()
    if not has_time:
        return _kept("The answers carry no times, or made up ones, so nothing can be learned about forgetting.", 0, 0)
    everything = sequences_of(_not_too_many(histories, seed))
    per_sequence = everything.counts.sum(axis=1) if len(everything.length) else np.zeros(0, dtype=np.int64)
    n_rows = int(per_sequence.sum())
    with_rows = set(everything.learner[per_sequence > 0].tolist())
    if n_rows < MIN_ROWS or len(with_rows) < MIN_LEARNERS:
        return _kept(
            f"Only {n_rows:,} answers of {len(with_rows):,} learners came a day or more after the last practice of the "
            f"skill; {MIN_ROWS:,} of {MIN_LEARNERS} learners are needed.",
            n_rows,
            len(with_rows),
        )
    # Exactly a fifth of those with rows, drawn by hash, so that even few learners leave some held out.
    drawn = sorted(with_rows, key=lambda number: (stable_seed(everything.learners[number], seed), number))
    held_out = np.isin(everything.learner, drawn[: len(drawn) // HELD_OUT])
    # A sequence without a row of the loss would only cost time.
    train = everything.of(np.flatnonzero(~held_out & (per_sequence > 0)))
    test = everything.of(np.flatnonzero(held_out & (per_sequence > 0)))
    w = _minimised(train, say)
    default_losses, fitted_losses = row_losses(test, FSRS_6_DEFAULTS), row_losses(test, w)
    gains = np.bincount(test.learner, weights=(default_losses - fitted_losses).sum(axis=1))
    rows = np.bincount(test.learner, weights=test.counts.sum(axis=1))
    gains, rows = gains[rows > 0], rows[rows > 0]
    picks = np.random.default_rng(seed).integers(0, len(rows), size=(N_BOOTSTRAP, len(rows)))
    drawn_gains = gains[picks].sum(axis=1) / rows[picks].sum(axis=1)
    low, high = (float(one) for one in np.quantile(drawn_gains, (0.025, 0.975)))
    loss_default, loss_fitted = (float(one.sum() / rows.sum()) for one in (default_losses, fitted_losses))
    is_accepted = low > 0.0 and loss_fitted < loss_default
    figures = f"log loss {loss_fitted:.4f} against {loss_default:.4f} of the defaults on {len(rows)} learners held out"
    return ForgettingFit(
        w=w if is_accepted else FSRS_6_DEFAULTS,
        is_accepted=is_accepted,
        reason=f"Fitted: {figures}." if is_accepted else f"The defaults stay: {figures}, which is not clearly less.",
        n_rows=n_rows,
        n_learners=len(with_rows),
        loss_default=round(loss_default, 6),
        loss_fitted=round(loss_fitted, 6),
        gain=round(loss_default - loss_fitted, 6),
        gain_low=round(low, 6),
        gain_high=round(high, 6),
        seconds=round(time.perf_counter() - started, 1),
    )


def row_losses(sequences: Sequences, w: Sequence[float]) -> Floats:
    """(n, t) log loss of each practice given the earlier ones, 0 where it does not count. Loads torch."""
    import torch

    with torch.no_grad():
        losses = _losses(sequences, torch.tensor(w, dtype=torch.float64))
    out = np.zeros_like(sequences.days)
    for place, (rows, values) in enumerate(losses, start=1):
        out[rows, place] = values.numpy()
    return out


def _kept(reason: str, n_rows: int, n_learners: int) -> ForgettingFit:
    return ForgettingFit(FSRS_6_DEFAULTS, False, reason, n_rows, n_learners)


def _not_too_many(histories: Mapping[str, Sequence[Observation]], seed: int) -> Mapping[str, Sequence[Observation]]:
    if sum(map(len, histories.values())) <= MAX_ROWS:
        return histories
    taken, n = {}, 0
    for learner in sorted(histories, key=lambda one: (stable_seed("forgetting", one, seed), one)):
        n += len(histories[learner])
        if n > MAX_ROWS and taken:
            break
        taken[learner] = histories[learner]
    return taken


def _minimised(train: Sequences, say: Say | None) -> tuple[float, ...]:
    import torch

    default = torch.tensor(FSRS_6_DEFAULTS, dtype=torch.float64)
    lower, upper = torch.tensor(LOWER, dtype=torch.float64), torch.tensor(UPPER, dtype=torch.float64)
    # Steps in units that move the loss about equally, not in spreads: 28 days of first stability are one of these.
    unit = torch.minimum(torch.tensor(SPREAD, dtype=torch.float64), default.clamp(min=0.1))
    ease = unit / torch.tensor(SPREAD, dtype=torch.float64)
    moved = torch.zeros(len(FSRS_6_DEFAULTS), dtype=torch.float64, requires_grad=True)
    n_rows = int(train.counts.sum())
    optimizer = torch.optim.LBFGS(
        [moved], max_iter=60, max_eval=90, tolerance_change=1e-7, history_size=15, line_search_fn="strong_wolfe"
    )
    n_evaluations = 0

    def closure() -> Any:
        nonlocal n_evaluations
        optimizer.zero_grad()
        w = (default + moved * unit).clamp(min=lower, max=upper)
        total = sum(values.sum() for _, values in _losses(train, w))
        loss = (total + ((moved * ease) ** 2).sum()) / n_rows
        loss.backward()
        n_evaluations += 1
        if say and not n_evaluations % 10:
            say(f"evaluation {n_evaluations}: loss {loss.item():.5f}")
        return loss

    optimizer.step(closure)
    w = (default + moved.detach() * unit).clamp(min=lower, max=upper)
    if not bool(torch.isfinite(w).all()):  # cannot be accepted then, as it gains nothing
        return FSRS_6_DEFAULTS
    return tuple(round(float(value), 4) for value in w)


def _losses(sequences: Sequences, w: Any) -> list[tuple[NDArray[np.int64], Any]]:
    """For each practice from the second on: (rows that count, their losses). The same steps as `forgetting`."""
    import torch

    days = torch.from_numpy(sequences.days)
    score = torch.from_numpy(sequences.score)
    rating = torch.from_numpy(sequences.rating)
    counts = sequences.counts
    # Longest first, so that the sequences still going on at a place are the first ones.
    going_on = [int((sequences.length > place).sum()) for place in range(sequences.days.shape[1])]
    first_difficulty = w[4] - torch.exp(w[5] * (rating[:, 0] - 1)) + 1.0
    easy_difficulty = w[4] - torch.exp(w[5] * 3.0) + 1.0
    stability = w[rating[:, 0] - 1].clamp(STABILITY_MIN, STABILITY_MAX)
    difficulty = first_difficulty.clamp(DIFFICULTY_MIN, DIFFICULTY_MAX)
    factor = 0.9 ** (-1.0 / w[20]) - 1.0
    found = []
    for place, n in enumerate(going_on[1:], start=1):
        s, d = stability[:n], difficulty[:n]
        gap, stars = days[:n, place], rating[:n, place]
        recalled = (1.0 + factor * gap / s) ** -w[20]
        rows = np.flatnonzero(counts[:n, place])
        at = torch.from_numpy(rows)
        p, y = recalled[at].clamp(_P_MIN, 1.0 - _P_MIN), score[:n, place][at]
        found.append((rows, -(y * torch.log(p) + (1.0 - y) * torch.log1p(-p))))

        is_again = stars == 1
        grown = torch.exp(w[17] * (stars - 3 + w[18])) * s ** -w[19]
        within_day = s * torch.where(is_again, grown, grown.clamp(min=1.0))
        within_day = torch.where(is_again, torch.maximum(within_day, torch.minimum(s, w[0])), within_day)
        lapsed = w[11] * d ** -w[12] * ((s + 1.0) ** w[13] - 1.0) * torch.exp((1.0 - recalled) * w[14])
        lapsed = torch.minimum(lapsed, s / torch.exp(w[17] * w[18]))
        won = torch.exp(w[8]) * (11.0 - d) * s ** -w[9] * (torch.exp((1.0 - recalled) * w[10]) - 1.0)
        held = s * (1.0 + won * torch.where(stars == 2, w[15], torch.ones_like(w[15])))
        new = torch.where(gap < 1.0, within_day, torch.where(is_again, lapsed, held))
        stability = new.clamp(STABILITY_MIN, STABILITY_MAX)
        damped = d + (10.0 - d) * (-w[6] * (stars - 3)) / 9.0
        difficulty = (w[7] * easy_difficulty + (1.0 - w[7]) * damped).clamp(DIFFICULTY_MIN, DIFFICULTY_MAX)
    return found
