"""Made-up learners for tests."""

import random

from adaptive.backends.learner_model.base import Item, Observation

START = 1_700_000_000.0
DAY = 86_400.0


def items(n: int = 30, n_skills: int = 6) -> list[Item]:
    """Items of one or two skills; one in seven has none, one in three a prior difficulty."""
    made = []
    for number in range(n):
        skills = () if number % 7 == 6 else (number % n_skills + 1,)
        if number % 5 == 4 and skills:
            skills = (*skills, (number + 2) % n_skills + 1)
        made.append(Item(id=100 + number, skill_ids=skills, difficulty=None if number % 3 else number / n - 0.5))
    return made


def history(seed: int, n: int, pool: list[Item] | None = None) -> list[Observation]:
    """Seeded attempts with parts of scores, hints, breaks of days and now and then a time that goes backwards."""
    rng = random.Random(seed)
    pool = pool or items()
    ability = rng.choice([0.2, 0.5, 0.8])
    of_skill = {skill_id: rng.choice([-0.3, 0.0, 0.3]) for item in pool for skill_id in item.skill_ids}
    at = START
    made = []
    for _ in range(n):
        at += rng.choice([20.0, 45.5, 600.0, 0.9 * DAY, 12 * DAY, -300.0])
        item = rng.choice(pool)
        right = rng.random() < ability + sum(of_skill[skill_id] for skill_id in item.skill_ids[:1])
        score = rng.choice([1.0, 1.0, 1.0, 0.8]) if right else rng.choice([0.0, 0.0, 0.0, 0.4])
        made.append(Observation(item=item, score=score, at=at, n_hints=rng.choice([0, 0, 0, 1, 3])))
    return made
