"""Learners who forget exactly as the FSRS-6 memory model says, for tests of its fit."""

import random
from collections.abc import Sequence

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.backends.learner_model.forgetting import FSRS_6_DEFAULTS, first_memory, next_memory, retrievability

DAY = 86_400.0
FAST_FORGETTING: tuple[float, ...] = (
    *(0.1, 0.4, 0.8, 8.2956),
    *FSRS_6_DEFAULTS[4:8],
    *(0.9, 0.1666, 0.796),
    *FSRS_6_DEFAULTS[11:20],
    0.4,
)
GAPS = (0.01, 0.2, 1.0, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0, 60.0)


def forgetful_learners(
    n: int, w: Sequence[float] = FSRS_6_DEFAULTS, *, seed: int = 0, n_skills: int = 5, n_practices: int = 9
) -> dict[str, list[Observation]]:
    """n learners, each practising each of `n_skills` skills `n_practices` times, right with P(recalled)."""
    rng = random.Random(seed)
    histories = {}
    for learner in range(n):
        rows = []
        for skill_id in range(1, n_skills + 1):
            at, memory = 1.7e9 + rng.random() * 10 * DAY, None
            item = Item(id=skill_id, skill_ids=(skill_id,))
            for _ in range(n_practices):
                if memory is None:
                    rating = 3 if rng.random() < 0.6 else 1
                    memory = first_memory(rating, w)
                else:
                    days = rng.choice(GAPS)
                    at += days * DAY
                    rating = 3 if rng.random() < retrievability(days, memory[0], w) else 1
                    memory = next_memory(*memory, days, rating, w)
                rows.append(Observation(item=item, score=1.0 if rating == 3 else 0.0, at=at))
        histories[f"learner-{learner}"] = sorted(rows, key=lambda row: row.at)
    return histories
