"""How long it may take: "under 10 minutes", "5 to 15 min", "half an hour", "nothing longer than an hour"."""

from .types import AT_LEAST, AT_MOST
from .work import Work

MOST_MINUTES = 10_000.0
LOOK_BACK = 3  # small words between the bound and its number


def read(work: Work) -> None:
    """Says the bounds that the free tokens name, and marks their words as used."""
    place = 0
    while place < len(work.tokens):
        if not work.is_free(place):
            place += 1
            continue
        hit = _range(work, place) or _amount(work, place)
        place = hit if hit else place + 1


def _number(work: Work, place: int) -> float | None:
    if place >= len(work.tokens) or not work.is_free(place):
        return None
    norm = work.tokens[place].norm
    if norm in work.words.data["numbers"]:
        return float(work.words.data["numbers"][norm])
    if not work.tokens[place].is_number:
        return None
    top, _, bottom = norm.partition("/")
    try:
        value = float(top.replace(",", "."))
        return value / float(bottom) if bottom else value
    except (ValueError, ZeroDivisionError, OverflowError):
        return None


def _unit(work: Work, place: int) -> tuple[float, int] | None:
    """(minutes of one, place after it) of the unit here, after a hyphen ("10-minute") or "of an" ("3/4 of an hour")."""
    tokens, words = work.tokens, work.words
    if place < len(tokens) and tokens[place].norm == "-" and tokens[place].is_glued:
        place += 1
    while place < len(tokens) and tokens[place].norm in words.listed("minutes", "of"):
        place += 1
    if place >= len(tokens) or not work.is_free(place):
        return None
    for name, minutes in (("minute", 1.0), ("hour", 60.0), ("second", 1 / 60)):
        if tokens[place].norm in words.listed("minutes", name):
            return minutes, place + 1
    return None


def _range(work: Work, place: int) -> int | None:
    """ "5 to 15 minutes", with or without "between" before it."""
    low, high = _number(work, place), _number(work, place + 2)
    if low is None or high is None or work.tokens[place + 1].norm not in work.words.listed("minutes", "to"):
        return None
    unit = _unit(work, place + 3)
    if unit is None or low > high:
        return None
    minutes, end = unit
    first = _before(work, place, work.words.listed("minutes", "between"))
    work.say(AT_LEAST, _held(low * minutes), range(first, end))
    work.say(AT_MOST, _held(high * minutes), range(first, end))
    return end


def _amount(work: Work, place: int) -> int | None:
    """A number with its unit, or a phrase such as "half an hour", with the bound before or after it."""
    if hit := work.words.minutes.at(work.tokens, place, work.is_free):
        minutes, end = hit[1], place + hit[0]
    else:
        number, unit = _number(work, place), _unit(work, place + 1)
        if number is None or unit is None:
            return None
        minutes, end = number * unit[0], unit[1]
    code, first, end = _bound(work, place, end)
    work.say(code, _held(minutes), range(first, end))
    return end


def _bound(work: Work, place: int, end: int) -> tuple[str, int, int]:
    """(code, first place, place after the last) of the amount with its bound; at most where none is said."""
    tokens, words = work.tokens, work.words
    first = place
    for _ in range(LOOK_BACK + 1):
        for code, phrases in ((AT_LEAST, words.at_least), (AT_MOST, words.at_most)):
            if length := phrases.before(tokens, first):
                start = first - length
                passed = _before(work, start, words.listed("negation", "through"))
                if negation := words.negations.before(tokens, passed):  # "nothing longer than"
                    return (AT_MOST if code == AT_LEAST else AT_LEAST), passed - negation, end
                return code, start, end
        if first == 0 or tokens[first - 1].norm not in words.listed("minutes", "around"):
            break
        first -= 1
    for code, phrases in ((AT_MOST, words.at_most_after), (AT_LEAST, words.at_least_after)):
        if end < len(tokens) and (hit := phrases.at(tokens, end)) and tokens[end].clause == tokens[place].clause:
            return code, place, end + hit[0]
    return AT_MOST, place, end


def _before(work: Work, place: int, words: frozenset[str]) -> int:
    """The first place of the run of these words that ends before `place`, within the clause."""
    tokens = work.tokens
    clause = tokens[min(place, len(tokens) - 1)].clause
    while place > 0 and tokens[place - 1].norm in words and tokens[place - 1].clause == clause:
        place -= 1
    return place


def _held(minutes: float) -> float:
    return round(min(max(minutes, 0.0), MOST_MINUTES), 2)
