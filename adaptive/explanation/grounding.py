"""May these words be shown? Only if every number, date, name and title in them is among the facts. Pure.

The check is made for a model's English. It refuses rather than guesses, because the plain wording always stands ready:
every figure and number word with its unit, every quoted text, every word with a capital letter that does not merely
begin a sentence, every weekday and month, every name of the course that the facts do not hold, digits and letters of
other scripts, and markup. What it cannot see: a true number put beside the wrong name, and a claim without a number.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .english import DATES, PRONOUN_ONE_AFTER, SCALES, SMALL, STARTERS, TENS, UNIT_WORDS, UNKNOWN_UNIT, VAGUE
from .facts import PERCENT, PLAIN, Fact

_HOLE = "\ue000"  # stands where an allowed name stood

_MARKUP = re.compile(r"https?:|www\.|[<>{}@`|\\^~$€£#*_=]|\]\(|\[")
_QUOTED = re.compile(r"“([^”]*)”|„([^“”]*)[“”]|«([^»]*)»|\"([^\"]*)\"|‘([^’]*)’(?!\w)|(?<!\w)'([^']*)'(?!\w)")
_STRAY_QUOTES = re.compile(r"[“”„«»\"‟‹›]")
_NUMBER = re.compile(r"([-−+]?)(\d+(?:[.,]\d+)*|\.\d+)(%?)(?:-(minutes?|days?|hours?|weeks?|months?|years?))?")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_EDGES = "\"'“”„‘’«»()[]…—–,;:!?."


@dataclass(frozen=True, slots=True)
class Grounding:
    """`offending`: the parts of the text that no fact holds, as they stand there, without repeats."""

    ok: bool
    offending: tuple[str, ...] = ()


def is_grounded(text: str, facts: Iterable[Fact], other_names: Sequence[str] = ()) -> Grounding:
    """Checks the text against the facts. `other_names`: names of the course that could be mixed up with theirs."""
    facts = list(facts)
    names = [name for fact in facts for name in fact.names]
    numbers = _allowed_numbers(facts)
    known_words = {word.lower() for fact in facts for word in _WORD.findall(fact.text)}

    bad: list[str] = [f"U+{ord(c):04X}" for c in text if unicodedata.category(c) in ("Cc", "Co", "Cs")]
    masked = _mask(_visible(text), names)
    bad += _MARKUP.findall(masked)
    bad += _quoted(masked)
    bad += _foreign(masked)
    bad += _other_names(masked, names, other_names)
    tokens = _tokens(masked)
    bad += _figures(tokens, numbers)
    bad += _number_words(tokens, numbers)
    bad += _capitals(masked)
    bad += [token for token in tokens if token.lower() in DATES and token.lower() not in known_words]
    return Grounding(ok=not bad, offending=tuple(dict.fromkeys(bad)))


def _allowed_numbers(facts: Iterable[Fact]) -> set[tuple[Decimal, str]]:
    allowed: set[tuple[Decimal, str]] = set()
    for fact in facts:
        for shown, unit in fact.numbers:
            value = Decimal(shown)
            allowed.add((value, unit))
            if unit == PERCENT:  # 62 percent may be said as 0.62
                allowed.add((value / 100, PLAIN))
    return allowed


def _visible(text: str) -> str:
    """What a reader sees: no zero-width characters, no direction marks, plain spaces."""
    shown = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cs") or c in "\n\t")
    return re.sub(r"[^\S\n]+", " ", shown)


def _is_telling(name: str) -> bool:
    """Has the name a word that is no number word? Else it counts as a name only in quotation marks."""
    words = [word.lower() for word in _WORD.findall(name)]
    return any(len(word) >= 3 and not _has_number_word(word) and word not in DATES for word in words)


def _has_number_word(word: str) -> bool:
    return any(p in SMALL or p in TENS or p in SCALES or p in VAGUE for p in re.split(r"['’-]", word))


def _pattern(name: str) -> str:
    return r"\s+".join(re.escape(part) for part in _visible(name).split())


def _mask(text: str, names: Iterable[str]) -> str:
    """The text with every allowed name replaced by a hole, longest names first."""
    for name in sorted({name for name in names if name.strip()}, key=len, reverse=True):
        pattern = _pattern(name)
        text = re.sub(rf"([“„\"«‘]\s*){pattern}(\s*[”“\"»’])", rf"\g<1>{_HOLE}\g<2>", text, flags=re.IGNORECASE)
        if _is_telling(name):
            # Not inside a longer word, nor glued to a figure: "Fractions 2" is another name.
            text = re.sub(rf"(?<![\w{_HOLE}-]){pattern}(?![\w{_HOLE}-])", _HOLE, text, flags=re.IGNORECASE)
    return text


def _quoted(masked: str) -> list[str]:
    bad = []
    for match in _QUOTED.finditer(masked):
        content = next(group for group in match.groups() if group is not None)
        if content.replace(_HOLE, "").strip(" .,;:!?…"):
            bad.append(match.group().replace(_HOLE, "…"))
    if _STRAY_QUOTES.search(_QUOTED.sub("", masked)):
        bad.append("an open quotation mark")
    return bad


def _foreign(masked: str) -> list[str]:
    """Digits that are not 0-9, and letters that are not Latin: they look like others, or cannot be checked."""
    bad = []
    for c in masked:
        if c == _HOLE or c.isascii():
            continue
        category = unicodedata.category(c)
        if category.startswith("N") or (category.startswith("L") and "LATIN" not in unicodedata.name(c, "")):
            bad.append(c)
    return bad


def _other_names(masked: str, names: Iterable[str], other_names: Iterable[str]) -> list[str]:
    own = {_visible(name).casefold() for name in names}
    bad = []
    for name in other_names:
        if _visible(name).casefold() in own or not _is_telling(name):
            continue
        if re.search(rf"(?<!\w){_pattern(name)}(?!\w)", masked, flags=re.IGNORECASE):
            bad.append(name)
    return bad


def _tokens(masked: str) -> list[str]:
    """Words, figures and signs as they stand between spaces, without the punctuation around them."""
    tokens = []
    for raw in re.split(r"[\s/]+|[—–]", masked.replace("/", " / ")):
        leading_dot = re.match(r"^[(\"“‘]*(\.\d)", raw)
        token = raw.rstrip(_EDGES) if leading_dot else raw.strip(_EDGES)
        tokens.append(token.lstrip('("“‘') if leading_dot else token)
    return [token for token in tokens if token]


def _unit_after(tokens: Sequence[str], place: int) -> str:
    """The unit that the number before `place` has."""
    if place >= len(tokens):
        return PLAIN
    word = tokens[place].lower()
    if word == "per" and place + 1 < len(tokens) and tokens[place + 1].lower() in ("cent", "cents"):
        return PERCENT
    if not any(c.isalnum() for c in word) and word != "%" and _HOLE not in word and word not in ("-", "&"):
        return UNKNOWN_UNIT
    return UNIT_WORDS.get(word, PLAIN)


def _figures(tokens: Sequence[str], allowed: set[tuple[Decimal, str]]) -> list[str]:
    bad = []
    for place, token in enumerate(tokens):
        if not any(c.isascii() and c.isdigit() for c in token):
            continue
        match = _NUMBER.fullmatch(token)
        value = _value(match.group(1), match.group(2)) if match else None
        if value is None:
            bad.append(token)
            continue
        unit = PERCENT if match.group(3) else UNIT_WORDS[match.group(4)] if match.group(4) else ""
        if (value, unit or _unit_after(tokens, place + 1)) not in allowed:
            bad.append(token)
    return bad


def _value(sign: str, digits: str) -> Decimal | None:
    """The number as an English reader reads it; None where readers would differ."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits) and not digits.startswith("0"):
        digits = digits.replace(",", "")
    elif re.fullmatch(r"\d+,\d+", digits):
        digits = digits.replace(",", ".")
    elif digits.count(".") > 1 or "," in digits:
        return None
    if re.fullmatch(r"0\d+(\.\d+)?|\d{1,3}\.\d{3}", digits):
        return None
    value = Decimal(digits)
    return -value if sign in ("-", "−") else value


def _number_words(tokens: Sequence[str], allowed: set[tuple[Decimal, str]]) -> list[str]:
    # "sixty-two" is two words of one number; every word remembers which token it came from.
    words = [(part, place) for place, token in enumerate(tokens) for part in re.split(r"[-]", token.lower()) if part]
    bad = []
    i = 0
    while i < len(words):
        word, place = words[i]
        before = words[i - 1][0] if i else ""
        after = words[i + 1][0] if i + 1 < len(words) else ""
        if word in VAGUE or re.fullmatch(r"[ivxlc]{2,}", word):
            if not (word == "once" and before == "at"):
                bad.append(tokens[place])
            i += 1
            continue
        if word not in SMALL and word not in TENS and word not in SCALES:
            i += 1
            continue
        is_pronoun = word == "one" and before in PRONOUN_ONE_AFTER and after not in (SCALES.keys() | {"percent"})
        if is_pronoun:
            i += 1
            continue
        start = i
        value = current = 0
        while i < len(words):
            word = words[i][0]
            follows = words[i + 1][0] if i + 1 < len(words) else ""
            if word in SMALL or word in TENS:
                current += SMALL.get(word, TENS.get(word, 0))
            elif word == "hundred":
                current = max(current, 1) * 100
            elif word in SCALES:
                value, current = value + max(current, 1) * SCALES[word], 0
            elif not (word == "and" and (follows in SMALL or follows in TENS)):
                break
            i += 1
        last = words[i - 1][1]
        if (Decimal(value + current), _unit_after(tokens, last + 1)) not in allowed:
            bad.append(" ".join(tokens[words[start][1] : last + 1]))
    return bad


def _capitals(masked: str) -> list[str]:
    bad = []
    for match in _WORD.finditer(masked):
        word = match.group()
        if word == word.lower():
            continue
        is_start = bool(re.search(r"(^|[.!?:…]\s+|\n\s*)[\"“‘(]?$", masked[: match.start()]))
        plain = word.replace("’", "'")
        if not (is_start and plain[1:] == plain[1:].lower() and plain.lower() in STARTERS | SMALL.keys()):
            bad.append(word)
    return bad
