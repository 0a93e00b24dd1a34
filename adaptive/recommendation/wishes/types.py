"""What was understood of a request, as plain data that survives a JSON round trip."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

KINDS, NOT_KINDS = "kinds", "not_kinds"
AT_MOST, AT_LEAST = "at_most", "at_least"
DIFFICULTY = "difficulty"
SKILLS, NOT_SKILLS = "skills", "not_skills"
PICTURES = "pictures"
WORDS = "words"  # not a constraint: the rest of the words, where they must match
CODES = (
    KINDS,
    NOT_KINDS,
    AT_MOST,
    AT_LEAST,
    DIFFICULTY,
    SKILLS,
    NOT_SKILLS,
    PICTURES,
)  # of constraints, in the order they are shown

SHORT_MINUTES = 5.0  # "short" is at most, "not short" at least
LONG_MINUTES = 10.0  # "long" is at least, "not long" at most

# Of an exercise: the share of wrong answers that is expected, from and to.
DIFFICULTIES = {
    "easy": (0.0, 0.4),
    "not_hard": (0.0, 0.6),
    "medium": (0.4, 0.6),
    "not_easy": (0.4, 1.0),
    "hard": (0.6, 1.0),
}


@dataclass(frozen=True, slots=True)
class Constraint:
    """One thing that every recommended item must keep.

    `value`: kinds of resources; minutes; words of DIFFICULTIES, all of which hold; ids of skills, `names` beside them;
    True or False for pictures. `words`: of the request, as they were written; `spans`: where in it they stand, as
    (from, to). `is_dropped`: understood, and taken back by who asked.
    """

    code: str
    value: tuple[Any, ...] | float | bool
    words: str
    spans: tuple[tuple[int, int], ...] = ()
    names: tuple[str, ...] = ()
    is_dropped: bool = False

    def to_json(self) -> dict[str, Any]:
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {
            "code": self.code,
            "value": value,
            "words": self.words,
            "spans": [list(span) for span in self.spans],
            "names": list(self.names),
            "is_dropped": self.is_dropped,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Constraint":
        value = data["value"]
        return cls(
            code=data["code"],
            value=tuple(value) if isinstance(value, list) else value,
            words=data["words"],
            spans=tuple((start, end) for start, end in data["spans"]),
            names=tuple(data["names"]),
            is_dropped=data["is_dropped"],
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """`meaning`: what is left to be looked for, as words. `is_topic_only`: they name no more than the skills in force,
    or nothing at all, so that whatever keeps the constraints answers the request. `is_meaning_dropped`: taken back by
    who asked; `is_meaning_missed`: nothing in the course fits it."""

    text: str
    language: str = "en"
    constraints: tuple[Constraint, ...] = ()
    meaning: str = ""
    is_topic_only: bool = True
    is_meaning_dropped: bool = False
    is_meaning_missed: bool = False

    @property
    def in_force(self) -> tuple[Constraint, ...]:
        return tuple(constraint for constraint in self.constraints if not constraint.is_dropped)

    @property
    def search_text(self) -> str:
        """The words to rank by; "" where there are none."""
        return "" if self.is_meaning_dropped or self.is_meaning_missed else self.meaning

    @property
    def needs_match(self) -> bool:
        """Must an item have to do with the words, beyond keeping the constraints?"""
        return bool(self.search_text) and not self.is_topic_only

    @property
    def codes(self) -> tuple[str, ...]:
        """What could be taken back: the constraints in force, and the words where they must match."""
        return (*(c.code for c in self.in_force), *((WORDS,) if self.needs_match else ()))

    @property
    def taken_back(self) -> tuple[str, ...]:
        """The codes that whoever asked has taken back."""
        return (*(c.code for c in self.constraints if c.is_dropped), *((WORDS,) if self.is_meaning_dropped else ()))

    def constraint(self, code: str) -> Constraint | None:
        """The one of this code that is in force."""
        return next((c for c in self.in_force if c.code == code), None)

    def without(self, codes: Iterable[str]) -> "Wish":
        """The same request with these taken back; what named a skill is then looked for as words."""
        codes = set(codes)
        return replace(
            self,
            constraints=tuple(replace(c, is_dropped=c.is_dropped or c.code in codes) for c in self.constraints),
            is_topic_only=self.is_topic_only and not (self.meaning and self.constraint(SKILLS) and SKILLS in codes),
            is_meaning_dropped=self.is_meaning_dropped or WORDS in codes,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "language": self.language,
            "constraints": [constraint.to_json() for constraint in self.constraints],
            "meaning": self.meaning,
            "is_topic_only": self.is_topic_only,
            "is_meaning_dropped": self.is_meaning_dropped,
            "is_meaning_missed": self.is_meaning_missed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Wish":
        constraints = tuple(Constraint.from_json(row) for row in data["constraints"])
        return cls(**{**data, "constraints": constraints})
