"""Slips of the keyboard put right before an answer is read: "curent" is "current" where the exercise has it. Pure.

Only a letter doubled, left out, put in or exchanged with its neighbour inside a word, and only towards words of the
exercise and common ones: "insoluble" stays apart from "soluble", "alkane" from "alkene", "hypertonic" from "hypotonic",
and the ending of a word is left as it is. Damerau (1964) found four in five slips to be of one such step.
"""

import re
from collections.abc import Sequence

from .lexicon import COMMON_WORDS
from .text import Text

MIN_LETTERS = 5
MAX_CHARACTERS = 6000  # read of an answer
_WORD = re.compile(r"[^\W\d_]{5,}")


def put_right(answer: Text, others: Sequence[Text]) -> Text:
    """The answer with its slips put right towards the words of question and references."""
    known = COMMON_WORDS.union(*(text.words for text in others))
    longer = [word for word in known if len(word) >= MIN_LETTERS and word.isalpha()]
    fixed: dict[str, str] = {}
    for word in dict.fromkeys(match.group().casefold() for match in _WORD.finditer(answer.text[:MAX_CHARACTERS])):
        if word not in known:
            near = [each for each in longer if is_slip(word, each)]
            if len(near) == 1:  # two of them, and nobody can say which was meant
                fixed[word] = near[0]
    if not fixed:
        return answer
    return Text(_WORD.sub(lambda match: fixed.get(match.group().casefold(), match.group()), answer.text), is_clean=True)


def is_slip(typed: str, meant: str) -> bool:
    """Whether one step inside the word leads from the one to the other; the first letter and the last are the same."""
    if typed == meant or typed[0] != meant[0] or typed[-1] != meant[-1] or abs(len(typed) - len(meant)) > 1:
        return False
    at = next((place for place, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other), 0)
    if len(typed) == len(meant):
        swapped = typed[:at] + typed[at + 1 : at + 2] + typed[at : at + 1] + typed[at + 2 :]
        return swapped == meant
    longer, shorter = (typed, meant) if len(typed) > len(meant) else (meant, typed)
    at = at or len(shorter)
    return longer[:at] + longer[at + 1 :] == shorter
