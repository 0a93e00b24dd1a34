"""May a model's sentence stand beside the passage it was made from? Pure.

Beside explanation.grounding (numbers, names, markup): its content words are the passage's, nearly all, and it says
"not" as often as the passage or there is no telling; and the sentence is one.
"""

import re
from collections.abc import Sequence

from adaptive.assessment.words.text import plain
from adaptive.conversation.answers import said
from adaptive.conversation.passages import stems_of
from adaptive.conversation.understanding import small_words
from adaptive.explanation.facts import PERCENT, PLAIN, Fact
from adaptive.explanation.grounding import is_grounded

SHARE = 0.8
MAX_CHARACTERS = 320
_NUMBER = re.compile(r"(?<![\w.,/])(\d+(?:\.\d+)?)(?![\w/]|[.,]\d)(\s*%)?")
_NOT = re.compile(r"\b(?:no|not|never|none|nothing|nobody|neither|without|\w+n['’]t|cannot)\b", re.IGNORECASE)


def fact_of_passage(quote: str, title: str) -> Fact:
    """The passage as the one fact that a sentence may speak of."""
    text = plain(quote)
    numbers = tuple((number, PERCENT if percent else PLAIN) for number, percent in _NUMBER.findall(text))
    return Fact(code="passage", role="sentence", numbers=numbers, names=(title,), text=text)


def why_refused(sentence: str, fact: Fact, *, other_names: Sequence[str] = ()) -> str:
    """ "" where it may stand, else the reason in a word or two."""
    if not sentence or len(sentence) > MAX_CHARACTERS:
        return "empty" if not sentence else "too long"
    checked = is_grounded(sentence, [fact], other_names=other_names)
    if not checked.ok:
        return "not in the passage: " + ", ".join(checked.offending)[:200]
    small = {stem for word in small_words() for stem in stems_of(word, "en")}
    own = stems_of(sentence, "en") - small
    if not own:
        return "says nothing"
    if len(own & stems_of(fact.text, "en")) < SHARE * len(own):
        return "other words than the passage's"
    if not said(sentence).numbers <= said(fact.text).numbers:
        return "another number"
    if len(_NOT.findall(sentence)) != 0 and not _NOT.search(fact.text):
        return "says not where the passage does not"
    if _NOT.search(fact.text) and not _NOT.search(sentence):
        return "does not say not where the passage does"
    return ""
