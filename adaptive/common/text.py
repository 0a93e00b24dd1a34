"""Text that people wrote: what may be stored, and when two texts are the same."""

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Marks that only turn the direction of what follows; they can hide what a text says, and mean nothing for an answer.
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def control_character(text: str) -> str | None:
    """The first character that no text should hold (U+0000 and its like), as "U+0000"; None where all is well."""
    if match := _CONTROL.search(text):
        return f"U+{ord(match.group()):04X}"
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        return "an unpaired surrogate"
    return None


def without_direction_marks(text: str) -> str:
    """The text without the invisible marks that turn its direction."""
    return _DIRECTION.sub("", text)


def normalise(text: str) -> str:
    """For comparing: compatibility forms folded, case, spaces, direction marks and closing punctuation dropped."""
    text = without_direction_marks(unicodedata.normalize("NFKC", text)).casefold()
    text = text.replace("’", "'").replace("−", "-").replace("–", "-")
    return re.sub(r"\s+", " ", text).strip().strip(".!;, ")


def count(n: int, noun: str) -> str:
    """ "1 learner", "1,012 learners"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
