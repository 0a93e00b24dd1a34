"""From the words of a request to a Wish. The order of work:

1. the text as tokens, its language, and which clauses ask about the matter itself ("why must denominators match?"):
   nothing in them is a constraint but a skill that is named by its name;
2. skills by names of several words, which protects these words;
3. minutes, then kinds, length, difficulty and pictures, with typing slips put right; what stands negated;
4. skills by single words; what is left, without filler, is the meaning.
"""

from collections.abc import Hashable, Sequence

from . import concepts, minutes
from .outcome import wish_of
from .skill_names import Named, full_names, matched_stems, single_names, skill_names
from .tokens import tokens_of
from .types import NOT_SKILLS, SKILLS, Wish
from .vocabulary import LANGUAGES, language_of, vocabulary
from .work import Said, Work

MAX_TEXT = 1_000


def read_wish(
    text: str, *, skills: Sequence[tuple[Hashable, str]] = (), language: str = "en", without: Sequence[str] = ()
) -> Wish:
    """`skills`: (id, name) of the course; `language`: the course's, for the names and where the words do not tell.

    `without`: codes of constraints that whoever asks has taken back. Text beyond MAX_TEXT characters is not read.
    """
    text = text[:MAX_TEXT]
    tokens = tokens_of(text)
    own = language_of(tokens, language)
    work = Work(tokens, vocabulary(own), [False] * len(tokens))
    _mark_matter(work)
    _mark_chatter(work)
    base = language.split("-")[0].lower()
    base = base if base in LANGUAGES else "en"
    names = skill_names(tuple(skills), base)
    stems = matched_stems(tokens, names, base, work.words.known)
    full = full_names(tokens, stems, names, in_matter=work.in_matter, stop=work.words.listed("skills", "stop"))
    full = [named for named in full if len(named.places) > 1 or work.in_matter[named.places[0]]]
    for named in full:
        work.protected |= set(named.places)
    minutes.read(work)
    concepts.read(work)
    free = [work.is_free(place) for place in range(len(tokens))]
    named = [*full, *single_names(tokens, stems, names, full, is_free=free)]
    _say_skills(work, named)
    return wish_of(text, own, work, dict(skills)).without(without)


# Clauses that ask about the matter


def _mark_matter(work: Work) -> None:
    tokens, place = work.tokens, 0
    while place < len(tokens):
        if hit := work.words.requests.at(tokens, place):
            work.chatter |= set(range(place, place + hit[0]))
            place += hit[0]
        elif _asks(work, place):
            end = place
            while end < len(tokens) and tokens[end].clause == tokens[place].clause:
                end += 1
            for inside in range(place, _without_form(work, place, end)):
                work.in_matter[inside] = True
            place = end
        else:
            place += 1


def _without_form(work: Work, start: int, end: int) -> int:
    """Where the matter ends if its clause says in what form it is wanted: "how to add fractions in a video"."""
    tokens, words = work.tokens, work.words
    for place in range(end - 1, max(start, end - 4), -1):
        hit = words.concepts.at(tokens, place)
        if hit and place + hit[0] == end and hit[1][0] in ("kinds", "pictures"):
            first = place - 1
            while first > start and tokens[first].norm in words.listed("questions", "articles"):
                first -= 1
            return first if first > start and tokens[first].norm in words.listed("questions", "forms") else end
    return end


def _asks(work: Work, place: int) -> bool:
    """Does a question about the matter begin here?"""
    norm, words = work.tokens[place].norm, work.words
    if norm in words.questions or (work.starts_clause(place) and words.questions_at_start.at(work.tokens, place)):
        return True
    if norm not in words.listed("questions", "before_nouns") or place + 1 >= len(work.tokens):
        return False
    return work.tokens[place + 1].norm not in words.listed("questions", "relative_verbs")


def _mark_chatter(work: Work) -> None:
    for phrases, marked in ((work.words.chatter, work.chatter), (work.words.matter, work.protected)):
        for place in range(len(work.tokens)):
            if not work.in_matter[place] and (hit := phrases.at(work.tokens, place)):
                marked |= set(range(place, place + hit[0]))
    for place in range(len(work.tokens)):
        if hit := work.words.negations_cancelled.at(work.tokens, place):
            work.chatter |= set(range(place, place + hit[0]))


# Skills


def _say_skills(work: Work, named: list[Named]) -> None:
    for one in sorted(named, key=lambda n: n.places):
        negation = None if work.in_matter[one.places[0]] else _skill_negation(work, one)
        if negation is not None:
            work.say(NOT_SKILLS, one.skills, [*negation, *one.places])
        else:
            work.said.append(Said(SKILLS, one.skills, one.places))  # not used up: it is meaning, too


def _skill_negation(work: Work, one: Named) -> list[int] | None:
    tokens, words = work.tokens, work.words
    place, passed = one.places[0] - 1, []
    while place >= 0 and tokens[place].clause == tokens[one.places[0]].clause:
        if words.negations.before(tokens, place + 1):
            places = work.negation(place)
            return None if places is None else [*places, *passed]
        if tokens[place].norm not in words.listed("negation", "through") or place in work.used:
            return None
        passed.append(place)
        place -= 1
    return None
