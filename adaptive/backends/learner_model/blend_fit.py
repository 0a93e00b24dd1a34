"""Fits `blend`: everything that has to be chosen is chosen on learners held out of the training part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptive.common.hashing import stable_hash

from . import counters, factors, neighbours, recurrent_fit, trees
from .base import Observation, Params, check_observation
from .blend import Blend, Parts, PfaInside, eases_to_params, expected_of, outcome_of, rounded
from .counters import Eases, eases_of
from .factors import Factors
from .logistic_model import effective_score
from .recurrent_fit import Sequence_
from .trees import Trees
from .twins import one_name_for_twins

Say = Callable[[str], None]

N_GROUPS = 5
CHECKED = (0, 1)
"""Groups on which stopping and blending are decided: each once, with all the others to learn from."""
CHECK_ALL = 20_000  # rows up to which two groups would be too few to decide on, so that all are
BAGGED, N_BAGS = 200_000, 3  # rows up to which trees are grown several times, since chance has much to say

MIN_LEARNERS, MIN_ROWS = 20, 1_500  # below, PFA with forgetting alone
SMALL = 60_000  # rows up to which PFA is a third voice in the blend
HIDDEN_ITEMS = 0.04  # share of items that a group's features must do without
MAX_PFA_ROWS = 150_000  # 17 coefficients and the difficulties want no more
MAX_ROWS = 1_500_000  # of trees and networks; the learners beyond are left out, by lot
ABILITIES = ((4, 6.0), (8, 6.0), (12, 3.0))
"""(number of abilities, precision of the loadings) among which the held-out learners choose; beside one of one."""


@dataclass(slots=True)
class _Learner:
    name: str
    group: int
    history: Sequence[Observation]
    scores: list[float]


def fit_blend(cls: type[Blend], histories: Mapping[str, Sequence[Observation]], seed: int, say: Say) -> Params:
    """Parameters of `Blend` from whole histories by learner. Deterministic for a seed and a number of threads."""
    learners = _learners(histories, seed)
    n_rows = sum(len(one.history) for one in learners)
    noted = {"model": cls.name, "version": cls.version, "seed": seed, "n_rows": n_rows, "n_learners": len(learners)}
    say(f"PFA with forgetting, for mastery, on {min(n_rows, MAX_PFA_ROWS):,} attempts")
    pfa = PfaInside.fit({one.name: one.history for one in _some(learners, MAX_PFA_ROWS)}, seed)
    right = sum(score >= 0.5 for one in learners for score in one.scores)
    groups = {one.group for one in learners}
    if len(learners) < MIN_LEARNERS or n_rows < MIN_ROWS or not 0 < right < n_rows or len(groups) < N_GROUPS:
        return {"pfa": pfa, "fitted": {**noted, "parts": ["pfa"], "why": "too little data for more than PFA"}}

    learners = _some(learners, MAX_ROWS)
    k, shrink, of_k = _choose_abilities(learners, seed, say)
    say(f"abilities: 1 and {k}")
    rows, parts = _cross_fitted(learners, k, shrink, seed, say)
    assert parts.neighbours is not None

    weights, bias, n_trees, nets, losses = _blend(learners, k, shrink, seed, n_rows, say)
    x, y = _table([rows[one.name] for one in learners])
    final = _bag(x, y, seed, n_rows, n_trees=max(int(n_trees * 1.1), 10))
    say(f"{final.n_trees} trees on all groups")
    return {
        "pfa": pfa,
        "eases": eases_to_params(parts.eases),
        "abilities": [one.to_params() for one in parts.abilities],
        "neighbours": parts.neighbours.to_params(),
        "trees": final.to_params(),
        "nets": [net.to_params() for net in nets],
        "weights": weights,
        "bias": bias,
        "fitted": {
            **noted,
            "abilities": [1, k],
            "abilities_held_out": of_k,
            "n_trees": final.n_trees,
            "held_out_log_loss": losses,
            "weights": weights,
        },
    }


_N_BEFORE = len(counters.FEATURES) + 2 * factors.N_FEATURES
_RISING = (counters.FEATURES.index("ease"), *(_N_BEFORE + place for place in neighbours.RISING))
"""Features that other learners' answers to the item went into. Left free, the trees would find out that a group whose
own answers were worse looks better from the other groups, and learn the wrong sign."""


def _cross_fitted(
    learners: Sequence[_Learner], k: int, shrink: float, seed: int, say: Say, *, without: int | None = None
) -> tuple[dict[str, Sequence_], Parts]:
    """(rows by learner, parts): every group's rows from parts that the other groups were fitted to; parts of them all.

    without: a group that nothing may be fitted to, because it judges. Its own rows come from the parts of all others.
    Were it only left out at the end, its answers would already speak from the other groups' rows.
    """
    inside = [one for one in learners if one.group != without]
    groups = sorted({one.group for one in inside})
    rows: dict[str, Sequence_] = {}
    for group in groups:
        train, own = _split(inside, group)
        parts = _parts(train, k, shrink, seed, hide=np.random.default_rng([seed, group]))
        rows |= {one.name: _rows(parts, one) for one in own}
    paths = {}
    for one in inside:
        expected = [expected_of(logit) for logit in rows[one.name].features[:, -1].tolist()]
        paths[one.name] = neighbours.Path([o.item.id for o in one.history], np.array(one.scores) - np.array(expected))
    for group in groups:
        train, own = _split(inside, group)
        found = neighbours.fit([paths[one.name] for one in train], seed=seed)
        for one in own:
            row = rows[one.name]
            row.features = np.concatenate([row.features, neighbours.features_of(found, paths[one.name])], axis=1)
    parts = _parts(inside, k, shrink, seed)
    parts.neighbours = neighbours.fit([paths[one.name] for one in inside], seed=seed)
    if without is not None:
        rows |= {one.name: _rows(parts, one) for one in learners if one.group == without}
    say("features of all groups" if without is None else f"features without group {without + 1}")
    return rows, parts


def _bag(x: NDArray, y: NDArray, seed: int, n_rows: int, **options: Any) -> Trees:
    """Trees grown once or, where the log is small, several times."""
    bags = N_BAGS if n_rows <= BAGGED else 1
    found = [trees.fit(x, y, seed=seed + 100 * bag, rising=_RISING, **options) for bag in range(bags)]
    return found[0] if bags == 1 else Trees.mean_of(found)


def _learners(histories: Mapping[str, Sequence[Observation]], seed: int) -> list[_Learner]:
    """In groups of about equal size, by a hash of name and seed; twins in one group, so that remembering the one is no
    merit when the other is predicted."""
    made = []
    for name, history in histories.items():
        if not history:
            continue
        for observation in history:
            check_observation(observation)
        scores = [effective_score(o.score, o.n_hints) for o in history]
        made.append(_Learner(name, 0, history, scores))
    person = one_name_for_twins(histories)
    group_of: dict[str, int] = {}
    for one in sorted(made, key=lambda one: stable_hash([seed, person[one.name]])):
        one.group = group_of.setdefault(person[one.name], len(group_of) % N_GROUPS)
    return made


def _some(learners: Sequence[_Learner], max_rows: int) -> list[_Learner]:
    """All learners, or as many whole ones as fit; the groups stay mixed. At least one."""
    chosen, n = [], 0
    for one in learners:
        if n + len(one.history) <= max_rows or not chosen:
            chosen.append(one)
            n += len(one.history)
    return chosen


def _eases(learners: Sequence[_Learner]) -> Eases:
    return rounded(
        eases_of((o.item, score) for one in learners for o, score in zip(one.history, one.scores, strict=True))
    )


def _factors(learners: Sequence[_Learner], eases: Eases, k: int, shrink: float, seed: int) -> Factors:
    found = factors.fit(
        [one.history for one in learners], [one.scores for one in learners], eases, k=k, shrink=shrink, seed=seed
    )
    return Factors.from_params(found.to_params())  # in single precision, as it will be used


def _parts(
    learners: Sequence[_Learner], k: int, shrink: float, seed: int, *, hide: np.random.Generator | None = None
) -> Parts:
    eases = _eases(learners)
    abilities = [_factors(learners, eases, 1, 6.0, seed), _factors(learners, eases, k, shrink, seed)]
    if hide is not None:
        items = sorted(eases.items)
        for place in np.flatnonzero(hide.random(len(items)) < HIDDEN_ITEMS):
            del eases.items[items[place]]
            for one in abilities:
                one.items.pop(items[place], None)
    return Parts(eases, abilities)


def _choose_abilities(learners: Sequence[_Learner], seed: int, say: Say) -> tuple[int, float, dict[str, float]]:
    """The number of abilities that predicts group 0 best, fitted on the others."""
    train, test = _split(learners, CHECKED[0])
    eases = _eases(train)
    losses = {}
    for k, shrink in ABILITIES:
        found = _factors(train, eases, k, shrink, seed)
        total = n = 0.0
        for one in test:
            belief = factors.unpack(factors.empty(k), k)
            for observation, score in zip(one.history, one.scores, strict=True):
                seen = factors.look(found, belief, *found.of(observation.item, eases))
                total += float(np.logaddexp(0.0, seen.features[3])) - score * seen.features[3]
                n += 1
                belief = factors.take(belief, seen, score)
        losses[k, shrink] = total / n
        say(f"{k} abilities: held-out log loss {total / n:.4f}")
    k, shrink = min(losses, key=losses.__getitem__)
    return k, shrink, {str(of_k): round(loss, 5) for (of_k, _), loss in losses.items()}


def _split(learners: Sequence[_Learner], group: int) -> tuple[list[_Learner], list[_Learner]]:
    return [one for one in learners if one.group != group], [one for one in learners if one.group == group]


def _rows(parts: Parts, one: _Learner) -> Sequence_:
    """Features and outcomes of one learner, row by row, by running the model's own code."""
    state = parts.empty()
    features, outcomes = [], []
    for observation, score in zip(one.history, one.scores, strict=True):
        view = parts.look(state, observation.item, observation.at)
        features.append(view.row)
        outcomes.append(outcome_of(view, score, observation.elapsed_seconds))
        parts.take(state, observation.item, view, score, observation.elapsed_seconds or 0.0)
    return Sequence_(
        one.history,
        np.array(features, dtype=np.float32),
        np.array(outcomes, dtype=np.float32),
        np.array(one.scores, dtype=np.float32),
    )


def _table(rows: Sequence[Sequence_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.concatenate([one.features for one in rows]), np.concatenate([one.y for one in rows])


def _blend(
    learners: Sequence[_Learner], k: int, shrink: float, seed: int, n_rows: int, say: Say
) -> tuple[dict[str, float], float, float, list[Any], dict[str, float]]:
    """(weights, bias, number of trees, nets, held-out log losses)."""
    voices: dict[str, list[NDArray]] = {"trees": [], "nets": []}
    if n_rows <= SMALL:
        voices["pfa"] = []
    nets, counts, outcome = [], [], []
    for group in range(N_GROUPS) if n_rows <= CHECK_ALL else CHECKED:
        rows, _ = _cross_fitted(learners, k, shrink, seed, say, without=group)
        train, test = _split(learners, group)
        seen, held_out = [rows[one.name] for one in train], [rows[one.name] for one in test]
        x, y = _table(seen)
        x_out, y_out = _table(held_out)
        found = _bag(x, y, seed, n_rows, held_out=(x_out, y_out))
        counts.append(found.n_trees / (N_BAGS if n_rows <= BAGGED else 1))
        voices["trees"].append(found.logits(x_out))
        say(f"trees without group {group + 1}: {found.n_trees}")
        del x, x_out
        sizes = _sizes(n_rows)
        net, logits = recurrent_fit.fit(seen, held_out, seed=seed + group, say=say, **sizes)
        nets.append(net)
        voices["nets"].append(logits)
        if "pfa" in voices:
            model = PfaInside(PfaInside.fit({one.name: one.history for one in train}, seed))
            voices["pfa"].append(_pfa_logits(model, test))
        outcome.append(y_out)
    y = np.concatenate(outcome).astype(np.float64)
    names = list(voices)
    x = np.stack([np.concatenate(voices[name]) for name in names], axis=1)
    found, bias = stack(x, y)
    blended = x @ found + bias
    losses = {name: _loss(x[:, place], y) for place, name in enumerate(names)} | {"blend": _loss(blended, y)}
    weights = {name: round(float(weight), 5) for name, weight in zip(names, found, strict=True)}
    say(", ".join(f"{name} {loss:.4f}" for name, loss in losses.items()) + f" (held-out log loss); weights {weights}")
    if not weights["nets"]:
        nets = []
    return weights, round(bias, 5), float(np.mean(counts)), nets, losses


def _sizes(n_rows: int) -> dict[str, Any]:
    """A larger net where there is enough to learn it from."""
    return {"hidden": 160, "head": 128, "dropout": 0.2} if n_rows > 300_000 else {}


def _pfa_logits(model: PfaInside, learners: Sequence[_Learner]) -> NDArray[np.float64]:
    found = []
    for one in learners:
        state = model.empty()
        found += [model.predict_then_step(state, observation) for observation in one.history]
    p = np.array(found)
    return np.log(p / (1.0 - p))


def _loss(logits: NDArray, y: NDArray) -> float:
    return round(float(np.mean(np.logaddexp(0.0, logits) - y * logits)), 5)


def stack(x: NDArray, y: NDArray, *, rounds: int = 60) -> tuple[NDArray[np.float64], float]:
    """Weights >= 0 and bias of a logistic regression of y on logits x (n, k): Newton, weights at 0 dropped in turn."""
    active = list(range(x.shape[1]))
    while True:
        design = np.concatenate([x[:, active], np.ones((len(x), 1))], axis=1)
        theta = np.zeros(design.shape[1])
        theta[:-1] = 1.0 / max(len(active), 1)
        ridge = 1e-3 * len(y) / 1000.0 * np.eye(len(theta))
        for _ in range(rounds):
            p = 1.0 / (1.0 + np.exp(-np.clip(design @ theta, -30, 30)))
            gradient = design.T @ (p - y) + ridge @ theta
            curvature = design.T @ (design * np.maximum(p * (1 - p), 1e-6)[:, None]) + ridge
            step = np.linalg.solve(curvature, gradient)
            theta = theta - step
            if np.abs(step).max() < 1e-7:
                break
        negative = [place for place, weight in enumerate(theta[:-1]) if weight < 0]
        if not negative:
            break
        del active[min(negative, key=lambda place: theta[place])]
    weights = np.zeros(x.shape[1])
    weights[active] = theta[:-1]
    return weights, float(theta[-1])
