"""Answers of many learners as arrays, for fits that go over all of them at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .base import SECONDS_PER_DAY, Observation

MAX_ANSWERS = 400  # of one learner; the first ones, where practice does most


@dataclass(slots=True)
class Rows:
    """Answers in order of learner and time; pairs are (answer, skill) in the same order."""

    y: np.ndarray
    learner: np.ndarray
    item: np.ndarray
    offset: np.ndarray  # what is known of the item's difficulty beforehand
    at: np.ndarray  # days
    pair_row: np.ndarray
    pair_skill: np.ndarray
    pair_weight: np.ndarray  # 1 / number of skills of the answer
    pair_gap: np.ndarray  # number of (learner, skill)
    skills: list[int]
    n_learners: int
    n_items: int
    n_gaps: int
    gap_learner: np.ndarray
    gap_skill: np.ndarray


def rows_of(histories: Mapping[int, Sequence[Observation]]) -> Rows:
    skills = sorted({k for history in histories.values() for o in history[:MAX_ANSWERS] for k in o.item.skill_ids})
    skill_place = {skill: place for place, skill in enumerate(skills)}
    items: dict[int, int] = {}
    gaps: dict[tuple[int, int], int] = {}
    y, learner, item, offset, at, pair_row, pair_skill, pair_weight, pair_gap = ([] for _ in range(9))
    for number, history in enumerate(histories.values()):
        for o in history[:MAX_ANSWERS]:
            if not o.item.skill_ids:
                continue
            row = len(y)
            y.append(o.score)
            learner.append(number)
            item.append(items.setdefault(o.item.id, len(items)))
            offset.append(o.item.difficulty or 0.0)
            at.append(o.at / SECONDS_PER_DAY)
            for skill in o.item.skill_ids:
                pair_row.append(row)
                pair_skill.append(skill_place[skill])
                pair_weight.append(1.0 / len(o.item.skill_ids))
                pair_gap.append(gaps.setdefault((number, skill_place[skill]), len(gaps)))
    where = np.array(list(gaps), dtype=np.int64).reshape(-1, 2)
    return Rows(
        y=np.array(y, dtype=float),
        learner=np.array(learner, dtype=np.int64),
        item=np.array(item, dtype=np.int64),
        offset=np.array(offset, dtype=float),
        at=np.array(at, dtype=float),
        pair_row=np.array(pair_row, dtype=np.int64),
        pair_skill=np.array(pair_skill, dtype=np.int64),
        pair_weight=np.array(pair_weight, dtype=float),
        pair_gap=np.array(pair_gap, dtype=np.int64),
        skills=skills,
        n_learners=len(histories),
        n_items=len(items),
        n_gaps=len(gaps),
        gap_learner=where[:, 0],
        gap_skill=where[:, 1],
    )
