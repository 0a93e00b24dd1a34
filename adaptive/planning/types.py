"""What a plan is made of and what comes out, as plain values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from adaptive.backends.learner_model.base import Item

LEARN, REVIEW, MOCK = "learn", "review", "mock"
PRACTICE_SESSION, MOCK_SESSION = "practice", "mock"


@dataclass(frozen=True, slots=True)
class PlanResource:
    """Something that can be planned. item: of an exercise, None for what is read or watched. n_done: times before."""

    id: int
    skill_id: int  # the main one
    minutes: float
    item: Item | None = None
    n_done: int = 0


@dataclass(frozen=True, slots=True)
class Material:
    """The course as the planner sees it. skills: ids in the course's order; prerequisites: skill -> those before."""

    skills: tuple[int, ...]
    resources: tuple[PlanResource, ...]
    prerequisites: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time to work. starts_at: epoch seconds."""

    day: date
    starts_at: float
    minutes: int


@dataclass(frozen=True, slots=True)
class Block:
    """Work on one skill in a session. purpose: learn, review or mock."""

    purpose: str
    skill_id: int
    minutes: float
    resource_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """One day's work. kind: practice or mock."""

    day: date
    starts_at: float
    kind: str
    blocks: tuple[Block, ...]

    @property
    def minutes(self) -> int:
        return max(1, round(sum(block.minutes for block in self.blocks)))

    @property
    def resource_ids(self) -> tuple[int, ...]:
        return tuple(pk for block in self.blocks for pk in block.resource_ids)
