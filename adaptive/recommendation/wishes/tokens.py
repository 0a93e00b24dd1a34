"""A text as words, numbers and marks; words as stems; words one slip of the keyboard apart."""

import re
import unicodedata
from dataclasses import dataclass

_TOKEN = re.compile(r"\d+(?:[.,/]\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|_", re.UNICODE)
MARKS_BETWEEN_CLAUSES = set(',;:.!?()[]—–|"“”„')
_DOUBLED = re.compile(r"(.)\1$")
_FOLD = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_GERMAN_ENDINGS = ("erung", "ungen", "ung", "ern", "en", "er", "es", "em", "e", "n", "s")
MIN_STEM = 3


@dataclass(frozen=True, slots=True)
class Token:
    """`norm`: in lower case, apostrophes straight. `clause`: the number of the piece of the text it stands in."""

    norm: str
    start: int
    end: int
    clause: int = 0
    is_glued: bool = False  # no space before it

    @property
    def is_word(self) -> bool:
        return self.norm[0].isalpha()

    @property
    def is_number(self) -> bool:
        return self.norm[0].isdigit()


def tokens_of(text: str) -> list[Token]:
    """Linear in the length of the text. Marks are tokens, too; those between clauses start a new one."""
    found: list[Token] = []
    clause, end = 0, -1
    for match in _TOKEN.finditer(text):
        raw = match.group()
        norm = unicodedata.normalize("NFKC", raw).casefold().replace("’", "'") or raw
        if raw == "ß" or "ß" in raw.lower():
            norm = unicodedata.normalize("NFKC", raw).lower().replace("’", "'")  # casefold would make it ss
        is_glued = match.start() == end
        is_dash = raw == "-" and not is_glued
        if raw in MARKS_BETWEEN_CLAUSES or is_dash or (found and "\n" in text[end : match.start()]):
            clause += 1
        found.append(Token(norm, match.start(), match.end(), clause, is_glued))
        end = match.end()
        if raw in MARKS_BETWEEN_CLAUSES or is_dash:
            clause += 1
    return found


def stem_english(word: str) -> str:
    """Light: plural, -ing, -ed and a silent e."""
    word = word.removesuffix("'s").replace("'", "")
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ying", "y"), ("ing", ""), ("ied", "y"), ("ed", "")):
        if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM - (ending == "ying"):
            word = word[: -len(ending)] + instead
            if ending in ("ing", "ed") and _DOUBLED.search(word) and word[-1] not in "dlsz":
                word = word[:-1]
            break
    else:
        if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > MIN_STEM:
            word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > MIN_STEM else word


def stem_german(word: str) -> str:
    """Light: umlauts folded, one common ending off."""
    word = word.translate(_FOLD)
    for ending in _GERMAN_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM + 1:
            return word[: -len(ending)]
    return word


def slips(one: str, other: str, most: int) -> int:
    """Letters left out, put in, exchanged or swapped with their neighbour between two words, at most `most` + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before_last, last = last, row
    return last[-1]


def is_slip(word: str, meant: str) -> bool:
    """Is `word` likely `meant`, mistyped? First letters agree; an exchanged letter counts only in longer words, since
    short words with one letter exchanged are mostly other words (sport, short)."""
    if word == meant or word[0] != meant[0] or min(len(word), len(meant)) < 5:
        return False
    most = 2 if len(word) >= 10 else 1
    n = slips(word, meant, most)
    if n > most:
        return False
    return len(word) >= 7 or len(word) != len(meant) or sorted(word) == sorted(meant)
