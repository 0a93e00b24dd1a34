"""Small closed lists of English that the signals need. Written for this project."""


def _words(text: str) -> list[str]:
    return text.split()


NEGATIONS = frozenset(
    _words(
        "no not never none nothing nobody neither nor nowhere cannot cant dont doesnt didnt isnt arent wasnt werent "
        "wont wouldnt couldnt shouldnt hasnt havent hadnt without lacks lack hardly false untrue"
    )
)

FUNCTION_WORDS = frozenset(
    _words(
        "a an the this that these those it its it's he she they them his her their there here i you we us me my your "
        "our is are was were be been being am does did done has have had having can could will would shall should may "
        "do might must of in on at to from by with for as into onto out up down over under about between during "
        "through and or but if then than so because since while when where which who whom whose what why how also just "
        "very too more most much many some any each every all both few other another such only own same not no nor "
        "i'm it's that's they're don't doesn't isn't aren't can't won't"
    )
) - {"more", "most", "same", "up", "down", "over", "under", "all", "both", "each", "few", "only", "not", "no", "nor"}

# Words of which one excludes the other where both speak of the same thing.
ANTONYM_PAIRS = (
    ("more", "less"), ("more", "fewer"), ("most", "least"), ("many", "few"), ("higher", "lower"), ("high", "low"),
    ("bigger", "smaller"), ("big", "small"), ("larger", "smaller"), ("large", "small"), ("greater", "less"),
    ("greater", "smaller"), ("increase", "decrease"), ("increases", "decreases"), ("increased", "decreased"),
    ("increasing", "decreasing"), ("rise", "fall"), ("rises", "falls"), ("grow", "shrink"), ("grows", "shrinks"),
    ("expand", "contract"), ("gain", "lose"), ("gains", "loses"), ("open", "closed"), ("open", "close"),
    ("opened", "closed"), ("on", "off"), ("same", "different"), ("equal", "unequal"), ("equal", "different"),
    ("faster", "slower"), ("fast", "slow"), ("quickly", "slowly"), ("longer", "shorter"), ("long", "short"),
    ("taller", "shorter"), ("heavier", "lighter"), ("heavy", "light"), ("hotter", "colder"), ("hot", "cold"),
    ("warmer", "cooler"), ("warm", "cool"), ("before", "after"), ("above", "below"), ("inside", "outside"),
    ("up", "down"), ("left", "right"), ("positive", "negative"), ("connected", "disconnected"),
    ("connected", "separated"), ("series", "parallel"), ("always", "never"), ("always", "sometimes"),
    ("all", "none"), ("add", "subtract"), ("adding", "subtracting"), ("added", "subtracted"),
    ("plus", "minus"), ("multiply", "divide"), ("multiplied", "divided"), ("multiplying", "dividing"),
    ("numerator", "denominator"), ("top", "bottom"), ("first", "last"), ("first", "second"), ("hard", "soft"),
    ("harder", "softer"), ("harder", "easier"), ("hard", "easy"), ("true", "false"), ("right", "wrong"),
    ("brighter", "dimmer"), ("bright", "dim"), ("stronger", "weaker"), ("strong", "weak"), ("near", "far"),
    ("nearer", "further"), ("closer", "farther"), ("closer", "further"), ("push", "pull"), ("attract", "repel"),
    ("liquid", "solid"), ("gas", "solid"), ("living", "dead"), ("alive", "dead"), ("empty", "full"),
    ("wet", "dry"), ("thick", "thin"), ("thicker", "thinner"), ("better", "worse"), ("best", "worst"),
    ("early", "late"), ("with", "without"), ("absorb", "reflect"), ("absorbs", "reflects"), ("absorb", "release"),
    ("takes", "gives"), ("input", "output"), ("odd", "even"), ("maximum", "minimum"), ("numerators", "denominators"),
    ("work", "fail"), ("starts", "stops"), ("start", "stop"), ("begin", "end"), ("clockwise", "anticlockwise"),
    ("north", "south"), ("east", "west"), ("day", "night"), ("summer", "winter"), ("roots", "leaves"),
)  # fmt: skip

COMMON_WORDS = frozenset(word for pair in ANTONYM_PAIRS for word in pair) | FUNCTION_WORDS | NEGATIONS
"""Known in any exercise, whatever its own words are."""

_SMALL_NUMBERS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
NUMBER_WORDS = {word: value for value, word in enumerate(_SMALL_NUMBERS)} | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
}  # fmt: skip
FRACTION_WORDS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
    "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "eighth": 8, "eighths": 8, "tenth": 10, "tenths": 10,
    "twelfth": 12, "twelfths": 12, "hundredth": 100, "hundredths": 100,
}  # fmt: skip

UNITS = {
    form: name
    for name, forms in {
        "metre": "m metre metres meter meters", "centimetre": "cm centimetre centimetres centimeter centimeters",
        "millimetre": "mm millimetre millimetres", "kilometre": "km kilometre kilometres kilometer kilometers",
        "gram": "g gram grams", "kilogram": "kg kilogram kilograms", "litre": "l litre litres liter liters",
        "millilitre": "ml millilitre millilitres milliliters", "second": "s second seconds sec",
        "minute": "min minute minutes", "hour": "h hour hours", "day": "days", "volt": "v volt volts",
        "ampere": "amp amps ampere amperes", "ohm": "ohm ohms", "watt": "w watt watts",
        "celsius": "celsius centigrade", "fahrenheit": "fahrenheit", "newton": "newton newtons",
        "percent": "percent", "euro": "euro euros", "dollar": "dollar dollars", "pound": "pound pounds",
    }.items()
    for form in _words(forms)
}  # fmt: skip

# Small words that never stand beside each other in this order within a clause: signs of words in no order.
_ARTICLES = ("the", "a", "an")
_OWNERS = ("my", "our")  # not "its", "their", "your": often typed for "it's", "there", "you're"
_PREPOSITIONS = ("of", "from", "with", "into", "at", "by", "for", "between", "onto")
_BE = ("is", "are", "was", "were")
_MODALS = ("can", "will", "would", "could", "should", "must")
_CONJUNCTIONS = ("and", "or", "but", "because", "if", "than")
_SUBJECTS = ("he", "she", "they", "we", "i")
_AFTER_NO_ARTICLE = (
    *(*_PREPOSITIONS, *_BE, *_CONJUNCTIONS, *_SUBJECTS, "to", "a", "an", "the", "has", "have", "does", "would", "it"),
    *("not", "so", "in", "on", "be", "when", "then", "this", "them", "these"),
)
FAULTY_PAIRS = (
    frozenset(
        {(one, other) for one in (*_ARTICLES, *_OWNERS) for other in _AFTER_NO_ARTICLE}
        | {
            (one, other)
            for one in _PREPOSITIONS
            for other in (*_BE, "and", "or", "because", "has", "have", "would", "so")
        }
        | {
            (one, other)
            for one in ("in", "of", "with", "by", "at", "for")
            for other in ("of", "and", "is", "are", "be", "can")
        }
        | {(one, other) for one in _BE for other in (*_BE, *_MODALS, "has", "have", "do", "does", "be")}
        | {(one, other) for one in _MODALS for other in (*_BE, *_MODALS, "has", "does", "of")}
        | {(one, other) for one in ("and", "or", "but") for other in ("and", "or", "of")}
        | {("to", other) for other in (*_BE, "of", "and", "to", "or", "has", "can", "will", "so")}
        | {(one, other) for one in ("than", "because") for other in ("of", "and", "or", "to")}
        | {(one, other) for one in ("be", "have", "has") for other in (*_BE, *_MODALS, "of", "be")}
        | {
            (one, other)
            for one in _SUBJECTS
            for other in ("of", "from", "with", "into", "it", "he", "she", "they", "we")
        }
        | {("it", other) for other in ("he", "she", "they", "we", "it")}
    )
    - {
        ("in", "and"),
        ("on", "and"),
        ("by", "and"),
        ("and", "or"),
        ("because", "of"),
        ("could", "of"),
        ("would", "of"),
        ("must", "of"),
        ("should", "of"),
    }
    - {
        (word, word)
        for word in (*_ARTICLES, *_BE, "to", "and", "or", "it")  # said twice: a slip of the pen
    }
)
NEVER_LAST = frozenset(("the", "a", "an", "of", "and", "or", "because", "than", "their", "our", "your", "its", "if"))

# Of other languages in Latin letters, what no English sentence has.
FOREIGN_WORDS = frozenset(
    _words(
        "der und das ist nicht eine einen weil wenn auch auf für mit dass kann sind oder wird sich dem des den ein "
        "les est une pas toutes cette comme avec pour qui dans parce c'est la que les nature ainsi sont du et "
        "los las una esta todas como porque es así el por muy esto son che non sono questa tutte perché della "
        "não uma todas isso het een niet alle omdat wordt dit jest nie wszystkie jako och inte som det är att bir "
        "olarak değil çünkü için"
    )
) - frozenset(_words("den des nature est du son los las alle la"))

# What an answer is padded with: none of it answers anything.
FILLERS = frozenset(
    _words(
        "yes yeah ok okay true truth right correct indeed think thinks thought believe know knows say says said mean "
        "means answer question because reason so really well obviously clearly certainly of course sure simply just "
        "agree fully fact thing things way kind case happen happens"
    )
)
BOOSTERS = frozenset(
    _words(
        "absolutely certainly really definitely naturally clearly scientifically obviously enormous beautiful correct "
        "important scientific precise obvious true undoubtedly extremely incredibly totally truly fundamental essential"
    )
)
