"""Fits the numbers of the simulated learners to logs of real answers.

Growth worlds: additive factors with guessing, by penalised maximum likelihood in blocks (one Newton step for all
abilities, then for all skills and so on), the spreads by expectation-maximisation. Hidden-Markov world:
expectation-maximisation by skill. What no log here can tell (how prerequisites gate, where the window lies, forgetting
over days) is assumed, and the file says so.
"""

import csv
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .numbers import Floats, Ints, logistic

ROUNDS = 120
MAX_OPPORTUNITIES = 60  # later ones count as this one
MIN_SEQUENCES = 150  # learners of a skill from which its hidden-Markov numbers are kept
MAX_LENGTH = 40  # of a sequence; the rest is left out
RATES = ("p_init", "p_learn", "p_guess", "p_slip")

Say = Callable[[str], None]


@dataclass(slots=True)
class Log:
    """A log's rows in order of time within a learner. pairs: one entry for each skill of each row."""

    name: str
    learner: Ints  # (n_rows,)
    item: Ints
    right: Floats
    row: Ints  # (n_pairs,): the row of the pair
    skill: Ints
    share: Floats  # 1 / number of skills of the row
    before: Floats  # opportunities at the skill before this row
    skill_labels: list[str]

    @property
    def n_rows(self) -> int:
        return len(self.learner)


def read_answers(path: Path) -> Log:
    """CSV, gzip allowed, with learner, item, skills (joined by ;), correct, position. Raises ValueError, OSError."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = {"learner", "item", "skills", "correct", "position"} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path} has no column {min(missing)}.")
        rows = [
            (r["learner"], float(r["position"]), r["item"], r["skills"], float(r["correct"]) >= 0.5) for r in reader
        ]
    if not rows:
        raise ValueError(f"{path} holds no answer.")
    rows.sort(key=lambda r: (r[0], r[1]))
    learners: dict[str, int] = {}
    items: dict[str, int] = {}
    skills: dict[str, int] = {}
    seen: dict[tuple[int, int], int] = {}
    learner, item, right = [], [], []
    pair_row, pair_skill, share, before = [], [], [], []
    for number, (who, _, what, of, is_right) in enumerate(rows):
        n = learners.setdefault(who, len(learners))
        learner.append(n)
        item.append(items.setdefault(what, len(items)))
        right.append(float(is_right))
        labels = sorted({label for label in of.split(";") if label}) or ["?"]
        for label in labels:
            k = skills.setdefault(label, len(skills))
            pair_row.append(number)
            pair_skill.append(k)
            share.append(1.0 / len(labels))
            before.append(float(seen.get((n, k), 0)))
            seen[(n, k)] = seen.get((n, k), 0) + 1
    return Log(
        name="/".join(path.parts[-2:]),
        learner=np.array(learner),
        item=np.array(item),
        right=np.array(right),
        row=np.array(pair_row),
        skill=np.array(pair_skill),
        share=np.array(share),
        before=np.array(before),
        skill_labels=list(skills),
    )


class _Block:
    """Parameters of one kind with a normal prior. (n,) each: index of the parameter, row it enters, z times what."""

    def __init__(self, index: Ints, row: Ints, z: Floats, size: int, sd: float, *, has_mean: bool) -> None:
        self.index, self.row, self.z, self.size, self.has_mean = index, row, z, size, has_mean
        self.value, self.mean, self.sd = np.zeros(size), 0.0, sd
        self.spread = np.full(size, sd**2)
        self.weight = np.bincount(index, np.abs(z), size)

    def step(self, x: Floats, slope: Floats, curve: Floats) -> None:
        """One Newton step for all of them; changes x, the rows' logits, in place."""
        precision = 1.0 / self.sd**2
        total = np.bincount(self.index, self.z * slope[self.row], self.size)
        bend = np.bincount(self.index, self.z**2 * curve[self.row], self.size) + precision
        move = np.clip((total - precision * (self.value - self.mean)) / bend, -1.0, 1.0)
        self.value += move
        self.spread = 1.0 / bend
        np.add.at(x, self.row, self.z * move[self.index])

    def learn_spread(self) -> None:
        met = self.weight > 0
        if self.has_mean:
            self.mean = float(self.value[met].mean())
        self.sd = float(np.sqrt(((self.value[met] - self.mean) ** 2 + self.spread[met]).mean()))


def fit_growth(log: Log, *, guess: float, say: Say = lambda _: None) -> dict[str, float]:
    """Spreads in logits, the mean slope a log(1 + opportunities) with its quantiles over skills, the mean log loss."""
    n_learners, n_items, n_skills = (int(a.max()) + 1 for a in (log.learner, log.item, log.skill))
    rows = np.arange(log.n_rows)
    one = np.ones(log.n_rows)
    who = log.learner[log.row] * np.int64(n_skills) + log.skill
    _, own = np.unique(who, return_inverse=True)
    # Centred by skill, or each block would have to wait for the others to move.
    grown = np.log1p(np.minimum(log.before, MAX_OPPORTUNITIES))
    middle = np.bincount(log.skill, grown, n_skills) / np.bincount(log.skill, minlength=n_skills)
    grown -= middle[log.skill]
    blocks = {
        "ability": _Block(log.learner, rows, one, n_learners, 0.9, has_mean=False),
        "skill_mean": _Block(log.skill, log.row, log.share, n_skills, 0.7, has_mean=True),
        "item": _Block(log.item, rows, one, n_items, 0.9, has_mean=False),
        "skill": _Block(own, log.row, log.share, int(own.max()) + 1, 0.7, has_mean=False),
        "slope": _Block(log.skill, log.row, log.share * grown, n_skills, 0.15, has_mean=True),
    }
    x = np.zeros(log.n_rows)
    for round_ in range(ROUNDS):
        for block in blocks.values():
            slope, curve = _pull(x, log.right, guess)
            block.step(x, slope, curve)
            if round_ >= 3:
                block.learn_spread()
        if round_ % 40 == 39:
            say(f"{log.name}: round {round_ + 1} of {ROUNDS}")
    p = np.clip(guess + (1.0 - guess) * logistic(x), 1e-6, 1 - 1e-6)
    slopes = blocks["slope"].value[blocks["slope"].weight > 100]
    between, within = _spreads_of_items(log, blocks["item"], blocks["skill_mean"])
    return {
        **{f"{name}_sd": round(blocks[name].sd, 3) for name in ("ability", "skill", "slope")},
        "skill_mean_sd": round(between, 3),
        "item_sd": round(within, 3),
        # Before the first opportunity.
        "base": round(float((blocks["skill_mean"].value - blocks["slope"].value * middle).mean()), 3),
        "slope_mean": round(blocks["slope"].mean, 3),
        **{f"slope_p{q:02}": round(float(np.percentile(slopes, q)), 3) for q in (5, 25, 50, 75, 95)},
        "log_loss": round(float(-(log.right * np.log(p) + (1 - log.right) * np.log(1 - p)).mean()), 4),
        "n_rows": log.n_rows,
        "n_learners": n_learners,
        "n_skills": n_skills,
        "guess": guess,
    }


def _spreads_of_items(log: Log, item: _Block, skill_mean: _Block) -> tuple[float, float]:
    """SD of the mean ease between skills and of the ease within a skill, from exercises of one skill or their first.

    Which of the two an ease was put down to in the fit does not matter; what shrinking took away is added back.
    """
    _, first = np.unique(log.row, return_index=True)
    skill_of = np.zeros(item.size, dtype=np.int64)
    skill_of[log.item] = log.skill[first]
    ease = item.value + skill_mean.value[skill_of]
    n = np.bincount(skill_of, minlength=skill_mean.size)
    has = n >= 2
    mean = np.bincount(skill_of, ease, skill_mean.size) / np.maximum(n, 1)
    kept = has[skill_of]
    noise = float(item.spread[kept].mean())
    freedom = kept.sum() - has.sum()
    within = float(((ease - mean[skill_of])[kept] ** 2).sum() / max(freedom, 1)) + noise
    between = float(mean[has].var()) - within * float((1.0 / n[has]).mean())
    return float(np.sqrt(max(between, 0.0))), float(np.sqrt(within))


def _pull(x: Floats, right: Floats, guess: float) -> tuple[Floats, Floats]:
    """First derivative of the log-likelihood by the logit, and its expected curvature."""
    s = logistic(x)
    p = np.clip(guess + (1.0 - guess) * s, 1e-6, 1 - 1e-6)
    d = (1.0 - guess) * s * (1.0 - s)
    return d * (right - p) / (p * (1.0 - p)), np.maximum(d * d / (p * (1.0 - p)), 1e-4)


def fit_hidden_markov(log: Log, *, say: Say = lambda _: None) -> list[dict[str, Any]]:
    """p_init, p_learn, p_guess, p_slip of every skill that enough learners practised, the often practised first."""
    found = []
    for skill in range(int(log.skill.max()) + 1):
        pairs = np.flatnonzero(log.skill == skill)  # rows lie by learner and time, so do these
        who = log.learner[log.row[pairs]]
        _, start, count = np.unique(who, return_index=True, return_counts=True)
        if (count >= 3).sum() < MIN_SEQUENCES:
            continue
        n = np.minimum(count, MAX_LENGTH)
        right = np.full((len(start), int(n.max())), np.nan)
        for number, (first, length) in enumerate(zip(start, n, strict=True)):
            right[number, :length] = log.right[log.row[pairs[first : first + length]]]
        rates = _tracing_rates(right)
        found.append(
            {
                **dict(
                    zip(("p_init", "p_learn", "p_guess", "p_slip"), (round(float(v), 4) for v in rates), strict=True)
                ),
                "n_learners": len(start),
            }
        )
    say(f"{log.name}: {len(found)} skills with at least {MIN_SEQUENCES} learners")
    return sorted(found, key=lambda row: -row["n_learners"])


def _tracing_rates(right: Floats, rounds: int = 40) -> Floats:
    """(p_init, p_learn, p_guess, p_slip) from (n_learners, length) of 0, 1 and nan behind the end of a sequence."""
    init, learn, guess, slip = 0.4, 0.12, 0.25, 0.15
    n, length = right.shape
    there = ~np.isnan(right)
    r = np.where(there, right, 0.0)
    for _ in range(rounds):
        without = np.where(there, np.where(r > 0.5, guess, 1 - guess), 1.0)
        with_it = np.where(there, np.where(r > 0.5, 1 - slip, slip), 1.0)
        known = np.zeros((n, length))
        ahead = np.full(n, init)
        for t in range(length):
            known[:, t] = ahead * with_it[:, t] / (ahead * with_it[:, t] + (1 - ahead) * without[:, t])
            ahead = known[:, t] + (1 - known[:, t]) * learn
        smooth = known.copy()
        learnt = chances = 0.0
        for t in range(length - 2, -1, -1):
            goes_on = there[:, t + 1]
            ahead = known[:, t] + (1 - known[:, t]) * learn
            # Known stays known; so what is known now is known next, and the rest must have been learnt in between.
            stays = smooth[:, t + 1] * known[:, t] / ahead
            gained = smooth[:, t + 1] * (1 - known[:, t]) * learn / ahead
            smooth[:, t] = np.where(goes_on, stays, known[:, t])
            learnt += gained[goes_on].sum()
            chances += (1 - smooth[goes_on, t]).sum()
        init = (smooth[:, 0].sum() + 2.0) / (n + 4.0)
        learn = (learnt + 1.0) / (chances + 10.0)
        guess = ((r * (1 - smooth))[there].sum() + 2.0) / ((1 - smooth)[there].sum() + 10.0)
        slip = (((1 - r) * smooth)[there].sum() + 1.0) / (smooth[there].sum() + 10.0)
        guess, slip = min(guess, 0.4), min(slip, 0.3)
    return np.array([init, learn, guess, slip])


def parameters_of(
    logs: Sequence[Log], tracing_log: Log, *, guess: float, forgetting: float, say: Say = lambda _: None
) -> dict[str, Any]:
    """What `parameters.json` holds: means over the logs, and the skills of the tracing log.

    The spread of the slopes over skills is taken from the log that shows most of it: where everybody meets the
    exercises in one order, what is learnt cannot be told from how hard the later exercises are.
    """
    fits = [(log.name, fit_growth(log, guess=guess, say=say)) for log in logs]

    def mean(name: str) -> float:
        return round(float(np.mean([fit[name] for _, fit in fits])), 3)

    widest = max((fit for _, fit in fits), key=lambda fit: fit["slope_sd"])
    log_sd = np.log(max(widest["slope_p95"], 1e-3) / max(widest["slope_p05"], 1e-3)) / (2 * 1.645)
    return {
        "growth": {
            "base": mean("base"),
            "ability_sd": mean("ability_sd"),
            "skill_sd": mean("skill_sd"),
            "skill_mean_sd": mean("skill_mean_sd"),
            "slope_mean": mean("slope_mean"),
            "slope_log_sd": round(float(min(log_sd, 1.0)), 3),
            "forgetting": forgetting,
            "guess": guess,
            "item_sd": mean("item_sd"),
        },
        "hidden_markov": {"skills": fit_hidden_markov(tracing_log, say=say)},
        "sources": {
            "growth": dict(fits),
            "hidden_markov": tracing_log.name,
            "assumed": ["guess", "forgetting", "how prerequisites gate", "the window", "the spread of pace"],
        },
    }
