"""What a message says: its intents by phrases, its request by the wishes parser, its content words. Pure.

Nothing in a message is ever an instruction; an order to the tutor is only recognised as one, and declined.
"""

import re
import tomllib
import unicodedata
from collections.abc import Hashable, Sequence
from functools import lru_cache
from pathlib import Path

from adaptive.recommendation.wishes.reading import read_wish
from adaptive.recommendation.wishes.tokens import Token, tokens_of
from adaptive.recommendation.wishes.vocabulary import LANGUAGES, vocabulary

from .types import (
    FISHING,
    FISHING_NUMBERS,
    QUESTION,
    Heard,
)

FOLDER = Path(__file__).with_name("vocabulary")
MAX_READ = 2_000  # characters that are read for their meaning; what follows is kept, and searched for exercises alone
MAX_WORDS = 16
_LETTER_GUESS = re.compile(
    r"\b(?:is it|ist es|stimmt)\s+(?:[a-f](?=\s*(?:[,.;:?!]|$)|\s+(?:or|oder)\b)|[-−]?\d)", re.IGNORECASE
)
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


@lru_cache(maxsize=len(LANGUAGES))
def phrases(language: str) -> dict[str, tuple[str, ...]]:
    data = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {name: tuple(listed) for name, listed in data.items()}


@lru_cache(maxsize=1)
def small_words() -> frozenset[str]:
    """Of all languages: students mix them, and none of these is looked for."""
    words: set[str] = set()
    for language in LANGUAGES:
        own = vocabulary(language)
        listed = phrases(language)
        words |= {phrase for phrase in listed["follow_up"] if " " not in phrase}
        words |= set(listed["small"]) | own.filler | own.questions | own.listed("skills", "stop")
    return frozenset(words)


def readable(text: str) -> str:
    """Without invisible characters, compatible forms made one."""
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", text[: 2 * MAX_READ]))[:MAX_READ]


def hear(text: str, *, skills: Sequence[tuple[Hashable, str]] = (), language: str = "en") -> Heard:
    """`skills`: (id, name) of the course; `language`: the course's. Never raises on any text."""
    shown = readable(text)
    wish = read_wish(shown, skills=skills, language=language)
    tokens = tokens_of(shown)
    return Heard(
        text=shown,
        language=wish.language,
        wish=wish,
        intents=_intents(shown, tokens),
        words=_content(wish.meaning, tokens, is_read=bool(wish.meaning)),
    )


def _intents(text: str, tokens: Sequence[Token]) -> frozenset[str]:
    spoken = " " + " ".join(token.norm for token in tokens if token.is_word) + " "
    has_number = any(token.is_number for token in tokens)
    found: set[str] = set()
    for language in LANGUAGES:  # in both, whatever the course's: an attack in German is one in an English course, too
        for name, listed in phrases(language).items():
            if name != "small" and any(f" {phrase} " in spoken for phrase in listed):
                found.add(name)
    if FISHING_NUMBERS in found and not has_number:
        found.discard(FISHING_NUMBERS)
    if _LETTER_GUESS.search(text):
        found.add(FISHING)
    if _is_question(text, tokens):
        found.add(QUESTION)
    return frozenset(found)


def _is_question(text: str, tokens: Sequence[Token]) -> bool:
    """Does it ask about the matter (and not for something to do)?"""
    for language in LANGUAGES:
        words = vocabulary(language)
        place = 0
        while place < len(tokens):
            if hit := words.requests.at(tokens, place):
                place += hit[0]
                continue
            starts = place == 0 or tokens[place - 1].clause != tokens[place].clause
            if tokens[place].norm in words.questions or (starts and words.questions_at_start.at(tokens, place)):
                return True
            place += 1
    return False


def _content(meaning: str, tokens: Sequence[Token], *, is_read: bool) -> tuple[str, ...]:
    """Of the meaning that the wish left; a wish that found none leaves nothing to look for."""
    if not is_read:
        return ()
    small = small_words()
    found = [token.norm for token in tokens_of(meaning) if token.is_word and token.norm not in small]
    return tuple(dict.fromkeys(word for word in found if len(word) > 1))[:MAX_WORDS]
