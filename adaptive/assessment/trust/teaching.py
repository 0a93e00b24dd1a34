"""Which of the waiting answers teach the most when a teacher marks them.

An answer teaches where the machine is near the confidence that decides whether marks are released (uncertainty
sampling), where little has been marked yet, and where many others are like it (density; Settles 2009, Active learning
literature survey, section 5). The few are chosen one after the other, each for what those before it do not cover
already (facility location, greedily; Nemhauser, Wolsey and Fisher 1978), so that they are not five times the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NEAR = 0.08  # confidence: how far from the threshold still teaches
ALIKE = 0.5  # cosine from which answers to one exercise count as alike
FIRST = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """An answer that waits. confidence: the machine's; None: it has no opinion. threshold: from which its exercise's
    marks are released alone; None: never so far, so the surest answers teach most. n_marked: marks of its exercise.
    vector: unit length, or None; text: as compared where a vector is missing."""

    key: int
    exercise: int
    confidence: float | None
    threshold: float | None
    n_marked: int
    vector: np.ndarray | None = None
    text: str = ""


def weight(waiting: Waiting) -> float:
    """How much its own mark says about where the threshold should be; 0 where the machine has no opinion."""
    if waiting.confidence is None or waiting.confidence <= 0.0:
        return 0.0
    gap = abs(waiting.confidence - (1.0 if waiting.threshold is None else waiting.threshold))
    return float(np.exp(-gap / NEAR) / np.sqrt(1.0 + waiting.n_marked))


def likeness(waiting: Sequence[Waiting]) -> np.ndarray:
    """(n, n) in [0, 1]: 1 for itself and the same text, the cosine between answers to one exercise, else 0."""
    n = len(waiting)
    alike = np.zeros((n, n))
    by_exercise: dict[int, list[int]] = {}
    for index, each in enumerate(waiting):
        by_exercise.setdefault(each.exercise, []).append(index)
    for places in by_exercise.values():
        with_vector = [i for i in places if waiting[i].vector is not None]
        if with_vector:
            vectors = np.stack([waiting[i].vector for i in with_vector])
            cosine = vectors @ vectors.T
            alike[np.ix_(with_vector, with_vector)] = np.clip((cosine - ALIKE) / (1 - ALIKE), 0.0, 1.0)
        same: dict[str, list[int]] = {}
        for i in places:
            if waiting[i].text:
                same.setdefault(waiting[i].text, []).append(i)
        for equal in same.values():
            alike[np.ix_(equal, equal)] = 1.0
    np.fill_diagonal(alike, 1.0)
    return alike


def teach_most(waiting: Sequence[Waiting], *, most: int = FIRST) -> list[int]:
    """Keys of at most `most` answers, the one that teaches most first; fewer where the others teach nothing."""
    if not waiting:
        return []
    weights, alike = np.array([weight(each) for each in waiting]), likeness(waiting)
    covered, chosen = np.zeros(len(waiting)), []
    for _ in range(min(most, len(waiting))):
        gains = weights * np.maximum(alike - covered[None, :], 0.0).sum(axis=1)
        gains[chosen] = 0.0
        best = int(np.argmax(gains))  # the first of equals: the one that has waited longest
        if gains[best] <= 1e-6:
            break
        chosen.append(best)
        covered = np.maximum(covered, alike[best])
    return [waiting[index].key for index in chosen]
