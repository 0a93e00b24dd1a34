"""The words of a language that a request is made of, from vocabulary/<language>.toml, ready to be looked up."""

import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from .tokens import Token, is_slip, stem_english, stem_german

FOLDER = Path(__file__).with_name("vocabulary")
LANGUAGES = ("en", "de")
LONGEST = 6  # words of a phrase
ADJECTIVE_ENDINGS = ("", "e", "er", "es", "en", "em", "ere", "erer", "eres", "eren", "erem")
STEMMERS = {"en": stem_english, "de": stem_german}

Concept = tuple[str, Any]  # such as ("kinds", "video")


class Phrases:
    """Phrases of one or more words, each with what it stands for; the longest that fits is found."""

    def __init__(self) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Any]]] = {}
        self._endings: list[tuple[str, Any]] = []  # of compounds: "-video"

    def add(self, phrase: str, stands_for: Any) -> None:
        if phrase.startswith("-"):
            self._endings.append((phrase[1:], stands_for))
            phrase = phrase[1:]
        words = phrase.split()
        forms = [words]
        if phrase.endswith("~"):
            forms = [[*words[:-1], words[-1][:-1] + ending] for ending in ADJECTIVE_ENDINGS]
        for form in forms:
            rows = self._by_first.setdefault(form[0], [])
            rows.append((tuple(form), stands_for))
            rows.sort(key=lambda row: -len(row[0]))

    def at(
        self, tokens: Sequence[Token], place: int, is_free: Callable[[int], bool] | None = None
    ) -> tuple[int, Any] | None:
        """(number of tokens, what they stand for) of the longest phrase of free tokens that begins here, within the
        clause."""
        clause = tokens[place].clause
        for words, stands_for in self._by_first.get(tokens[place].norm, ()):
            span = range(place, min(place + len(words), len(tokens)))
            if (
                len(span) == len(words)
                and all(
                    tokens[i].norm == word and tokens[i].clause == clause for i, word in zip(span, words, strict=True)
                )
                and (is_free is None or all(map(is_free, span)))
            ):
                return len(words), stands_for
        return None

    def before(self, tokens: Sequence[Token], end: int) -> int:
        """Number of tokens of the longest phrase that ends right before `end`, 0 where there is none."""
        for length in range(min(LONGEST, end), 0, -1):
            if (hit := self.at(tokens, end - length)) and hit[0] == length:
                return length
        return 0

    def compound(self, word: str) -> Any | None:
        """What a compound that ends in a known word stands for."""
        return next((s for ending, s in self._endings if len(word) > len(ending) + 2 and word.endswith(ending)), None)

    def mistyped(self, word: str) -> Any | None:
        """What the one known word stands for that this is a slip of; None where there are several."""
        found = [rows for first, rows in self._by_first.items() if is_slip(word, first)]
        meant = {repr(stands): stands for rows in found for words, stands in rows if len(words) == 1}
        return next(iter(meant.values())) if len(meant) == 1 else None

    def words(self) -> Iterable[str]:
        return (word for rows in self._by_first.values() for words, _ in rows for word in words)


def _phrases(listed: Iterable[str], stands_for: Any = True) -> Phrases:
    phrases = Phrases()
    for phrase in listed:
        phrases.add(phrase, stands_for)
    return phrases


@dataclass(frozen=True, slots=True)
class Vocabulary:
    language: str
    concepts: Phrases  # kinds, length, difficulty, pictures
    chatter: Phrases
    matter: Phrases
    negations: Phrases
    negations_cancelled: Phrases
    requests: Phrases
    questions: frozenset[str]
    questions_at_start: Phrases
    complaints: Phrases
    at_most: Phrases
    at_least: Phrases
    at_most_after: Phrases
    at_least_after: Phrases
    minutes: Phrases
    data: dict[str, Any] = field(repr=False)
    known: frozenset[str] = frozenset()
    filler: frozenset[str] = frozenset()
    never_typos: frozenset[str] = frozenset()

    def knows(self, word: str) -> bool:
        return word in self.known or self.concepts.compound(word) is not None

    def listed(self, section: str, name: str) -> frozenset[str]:
        return self.data["sets"][f"{section}.{name}"]


@lru_cache(maxsize=len(LANGUAGES))
def vocabulary(language: str) -> Vocabulary:
    data = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    concepts = Phrases()
    for section in ("kinds", "length", "difficulty", "pictures"):
        for value, listed in data[section].items():
            if value in ("too", "said_of_before", "relative", "complaints", "with"):
                continue
            for phrase in listed:
                concepts.add(phrase, (section, value))
    minutes = Phrases()
    for phrase, value in data["minutes"]["phrases"].items():
        minutes.add(phrase, float(value))
    data["sets"] = {
        f"{section}.{name}": frozenset(listed)
        for section, names in data.items()
        for name, listed in names.items()
        if isinstance(listed, list)
    }
    parts = {
        "chatter": _phrases(data["ignored"]["chatter"]),
        "matter": _phrases(data["ignored"]["matter"]),
        "negations": _phrases(data["negation"]["before"]),
        "negations_cancelled": _phrases(data["negation"]["cancelled"]),
        "requests": _phrases(data["questions"]["requests"]),
        "questions_at_start": _phrases(data["questions"]["at_start"]),
        "complaints": _phrases(data["difficulty"]["complaints"]),
        **{name: _phrases(data["minutes"][name]) for name in _BOUNDS},
    }
    filler = frozenset(data["filler"]["words"])
    known = filler | frozenset(data["questions"]["anywhere"]) | frozenset(concepts.words()) | frozenset(minutes.words())
    for phrases in parts.values():
        known |= frozenset(phrases.words())
    return Vocabulary(
        language=language,
        concepts=concepts,
        questions=frozenset(data["questions"]["anywhere"]),
        minutes=minutes,
        data=data,
        known=known,
        filler=filler,
        never_typos=frozenset(data["typos"]["never"]),
        **parts,
    )


_BOUNDS = ("at_most", "at_least", "at_most_after", "at_least_after")


def language_of(tokens: Sequence[Token], default: str) -> str:
    """The language most of whose words are known; `default` (else English) where they are even."""
    default = default.split("-")[0].lower()
    order = sorted(LANGUAGES, key=lambda language: language != default)
    counts = {
        language: sum(vocabulary(language).knows(token.norm) for token in tokens if token.is_word) for language in order
    }
    return max(order, key=counts.__getitem__)
