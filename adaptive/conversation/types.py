"""The words of the dialogue as plain data. No Django."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adaptive.recommendation.wishes.types import Wish

ASKS_BACK, RECOMMENDS, EXPLAINS, NOTHING = "asks_back", "recommends", "explains", "nothing"
REFUSES_ANSWER, DECLINES, TALKS = "refuses_answer", "declines", "talks"
ACTS = (ASKS_BACK, RECOMMENDS, EXPLAINS, NOTHING, REFUSES_ANSWER, DECLINES, TALKS)

# What a message does, beside asking for something: see vocabulary/*.toml.
ATTACK, FISHING, FISHING_NUMBERS, EXPLAIN, UNSURE = "attack", "fishing", "fishing_with_numbers", "explain", "unsure"
NEXT, THANKS, HELLO, BYE, ABOUT_YOU, CAN_DO = "next", "thanks", "hello", "bye", "about_you", "can_do"
STUCK, FOLLOW_UP, QUESTION = "stuck", "follow_up", "question"


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, read. `words`: its content words in lower case, as they were typed, each once."""

    text: str
    language: str
    wish: Wish
    intents: frozenset[str]
    words: tuple[str, ...] = ()

    def has(self, *intents: str) -> bool:
        return not self.intents.isdisjoint(intents)


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of the course, quoted as its author wrote them (Markdown). `match` in [0, 1]: the share of what was asked
    for that they hold."""

    resource: int
    quote: str
    heading: str
    match: float
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Met:
    """An exercise whose question a message holds. `how`: title, expression or body."""

    exercise: int
    how: str
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the conversation knows from its earlier turns. `n_asked`: questions asked in a row up to now."""

    n_asked: int = 0
    skills: tuple[int, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the policy decides on. `coverage`: of the content words by the best passage, in [0, 1]; `similarity`: of
    the message to the nearest resource, None where there is no vector. `near_skills`: of what was found, best first."""

    heard: Heard
    passages: tuple[Passage, ...] = ()
    coverage: float = 0.0
    similarity: float | None = None
    met: Met | None = None
    open_exercise: int | None = None
    near_skills: tuple[int, ...] = ()
    remembered: Remembered = field(default_factory=Remembered)


@dataclass(frozen=True, slots=True)
class Move:
    """What the tutor does. `code`: which words say it. `query`: what a recommendation is asked for by. `skills`: what
    it is about, or what to choose from where it asks."""

    act: str
    code: str
    skills: tuple[int, ...] = ()
    query: str = ""
    exercise: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
