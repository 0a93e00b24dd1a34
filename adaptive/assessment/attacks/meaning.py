"""Answers that have the words of the right one and not its meaning: denied, shuffled, turned round, echoed, hedged."""

import re
from collections.abc import Callable

from adaptive.assessment.words.features import shuffled
from adaptive.assessment.words.lexicon import ANTONYM_PAIRS, FUNCTION_WORDS
from adaptive.assessment.words.text import Text

from .base import Kind, Maker

_HELPING_VERB = re.compile(
    r"\b(is|are|was|were|can|will|would|could|does|do|did|has|have|should|must|may|might)\b(?! not\b)", re.IGNORECASE
)
_DENIAL = re.compile(
    r"\b(is|are|was|were|does|do|did|could|would|has|have)n['’]?t\b|\bcan(?:['’]?t|not)\b", re.IGNORECASE
)
_LACK = re.compile(r"\b(no|without)\b(?=\s+\w)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_UNIT_SWAPS = {
    "cm": "km", "m": "km", "km": "cm", "mm": "m", "g": "kg", "kg": "g", "ml": "l", "l": "ml", "s": "h", "h": "s",
    "metres": "kilometres", "meters": "kilometers", "centimetres": "metres", "centimeters": "meters",
    "grams": "kilograms", "kilograms": "grams", "litres": "millilitres", "millilitres": "litres",
    "liters": "milliliters", "milliliters": "liters",
    "seconds": "hours", "minutes": "days", "hours": "seconds", "days": "minutes", "volts": "ohms", "volt": "ohm",
    "amps": "volts", "ohms": "amps", "watts": "volts", "percent": "degrees", "degrees": "percent", "%": "°",
}  # fmt: skip
_ADJECTIVES = ("enormous", "beautiful", "correct", "important", "scientific", "precise", "obvious", "true")
_ADVERBS = ("absolutely", "certainly", "really", "definitely", "naturally", "clearly", "scientifically")
_FILLER = (
    "It is worth thinking about this carefully.",
    "There is a lot that one could say here.",
    "I have thought about it for a long time.",
    "One sees this in many places in daily life.",
    "That is what makes the topic so interesting.",
)
_OTHER_LANGUAGES = (
    "Das ist so, weil es in der Natur immer so ist und nicht anders sein kann.",
    "C'est comme ça parce que la nature est faite ainsi et pas autrement.",
    "Es así porque la naturaleza es de esta manera y no de otra.",
    "Это так, потому что так устроена природа.",
    "これは自然がそうなっているからです。",
)


def negated(text: str) -> str:
    """The text with its first denial taken out, or its first helping verb denied; "" where it has neither."""
    if re.search(r"\bnot\b", text):
        return re.sub(r"\s*\bnot\b", "", text, count=1)
    if _DENIAL.search(text):
        return _DENIAL.sub(lambda match: match[1] or "can", text, count=1)
    if _LACK.search(text):
        return _LACK.sub(lambda match: "some" if match[1].lower() == "no" else "with", text, count=1)
    if _HELPING_VERB.search(text):
        return _HELPING_VERB.sub(lambda match: f"{match[0]} not", text, count=1)
    return ""


def opposed(text: str, chance) -> str:
    """One word replaced by its opposite; "" where none has one."""
    said = set(Text(text).words)
    swaps = [pair for one, other in ANTONYM_PAIRS for pair in ((one, other), (other, one))]
    swaps = [(word, other) for word, other in swaps if word in said and other not in said and len(word) > 2]
    if not swaps:
        return ""
    word, other = chance.choice(swaps)
    return re.sub(rf"\b{word}\b", other, text, flags=re.IGNORECASE)


def exchanged(text: str, chance) -> str:
    """Two of its content words exchanged: what did it and what it was done to; "" where there are fewer than two."""
    pieces = re.split(r"(\W+)", text)
    places = [
        place
        for place, piece in enumerate(pieces)
        if len(piece) > 2 and piece.isalpha() and piece.casefold() not in FUNCTION_WORDS
    ]
    apart = [
        (one, other)
        for index, one in enumerate(places)
        for other in places[index + 1 :]
        if other - one >= 4 and pieces[one].casefold() != pieces[other].casefold()
    ]
    if not apart:
        return ""
    one, other = chance.choice(apart)
    pieces[one], pieces[other] = pieces[other], pieces[one]
    return "".join(pieces)


def _mixed(text: str, chance) -> str:
    words = [word.strip(".,;:!?") for word in text.split()]
    return " ".join(shuffled(words, chance.randrange(10**6))) if len(words) >= 4 else ""


def _pairwise_mixed(text: str, chance) -> str:
    """Each word exchanged with its neighbour: a light shuffle."""
    words = [word.strip(".,;:!?") for word in text.split()]
    for place in range(0, len(words) - 1, 2):
        words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words) if len(words) >= 4 else ""


def _reversed(text: str, chance) -> str:
    words = [word.strip(".,;:!?") for word in text.split()]
    return " ".join(reversed(words)) if len(words) >= 4 else ""


def _numbers_changed(text: str, chance) -> str:
    def other(match: re.Match[str]) -> str:
        return str(int(float(match[0].replace(",", "."))) + chance.choice((1, 2, 3, 5, 7)))

    return _NUMBER.sub(other, text) if _NUMBER.search(text) else ""


def _units_changed(text: str, chance) -> str:
    after_number = r"(\d\s*)(" + "|".join(sorted(map(re.escape, _UNIT_SWAPS), key=len, reverse=True)) + r")(?![a-z])"
    long = r"()\b(" + "|".join(unit for unit in _UNIT_SWAPS if len(unit) > 3) + r")\b"
    for pattern in (after_number, long):
        if re.search(pattern, text):
            return re.sub(pattern, lambda match: match[1] + _UNIT_SWAPS[match[2]], text)
    return ""


def _decorated(text: str, chance) -> str:
    """Adjectives before its nouns-like words, adverbs before its helping verbs."""
    out = []
    for word in text.split():
        bare = word.strip(".,;:!?").casefold()
        if bare in ("is", "are", "was", "were", "can", "will", "do", "does"):
            out += [word, chance.choice(_ADVERBS)]
        elif bare not in FUNCTION_WORDS and bare.isalpha() and chance.random() < 0.5:
            out += [chance.choice(_ADJECTIVES), word]
        else:
            out.append(word)
    return " ".join(out)


def _uncapital(text: str) -> str:
    return text[:1].lower() + text[1:]


def _of(name: str, change: Callable[[str, object], str]):
    return lambda maker: change(getattr(maker, name), maker.chance)


def _wrapped(before: str, after: str):
    return lambda maker: f"{before}{_uncapital(maker.reference.rstrip('. '))}{after}" if maker.reference else ""


def _echo(before: str, after: str = ""):
    return lambda maker: f"{before}{_uncapital(maker.asking.rstrip('?. '))}{after}"


def _two_opposites(maker: Maker) -> str:
    other = negated(maker.reference)
    return f"{maker.reference.rstrip('. ')}. {other}" if other else ""


def _hedged(maker: Maker) -> str:
    other = negated(maker.reference) or opposed(maker.reference, maker.chance)
    right, other = _uncapital(maker.reference.rstrip(". ")), _uncapital(other.rstrip(". "))
    return f"Maybe {right}, or maybe {other}." if other else ""


def _both_ways(maker: Maker) -> str:
    other = opposed(maker.reference, maker.chance)
    return f"Either {_uncapital(maker.reference.rstrip('. '))} or {_uncapital(other.rstrip('. '))}." if other else ""


def _all_options(maker: Maker) -> str:
    if not maker.target.wrong:
        return ""
    options = [maker.reference, *maker.chance.sample(maker.target.wrong, min(3, len(maker.target.wrong)))]
    maker.chance.shuffle(options)
    return " or ".join(_uncapital(option.rstrip(". ")) for option in options)


def _right_and_wrong(maker: Maker) -> str:
    return f"{maker.reference.rstrip('. ')}. But {_uncapital(maker.wrong)}" if maker.target.wrong else ""


def _stranger(name: str):
    def make(maker: Maker) -> str:
        other = maker.stranger()
        if other is None:
            return ""
        return maker.chance.choice(getattr(other, name)) if getattr(other, name) else ""

    return make


def _padded(maker: Maker) -> str:
    return " ".join([maker.wrong.rstrip(". ") + ".", *maker.chance.choices(_FILLER, k=40)])


def _very_long(maker: Maker) -> str:
    return (maker.wrong.rstrip(". ") + ". " + " ".join(_FILLER) + " ") * 80


def _tex(maker: Maker) -> str:
    signs = [
        r"\alpha",
        r"\beta",
        r"\int_0^\infty",
        r"\sum_{i=1}^{n}",
        r"\nabla",
        r"\otimes",
        r"\mathcal{L}",
        r"\hbar",
        r"\partial",
    ]
    words = maker.wrong.split()
    for _ in range(6):
        words.insert(maker.chance.randint(0, len(words)), f"${maker.chance.choice(signs)}$")
    return " ".join(words)


KINDS: tuple[Kind, ...] = (
    *(
        Kind(name, "near", make)
        for name, make in {
            "shuffled_reference": _of("reference", _mixed),
            "shuffled_right_answer": _of("right", _mixed),
            "reversed_reference": _of("reference", _reversed),
            "neighbours_exchanged": _of("reference", _pairwise_mixed),
            "negated_reference": _of("reference", lambda text, chance: negated(text)),
            "negated_right_answer": _of("right", lambda text, chance: negated(text)),
            "not_true_that": _wrapped("It is not true that ", "."),
            "false_that": _wrapped("It is false that ", "."),
            "reference_not": lambda maker: f"{maker.reference.rstrip('. ')}. Not!",
            "some_say": _wrapped("Some people say that ", ", but that is wrong."),
            "opposite_of": _wrapped("It is exactly the opposite: nobody can say that ", "."),
            "echo": lambda maker: maker.question,
            "echo_asking": lambda maker: maker.asking,
            "echo_statement": _echo("It is so because "),
            "echo_yes": lambda maker: f"{maker.asking} Yes.",
            "echo_twice": lambda maker: f"{maker.asking} {maker.asking}",
            "echo_and_true": _echo("I think that it is true that ", " and that this is the reason"),
        }.items()
    ),
    *(
        Kind(name, "other", make)
        for name, make in {
            "wrong_answer": lambda maker: maker.wrong if maker.target.wrong else "",
            "adjectives_in_wrong": lambda maker: _decorated(maker.wrong, maker.chance) if maker.target.wrong else "",
            "wrong_in_learned_words": lambda maker: (
                f"In scientific terms it can be stated that {_uncapital(maker.wrong)}" if maker.target.wrong else ""
            ),
            "opposite_word": _of("reference", opposed),
            "opposite_word_in_right": _of("right", opposed),
            "subject_object_swapped": _of("reference", exchanged),
            "numbers_changed": _of("reference", _numbers_changed),
            "units_changed": _of("reference", _units_changed),
            "two_opposites": _two_opposites,
            "hedged": _hedged,
            "both_ways": _both_ways,
            "all_options": _all_options,
            "right_and_wrong": _right_and_wrong,
            "other_question": _stranger("right"),
            "other_reference": _stranger("references"),
            "padded_wrong": _padded,
            "very_long": _very_long,
            "tex_noise": _tex,
            "other_language": lambda maker: maker.chance.choice(_OTHER_LANGUAGES),
        }.items()
    ),
)
