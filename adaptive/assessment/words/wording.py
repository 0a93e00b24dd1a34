"""How an answer's wording stands to a reference's: near copies that say the opposite, words out of order. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from itertools import pairwise

from .lexicon import ANTONYM_PAIRS, COMMON_WORDS, FAULTY_PAIRS, FUNCTION_WORDS, NEGATIONS, NEVER_LAST, UNITS
from .text import Text, stem

NEAR_COPY = 0.8  # share of common words in the same order from which two texts are compared word by word
MAX_WORDS = 80  # read of each text
MAX_CLAUSES = 24
MAX_RELATION_WORDS = 12  # of a sentence that says how two things stand to each other, and nothing else
_NAME_A = re.compile(r"(?<=[a-z,] )A\b|^A\W*$|^A\.|\b[aA] ?[-−+*/=:·)]|\d ?[aA]\b|[-−+*/=(] ?[aA]\b")
_PIECES = re.compile(r"[.,;:!?()\n]+")
_OPPOSITES: dict[str, frozenset[str]] = {}
for _one, _other in ANTONYM_PAIRS:
    for _word, _opposite in ((stem(_one), stem(_other)), (stem(_other), stem(_one))):
        if _word != _opposite:
            _OPPOSITES[_word] = _OPPOSITES.get(_word, frozenset()) | {_opposite}
_DENIED_VERBS = frozenset(("isn", "aren", "wasn", "weren", "doesn", "didn", "couldn", "wouldn"))  # typed without "'t"
# Say the same of two things either way round.
_EITHER_WAY = frozenset(
    ("same", "equal", "equals", "equivalent", "between", "connected", "separated", "apart", "different", "touch")
)
_HELPERS = frozenset(
    ("do", "does", "did", "it", "a", "an", "the", "any", "some", "t", "can", "with", "true")
)  # come and go with a denial


@dataclass(frozen=True)
class Change:
    """How a near copy differs: what was turned round ("denial", "opposite", "numbers", "units", or ""), and whether
    anything else was changed. likeness: share of common words in the same order, 0 to 1."""

    turned: str
    is_all: bool
    likeness: float


def n_order_faults(text: str, *, is_a_name: bool = False) -> int:
    """Neighbouring small words that no sentence has in this order ("the of", "is can"), and endings like "... the".

    is_a_name: where things are called A and B, "a" is no article.
    """
    words = Text(text, is_clean=True).words
    names = "a" if is_a_name or _NAME_A.search(text) else ""
    n = 0
    for piece in _PIECES.split(text):
        pairs = pairwise(Text(piece, is_clean=True).words[: 3 * MAX_WORDS])
        n += sum(pair in FAULTY_PAIRS and names not in pair for pair in pairs)
    return n + (len(words) > 2 and words[-1] in NEVER_LAST and words[-1] != names)


def alternates(answer: Text) -> bool:
    """Whether small words and others take turns all along, as nobody writes: keywords with glue between them."""
    words = answer.words
    if len(words) < 8 or words[0] in FUNCTION_WORDS or words[-1] not in FUNCTION_WORDS:
        return False
    return all((one in FUNCTION_WORDS) != (other in FUNCTION_WORDS) for one, other in pairwise(words))


def n_denials(words: list[str]) -> int:
    return sum(word in NEGATIONS or word in _DENIED_VERBS or word.endswith("n't") for word in words)


def corrected(words: list[str], known: frozenset[str]) -> list[str]:
    """The words, each at a known one that is near: "postive" is "positive". Wider than slips.put_right, since here
    likeness may only cost credit."""
    known = known | COMMON_WORDS
    longer = [word for word in known if len(word) >= 5]
    fixed: dict[str, str] = {}
    for word in set(words):
        if len(word) >= 5 and word.isalpha() and word not in known:
            near = get_close_matches(word, longer, n=1, cutoff=0.84)
            if near:
                fixed[word] = near[0]
    return [fixed.get(word, word) for word in words]


def change_of(answer: list[str], reference: list[str]) -> Change | None:
    """How the answer differs from a reference that it copies nearly; None where it is no near copy."""
    one, other = _split_numbers(reference), _split_numbers(answer)
    masked = [["#" if word.isdigit() else word for word in words] for words in (one, other)]
    matcher = SequenceMatcher(None, *masked, autojunk=False)
    likeness = matcher.ratio()
    if likeness < NEAR_COPY:
        return None
    gone: list[str] = []
    come: list[str] = []
    numbers_differ = False
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            numbers_differ |= any(a != b for a, b in zip(one[i:j], other[k:m], strict=True))
        else:
            gone += one[i:j]
            come += other[k:m]
    gone_stems, come_stems = {stem(word) for word in gone}, {stem(word) for word in come}
    opposites = {word for word in gone_stems if _OPPOSITES.get(word, frozenset()) & (come_stems - gone_stems)}
    # Of "with" and "without" one is a denial already; counted twice it would cancel itself out.
    opposites = {word for word in opposites if not n_denials([word, *(_OPPOSITES[word] & come_stems)])}
    said = frozenset().union(*(_OPPOSITES[word] for word in opposites))
    n_turned = abs(n_denials(gone) - n_denials(come)) + len(opposites)
    if {"0", "zero"} & {*gone, *come} and "no" in (*gone, *come):
        n_turned -= 1  # "0 marbles" and "no marbles" are the same
    rest = [w for w in (*gone, *come) if not n_denials([w]) and stem(w) not in opposites | said and w not in _HELPERS]
    is_all = not rest
    if n_turned % 2:  # two turns cancel out: "not open" for "closed"
        return Change("opposite" if opposites else "denial", is_all, likeness)
    if numbers_differ and Counter(filter(str.isdigit, one)) != Counter(filter(str.isdigit, other)):
        return Change("numbers", is_all, likeness)
    units = [{UNITS[word] for word in words if word in UNITS} for words in (gone, come)]
    return Change("units" if all(units) and not units[0] & units[1] else "", is_all, likeness)


def is_turned_copy(answer: list[str], references: Sequence[list[str]]) -> bool:
    """Whether the answer nearly copies a reference but for what it turns round, and no reference faithfully."""
    changes = [change for reference in references if (change := change_of(answer, reference))]
    return bool(changes) and all(change.turned for change in changes)


def is_rearranged(answer: list[str], reference: list[str]) -> bool:
    """Whether the answer has a reference's very words in another order, in more pieces than clauses explain."""
    if len(answer) < 5 or len(reference) < 5 or not 0.85 <= len(answer) / len(reference) <= 1.2:
        return False
    common = sum((Counter(answer) & Counter(reference)).values())
    if common < 0.9 * max(len(answer), len(reference)):
        return False
    small = [piece for piece in _tiles(answer[:MAX_WORDS], reference[:MAX_WORDS]) if len(piece) <= 2]
    if (
        ["and"] in small
        or ["or"] in small
        or (len(small) == 2 and len(answer) <= MAX_RELATION_WORDS and _EITHER_WAY & set(answer))
    ):
        return len(small) >= 5  # "the switch and the bulb" is "the bulb and the switch"
    return len(small) >= 2


def contradicts_itself(text: Text) -> bool:
    """Whether two of its clauses say the same words with one denial or one opposite between them."""
    clauses = [
        Text(part, is_clean=True).words
        for part in re.split(r"[.;!?\n]+|\b(?:but|or)\b|,\s*(?:and|maybe|perhaps)\b", text.text, flags=re.IGNORECASE)
    ][:MAX_CLAUSES]
    clauses = [
        [word for word in clause if word not in ("maybe", "perhaps", "either", "also", "and")] for clause in clauses
    ]
    clauses = [clause for clause in clauses if len(clause) >= 4]
    for place, one in enumerate(clauses):
        for other in clauses[place + 1 :]:
            change = change_of(other, one)
            if change and change.turned in ("denial", "opposite") and change.is_all:
                return True
    return False


def common_run(answer: list[str], question: list[str]) -> list[str]:
    """The longest run of words that both have."""
    answer, question = answer[: 2 * MAX_WORDS], question[: 4 * MAX_WORDS]
    found = SequenceMatcher(None, question, answer, autojunk=False).find_longest_match()
    return question[found.a : found.a + found.size]


def _split_numbers(words: list[str]) -> list[str]:
    """At most MAX_WORDS words; "4,5" may be a list or one number, so its digits stand apart."""
    return [part for word in words[:MAX_WORDS] for part in (re.split("[.,]", word) if word[0].isdigit() else [word])]


def _tiles(answer: list[str], reference: list[str]) -> list[list[str]]:
    """The pieces of the reference that make up the answer, longest first; each word used once."""
    free_answer, free_reference = list(answer), list(reference)
    out: list[list[str]] = []
    while True:
        matcher = SequenceMatcher(None, free_reference, free_answer, autojunk=False)
        found = matcher.find_longest_match()
        if not found.size:
            return out
        out.append(free_answer[found.b : found.b + found.size])
        for offset in range(found.size):  # marked with what equals nothing, so that they end later pieces
            free_reference[found.a + offset] = f"\0r{len(out)}.{offset}"
            free_answer[found.b + offset] = f"\0a{len(out)}.{offset}"
