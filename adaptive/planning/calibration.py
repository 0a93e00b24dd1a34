"""How honest the forecast is: forecasts replayed on real logs, and the numbers that make their band right.

In a held-out learner's history we stop after a number of answers and forecast the mean score of the N_QUESTIONS answers
that follow the next `n_practised`. The forecast knows the learner's answers so far, which exercises will be practised
(the plan) and which skills will be asked (the exam); no score of either, and not the exam's exercises: what it says of
a question is what it believes of its skills.

Learners are split by a stable hash, learners who stand in a log twice together: the learner model is fitted on some,
the band calibrated on others, its coverage counted on the rest. All logs weigh the same. numpy, no Django.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptive.backends.learner_model.base import LearnerModel, Observation, State, Walk
from adaptive.backends.learner_model.twins import one_name_for_twins
from adaptive.common.hashing import stable_seed
from adaptive.common.probability import logit, sigmoid
from adaptive.planning.forecast import Z_80, Band, follow, safe_logit, untouched_logit

Floats = NDArray[np.float64]
Histories = Mapping[str, Sequence[Observation]]
Say = Callable[[str], None]

N_QUESTIONS = 20
BEFORE = (10, 30, 80, 200)  # answers known at least
PRACTISED = (0, 20, 60, 150)  # answers between forecast and exam
MOST_OF_ONE = 4  # forecasts of one learner
TAIL = 0.1
CLIP = 0.02
TARGETS = (0.5, 0.6, 0.7, 0.8, 0.9)
N_BOOTSTRAPS = 2000


@dataclass(slots=True)
class Replayed:
    """Forecasts of one log, a row each; (n, N_QUESTIONS) arrays have a column per question of the exam."""

    learner: NDArray[np.int64]  # number of the learner
    n_before: NDArray[np.int64]
    n_practised: NDArray[np.int64]
    idle: Floats  # (n, N_QUESTIONS) believed at the exam without what was practised
    planned: Floats  # (n, N_QUESTIONS) with it, the drift taken off
    scores: Floats  # (n, N_QUESTIONS)

    def __len__(self) -> int:
        return len(self.learner)


def split(histories: Histories, *, seed: int) -> dict[str, Histories]:
    """Half of the learners to fit the learner model on, a quarter to calibrate, a quarter to test."""
    stands_for = one_name_for_twins(histories)
    parts: dict[str, dict[str, Sequence[Observation]]] = {"fit": {}, "calibrate": {}, "test": {}}
    for name, history in histories.items():
        place = stable_seed("forecast", stands_for[name], seed) % 4
        parts["fit" if place < 2 else "calibrate" if place == 2 else "test"][name] = history
    return parts


def halves(histories: Histories, *, seed: int) -> dict[str, Histories]:
    """For a learner model that is there already: half of the learners to calibrate, half to test."""
    stands_for = one_name_for_twins(histories)
    parts: dict[str, dict[str, Sequence[Observation]]] = {"calibrate": {}, "test": {}}
    for name, history in histories.items():
        parts["calibrate" if stable_seed("forecast", stands_for[name], seed) % 2 else "test"][name] = history
    return parts


def cuts_of(learner: str, n_answers: int, *, seed: int) -> list[tuple[int, int]]:
    """(answers before, answers practised) of a learner's forecasts: drawn by a stable hash, half of them anywhere."""
    fitting = [(h, m) for h in BEFORE for m in PRACTISED if h + m + N_QUESTIONS <= n_answers]
    fitting.sort(key=lambda cut: stable_seed(learner, *cut, seed))
    cuts = []
    for before, practised in fitting[:MOST_OF_ONE]:
        room = n_answers - before - practised - N_QUESTIONS
        drawn = stable_seed("place", learner, before, practised, seed)
        cuts.append((before + (drawn // 2 % (room + 1) if drawn % 2 else 0), practised))
    return sorted(set(cuts))


def replay_forecasts(model: LearnerModel, histories: Histories, *, seed: int) -> Replayed:
    """Every forecast of every learner with answers enough."""
    rows: list[tuple[int, int, int, list[float], list[float], list[float]]] = []
    for number, (learner, history) in enumerate(histories.items()):
        walk, place = model.walk(), 0
        for before, practised in cuts_of(learner, len(history), seed=seed):
            while place < before:
                walk.take(history[place])
                place += 1
            rows.append((number, before, practised, *_one(model, walk.state(), history, before, practised)))
    columns = list(zip(*rows, strict=True)) if rows else [[]] * 6
    shape = (len(rows), N_QUESTIONS)
    return Replayed(
        *(np.array(column, dtype=np.int64) for column in columns[:3]),
        *(np.array(column, dtype=np.float64).reshape(shape) for column in columns[3:]),
    )


def _one(
    model: LearnerModel, state: State, history: Sequence[Observation], before: int, practised: int
) -> tuple[list[float], list[float], list[float]]:
    exam = history[before + practised : before + practised + N_QUESTIONS]
    at = exam[0].at
    idle, walk = model.walk(state), model.walk(state)
    for observation in history[before : before + practised]:
        follow(walk, [observation.item], observation.at)
    drift = untouched_logit(walk, at) - untouched_logit(idle, at)
    without = [_p(idle, one, at) for one in exam]
    with_plan = [sigmoid(logit(_p(walk, one, at)) - drift) for one in exam]
    return without, with_plan, [one.score for one in exam]


def _p(walk: Walk, question: Observation, at: float) -> float:
    """What is believed of the question's skills; of the learner as such where it has none."""
    skills = question.item.skill_ids or (-1,)
    return sum(walk.skill(skill, at).p_mastery for skill in skills) / len(skills)


def calibrate(logs: Sequence[Replayed]) -> Band:
    """The numbers of the band from forecasts of the learners to calibrate on."""
    idle = _logit(_joined(logs, lambda log: log.idle.mean(axis=1)))
    planned = _logit(_joined(logs, lambda log: log.planned.mean(axis=1)))
    score = _joined(logs, lambda log: log.scores.mean(axis=1))
    practised = _joined(logs, lambda log: np.log1p(log.n_practised))
    weight = _joined(logs, lambda log: np.full(len(log), 1.0 / len(log)))
    a, b = _line(idle, score, weight)
    gain = _gain_kept(logs, a, b)
    offset = gain * (planned - idle)
    a, b = _line(idle, score, weight, offset)
    p = _sigmoid(a + b * idle + offset)
    tau0, tau1 = _strayed(score - p, p, practised, weight)
    draft = Band(a, b, gain, tau0, tau1, Z_80, Z_80, N_QUESTIONS)
    centre = a + b * idle + offset
    spread = np.array([draft.spread(c, n) for c, n in zip(centre, np.expm1(practised), strict=True)])
    # How far out, in spreads, the exact share of 10 % lies on each side. What no logit reaches counts as far out.
    away = (_logit(score, 1e-3) - centre) / spread
    z_low, z_high = -_quantile(away, weight, TAIL), _quantile(away, weight, 1.0 - TAIL)
    found = Band(a, b, gain, tau0, tau1, max(z_low, 0.1), max(z_high, 0.1), N_QUESTIONS)
    return Band(**{key: round(value, 4) for key, value in asdict(found).items()})


def _joined(logs: Sequence[Replayed], of: Callable[[Replayed], Floats]) -> Floats:
    return np.concatenate([of(log) for log in logs])


def _sigmoid(x: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-x))


def _logit(p: Floats, margin: float = CLIP) -> Floats:
    p = np.clip(p, margin, 1.0 - margin)
    return np.log(p / (1.0 - p))


def _line(x: Floats, y: Floats, weight: Floats, offset: Floats | float = 0.0) -> tuple[float, float]:
    """a, b of the logistic regression of shares y on x, with a fixed offset. Newton's method."""
    theta = np.array([0.0, 1.0])
    design = np.stack([np.ones_like(x), x], axis=1)
    for _ in range(50):
        p = _sigmoid(design @ theta + offset)
        hessian = (design * (weight * p * (1.0 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (weight * (y - p)))
        theta += step
        if np.abs(step).max() < 1e-9:
            break
    return float(theta[0]), float(theta[1])


def _gain_kept(logs: Sequence[Replayed], a: float, b: float) -> float:
    """How much of the gain that the model promises of practice is seen, in [0, 1].

    Told from questions of one and the same exam: those on skills that were practised against those that were not, so
    that an easy or a hard exam, a good or a bad day weigh nothing. Who goes on with a skill in a real log is more often
    who needs it, so this rather errs downwards.
    """
    above = below = 0.0
    for log in logs:
        promised = log.planned - log.idle
        left = log.scores - _sigmoid(a + b * _logit(log.idle))
        promised = promised - promised.mean(axis=1, keepdims=True)
        left = left - left.mean(axis=1, keepdims=True)
        above += float((promised * left).sum()) / len(log)
        below += float((promised * promised).sum()) / len(log)
    return min(max(above / below, 0.0), 1.0) if below > 0 else 0.0


def _strayed(error: Floats, p: Floats, practised: Floats, weight: Floats) -> tuple[float, float]:
    """tau0, tau1 >= 0 of the variance in logits that the luck of N_QUESTIONS questions does not explain."""
    slope = p * (1.0 - p)
    variance = np.clip((error**2 - slope / N_QUESTIONS) / slope**2, -5.0, 5.0)
    w = weight * slope**2  # where the slope is flat, logits say little
    design = np.stack([np.ones_like(practised), practised], axis=1)
    tau0, tau1 = np.linalg.solve((design * w[:, None]).T @ design, design.T @ (w * variance))
    if tau1 < 0:
        tau0, tau1 = (w @ variance) / w.sum(), 0.0
    if tau0 < 0:
        tau0, tau1 = 0.0, max(0.0, (w @ (practised * variance)) / (w @ practised**2))
    return float(tau0), float(tau1)


def _quantile(values: Floats, weight: Floats, share: float) -> float:
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order][min(np.searchsorted(total, share * total[-1]), len(values) - 1)])


def coverage_of(band: Band, log: Replayed, *, seed: int) -> dict[str, Any]:
    """What share of the outcomes fell inside, below and above; interval over learners; errors; n."""
    low, expected, high, chance = _bands(band, log)
    score = log.scores.mean(axis=1)
    is_in = (score >= low) & (score <= high)
    by_practised = {}
    for n in PRACTISED:
        here = log.n_practised == n
        if here.any():
            by_practised[str(n)] = {"coverage": round(float(is_in[here].mean()), 4), "n": int(here.sum())}
    return {
        "coverage": round(float(is_in.mean()), 4),
        "interval_95": _over_learners(is_in, log.learner, seed),
        "below": round(float((score < low).mean()), 4),
        "above": round(float((score > high).mean()), 4),
        "mean_width": round(float((high - low).mean()), 4),
        "mean_error": round(float((score - expected).mean()), 4),
        "mean_absolute_error": round(float(np.abs(score - expected).mean()), 4),
        "chance_error": _chance_error(chance, score),
        "by_answers_practised": by_practised,
        "n_forecasts": len(log),
        "n_learners": len(np.unique(log.learner)),
    }


def _bands(band: Band, log: Replayed) -> tuple[Floats, Floats, Floats, Floats]:
    rows, chances = [], []
    means = zip(log.idle.mean(axis=1), log.planned.mean(axis=1), log.n_practised.tolist(), strict=True)
    for idle, planned, n in means:
        x = safe_logit(idle)
        centre = band.a + band.b * x + band.gain * (safe_logit(planned) - x)
        rows.append(band.around(centre, n))
        chances.append([band.chance(centre, n, target) for target in TARGETS])
    low, expected, high = np.array(rows).T
    return low, expected, high, np.array(chances)


def _chance_error(chance: Floats, score: Floats) -> float:
    """Mean gap between the told chance of reaching a target and how often it was reached, over tenths of the chance."""
    told = chance.ravel()
    met = (score[:, None] >= np.array(TARGETS) - 1e-9).astype(float).ravel()
    tenth = np.minimum((told * 10).astype(int), 9)
    gap = sum(abs(told[tenth == k].mean() - met[tenth == k].mean()) * (tenth == k).mean() for k in set(tenth.tolist()))
    return round(float(gap), 4)


def _over_learners(is_in: NDArray[np.bool_], learner: NDArray[np.int64], seed: int) -> list[float]:
    """95 % interval of the coverage, learners drawn with replacement, since one learner's forecasts are alike."""
    _, place = np.unique(learner, return_inverse=True)
    n, hit = np.bincount(place), np.bincount(place, weights=is_in)
    drawn = np.random.default_rng(seed).integers(0, len(n), size=(N_BOOTSTRAPS, len(n)))
    shares = hit[drawn].sum(axis=1) / n[drawn].sum(axis=1)
    return [round(float(np.quantile(shares, q)), 4) for q in (0.025, 0.975)]


def pooled(reports: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Over logs, each weighing the same."""
    values = list(reports.values())
    figures = {
        key: round(math.fsum(one[key] for one in values) / len(values), 4)
        for key in ("coverage", "below", "above", "mean_width", "mean_error", "mean_absolute_error", "chance_error")
    }
    return {
        **figures,
        "n_forecasts": sum(one["n_forecasts"] for one in values),
        "n_learners": sum(one["n_learners"] for one in values),
    }
