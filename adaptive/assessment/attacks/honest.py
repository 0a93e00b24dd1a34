"""Right answers written another way: with slips of the keyboard, in other words, in another order. They stay right."""

import re

from adaptive.assessment.words.data import mistyped

from .base import Kind, Maker

# Either may stand for the other in most sentences of a school answer.
SYNONYMS = {
    "because": "since", "since": "because", "so": "therefore", "therefore": "so", "big": "large", "large": "big",
    "little": "small", "small": "little", "get": "receive", "gets": "receives", "make": "produce",
    "makes": "produces", "need": "require", "needs": "requires", "also": "too", "whole": "entire", "same": "identical",
    "begin": "start", "start": "begin", "show": "demonstrate", "shows": "demonstrates", "lamp": "light bulb",
    "bulb": "lamp", "bulbs": "lamps", "lamps": "bulbs", "kids": "children", "doesn't": "does not", "isn't": "is not",
    "don't": "do not", "can't": "cannot", "it's": "it is", "does not": "doesn't", "is not": "isn't",
    "do not": "don't", "but": "however", "if": "when", "while": "as", "about": "roughly", "thing": "object",
    "quickly": "rapidly", "happens": "occurs", "use": "utilise", "parts": "pieces", "pieces": "parts",
}  # fmt: skip
_SYNONYM = re.compile(r"\b(" + "|".join(sorted(SYNONYMS, key=len, reverse=True)) + r")\b", re.IGNORECASE)
_BECAUSE = re.compile(r"^(?P<what>[^.,;]{8,}?),? (?:because|since) (?P<why>[^.;]{8,}?)[. ]*$", re.IGNORECASE)
_SO = re.compile(r"^(?P<why>[^.,;]{8,}?),? so (?!that\b)(?P<what>[^.;]{8,}?)[. ]*$", re.IGNORECASE)
_CONDITION = re.compile(r"^(?P<when>(?:if|when) [^.,;]{6,}), (?:then )?(?P<what>[^.;]{6,}?)[. ]*$", re.IGNORECASE)
_CONDITION_LAST = re.compile(r"^(?P<what>[^.,;]{6,}?),? (?P<when>(?:if|when) [^.,;]{6,}?)[. ]*$", re.IGNORECASE)


def with_synonyms(text: str) -> str:
    """Every known word replaced by its synonym; "" where it has none."""

    def other(match: re.Match[str]) -> str:
        word = SYNONYMS[match[0].lower()]
        return word[:1].upper() + word[1:] if match[0][0].isupper() else word

    return _SYNONYM.sub(other, text) if _SYNONYM.search(text) else ""


def in_other_order(text: str) -> str:
    """Its two clauses exchanged without a change of meaning; "" where that cannot be done by rule."""

    def small(part: str) -> str:
        return part if part.startswith("I ") else part[:1].lower() + part[1:]

    def capital(part: str) -> str:
        return part[:1].upper() + part[1:]

    if found := _BECAUSE.match(text):
        return f"Because {small(found['why'])}, {small(found['what'])}."
    if found := _SO.match(text):
        return f"{capital(found['what'])} because {small(found['why'])}."
    if found := _CONDITION.match(text):
        return f"{capital(found['what'])} {small(found['when'])}."
    if found := _CONDITION_LAST.match(text):
        return f"{capital(found['when'])}, {small(found['what'])}."
    return ""


def _unpunctuated(text: str) -> str:
    """Without the signs between words; those inside numbers stay."""
    return re.sub(r"(?<!\d)[.,;:!?]|[.,;:!?](?!\d)", "", text)


def _framed(maker: Maker) -> str:
    right = maker.right  # first, so that chance picks the same as for the other kinds
    before = maker.chance.choice(("I think that ", "Well, ", "My answer is that ", "I believe ", "I would say that "))
    return before + right[:1].lower() + right[1:]


KINDS: tuple[Kind, ...] = tuple(
    Kind(name, "honest", make)
    for name, make in {
        "clean": lambda maker: maker.right,
        "one_typo": lambda maker: mistyped(maker.right, maker.chance, 1),
        "two_typos": lambda maker: mistyped(maker.right, maker.chance, 2),
        "synonyms": lambda maker: with_synonyms(maker.right),
        "other_word_order": lambda maker: in_other_order(maker.right),
        "lower_case": lambda maker: maker.right.lower(),
        "upper_case": lambda maker: maker.right.upper(),
        "no_punctuation": lambda maker: _unpunctuated(maker.right),
        "opinion_first": _framed,
        "line_breaks": lambda maker: maker.right.replace(" ", "\n", 1).replace(". ", ".\n\n"),
    }.items()
)
