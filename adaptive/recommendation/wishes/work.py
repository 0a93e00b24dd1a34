"""What is being found out about a request while it is read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .tokens import Token
from .vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Said:
    """A value of one code, with the places of the tokens that said it."""

    code: str
    value: Any
    places: tuple[int, ...]


@dataclass(slots=True)
class Work:
    """What is being found out. `used`: places that said a constraint; `chatter`: those that said nothing."""

    tokens: list[Token]
    words: Vocabulary
    in_matter: list[bool]
    used: set[int] = field(default_factory=set)
    chatter: set[int] = field(default_factory=set)
    protected: set[int] = field(default_factory=set)
    said: list[Said] = field(default_factory=list)

    def is_free(self, place: int) -> bool:
        return not (self.in_matter[place] or place in self.used or place in self.chatter or place in self.protected)

    def say(self, code: str, value: Any, places: Sequence[int]) -> None:
        self.used |= set(places)
        self.said.append(Said(code, value, tuple(sorted(places))))

    def starts_clause(self, place: int) -> bool:
        return place == 0 or self.tokens[place - 1].clause != self.tokens[place].clause

    def negation(self, place: int) -> list[int] | None:
        """The places of the negation that ends at `place`; None where there is none, or where it is no real one."""
        if length := self.words.negations.before(self.tokens, place + 1):
            places = list(range(place + 1 - length, place + 1))
            return None if (self.chatter | self.used) & set(places) else places
        return None
