"""Words of English that the grounding check must know: numbers, units, dates, and how sentences begin. Pure."""

from .facts import DAYS, MINUTES, PERCENT, SECONDS

UNKNOWN_UNIT = "another unit"  # no fact has it, so a number with it is never grounded


def _words(text: str) -> list[str]:
    return text.split()


UNIT_WORDS = {
    **dict.fromkeys(("%", "percent"), PERCENT),
    **dict.fromkeys(("minute", "minutes", "min", "mins"), MINUTES),
    **dict.fromkeys(("day", "days"), DAYS),
    **dict.fromkeys(("second", "seconds"), SECONDS),
    **dict.fromkeys(
        _words(
            "hour hours week weeks month months year years point points mark marks euro euros dollar "
            "dollars metre metres meter meters percentage percentile permille kg cm km am pm"
        ),
        UNKNOWN_UNIT,
    ),
}
SMALL = {
    word: value
    for value, word in enumerate(
        _words(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen"
        )
    )
}
TENS = {
    word: 10 * value
    for value, word in enumerate(_words("twenty thirty forty fifty sixty seventy eighty ninety"), start=2)
}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
# Quantities that never come out of a fact in such a form.
VAGUE = frozenset(
    _words(
        "half halves halfway third thirds quarter quarters fifth fifths sixth seventh eighth ninth tenth tenths "
        "hundredth double doubled triple tripled twice thrice once dozen dozens hundreds thousands millions billions "
        "couple pair both first second fourth twelfth twentieth nil naught fifties forties thirties"
    )
)
DATES = frozenset(
    _words(
        "monday tuesday wednesday thursday friday saturday sunday january february april june july august september "
        "october november december yesterday tomorrow tonight today weekend christmas easter"
    )
)
# Before "one" as a pronoun: "this one".
PRONOUN_ONE_AFTER = frozenset(_words("this that the another each every next new right which no any good"))
# Words that may begin a sentence with their capital letter. Anything else could be a name.
STARTERS = frozenset(
    _words(
        "a about after all also although an and another are as at because before between but by can do even every "
        "everything for from get getting give go good great have here how if in inside into is it it's its just keep "
        "learn let let's like look looking more most neither next nice no nor not nothing now of on only or our over "
        "practice practise practising ready right since so some something still take than that that's the their then "
        "there there's these they this those time to try trying until up we we're we've well what when where which "
        "while why with work working you you'll you're you've your yours"
    )
)
