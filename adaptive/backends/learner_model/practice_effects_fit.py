"""Fits the effects of practice to answer logs. numpy alone; a hundred thousand answers take seconds.

The growth picture is a logistic model with guessing and random effects: ability of the learner, the learner's own gap
at each skill, difficulty of the item, ease and growth of the skill,

    logit = ability + mean over skills of (gap + ease + growth * log(1 + practice)) - difficulty

fitted by penalised quasi-likelihood (Breslow and Clayton 1993): Newton steps, block after block. A skill's growth is
shrunk towards the mean of all by what its own answers leave uncertain (empirical Bayes). `unready` and `outside` are
chosen on a grid by penalised likelihood, and `all_or_none` by whether knowledge tracing or the growth picture foretells
the answers of learners held out better.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from adaptive.common.hashing import stable_seed
from adaptive.common.probability import logit

from .answer_rows import MAX_ANSWERS, Rows, rows_of
from .base import LearnerModel, Observation
from .baselines import BestLr
from .pfa import PfaForgetting
from .practice_effects import HALF_LIVES_DAYS, SHARES, PracticeEffects
from .tracing_fit import foretold, tracing_fit

ABILITY_SD, GAP_SD, EASE_SD, DIFFICULTY_SD = 0.9, 0.73, 1.5, 1.0
GROWTH_MEAN, GROWTH_SD = 0.22, 0.1
SWEEPS = 40
GRID = (0.1, 0.3, 0.6, 1.0)
WINDOW = (0.4, 0.9, 0.1)  # low, high, slope of the success at which practice teaches fully
READY_AT = 0.7
N_PARTS = 3
PRIOR_UNREADY, PRIOR_OUTSIDE = 40.0, 10.0  # log-likelihood that a distance of 1 from the defaults must win
MIN_ANSWERS = 500
MAX_COMPARED = 1500  # learners for the comparison of the two pictures
EVIDENCE = 600.0  # per unit of log loss by which one picture is better
# What the factors win by before they count as right: they know how able a learner is. From simulated learners of both
# kinds (-.013 to -.015 where skills grow, -.001 to .002 where they are known or not); real logs gave -.012 to -.018.
EQUAL_AT = 0.006
TRACED_FROM = 0.05  # all_or_none below which there is none
SURE_AT = 0.003  # standard error of that difference at which the first guess counts as much
# So many answers, too. With few, the model with the firmer first guess foretells better, whichever is true: simulated
# learners whose skills grow looked known-or-not at 1,000 to 4,000 answers, and were then taught worse than at random.
FEW = 10_000


@dataclass(slots=True)
class Growth:
    """What the growth picture believes. Shapes: by learner, by (learner, skill), by skill, by item."""

    ability: np.ndarray
    gap: np.ndarray
    ease: np.ndarray
    growth: np.ndarray
    difficulty: np.ndarray
    growth_variance: np.ndarray
    guess: float
    loss: float = math.inf  # penalised, mean over answers


def practice_before(rows: Rows, worth: np.ndarray) -> np.ndarray:
    """(n pairs, m): practice of the pair's skill right before its answer, for m ways of counting.

    worth: (n pairs, m), what each try counts.
    """
    rates = np.log(2.0) / np.array(HALF_LIVES_DAYS)
    order = np.argsort(rows.pair_gap, kind="stable")  # within one gap the order of time stays
    gap = rows.pair_gap[order]
    starts = np.r_[0, np.flatnonzero(np.diff(gap)) + 1]
    occurrence = np.arange(len(gap)) - np.repeat(starts, np.diff(np.r_[starts, len(gap)]))
    days = rows.at[rows.pair_row[order]]
    out = np.zeros((len(gap), worth.shape[1]))
    mass = np.zeros((rows.n_gaps, worth.shape[1], 3))
    last = np.zeros(rows.n_gaps)
    by_occurrence = np.argsort(occurrence, kind="stable")
    bounds = np.searchsorted(occurrence[by_occurrence], np.arange(occurrence.max(initial=-1) + 2))
    for begin, end in itertools.pairwise(bounds):
        places = by_occurrence[begin:end]
        g = gap[places]
        fade = np.exp(-np.maximum(days[places] - last[g], 0.0)[:, None] * rates) if begin else 1.0
        now = mass[g] * (fade[:, None, :] if begin else 1.0)
        out[places] = now @ np.array(SHARES)
        mass[g] = now + worth[order[places]][:, :, None]
        last[g] = days[places]
    result = np.empty_like(out)
    result[order] = out
    return result


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -30, 30)))


def growth_fit(
    rows: Rows,
    amount: np.ndarray,
    *,
    guess: float,
    start: Growth | None = None,
    sweeps: int = SWEEPS,
    seen: np.ndarray | None = None,
    own_growth: bool = True,
) -> Growth:
    """amount: (n pairs,) practice before each answer. start: an earlier fit to go on from.

    seen: (n answers,) of 0 and 1, the answers that are fitted on; `loss` is then of the others. own_growth False: all
    skills grow alike.
    """
    n_skills = len(rows.skills)
    x = np.log1p(amount)
    weight, pair_row, pair_skill, pair_gap = rows.pair_weight, rows.pair_row, rows.pair_skill, rows.pair_gap
    if start is None:
        f = Growth(
            ability=np.zeros(rows.n_learners),
            gap=np.zeros(rows.n_gaps),
            ease=np.full(n_skills, 0.3),
            growth=np.full(n_skills, GROWTH_MEAN),
            difficulty=np.zeros(rows.n_items),
            growth_variance=np.full(n_skills, GROWTH_SD**2),
            guess=guess,
        )
    else:
        f = Growth(
            **{n: getattr(start, n).copy() for n in ("ability", "gap", "ease", "growth", "difficulty")},
            growth_variance=start.growth_variance.copy(),
            guess=guess,
        )
    mean, variance = GROWTH_MEAN, GROWTH_SD**2
    n_rows = len(rows.y)
    mask = np.ones(n_rows) if seen is None else seen
    judged = mask < 1 if seen is not None else mask > 0

    def logits() -> np.ndarray:
        of_pairs = weight * (f.gap[pair_gap] + f.ease[pair_skill] + f.growth[pair_skill] * x)
        return f.ability[rows.learner] + np.bincount(pair_row, of_pairs, n_rows) - rows.offset - f.difficulty[rows.item]

    def slopes() -> tuple[np.ndarray, np.ndarray]:
        """Gradient of the log-likelihood and expected curvature, by answer."""
        s = _sigmoid(logits())
        p = guess + (1.0 - guess) * s
        dp = (1.0 - guess) * s * (1.0 - s)
        pq = np.maximum(p * (1.0 - p), 1e-9)
        return mask * (rows.y - p) * dp / pq, mask * dp * dp / pq

    for sweep in range(sweeps):
        g, h = slopes()
        f.ability += (np.bincount(rows.learner, g, rows.n_learners) - f.ability / ABILITY_SD**2) / (
            np.bincount(rows.learner, h, rows.n_learners) + ABILITY_SD**-2
        )
        g, h = slopes()
        f.gap += (np.bincount(pair_gap, weight * g[pair_row], rows.n_gaps) - f.gap / GAP_SD**2) / (
            np.bincount(pair_gap, weight**2 * h[pair_row], rows.n_gaps) + GAP_SD**-2
        )
        g, h = slopes()
        f.difficulty += (-np.bincount(rows.item, g, rows.n_items) - f.difficulty / DIFFICULTY_SD**2) / (
            np.bincount(rows.item, h, rows.n_items) + DIFFICULTY_SD**-2
        )
        # Ease and growth of a skill together, with its gaps profiled out: they take up most of what ease could say.
        g, h = slopes()
        wg, wh = weight * g[pair_row], weight**2 * h[pair_row]
        of_gap = np.bincount(pair_gap, wh, rows.n_gaps)
        x_of_gap = np.bincount(pair_gap, wh * x, rows.n_gaps)
        left = of_gap + GAP_SD**-2
        a = np.bincount(pair_skill, wh, n_skills) - np.bincount(rows.gap_skill, of_gap**2 / left, n_skills)
        b = np.bincount(pair_skill, wh * x, n_skills) - np.bincount(rows.gap_skill, of_gap * x_of_gap / left, n_skills)
        c = np.bincount(pair_skill, wh * x * x, n_skills) - np.bincount(rows.gap_skill, x_of_gap**2 / left, n_skills)
        a, c = a + EASE_SD**-2, c + 1.0 / variance
        ga = np.bincount(pair_skill, wg, n_skills) - (f.ease - 0.3) / EASE_SD**2
        gc = np.bincount(pair_skill, wg * x, n_skills) - (f.growth - mean) / variance
        determinant = np.maximum(a * c - b * b, 1e-9)
        ease_step, growth_step = (c * ga - b * gc) / determinant, (a * gc - b * ga) / determinant
        f.ease += np.clip(0.7 * ease_step, -0.5, 0.5)
        f.growth = np.maximum(f.growth + np.clip(0.7 * growth_step, -0.1, 0.1), 0.0)
        f.growth_variance = a / determinant
        if not own_growth:
            f.growth[:] = float(np.average(f.growth, weights=1.0 / f.growth_variance))
            continue
        if sweep >= 10 and sweep % 5 == 0 and n_skills >= 5:
            # Empirical Bayes: what the skills' estimates vary by beyond their own uncertainty.
            mean = float(np.average(f.growth, weights=1.0 / (f.growth_variance + variance)))
            variance = float(np.clip(np.mean((f.growth - mean) ** 2 + f.growth_variance), 0.02**2, 0.2**2))
    p = guess + (1.0 - guess) * _sigmoid(logits())
    losses = -rows.y * np.log(p) - (1 - rows.y) * np.log(1 - p)
    f.loss = float(losses[judged].mean())
    return f


def effects_fit(
    histories: Mapping[int, Sequence[Observation]],
    prerequisites: Mapping[int, Sequence[int]],
    *,
    guess: float = 0.2,
    seed: int = 0,
    on_progress: Callable[[str], None] | None = None,
) -> tuple[PracticeEffects, dict[str, float]]:
    """(the effects, figures of the fit). Histories by learner, each in order of time.

    With fewer than MIN_ANSWERS answers the defaults are given back. Same histories and seed, same effects.
    """
    say = on_progress or (lambda _: None)
    rows = rows_of(histories)
    figures: dict[str, float] = {"n_answers": len(rows.y), "n_learners": rows.n_learners, "n_skills": len(rows.skills)}
    defaults = PracticeEffects(guess=guess)
    if len(rows.y) < MIN_ANSWERS:
        return defaults, figures
    say(f"growth of {len(rows.skills):,} skills from {len(rows.y):,} answers")
    everything = practice_before(rows, np.ones((len(rows.pair_row), 1)))[:, 0]
    unready, outside, amounts, more = _counted(rows, everything, prerequisites, guess=guess, seed=seed, say=say)
    figures |= more
    kept = growth_fit(rows, amounts @ np.array([1.0, outside, unready, unready * outside]), guess=guess)
    say("known or not, against growth")
    all_or_none, more = _all_or_none(histories, seed)
    traced = tracing_fit(rows)
    figures |= {"loss": kept.loss, "growth_sd": float(kept.growth.std()), **more}
    growth = float(kept.growth.mean())
    rates_of = traced.rates_of(rows.skills)
    growth_of = {skill: round(float(kept.growth[place]), 4) for place, skill in enumerate(rows.skills)}
    if figures["advantage_of_own_growth"] <= 0:
        growth_of = {}  # answers not fitted on are foretold better where all skills grow alike
    effects = PracticeEffects(
        growth=round(growth, 4),
        guess=guess,
        unready=unready,
        outside=outside,
        all_or_none=all_or_none,
        p_learn=round(float(traced.mean[1]), 4),
        slip=round(float(traced.mean[3]), 4),
        spread=defaults.spread,
        growth_of=growth_of,
        p_learn_of={skill: rates.learn for skill, rates in rates_of.items()},
        per_logit=round(traced.per_logit, 4),
        rates_of=rates_of if all_or_none else {},
    )
    return effects, figures


def _counted(
    rows: Rows,
    everything: np.ndarray,
    prerequisites: Mapping[int, Sequence[int]],
    *,
    guess: float,
    seed: int,
    say: Callable[[str], None],
) -> tuple[float, float, np.ndarray, dict[str, float]]:
    """(unready, outside, practice before each answer by (ready, inside), figures).

    How tries are weighed must not come from the answers it is judged on: a learner's own answers tell how able they
    are, and counting able learners' tries as more would seem to explain them. So each third of the answers is judged
    by a fit on the others. The mean over the grid, weighed by likelihood, is taken: one log often cannot tell.
    """
    part = np.random.default_rng(seed).integers(0, N_PARTS, len(rows.y))
    totals: dict[tuple[float, float], float] = {}
    kept, advantage = np.zeros((len(rows.pair_row), 4)), 0.0
    for number in range(N_PARTS):
        say(f"which practice counts, part {number + 1} of {N_PARTS}")
        seen = (part != number).astype(float)
        first = growth_fit(rows, everything, guess=guess, seen=seen)
        alike = growth_fit(rows, everything, guess=guess, seen=seen, own_growth=False)
        advantage += (alike.loss - first.loss) * float((seen < 1).sum())
        inside, ready = _inside(rows, first), _ready(rows, first, everything, prerequisites)
        worth = np.stack([ready * inside, ready * (1 - inside), (1 - ready) * inside, (1 - ready) * (1 - inside)], 1)
        amounts = practice_before(rows, worth)
        kept += amounts / N_PARTS
        for unready in GRID if (ready < 1).any() else (PracticeEffects().unready,):
            for outside in GRID:
                amount = amounts @ np.array([1.0, outside, unready, unready * outside])
                f = growth_fit(rows, amount, guess=guess, start=first, sweeps=12, seen=seen)
                key = (unready, outside)
                totals[key] = totals.get(key, 0.0) + f.loss * float((seen < 1).sum())
    # Authors who drew a graph believed in it, and what a log can say of it is faint: the defaults weigh in.
    first_guess = PracticeEffects()
    for unready, outside in totals:
        totals[unready, outside] += PRIOR_UNREADY * (unready - first_guess.unready) ** 2
        totals[unready, outside] += PRIOR_OUTSIDE * (outside - first_guess.outside) ** 2
    least = min(totals.values())
    weights = {key: math.exp(least - total) for key, total in totals.items()}
    whole = sum(weights.values())
    unready, outside = (round(sum(w * key[n] for key, w in weights.items()) / whole, 3) for n in (0, 1))
    figures = {f"cost_of_unready_{key[0]:g}_outside_{key[1]:g}": total - least for key, total in totals.items()}
    figures["advantage_of_own_growth"] = advantage
    return unready, outside, kept, figures


def _inside(rows: Rows, f: Growth) -> np.ndarray:
    """(n pairs,): 1 where the answer's success lay in the window, falling to 0 outside.

    From ability, ease and difficulty alone: success as foretold by the learner's earlier answers at the same skill
    would fall back to the mean afterwards and look like an effect of the window.
    """
    ease = np.bincount(rows.pair_row, rows.pair_weight * f.ease[rows.pair_skill], len(rows.y))
    logits = f.ability[rows.learner] + ease - rows.offset - f.difficulty[rows.item]
    p = f.guess + (1.0 - f.guess) * _sigmoid(logits)
    low, high, slope = WINDOW
    distance = np.maximum(np.maximum(low - p, p - high), 0.0)
    return np.exp(-((distance / slope) ** 2))[rows.pair_row]


def _ready(rows: Rows, f: Growth, amount: np.ndarray, prerequisites: Mapping[int, Sequence[int]]) -> np.ndarray:
    """(n pairs,): 1 where the prerequisites were known, the least known one's share of READY_AT squared elsewhere.

    From the first fit's belief: a prerequisite that the learner never met has its ease and the learner's ability.
    """
    place_of = {skill: place for place, skill in enumerate(rows.skills)}
    ready = np.ones(len(rows.pair_row))
    n_skills = len(rows.skills)
    gap_key = rows.gap_learner * n_skills + rows.gap_skill
    by_key = np.argsort(gap_key)
    n_rows = len(rows.y)
    # Each gap's answers in order, so that the latest practice before an answer is found by bisection.
    when = rows.pair_gap.astype(np.int64) * (n_rows + 1) + rows.pair_row
    order = np.argsort(when)
    for skill, before in prerequisites.items():
        if skill not in place_of:
            continue
        pairs = np.flatnonzero(rows.pair_skill == place_of[skill])
        if not len(pairs):
            continue
        learners, answers = rows.learner[rows.pair_row[pairs]], rows.pair_row[pairs]
        for prerequisite in before:
            if prerequisite not in place_of:
                continue
            place = place_of[prerequisite]
            key = learners * n_skills + place
            found = by_key[np.minimum(np.searchsorted(gap_key[by_key], key), len(by_key) - 1)]
            met = gap_key[found] == key
            latest = np.searchsorted(when[order], found.astype(np.int64) * (n_rows + 1) + answers) - 1
            latest = order[np.maximum(latest, 0)]
            practised = met & (rows.pair_gap[latest] == found)
            x = np.where(practised, np.log1p(amount[latest] + 1.0), 0.0)
            gap = np.where(met, f.gap[found], 0.0)
            p = f.guess + (1 - f.guess) * _sigmoid(f.ability[learners] + gap + f.ease[place] + f.growth[place] * x)
            ready[pairs] = np.minimum(ready[pairs], np.minimum(p / READY_AT, 1.0) ** 2)
    return ready


def _all_or_none(histories: Mapping[int, Sequence[Observation]], seed: int) -> tuple[float, dict[str, float]]:
    """(weight of the all-or-none picture, figures).

    Two halves of the learners, each foretold by what the other half taught: knowledge tracing against the best of the
    logistic models without a memory, both with difficulties of exercises.
    """
    keys = sorted(histories, key=lambda learner: stable_seed(seed, str(learner)))[:MAX_COMPARED]
    rows = rows_of({key: histories[key] for key in keys})
    losses: dict[str, list[float]] = {"tracing": [], "factors": []}
    better: list[float] = []
    for half in (0, 1):
        train = np.arange(len(keys)) % 2 == half
        traced = foretold(rows, tracing_fit(rows, learners=train), ~train)
        factors = BestLr(
            BestLr.fit({str(k): histories[k][:MAX_ANSWERS] for k in itertools.compress(keys, train)}, seed)
        )
        # Few answers teach a model without a first guess little, and tracing, which has one, would seem the truth: so
        # the logistic model that ships stands in where it foretells better.
        counted = [_foretold_by(model, histories, keys, train, len(rows.y)) for model in (factors, PfaForgetting())]
        judged = ~np.isnan(traced) & ~np.isnan(counted[0])
        of_tracing = _losses(rows.y[judged], traced[judged])
        of_factors = min((_losses(rows.y[judged], p[judged]) for p in counted), key=lambda loss: float(loss.sum()))
        losses["tracing"] += of_tracing.tolist()
        losses["factors"] += of_factors.tolist()
        better += (of_factors - of_tracing).tolist()
    figures = {f"loss_of_{name}": float(np.mean(values)) if values else math.nan for name, values in losses.items()}
    if len(better) < MIN_ANSWERS // 2:
        return PracticeEffects().all_or_none, figures
    error = float(np.std(better)) / math.sqrt(len(better))
    trust = 1.0 / (1.0 + (error / SURE_AT) ** 2) / (1.0 + (FEW / len(better)) ** 2)
    first = PracticeEffects().all_or_none
    evidence = EVIDENCE * (float(np.mean(better)) + EQUAL_AT) * trust + logit(first) * (1.0 - trust)
    weight = round(1.0 / (1.0 + math.exp(-min(max(evidence, -30.0), 30.0))), 3)
    return (weight if weight >= TRACED_FROM else 0.0), figures


def _foretold_by(
    model: LearnerModel,
    histories: Mapping[int, Sequence[Observation]],
    keys: Sequence[int],
    train: np.ndarray,
    n_rows: int,
) -> np.ndarray:
    """(n_rows,): P(correct) of each answer of those not trained on; NaN of the others."""
    p, place = np.full(n_rows, np.nan), 0
    for key, is_seen in zip(keys, train, strict=True):
        walk = model.walk(model.empty())
        for observation in histories[key][:MAX_ANSWERS]:
            if not observation.item.skill_ids:
                continue
            if not is_seen:
                p[place] = walk.predict_then_take(observation)
            place += 1
    return p


def _losses(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return -y * np.log(p) - (1 - y) * np.log(1 - p)
