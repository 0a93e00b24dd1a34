"""Is an exercise's question in a message? By its title, by a formula of it, or by its words. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adaptive.assessment.words.text import plain

from .passages import stems_of
from .types import Met
from .understanding import small_words

MIN_FORMULA = 5  # characters without spaces
MIN_WORDS = 6  # content words of a message that are compared with an exercise's
MIN_SPACES = 3  # of an exercise's text that stands in a message as a whole
SHARE = 0.7
MAX_MESSAGE = 10_000

_TEX = re.compile(r"\$\$?(.+?)\$\$?", re.DOTALL)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Question:
    """What of an exercise everybody may read."""

    id: int
    title: str
    body: str


def _folded(text: str) -> str:
    text = text.casefold().replace("−", "-").replace("–", "-").replace("·", "*").replace("×", "*")
    return re.sub(r"\s+", "", text)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def exercise_met(message: str, questions: Sequence[Question], *, language: str) -> Met | None:
    """The exercise that the message is most surely about: a formula before a body before a title."""
    message = message[:MAX_MESSAGE]
    folded, spoken = _folded(plain(message)), " " + " ".join(_words(message)) + " "
    small = {stem for word in small_words() for stem in stems_of(word, language)}
    own = {*stems_of(message, language), *re.findall(r"\d+", message)} - small
    best: tuple[float, Met] | None = None
    for question in questions:
        found: tuple[float, Met] | None = None
        if any(formula in folded for formula in _formulas(question.body)):
            found = (3.0, Met(question.id, "expression"))
        elif (whole := " ".join(_words(plain(question.body)))).count(" ") >= MIN_SPACES and whole in spoken:
            found = (2.5, Met(question.id, "body"))
        elif len(own) >= MIN_WORDS:
            text = f"{question.title} {plain(question.body)}"
            share = len(own & {*stems_of(text, language), *re.findall(r"\d+", text)}) / len(own)
            if share >= SHARE:
                found = (1.0 + share, Met(question.id, "body"))
        title = " ".join(_words(plain(question.title)))
        if found is None and title.count(" ") >= 1 and f" {title} " in spoken:
            found = (1.0 + len(title) / 1000, Met(question.id, "title"))
        if found is not None and (best is None or found[0] > best[0]):
            best = found
    return best[1] if best else None


def _formulas(body: str) -> list[str]:
    """Formulas that are telling: long enough, with a sign of calculation and a number in them."""
    found = []
    for match in _TEX.finditer(body):
        formula = _folded(plain("$" + match.group(1) + "$"))
        if len(formula) >= MIN_FORMULA and re.search(r"[=+*:<>÷x-]", formula) and re.search(r"\d", formula):
            found.append(formula)
    return found
