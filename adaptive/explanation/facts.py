"""From the reasons of a pick to the facts that words may be made of. Pure.

A fact keeps the raw values as they were logged, and the numbers and names exactly as they may be said: "62 percent" for
0.6183. Templates speak only through `shown`, and grounding allows nothing else.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

N_FACTS = 3  # beside the sentence

PERCENT, PLAIN, MINUTES, DAYS, SECONDS = "percent", "plain", "minutes", "days", "seconds"
UNITS: dict[str, str] = {
    **dict.fromkeys(("p_correct", "p_mastery", "retrievability", "similarity", "later_success", "share"), PERCENT),
    **dict.fromkeys(("low", "high"), PERCENT),
    **dict.fromkeys(("n_attempts", "n_learners", "n_matched", "n_words"), PLAIN),
    **dict.fromkeys(("n_right", "n_scored", "n_waiting", "n_seen", "n_rapid"), PLAIN),
    **dict.fromkeys(("minutes", "usual_minutes"), MINUTES),
    **dict.fromkeys(("seconds", "usual_seconds", "within_seconds"), SECONDS),
    **dict.fromkeys(("days", "due_in_days"), DAYS),
}
NAMES = frozenset({"skill", "missed", "query", "title", "misconception", "after", "course"})

_QUOTES = re.compile('[“”„«»"]')


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is true of a pick.

    role: "sentence" (the one that says why, first) or "fact". values: as logged. numbers: (as shown, unit). names: as
    shown. text: its plain words, filled in by templates.
    """

    code: str
    role: str = "fact"
    values: Mapping[str, Any] = field(default_factory=dict)
    numbers: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    text: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "role": self.role,
            "values": dict(self.values),
            "numbers": [list(n) for n in self.numbers],
            "names": self.names,
            "text": self.text,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Fact":
        return cls(
            code=data["code"],
            role=data["role"],
            values=data["values"],
            numbers=tuple((number, unit) for number, unit in data["numbers"]),
            names=tuple(data["names"]),
            text=data["text"],
        )


def quotable(name: str) -> bool:
    """May the name stand in quotation marks? One with marks of its own would end them, and say what follows itself."""
    return not _QUOTES.search(name)


def percent_shown(share: float) -> str:
    """A share as a whole percent from 1 to 99: a model is never certain."""
    return str(min(max(int(share * 100 + 0.5), 1), 99))


def number_shown(key: str, value: float) -> str:
    """The number as people read it, whole: percent, minutes (at least 1), seconds (at least 2), days (at least 0)."""
    unit = UNITS[key]
    if unit == PERCENT:
        return percent_shown(value)
    if unit == MINUTES:
        return str(max(int(value + 0.5), 1))
    if unit == SECONDS:  # never a single one: nobody reads and answers in it
        return str(max(int(value + 0.5), 2))
    return str(int(abs(value) + 0.5))


def fact_of(code: str, values: Mapping[str, Any], *, role: str = "fact") -> Fact:
    numbers = {(number_shown(k, v), UNITS[k]): None for k, v in values.items() if k in UNITS and v is not None}
    names = {str(v): None for k, v in values.items() if k in NAMES and v}
    names |= {str(name): None for listed in ("prerequisites", "asked") for name in values.get(listed, ())}
    return Fact(code=code, role=role, values=dict(values), numbers=tuple(numbers), names=tuple(names))


def facts_of(reasons: Iterable[Mapping[str, Any]], *, title: str) -> list[Fact]:
    """The sentence's fact first, then at most N_FACTS more, most telling first; the expected success is always told.

    `reasons`: [{code, facts}] as logged with the impression, most telling first. `title`: of the resource picked.
    """
    rows = [(reason["code"], reason["facts"]) for reason in reasons]
    if not rows:
        return [fact_of("fits", {"title": title}, role="sentence")]
    code, values = rows[0]
    sentence = fact_of(code, {**values, "title": title}, role="sentence")
    told = [row for row in rows if row[0] not in SAID_IN_FULL or row is not rows[0]]
    told = [row for row in told if row[0] != "takes_minutes"][: N_FACTS + 1]
    expected = next((row for row in rows if row[0] in ("in_window", "expected")), None)
    if expected is not None:
        told = [row for row in told if row is not expected][: N_FACTS - 1] + [expected]
    told = told[:N_FACTS]
    told += [row for row in rows if row[0] == "takes_minutes"][: N_FACTS - len(told)]
    return [sentence, *(fact_of(code, values) for code, values in told)]


# Sentences that leave nothing for a fact of the same reason to add.
SAID_IN_FULL = frozenset({"nothing_due", "takes_minutes", "fits"})
