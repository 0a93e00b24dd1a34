"""Taking out of a text who wrote it, before anybody else reads it. Pure, linear in the text's length.

What is taken out leaves one sign, "…", which says nothing to a reader of words: a mark does not depend on it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

GAP = "…"
NAME, EMAIL = "name", "email"
SHORTEST_ID = 3  # an id such as "7" is a number, and an answer may be one

# Bounded pieces, begun only where a word begins: no text makes this slow.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Redacted:
    """`removed`: kind of what was taken out (NAME, EMAIL) -> how often."""

    text: str
    removed: dict[str, int] = field(default_factory=dict)


def redacted(text: str, *, names: Iterable[str] = (), ids: Iterable[str] = (), kept: str = "") -> Redacted:
    """The text without e-mail addresses, these names (in whole and in parts) and these ids.

    kept: the text it answers. A word of that text is no secret ("Rose" in an exercise about a rose), and stays. A part
    of a name is taken out only as a name is written, with a capital: who is called Will still says "it will".
    """
    removed: Counter[str] = Counter()

    def take(kind: str, pattern: re.Pattern[str], within: str) -> str:
        within, n = pattern.subn(GAP, within)
        removed[kind] += n
        return within

    text = take(EMAIL, _EMAIL, text)
    words = {word.casefold() for word in _WORD.findall(kept)}
    wholes, parts = _pieces(names, ids, kept, words)
    for wanted, flags in ((wholes, re.IGNORECASE), (parts, re.NOFLAG)):
        if wanted:
            longest_first = sorted(wanted, key=len, reverse=True)
            either = "|".join(re.escape(one) for one in longest_first)
            text = take(NAME, re.compile(rf"(?<!\w)(?:{either})(?!\w)", flags), text)
    return Redacted(text, {kind: n for kind, n in removed.items() if n})


def _pieces(
    names: Iterable[str], ids: Iterable[str], kept: str, words: set[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """(whole names and ids, whatever their case; parts of names, as names are written)."""
    folded = kept.casefold()
    wholes: set[str] = set()
    parts: set[str] = set()
    for name in {one.strip() for one in names if one.strip()}:
        found = [part for part in _WORD.findall(name) if len(part) > 1 and part.casefold() not in words]
        if len(name.split()) > 1 and name.casefold() not in folded:
            wholes.add(name)
        for part in found:
            parts |= {part[:1].upper() + part[1:], part.upper()}
    for one in {each.strip() for each in ids}:
        is_name_like = len(one) >= SHORTEST_ID and any(character.isalpha() for character in one)
        if is_name_like and one.casefold() not in words and one.casefold() not in folded:
            wholes.add(one)
    return sorted(wholes), sorted(parts)
