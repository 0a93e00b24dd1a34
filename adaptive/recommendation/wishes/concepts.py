"""Kinds, length, difficulty and pictures: the words for them, slips put right, and what stands negated."""

from dataclasses import dataclass

from .types import AT_LEAST, AT_MOST, DIFFICULTY, KINDS, LONG_MINUTES, NOT_KINDS, PICTURES, SHORT_MINUTES
from .vocabulary import Vocabulary
from .work import Work

NEGATED_DIFFICULTY = {"easy": "not_easy", "hard": "not_hard"}
EITHER = {frozenset(("easy", "medium")): "not_hard", frozenset(("medium", "hard")): "not_easy"}
ANY = "any"
COMPLAINT = {"easy": "hard", "hard": "easy"}  # "that was too hard" asks for easier ones


def read(work: Work) -> None:
    """Says what the free tokens of the work name, and marks their words as used."""
    _say_concepts(work, _concepts(work))


@dataclass(frozen=True, slots=True)
class Concept:
    section: str
    value: str
    first: int
    length: int

    @property
    def places(self) -> range:
        return range(self.first, self.first + self.length)


def _concepts(work: Work) -> list[Concept]:
    """In their order. A word alone that is no word of the language may be a slip of one."""
    found, place = [], 0
    while place < len(work.tokens):
        if not work.is_free(place) or not work.tokens[place].is_word:
            place += 1
            continue
        hit = work.words.concepts.at(work.tokens, place, work.is_free)
        if hit is None and (meant := _meant(work.words, work.tokens[place].norm)):
            hit = 1, meant
        if hit is None:
            place += 1
            continue
        found.append(Concept(*hit[1], first=place, length=hit[0]))
        place += hit[0]
    return found


def _meant(words: Vocabulary, word: str) -> tuple[str, str] | None:
    if compound := words.concepts.compound(word):
        return compound
    if word in words.known or word in words.never_typos:
        return None
    return words.concepts.mistyped(word)


def _say_concepts(work: Work, concepts: list[Concept]) -> None:
    negated: dict[int, bool] = {}
    concepts = _joined_difficulties(work, concepts)
    for number, concept in enumerate(concepts):
        around = _negation(work, concepts, number, negated)
        if around is None:
            around = _negation_after(work, concept)
        is_no = negated[number] = around is not None
        places = [*(around or ()), *concept.places]
        if concept.section == "kinds":
            work.say(NOT_KINDS if is_no else KINDS, concept.value, places)
        elif concept.section == "length":
            _say_length(work, concept, places, is_no=is_no)
        elif concept.section == "difficulty":
            _say_difficulty(work, concept, places, is_no=is_no)
        else:
            _say_pictures(work, concept, places, is_no=is_no)


def _joined_difficulties(work: Work, concepts: list[Concept]) -> list[Concept]:
    """ "Easy or medium" is one wish; "easy and hard" is none."""
    joins, result = work.words.listed("negation", "joins"), []
    for concept in concepts:
        last = result[-1] if result else None
        is_joined = (
            last is not None
            and last.section == concept.section == "difficulty"
            and last.first + last.length == concept.first - 1
            and work.tokens[concept.first - 1].norm in joins
        )
        if is_joined:
            value = (
                last.value if last.value == concept.value else EITHER.get(frozenset((last.value, concept.value)), ANY)
            )
            result[-1] = Concept("difficulty", value, last.first, concept.first + concept.length - last.first)
        else:
            result.append(concept)
    return result


def _negation_after(work: Work, concept: Concept) -> list[int] | None:
    """The places of what negates the concept behind it: "picture-free"."""
    tokens, after = work.tokens, concept.first + concept.length
    if after < len(tokens) and tokens[after].norm == "-" and tokens[after].is_glued:
        after += 1
    if after < len(tokens) and tokens[after].norm in work.words.listed("negation", "after"):
        return list(range(concept.first + concept.length, after + 1))
    return None


def _negation(work: Work, concepts: list[Concept], number: int, negated: dict[int, bool]) -> list[int] | None:
    """The places of the negation that the concept stands in, with the small words between; None where there is none."""
    tokens, words, concept = work.tokens, work.words, concepts[number]
    through, joins = words.listed("negation", "through"), words.listed("negation", "joins")
    place = concept.first - 1
    passed: list[int] = []
    while place >= 0 and tokens[place].clause == tokens[concept.first].clause:
        if words.negations.before(tokens, place + 1):
            places = work.negation(place)
            return None if places is None else [*places, *passed]
        if tokens[place].norm in words.listed("negation", "rather_than") and _is_rather(work, place, concepts[:number]):
            return [place, *passed]
        earlier = next((i for i in range(number) if place in concepts[i].places), None)
        if earlier is not None:
            other = concepts[earlier]
            is_joined = any(tokens[i].norm in joins for i in passed)
            if is_joined and negated.get(earlier) and other.section == concept.section:
                return passed
            if (other.section, other.value) != (concept.section, concept.value):
                return None
            if negated.get(earlier):  # "not watch a video"
                return passed
            place = other.first - 1
            continue
        is_join = tokens[place].norm in words.listed("negation", "alternatives") or (
            tokens[place].norm in joins and place == concept.first - 1
        )
        if tokens[place].norm not in through and not is_join:
            return None
        passed.append(place)
        place -= 1
    return None


def _is_rather(work: Work, than: int, before: list[Concept]) -> bool:
    """Does "rather ..." with what is wanted stand before this "than"?"""
    tokens, rather = work.tokens, work.words.listed("negation", "rather")
    places = [i for i in range(than) if tokens[i].norm in rather and tokens[i].clause == tokens[than].clause]
    return bool(places) and any(concept.first > places[0] for concept in before)


def _say_length(work: Work, concept: Concept, places: list[int], *, is_no: bool) -> None:
    if _is_too(work, concept) and not is_no:
        places = [concept.first - 1, *places]
        work.say(*((AT_MOST, SHORT_MINUTES) if concept.value == "long" else (AT_LEAST, SHORT_MINUTES)), places)
    elif concept.value == "short":
        work.say(AT_LEAST if is_no else AT_MOST, SHORT_MINUTES, places)
    elif concept.value == "long":
        work.say(AT_MOST if is_no else AT_LEAST, LONG_MINUTES, places)


def _say_difficulty(work: Work, concept: Concept, places: list[int], *, is_no: bool) -> None:
    if concept.value == ANY:
        work.used |= set(places)
        return
    if is_no:
        if concept.value in NEGATED_DIFFICULTY:
            work.say(DIFFICULTY, NEGATED_DIFFICULTY[concept.value], places)
        return
    if _is_too(work, concept):
        places = [concept.first - 1, *places]
        work.say(DIFFICULTY, COMPLAINT.get(concept.value, concept.value), places)
    elif not _is_said_of_matter(work, concept):
        work.say(DIFFICULTY, concept.value, places)


def _is_too(work: Work, concept: Concept) -> bool:
    return concept.first > 0 and work.tokens[concept.first - 1].norm in work.words.listed("length", "too")


def _is_said_of_matter(work: Work, concept: Concept) -> bool:
    """ "Fractions are hard", "I find this hard": it tells, it does not ask."""
    tokens, words = work.tokens, work.words
    clause = [i for i in range(concept.first) if tokens[i].clause == tokens[concept.first].clause]
    if any(words.complaints.at(tokens, i) for i in clause):
        return True
    place = concept.first - 1
    while place >= 0 and tokens[place].norm in words.listed("negation", "through"):
        place -= 1
    if place < 0 or place not in clause or tokens[place].norm not in words.listed("difficulty", "said_of_before"):
        return False
    return not (place > 0 and tokens[place - 1].norm in words.listed("difficulty", "relative"))


def _say_pictures(work: Work, concept: Concept, places: list[int], *, is_no: bool) -> None:
    tokens, words = work.tokens, work.words
    place, between = concept.first - 1, []
    while (
        place >= 0 and tokens[place].norm in words.filler and tokens[place].norm not in words.listed("pictures", "with")
    ):
        between.append(place)
        place -= 1
    is_with = place >= 0 and tokens[place].norm in words.listed("pictures", "with")
    if concept.value == "after_with" and not (is_with or is_no):
        return
    if is_with and not is_no:
        places = [place, *between, *places]
    work.say(PICTURES, not is_no, places)
