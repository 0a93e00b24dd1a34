"""Several abilities at once: a compensatory multidimensional item response model (Reckase 2009, ch. 4), with items of
one skill alike before anything is known of them.

P(correct) = sigmoid(base + ease_j + a_j . theta), theta ~ Normal(0, I) for a learner whom nobody has seen yet. What is
believed of theta, mean and covariance, moves by one extended Kalman step an answer (Fahrmeir 1992), so an answer to one
item says something about every item whose loading a_j points the same way, learnt from who got which items right
together. A little noise is added at each step, because learners change.

Fitted by EM (Bock & Aitkin 1981) with Laplace's approximation, the loadings shrunk to the mean of their skills'.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Item, Observation
from .counters import Eases
from .packing import in_single as floats_in_single
from .packing import pack_array, pack_floats, unpack_array, unpack_floats

Floats = NDArray[np.float64]

N_FEATURES = 4  # ease, ability for this item, its variance, logit with the variance averaged out
_DRIFT = 0.003  # variance added to every ability at each answer
_MIN_WEIGHT = 0.02  # least p (1 - p), so that a surprise of certainty does not throw the mean out of reach
_EASE_PRECISION = 1.5  # of an item's ease around the counted one
_SKILL_PRIOR = 30.0  # answers at the overall mean, for a skill's loading
_MAX_COUNT = 200  # an item counts for its skill as if answered that often at most
_N_ROUNDS = 12


@dataclass(slots=True)
class Factors:
    """Fitted loadings. items: id -> (ease in logits, loading (k,)); skills: id -> loading (k,)."""

    k: int
    base: float
    overall: Floats
    items: dict[int, tuple[float, Floats]] = field(default_factory=dict)
    skills: dict[int, Floats] = field(default_factory=dict)

    def of(self, item: Item, eases: Eases) -> tuple[float, Floats]:
        """(ease, loading) of an item: fitted, else the item's own prior and the mean of its skills."""
        found = self.items.get(item.id)
        if found is not None:
            return found
        known = [self.skills[s] for s in item.skill_ids if s in self.skills]
        loading = sum(known[1:], known[0]) / len(known) if known else self.overall
        return eases.of(item)[0], loading

    def to_params(self) -> dict[str, Any]:
        item_ids, skill_ids = sorted(self.items), sorted(self.skills)
        return {
            "k": self.k,
            "base": self.base,
            "overall": pack_array(self.overall),
            "item_ids": item_ids,
            "item_eases": pack_array(np.array([self.items[i][0] for i in item_ids])),
            "item_loadings": pack_array(np.array([self.items[i][1] for i in item_ids])),
            "skill_ids": skill_ids,
            "skill_loadings": pack_array(np.array([self.skills[s] for s in skill_ids])),
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Factors":
        k, item_ids, skill_ids = int(params["k"]), params["item_ids"], params["skill_ids"]
        eases = unpack_array(params["item_eases"], (len(item_ids),)).astype(np.float64)
        loadings = unpack_array(params["item_loadings"], (len(item_ids), k)).astype(np.float64)
        of_skills = unpack_array(params["skill_loadings"], (len(skill_ids), k)).astype(np.float64)
        return cls(
            k=k,
            base=float(params["base"]),
            overall=unpack_array(params["overall"], (k,)).astype(np.float64),
            items={int(i): (float(e), a) for i, e, a in zip(item_ids, eases, loadings, strict=True)},
            skills={int(s): a for s, a in zip(skill_ids, of_skills, strict=True)},
        )


@dataclass(slots=True)
class Belief:
    """What is believed of one learner's abilities: mean (k,), covariance (k, k)."""

    mean: Floats
    cov: Floats


@dataclass(slots=True)
class OneBelief:
    """The same for k = 1, in plain floats: arrays of one number would take ten times as long."""

    mean: float
    cov: float


def empty(k: int) -> str:
    return pack_array(np.concatenate([np.zeros(k), np.eye(k).ravel()]))


def pack(belief: Belief | OneBelief) -> str:
    """Single precision: what is kept after every answer is what the next one finds, live and in replay."""
    if isinstance(belief, OneBelief):
        return pack_floats((belief.mean, belief.cov))
    return pack_array(np.concatenate([belief.mean, belief.cov.ravel()]))


def unpack(text: str, k: int) -> Belief | OneBelief:
    if k == 1:
        return OneBelief(*unpack_floats(text, 2))
    values = unpack_array(text, (k + k * k,)).astype(np.float64)
    return Belief(values[:k], values[k:].reshape(k, k))


def in_single(belief: Belief | OneBelief) -> Belief | OneBelief:
    """As it comes back from `pack`, without the way through a text."""
    if isinstance(belief, OneBelief):
        return OneBelief(*floats_in_single((belief.mean, belief.cov)))
    return Belief(belief.mean.astype(np.float32).astype(np.float64), belief.cov.astype(np.float32).astype(np.float64))


@dataclass(slots=True)
class Seen:
    """One item seen from one belief: `features` as N_FEATURES says, and what `take` needs again."""

    features: tuple[float, float, float, float]
    logit: float
    towards: Floats | float  # covariance times loading
    variance: float


def look(factors: Factors, belief: Belief | OneBelief, ease: float, loading: Floats) -> Seen:
    towards: Floats | float
    if isinstance(belief, OneBelief):
        only = float(loading[0])
        ability, towards = only * belief.mean, belief.cov * only
        variance = only * towards
    else:
        ability, towards = float(loading @ belief.mean), belief.cov @ loading
        variance = float(loading @ towards)
    logit = factors.base + ease + ability
    # The mean of a sigmoid over a normal distribution (MacKay 1992): the logit shrinks as the variance grows.
    averaged = logit / math.sqrt(1.0 + 0.35 * variance)
    return Seen((ease, ability, variance, averaged), logit, towards, variance)


def take(belief: Belief | OneBelief, seen: Seen, score: float) -> Belief | OneBelief:
    """The belief after an answer (one extended Kalman step)."""
    m = min(max(seen.logit, -30.0), 30.0)
    p = 1.0 / (1.0 + math.exp(-m))
    weight = max(p * (1.0 - p), _MIN_WEIGHT)
    gain = seen.towards / (1.0 / weight + seen.variance)
    if isinstance(belief, OneBelief):
        return OneBelief(belief.mean + gain * ((score - p) / weight), belief.cov - gain * seen.towards + _DRIFT)
    cov = belief.cov - gain[:, None] * seen.towards
    cov.ravel()[:: len(gain) + 1] += _DRIFT  # the diagonal
    return Belief(belief.mean + gain * ((score - p) / weight), cov)


def fit(
    histories: Sequence[Sequence[Observation]],
    scores: Sequence[Sequence[float]],
    eases: Eases,
    *,
    k: int,
    shrink: float,
    seed: int,
    on_round: Callable[[int, int], None] | None = None,
) -> Factors:
    """Loadings by EM from whole histories; `scores` with the hints counted. Same input and seed, same result.

    shrink: precision of an item's loadings around the mean of its skills'.
    """
    items: dict[int, int] = {}
    skills: dict[int, int] = {}
    skills_of: list[tuple[int, ...]] = []
    item_of, learner_of, y = [], [], []
    for number, (history, of_history) in enumerate(zip(histories, scores, strict=True)):
        for observation, score in zip(history, of_history, strict=True):
            item = observation.item
            index = items.get(item.id)
            if index is None:
                index = items[item.id] = len(items)
                skills_of.append(item.skill_ids)
                for skill_id in item.skill_ids:
                    skills.setdefault(skill_id, len(skills))
            item_of.append(index)
            learner_of.append(number)
            y.append(score)
    rows = _Rows(np.array(item_of), np.array(learner_of), np.array(y), len(items), len(histories))
    links = _Links(skills_of, skills)
    counted = np.array([eases.items[i][0] if i in eases.items else 0.0 for i in items])

    rng = np.random.default_rng(seed)
    of_skills = rng.normal(0.0, 0.4, (links.n_skills, k))
    of_skills[:, 0] = 1.0
    loadings = links.means(of_skills) + rng.normal(0.0, 0.1, (len(items), k))
    ease = counted.copy()
    mean = np.zeros((rows.n_learners, k))
    weight = np.minimum(np.bincount(rows.item, minlength=len(items)), _MAX_COUNT).astype(np.float64)
    overall = np.zeros(k)
    for round_ in range(_N_ROUNDS):
        for _ in range(2 if round_ < 3 else 1):
            mean, cov = _abilities(rows, eases.base + ease[rows.item], loadings, mean)
        # Abilities keep unit variance over the learners; the loadings take up the scale.
        spread = np.linalg.cholesky((mean.T @ mean + cov.sum(axis=0)) / rows.n_learners + 1e-6 * np.eye(k))
        back = np.linalg.inv(spread)
        mean, cov = mean @ back.T, back @ cov @ back.T
        loadings, of_skills = loadings @ spread, of_skills @ spread
        ease, loadings = _items(rows, eases.base, ease, loadings, mean, cov, counted, links.means(of_skills), shrink)
        overall = (loadings * weight[:, None]).sum(axis=0) / weight.sum()
        of_skills = links.pooled(loadings, weight, overall)
        if on_round:
            on_round(round_ + 1, _N_ROUNDS)
    return Factors(
        k=k,
        base=eases.base,
        overall=overall,
        items={i: (float(ease[n]), loadings[n].copy()) for i, n in items.items()},
        skills={s: of_skills[n].copy() for s, n in skills.items()},
    )


@dataclass(slots=True)
class _Rows:
    item: NDArray[np.int64]
    learner: NDArray[np.int64]
    y: Floats
    n_items: int
    n_learners: int


class _Links:
    """Which skills an item has, each with weight 1 / number of skills."""

    def __init__(self, skills_of: Sequence[tuple[int, ...]], skills: Mapping[int, int]) -> None:
        self.n_items, self.n_skills = len(skills_of), max(len(skills), 1)
        self.item = np.array([n for n, ids in enumerate(skills_of) for _ in ids], dtype=np.int64)
        self.skill = np.array([skills[s] for ids in skills_of for s in ids], dtype=np.int64)
        self.weight = np.array([1.0 / len(ids) for ids in skills_of for _ in ids])

    def means(self, of_skills: Floats) -> Floats:
        """(n_items, k): the mean over an item's skills; 0 where it has none."""
        out = np.zeros((self.n_items, of_skills.shape[1]))
        np.add.at(out, self.item, of_skills[self.skill] * self.weight[:, None])
        return out

    def pooled(self, of_items: Floats, count: Floats, overall: Floats) -> Floats:
        """(n_skills, k): the mean over a skill's items, with some answers at the overall mean."""
        weight = count[self.item] * self.weight
        total = np.zeros((self.n_skills, of_items.shape[1]))
        np.add.at(total, self.skill, of_items[self.item] * weight[:, None])
        n = np.bincount(self.skill, weight, self.n_skills)
        return (total + _SKILL_PRIOR * overall) / (n[:, None] + _SKILL_PRIOR)


def _abilities(rows: _Rows, offset: Floats, loadings: Floats, mean: Floats) -> tuple[Floats, Floats]:
    """One Newton step of every learner's posterior: mean (n_learners, k), covariance (n_learners, k, k)."""
    k = loadings.shape[1]
    a = loadings[rows.item]
    ability = (a * mean[rows.learner]).sum(axis=1)
    p = _sigmoid(offset + ability)
    v = np.maximum(p * (1.0 - p), _MIN_WEIGHT)
    z = rows.y - p + v * ability
    right = np.stack([np.bincount(rows.learner, z * a[:, c], rows.n_learners) for c in range(k)], axis=1)
    precision = np.tile(np.eye(k), (rows.n_learners, 1, 1))
    for c in range(k):
        for e in range(c, k):
            both = np.bincount(rows.learner, v * a[:, c] * a[:, e], rows.n_learners)
            precision[:, c, e] += both
            if e != c:
                precision[:, e, c] += both
    cov = np.linalg.inv(precision)
    return np.einsum("lij,lj->li", cov, right), cov


def _items(
    rows: _Rows,
    base: float,
    ease: Floats,
    loadings: Floats,
    mean: Floats,
    cov: Floats,
    prior_ease: Floats,
    prior_loadings: Floats,
    shrink: float,
) -> tuple[Floats, Floats]:
    """Ease and loading of every item together, by one ridge step over the expected abilities."""
    k = loadings.shape[1]
    eta = base + ease[rows.item] + (loadings[rows.item] * mean[rows.learner]).sum(axis=1)
    p = _sigmoid(eta)
    v = np.maximum(p * (1.0 - p), _MIN_WEIGHT)
    z = rows.y - p + v * (eta - base)
    x = np.concatenate([np.ones((rows.n_learners, 1)), mean], axis=1)
    xx = x[:, :, None] * x[:, None, :]
    xx[:, 1:, 1:] += cov
    left = np.zeros((rows.n_items, k + 1, k + 1))
    right = np.zeros((rows.n_items, k + 1))
    for c in range(k + 1):
        right[:, c] = np.bincount(rows.item, z * x[rows.learner, c], rows.n_items)
        for e in range(c, k + 1):
            left[:, c, e] = left[:, e, c] = np.bincount(rows.item, v * xx[rows.learner, c, e], rows.n_items)
    prior = np.concatenate([prior_ease[:, None], prior_loadings], axis=1)
    precision = np.diag([_EASE_PRECISION, *([shrink] * k)])
    solved = np.linalg.solve(left + precision, (right + prior @ precision)[..., None])[..., 0]
    return solved[:, 0], solved[:, 1:]


def _sigmoid(x: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0)))
