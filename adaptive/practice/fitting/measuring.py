"""How good a fit is on learners it has not seen, beside the baseline and beside the version in use. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adaptive.backends.learner_model.base import LearnerModel, Observation
from adaptive.backends.learner_model.evaluation import predict_all
from adaptive.common.errors import InvalidInput
from adaptive.common.hashing import stable_seed
from adaptive.common.metrics import auc, ece, log_loss, rmse
from adaptive.common.text import count
from adaptive.practice.fitting.data import FitData

HELD_OUT = 0.2
MIN_LEARNERS = 10
MIN_ROWS = 100
MIN_UNSEEN = 200

Histories = Mapping[str, Sequence[Observation]]


@dataclass(frozen=True, slots=True)
class Split:
    """train and held_out share no learner. n_held_out counts learners."""

    train: dict[str, list[Observation]]
    held_out: dict[str, list[Observation]]
    n_held_out: int


def split_by_learner(data: FitData, *, seed: int) -> Split:
    """A fifth of the learners held out, by a stable hash of learner and seed.

    InvalidInput, in one sentence, where the data is too little to fit on or to measure with.
    """
    what = data.facts.get("file") or "The data"
    if data.n_learners < MIN_LEARNERS or data.n_rows < MIN_ROWS:
        n = f"{count(data.n_rows, 'answer')} of {count(data.n_learners, 'learner')}"
        raise InvalidInput(
            f"{what} has {n}, which is too little to fit on: "
            f"at least {MIN_ROWS} answers of {MIN_LEARNERS} learners are needed."
        )
    people = sorted(set(data.person.values()), key=lambda person: (stable_seed("held out", person, seed), person))
    held = set(people[: round(len(people) * HELD_OUT)])
    train = {key: rows for key, rows in data.histories.items() if data.person[key] not in held}
    held_out = {key: rows for key, rows in data.histories.items() if data.person[key] in held}
    parts = ((what, data.histories), (f"{what}, the part to fit on,", train), (f"{what}, the part held out,", held_out))
    for name, histories in parts:
        right = [o.score >= 0.5 for history in histories.values() for o in history]
        if all(right) or not any(right):
            kind = "right" if right and right[0] else "wrong"
            raise InvalidInput(
                f"{what} has only {kind} answers in its {len(right):,} rows, so there is nothing to tell apart."
                if histories is data.histories
                else f"{name} has only {kind} answers ({len(right):,}): too little to measure with; try another seed."
            )
    return Split(train, held_out, len(held))


@dataclass(frozen=True, slots=True)
class Predicted:
    """Row by row: score, P(correct) before it, time."""

    y: np.ndarray
    p: np.ndarray
    at: np.ndarray


def predicted(model: LearnerModel, histories: Histories) -> Predicted:
    y, p, _ = predict_all(model, histories)
    at = np.array([observation.at for history in histories.values() for observation in history])
    return Predicted(y, p, at)


def figures_of(y: np.ndarray, p: np.ndarray) -> dict[str, Any]:
    """auc, log_loss, rmse, ece and the number of rows."""
    figures = {"auc": auc(y, p), "log_loss": log_loss(y, p), "rmse": rmse(y, p), "ece": ece(y, p)}
    return {**{name: round(value, 6) for name, value in figures.items()}, "n": len(y)}


def compared(
    new: Predicted, old: Predicted, *, seen_until: float | None, old_refitted: Callable[[], Predicted]
) -> dict[str, Any]:
    """Log loss of the new model and of the one in use, on the same rows, neither having been fitted on them.

    seen_until: up to when the one in use was fitted on these learners' own answers; None: it has not seen them. Where
    enough answers came later, only those count ("unseen"). Else the same kind of model is fitted without these
    learners, and stands in for it ("refitted"): a stored version would beat every new one on what it has seen.
    """
    rows, which = np.ones(len(new.y), dtype=bool), "all"
    if seen_until is not None:
        later = new.at > seen_until
        right = new.y[later] >= 0.5
        if len(right) >= MIN_UNSEEN and right.any() and not right.all():
            rows, which = later, "unseen"
        else:
            old, which = old_refitted(), "refitted"
    ours, theirs = (round(log_loss(one.y[rows], one.p[rows]), 6) for one in (new, old))
    return {"rows": which, "n": int(rows.sum()), "log_loss": ours, "log_loss_in_use": theirs, "is_worse": ours > theirs}
