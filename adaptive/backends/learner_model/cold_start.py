"""A course that no learner model was fitted on: what its first learners' answers are worth to the next ones.

As the product does it (mastery/difficulties.py): every exercise begins at 0 or at what was foretold, each learner's
first try moves it by Bayes' rule, and the shipped learner model is told the result. Nothing is fitted.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adaptive.common.errors import InvalidInput
from adaptive.common.metrics import auc, ece, log_loss

from .base import LearnerModel, Observation
from .difficulty import MOST_ANSWERS, UNKNOWN_VARIANCE, difficulty_after, p_on_average_item
from .logistic_model import effective_score

Histories = Mapping[str, Sequence[Observation]]

TEST_SHARE = 5  # one learner in five is a next one


def difficulties_from_answers(model: LearnerModel, histories: Histories) -> dict[int, float]:
    """Item id -> difficulty in logits after the learners' first tries, of which the latest MOST_ANSWERS count."""
    answers: dict[int, list[tuple[float, float]]] = {}
    for history in histories.values():
        state, seen = model.empty(), set()
        for observation in history:
            item = observation.item
            if item.id not in seen:
                seen.add(item.id)
                p = p_on_average_item((model.skill(state, s, observation.at).p_mastery, 0.0) for s in item.skill_ids)
                score = effective_score(observation.score, observation.n_hints)
                answers.setdefault(item.id, []).append((p, score))
            state = model.update(state, observation)
    return {pk: difficulty_after((0.0, UNKNOWN_VARIANCE), rows[-MOST_ANSWERS:])[0] for pk, rows in answers.items()}


def cold_start_report(
    model: LearnerModel, histories: Histories, n_learners: Sequence[int], *, seed: int = 0, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """auc, log_loss and ece of a fifth of the learners, after so many of the others have answered (0: after none).

    Learners come in an order shuffled by `seed`, since few logs have dates. InvalidInput for fewer than ten learners.
    """
    names = sorted(histories)
    if len(names) < 10:
        raise InvalidInput(f"The log has {len(names)} learners; at least 10 are needed.")
    random.Random(seed).shuffle(names)
    test, others = names[::TEST_SHARE], [name for place, name in enumerate(names) if place % TEST_SHARE]
    rows = []
    for n in dict.fromkeys(min(n, len(others)) for n in n_learners):
        told = difficulties_from_answers(model, {name: histories[name] for name in others[:n]})
        y, p = [], []
        for name in test:
            state = model.empty()
            for observation in histories[name]:
                item = replace(observation.item, difficulty=told.get(observation.item.id))
                p.append(model.predict_then_step(state, replace(observation, item=item)))
                y.append(observation.score)
        truth, said = np.array(y), np.array(p)
        figures = {"auc": auc(truth, said), "log_loss": log_loss(truth, said), "ece": ece(truth, said)}
        rows.append({"n_learners": n, **{name: round(value, 4) for name, value in figures.items()}, "n_rows": len(y)})
        say(f"after {n:,} learners: AUC {rows[-1]['auc']:.4f}, log loss {rows[-1]['log_loss']:.4f}")
    return rows
