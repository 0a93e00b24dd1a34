"""What every generator gets and gives. A generator is a module with NAME and find(request) -> list of Found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adaptive.recommendation.types import Context


@dataclass(frozen=True, slots=True)
class Request:
    """What to find. `kinds` is never empty; `exclude` holds resources that could not stand in the slate anyway,
    `resting` those that could only as a due review.

    `missed`: (resource id, score) of exercises just missed, the latest first. `query_vector`: the query in words as a
    vector of `embedding_model`, where somebody could make one.
    """

    context: Context
    learner_id: int
    course_id: int
    language: str
    at: datetime
    kinds: tuple[str, ...]
    limit: int
    exclude: tuple[int, ...] = ()
    resting: tuple[int, ...] = ()
    missed: tuple[tuple[int, float], ...] = ()
    query_vector: Sequence[float] | None = None
    embedding_model: str = ""

    @property
    def new_only(self) -> list[int]:
        """What a generator leaves out that has nothing to do with reviews."""
        return [*self.exclude, *self.resting]


@dataclass(frozen=True, slots=True)
class Found:
    """A resource with the facts (JSON-able) it was found by."""

    resource_id: int
    facts: dict[str, Any] = field(default_factory=dict)
