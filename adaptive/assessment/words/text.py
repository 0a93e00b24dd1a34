"""Reading a text as data: cleaning, words, sentences, numbers. Pure; never raises on any string."""

import re
import unicodedata
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from .lexicon import FRACTION_WORDS, FUNCTION_WORDS, NEGATIONS, NUMBER_WORDS, UNITS

MAX_KEY_WORDS = 120
MAX_CHARACTERS = 10_000  # what is read of an answer; a longer one goes to a person

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,]\d+)*")
_NUMBER = re.compile(r"(?<![\w.,/])([-−]?\d+(?:[.,]\d+)?)(?:\s*/\s*(\d+))?(?![\d/]|[.,]\d)(\s*%)?")
_TEX_SIGNS = {
    "\\times": "x",
    "\\cdot": "x",
    "\\div": ":",
    "\\le": "≤",
    "\\ge": "≥",
    "\\ne": "≠",
    "\\%": "%",
}
_THOUSANDS = re.compile(r"(?<=[1-9]),(?=\d{3}$)|(?<=[1-9]\d),(?=\d{3}$)|(?<=[1-9]\d\d),(?=\d{3}$)")  # 1,000; not 0,750
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\s*\n+\s*")
_SUFFIXES = (
    *("ations", "ation", "ions", "ion", "ingly", "edly", "ings", "ing", "ely", "ied"),
    *("est", "ers", "ed", "es", "ly", "er", "s", "e"),
)


def clean(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Compatible forms made one (NFKC), control, direction and zero-width characters dropped, blanks collapsed."""
    # Cut before and after: compatibility forms can grow eighteenfold.
    text = unicodedata.normalize("NFKC", text[: 2 * limit])[:limit]
    kept = "".join(
        character if character in "\n\t" or unicodedata.category(character)[0] != "C" else "" for character in text
    )
    kept = re.sub(r"[^\S\n]+", " ", kept)
    return re.sub(r" ?\n[ \n]*", "\n", kept).strip()


def plain(markdown: str) -> str:
    """An author's Markdown with TeX as the words a reader sees, roughly: "$\\frac{2}{3}$ of **it**" -> "2/3 of it"."""
    text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r" \1/\2 ", markdown)
    for command, sign in _TEX_SIGNS.items():
        text = text.replace(command, sign)
    text = re.sub(r"\\(?:text|mathrm)\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\[a-zA-Z]+|\\[,;!% ]", " ", text)
    text = re.sub(r"(?<!\\)\$|\*\*|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|^#+ ", "", text, flags=re.MULTILINE)
    return re.sub(r"[^\S\n]+", " ", text.replace("\\$", "$")).strip()


def stem(word: str) -> str:
    """The word without its ending, roughly: "evaporated" and "evaporation" meet at "evapor"."""
    word = word.removesuffix("'s")
    if not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]  # stopp(ed)
    if len(word) > 4 and word.endswith(("at", "iv")):
        word = word[:-2]
    return word[:-1] + "i" if len(word) > 3 and word.endswith("y") else word


@dataclass(frozen=True)
class Text:
    """One cleaned text and what is derived from it, each part computed once."""

    raw: str
    is_clean: bool = field(default=False, repr=False)

    @cached_property
    def text(self) -> str:
        return self.raw if self.is_clean else clean(self.raw)

    @cached_property
    def words(self) -> list[str]:
        return [match.group().casefold().replace("’", "'") for match in _WORD.finditer(self.text)]

    @cached_property
    def sentences(self) -> list[str]:
        parts = [part.strip() for part in _SENTENCE_END.split(self.text)]
        return [part for part in parts if any(character.isalnum() for character in part)][:40]

    @cached_property
    def content_words(self) -> list[str]:
        """Words that carry meaning, in order, each once."""
        seen = dict.fromkeys(word for word in self.words if word not in FUNCTION_WORDS and not word[0].isdigit())
        return list(seen)

    @property
    def key_words(self) -> list[str]:
        """The first of them: as many as are compared one by one."""
        return self.content_words[:MAX_KEY_WORDS]

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stem(word) for word in self.content_words)

    @cached_property
    def bigrams(self) -> frozenset[tuple[str, str]]:
        stems = [stem(word) for word in self.words]
        return frozenset(pairwise(stems))

    @cached_property
    def n_negations(self) -> int:
        return sum(word in NEGATIONS or word.endswith("n't") for word in self.words)

    @cached_property
    def numbers(self) -> frozenset[Fraction]:
        """Every number said, in digits ("3/4", "0,75", "75%") or words ("three"); the same value is one number."""
        found = _numbers_in_words(self.words)
        for match in _NUMBER.finditer(self.text):
            whole, bottom, percent = match.groups()
            whole = whole.replace("−", "-")
            value = Fraction(_THOUSANDS.sub("", whole).replace(",", "."))
            if bottom:
                if int(bottom) == 0:
                    continue
                value /= int(bottom)
            found.add(value / 100 if percent else value)
        return frozenset(found)

    @cached_property
    def units(self) -> frozenset[str]:
        return frozenset(UNITS[word] for word in self.words if word in UNITS)

    @cached_property
    def function_word_share(self) -> float:
        """Among the words proper: numbers are neither."""
        proper = [word for word in self.words if not word[0].isdigit()]
        return sum(word in FUNCTION_WORDS for word in proper) / max(1, len(proper))


def _numbers_in_words(words: list[str]) -> set[Fraction]:
    """Of "three quarters of the six boxes": 3/4 and 6. A lone "one" says no number ("the one that ...")."""
    found: set[Fraction] = set()
    for word, following in pairwise([*words, ""]):
        if word in NUMBER_WORDS and following in FRACTION_WORDS:
            found.add(Fraction(NUMBER_WORDS[word], FRACTION_WORDS[following]))
        elif word in NUMBER_WORDS and word != "one":
            found.add(Fraction(NUMBER_WORDS[word]))
        elif word == "half":
            found.add(Fraction(1, 2))
    return found


def latin_share(text: str) -> float:
    """Share of the letters that are Latin; 1.0 for a text without letters."""
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return 1.0
    latin = sum("LATIN" in unicodedata.name(character, "") for character in letters[:2000])
    return latin / len(letters[:2000])
