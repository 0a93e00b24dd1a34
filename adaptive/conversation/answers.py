"""May this be said? The answers of a course's exercises, and whether a text holds one of them. Pure.

An answer in words is held where a run of RUN words of it (or all of a shorter one) stands in the text. A number or a
short answer says nothing by itself ("3" is in every reading): it is held where the text is about that exercise, that
is where the exercise is `in_focus` (open beside the tutor, or asked about), or where the sentence holds the exercise's
own numbers, too. Numbers are compared by value: 3/4, 0.75, 75 % and "three quarters" are one.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from adaptive.assessment.words.text import plain

RUN = 6
SHORTEST = 4  # words of an answer that is compared as words; a shorter one counts in focus alone
MIN_OWN_NUMBERS = 2

_PIECE = re.compile(r"(?:(\d+)\s+)?(\d+)\s*/\s*(\d+)|(\d+(?:[.,]\d+)?|[.,]\d+)(\s*%)?|[^\W\d_]+", re.UNICODE)
_BREAK = re.compile(r"(?<=[.!?;])\s+|\n+| · ")


def _counted(*languages: str, start: int = 0, step: int = 1) -> dict[str, int]:
    return {name: step * value for names in languages for value, name in enumerate(names.split(), start=start)}


_ONES = _counted(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty",
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn zwanzig",
)
_TENS = _counted(
    "twenty thirty forty fifty sixty seventy eighty ninety",
    "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    start=2,
    step=10,
)
_PARTS = {
    **_counted("half third quarter fifth sixth seventh eighth ninth tenth eleventh twelfth", start=2),
    **_counted("halves thirds quarters fifths sixths sevenths eighths ninths tenths elevenths twelfths", start=2),
    **_counted("halb drittel viertel fünftel sechstel siebtel achtel neuntel zehntel elftel zwölftel", start=2),
    "fourth": 4,
    "fourths": 4,
    "halbe": 2,
    "halbes": 2,
    "hundredth": 100,
    "hundredths": 100,
    "hundertstel": 100,
}


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence: its words in lower case with the numbers among them as text, and the numbers by value."""

    words: tuple[str, ...]
    numbers: frozenset[Fraction]


@dataclass(frozen=True, slots=True)
class Key:
    """What must not be said of one exercise. `around`: its explanation, in which the course's readings may speak, too:
    it counts in focus alone. `orders`: items whose sequence is the answer."""

    exercise: int
    long: tuple[tuple[str, ...], ...] = ()
    around: tuple[tuple[str, ...], ...] = ()
    short: tuple[tuple[str, ...], ...] = ()
    numbers: frozenset[Fraction] = frozenset()
    own_numbers: frozenset[Fraction] = frozenset()
    pairs: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    orders: tuple[tuple[str, ...], ...] = ()
    letters: frozenset[str] = frozenset()

    @property
    def runs(self) -> frozenset[tuple[str, ...]]:
        return frozenset(run for words in self.long for run in _runs(words))


def _runs(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    if len(words) <= RUN:
        return [tuple(words)]
    return (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def _number(text: str) -> Fraction | None:
    try:
        return Fraction(text.replace(",", "."))
    except (ValueError, ZeroDivisionError):
        return None


def said(text: str) -> Said:
    """A text without Markdown and TeX, as words and numbers."""
    text = unicodedata.normalize("NFKC", _spread(plain(text))).casefold().replace("−", "-").replace("⁄", "/")
    words: list[str] = []
    numbers: set[Fraction] = set()
    names: list[str] = []
    for match in _PIECE.finditer(text):
        whole, above, below, decimal, percent = match.groups()
        piece = match.group()
        is_negative = match.start() > 0 and text[match.start() - 1] == "-" and (decimal or above)
        if above:
            value = Fraction(int(above[:12]), int(below[:12])) if int(below[:12]) else None
            if value is not None:
                value += int(whole[:12]) if whole else 0
            shown = re.sub(r"\s+", " ", re.sub(r"\s*/\s*", "/", piece))
            words += shown.split()
        elif decimal:
            value = _number(decimal[:24])
            words.append(decimal.replace(",", "."))
            if percent and value is not None:
                numbers.add(value / 100)
        else:
            names.append(piece)
            words.append(piece)
            continue
        if value is not None:
            numbers.add(-value if is_negative else value)
            if is_negative:
                numbers.add(value)
    numbers |= _spelled(words)
    return Said(tuple(words), frozenset(numbers))


def _spread(text: str) -> str:
    """ "1½" as "1 1/2"."""
    out = []
    for character in text:
        form = unicodedata.decomposition(character)
        out.append(
            " " + unicodedata.normalize("NFKC", character).replace("⁄", "/") + " "
            if form.startswith("<fraction>")
            else character
        )
    return "".join(out)


def _spelled(words: Sequence[str]) -> set[Fraction]:
    """Numbers written as words: "three", "thirty-five", "four ninths"."""
    found: set[Fraction] = set()
    for place, word in enumerate(words):
        value = _ONES.get(word, _TENS.get(word))
        after = words[place + 1] if place + 1 < len(words) else ""
        if word in _TENS and 0 < _ONES.get(after, 0) < 10:
            found.add(Fraction(_TENS[word] + _ONES[after]))
        elif value is not None and after in _PARTS:
            found.add(Fraction(value, _PARTS[after]))
        elif value is not None:
            found.add(Fraction(value))
        elif word in _PARTS and (place == 0 or words[place - 1] in ("a", "one", "ein", "eine", "einen")):
            found.add(Fraction(1, _PARTS[word]))
    return found


def _close(value: float) -> Fraction:
    return Fraction(str(value)).limit_denominator(1000) if abs(value) < 1e9 else Fraction(int(value))


def key_of(
    *,
    exercise: int,
    response_format: str,
    body: str,
    answer: Mapping[str, Any],
    choices: Sequence[Mapping[str, Any]] = (),
    hints: Sequence[str] = (),
    explanation: str = "",
    rubric: str = "",
) -> Key:
    """What an exercise's answer is made of, whatever its format. Malformed parts are passed over."""
    texts = {str(one.get("id")): str(one.get("text", "")) for one in choices if isinstance(one, Mapping)}
    right: list[str] = []  # texts that are the answer
    numbers: set[Fraction] = set()
    pairs: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    orders: list[tuple[str, ...]] = []
    letters: set[str] = set()
    if response_format == "choice":
        letters.add(str(answer.get("choice")))
        right.append(texts.get(str(answer.get("choice")), ""))
    elif response_format == "multiple_choice":
        right += [texts.get(str(one), "") for one in answer.get("choices", [])]
    elif response_format == "numeric":
        values = [answer.get("value"), *answer.get("values", [])]
        numbers |= {_close(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)}
    elif response_format == "cloze":
        right += [str(text) for gap in answer.get("gaps", []) for text in gap]
    elif response_format == "ordering":
        orders = [said(texts.get(str(one), "")).words for one in answer.get("order", [])]
    elif response_format == "matching":
        pairs = [
            (said(texts.get(a, "")).words, said(texts.get(str(b), "")).words)
            for a, b in answer.get("pairs", {}).items()
        ]
    right += [str(one) for one in (*answer.get("references", []), *answer.get("accepted", []))]
    long = [*right, rubric, *list(hints)[-1:]]
    read = [said(text) for text in right if text]
    own = said(body).numbers
    return Key(
        exercise=exercise,
        long=tuple(words for text in long if len(words := said(text).words) >= SHORTEST),
        around=tuple(words for words in [said(explanation).words] if len(words) >= SHORTEST),
        short=tuple(one.words for one in read if 0 < len(one.words) < SHORTEST and not one.numbers),
        numbers=frozenset(numbers | {n for one in read if len(one.words) < 2 * SHORTEST for n in one.numbers}),
        own_numbers=own,
        pairs=tuple(pair for pair in pairs if pair[0] and pair[1]),
        orders=tuple(words for words in orders if words),
        letters=frozenset(letters) if letters and max(map(len, letters)) == 1 else frozenset(),
    )


@dataclass(frozen=True, slots=True)
class Keys:
    """The answers of many exercises, ready to be looked for: run of words -> exercises."""

    by_exercise: Mapping[int, Key]
    runs: Mapping[tuple[str, ...], frozenset[int]]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, keys: Iterable[Key]) -> "Keys":
        by_exercise = {key.exercise: key for key in keys}
        runs: dict[tuple[str, ...], set[int]] = {}
        for key in by_exercise.values():
            for run in key.runs:
                runs.setdefault(run, set()).add(key.exercise)
        lengths = tuple(sorted({len(run) for run in runs}))
        return cls(by_exercise, {run: frozenset(ids) for run, ids in runs.items()}, lengths)


def held_answers(
    text: str, keys: Keys, *, is_open: Iterable[int] | None = None, in_focus: Iterable[int] = ()
) -> list[int]:
    """The exercises whose answer the text holds, among those that are open (None: all)."""
    open_ids = set(keys.by_exercise) if is_open is None else set(is_open)
    focus = set(in_focus) & open_ids
    whole = said(text)
    found = {
        exercise
        for length in keys.lengths
        for at in range(len(whole.words) - length + 1)
        for exercise in keys.runs.get(whole.words[at : at + length], ())
    }
    sentences = [said(part) for part in _BREAK.split(text) if part.strip()]
    found |= {i for i in focus if i in keys.by_exercise and _in_focus(whole, sentences, keys.by_exercise[i])}
    for sentence in sentences:
        if len(sentence.numbers) > MIN_OWN_NUMBERS:
            found |= {key.exercise for key in keys.by_exercise.values() if _worked_out(sentence.numbers, key)}
    found |= {key.exercise for key in keys.by_exercise.values() if key.orders and _in_order(whole.words, key.orders)}
    return sorted(found & open_ids)


def _in_focus(whole: Said, sentences: Sequence[Said], key: Key) -> bool:
    if whole.numbers & key.numbers:
        return True
    runs = (run for words in key.around for run in _runs(words))
    if any(_holds(whole.words, run) for run in (*key.short, *runs)):
        return True
    if any(_holds(s.words, one) and _holds(s.words, other) for s in sentences for one, other in key.pairs):
        return True
    return any(
        word in ("option", "answer", "choice", "antwort", "möglichkeit") and following in key.letters
        for word, following in zip(whole.words, whole.words[1:], strict=False)
    )


def _worked_out(numbers: frozenset[Fraction], key: Key) -> bool:
    """Does a sentence hold the exercise's own numbers and its answer beside them?"""
    answer = key.numbers - key.own_numbers
    return bool(answer & numbers) and len(key.own_numbers) >= MIN_OWN_NUMBERS and key.own_numbers <= numbers


def _holds(words: Sequence[str], wanted: Sequence[str]) -> bool:
    n = len(wanted)
    return any(tuple(words[at : at + n]) == tuple(wanted) for at in range(len(words) - n + 1))


def _in_order(words: Sequence[str], items: Sequence[Sequence[str]]) -> bool:
    at = 0
    for item in items:
        place = next(
            (i for i in range(at, len(words) - len(item) + 1) if tuple(words[i : i + len(item)]) == tuple(item)), None
        )
        if place is None:
            return False
        at = place + len(item)
    return len(items) > 2


@lru_cache(maxsize=256)
def sentences_of(text: str) -> tuple[str, ...]:
    return tuple(part for part in _BREAK.split(text) if part.strip())
