"""A small course as the planner sees it, without a database."""

from datetime import UTC, date, datetime, timedelta

from adaptive.backends.learner_model.base import Item, Observation, State
from adaptive.backends.learner_model.pfa import PfaForgetting
from adaptive.planning.types import Material, PlanResource, Slot

MODEL = PfaForgetting()
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = 86_400.0


def item(pk: int, skill: int, difficulty: float | None = None) -> Item:
    return Item(id=pk, skill_ids=(skill,), difficulty=difficulty)


def material(n_skills: int = 3, n_exercises: int = 8, *, minutes: float = 3.0, chain: bool = True) -> Material:
    """Skills 1..n, each resting on the one before; exercises 100 x skill + k, a reading 1000 + skill."""
    resources = []
    for skill in range(1, n_skills + 1):
        resources.append(PlanResource(1000 + skill, skill, 5.0))
        resources += [
            PlanResource(100 * skill + k, skill, minutes, item(100 * skill + k, skill)) for k in range(n_exercises)
        ]
    before = {skill: (skill - 1,) for skill in range(2, n_skills + 1)} if chain else {}
    return Material(tuple(range(1, n_skills + 1)), tuple(resources), before)


def slots(n: int, minutes: int = 20, *, first: datetime = NOW) -> list[Slot]:
    return [
        Slot(date(2026, 3, 2) + timedelta(days=k), (first + timedelta(days=k, hours=9)).timestamp(), minutes)
        for k in range(n)
    ]


def answered(*answers: tuple[int, float, float]) -> State:
    """The state after (skill, score, days before now)."""
    state = MODEL.empty()
    for number, (skill, score, days) in enumerate(sorted(answers, key=lambda one: -one[2])):
        at = NOW.timestamp() - days * DAY + number
        state = MODEL.update(state, Observation(item(100 * skill + number % 8, skill), score, at))
    return state
