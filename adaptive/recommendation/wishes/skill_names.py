"""Which of a course's skills a request names, by the words of their names.

A name is named in full by all its words near each other, or by all words of one part of it ("percent" of "Decimals and
percent", "subtracting fractions" of "Adding and subtracting fractions"). A word that only one name has ("transport")
names it where nothing is named in full; a word that several have ("fractions") names them all.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .tokens import Token, is_slip, tokens_of
from .vocabulary import LANGUAGES, STEMMERS, vocabulary

Stems = frozenset[str]
MAX_SKILLS = 5_000
MIN_SLIP = 5
LOOSE = 3  # other words that may stand among those of a name


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to name a skill: all of `stems`. `is_whole`: the whole name. `is_single`: one word."""

    skill: Hashable
    stems: tuple[str, ...]
    is_whole: bool

    @property
    def is_single(self) -> bool:
        return len(self.stems) == 1


@dataclass(frozen=True, slots=True)
class Named:
    """Skills named by the same words. `places`: of the tokens. `is_full`: by all words of a name or of a part."""

    skills: tuple[Hashable, ...]
    places: tuple[int, ...]
    is_full: bool


@dataclass(frozen=True, slots=True)
class SkillNames:
    """The names of a course's skills, ready to be looked for. `shared`: stem -> the skills that have it, but for words
    that say little; `words`: every word of the names -> its stem."""

    variants: tuple[Variant, ...]
    shared: dict[str, tuple[Hashable, ...]]
    words: dict[str, str]

    @property
    def stems(self) -> frozenset[str]:
        return frozenset(self.words.values())


def _words(listed: str) -> frozenset[str]:
    return frozenset().union(*(vocabulary(language).listed("skills", listed) for language in LANGUAGES))


def stem_of(word: str, language: str) -> str:
    return STEMMERS[language](vocabulary(language).data["skills"]["same"].get(word, word))


@lru_cache(maxsize=256)
def skill_names(skills: tuple[tuple[Hashable, str], ...], language: str) -> SkillNames:
    """`skills`: (id, name) of one course; `language`: the one whose endings its names have."""
    variants: list[Variant] = []
    has: dict[str, list[Hashable]] = {}
    words: dict[str, str] = {}
    stop, joins, generic = _words("stop"), _words("and"), _generic(language)
    for skill, name in skills[:MAX_SKILLS]:
        parts: list[list[Token]] = [[]]
        for token in tokens_of(name[:255]):
            if token.norm in joins:
                parts.append([])
            elif (token.is_word or token.is_number) and token.norm not in stop:
                parts[-1].append(token)
        stems = [[stem_of(token.norm, language) for token in part] for part in parts if part]
        if not stems:
            continue
        words |= {t.norm: stem_of(t.norm, language) for part in parts for t in part}
        whole = tuple(dict.fromkeys(stem for part in stems for stem in part))
        ways = {whole: True}
        for place, part in enumerate(stems):
            if len(stems) > 1 and len(part) > 1:
                ways.setdefault(tuple(part), False)
            if len(stems) > 1 and len(part) == 1:
                # The word that a part shares with its neighbour: the last of the next, the first of the one before.
                if place + 1 < len(stems) and len(stems[place + 1]) > 1:
                    ways.setdefault((part[0], stems[place + 1][-1]), False)
                if place > 0 and len(stems[place - 1]) > 1:
                    ways.setdefault((stems[place - 1][0], part[0]), False)
                word = parts[[i for i, p in enumerate(parts) if p][place]][0]
                is_verb = word.norm.endswith("ing") if language == "en" else name[word.start].islower()
                if not is_verb and part[0] not in generic:
                    ways.setdefault((part[0],), False)
        variants += [Variant(skill, way, is_whole) for way, is_whole in ways.items()]
        for stem in whole:
            if stem not in generic:
                has.setdefault(stem, []).append(skill)
    variants.sort(key=lambda variant: -len(variant.stems))
    return SkillNames(tuple(variants), {stem: tuple(ids) for stem, ids in has.items()}, words)


@lru_cache(maxsize=len(LANGUAGES))
def _generic(language: str) -> frozenset[str]:
    return frozenset(stem_of(word, language) for word in vocabulary(language).listed("skills", "generic"))


def matched_stems(tokens: Sequence[Token], names: SkillNames, language: str, known: frozenset[str]) -> list[Stems]:
    """For each token the stems of names that it stands for: its own, else those it is a slip of; `known` words are
    slips of none."""
    stems, found = names.stems, []
    for token in tokens:
        own: set[str] = set()
        if token.is_word or token.is_number:
            own = {stem_of(token.norm, language)} & stems or {stem_of(token.norm, one) for one in LANGUAGES} & stems
            if not own and len(token.norm) >= MIN_SLIP and token.norm not in known:
                own = _slips(token.norm, names, language)
        found.append(frozenset(own))
    return found


def _slips(word: str, names: SkillNames, language: str) -> set[str]:
    stem = stem_of(word, language)
    return {own for name, own in names.words.items() if is_slip(word, name) or is_slip(stem, own)}


def full_names(
    tokens: Sequence[Token],
    stems: Sequence[Stems],
    names: SkillNames,
    *,
    in_matter: Sequence[bool],
    stop: frozenset[str],
) -> list[Named]:
    """What is named by several words together, the longest first, and by its whole name of one word.

    Within the matter of a question the words must follow each other in the name's order with nothing but `stop`
    between them: "why do we flip the second fraction when we divide" asks for no skill.
    """
    taken: set[int] = set()
    found: list[Named] = []
    places_of: dict[str, list[int]] = {}
    for place, some in enumerate(stems):
        for stem in some:
            places_of.setdefault(stem, []).append(place)
    for variant in names.variants:
        if any(stem not in places_of for stem in variant.stems):
            continue
        if variant.is_single and not variant.is_whole:
            continue
        for first in places_of[variant.stems[0]] if variant.is_single else _starts(variant, places_of):
            places = _places(tokens, stems, variant, first, is_strict=in_matter[first], stop=stop)
            if places and not taken & set(places):
                taken |= set(places)
                found.append(Named((variant.skill,), tuple(places), is_full=True))
    return _together(found)


def _starts(variant: Variant, places_of: dict[str, list[int]]) -> list[int]:
    return sorted({place for stem in variant.stems for place in places_of[stem]})


def _places(
    tokens: Sequence[Token],
    stems: Sequence[Stems],
    variant: Variant,
    first: int,
    *,
    is_strict: bool,
    stop: frozenset[str],
) -> list[int] | None:
    """The places of the variant's words from `first` on, None where they are not all near."""
    clause = tokens[first].clause
    if is_strict:
        places, place = [], first
        for stem in variant.stems:
            while place < len(tokens) and places and stem not in stems[place] and tokens[place].norm in stop:
                place += 1
            if place >= len(tokens) or tokens[place].clause != clause or stem not in stems[place]:
                return None
            places.append(place)
            place += 1
        return places
    missing, places = set(variant.stems), []
    for place in range(first, min(first + len(variant.stems) + LOOSE, len(tokens))):
        if tokens[place].clause != clause:
            break
        if hit := missing & stems[place]:
            missing -= hit
            places.append(place)
        if not missing:
            return places
    return None


def _together(found: list[Named]) -> list[Named]:
    """Skills of the same words as one."""
    by_places: dict[tuple[int, ...], list[Hashable]] = {}
    for named in found:
        by_places.setdefault(named.places, []).extend(named.skills)
    return [Named(tuple(dict.fromkeys(skills)), places, True) for places, skills in by_places.items()]


def single_names(
    tokens: Sequence[Token],
    stems: Sequence[Stems],
    names: SkillNames,
    full: Sequence[Named],
    *,
    is_free: Sequence[bool],
) -> list[Named]:
    """What is named by one word that is free: a part of a name, else a word that only one name has, else one that
    several share and that stands not beside a name in full."""
    parts = {variant.stems[0]: variant.skill for variant in names.variants if variant.is_single}
    found: list[Named] = []
    for place, some in enumerate(stems):
        if is_free[place] and (hit := [parts[stem] for stem in sorted(some) if stem in parts]):
            found.append(Named((hit[0],), (place,), is_full=True))
    named = [*full, *found]
    taken = {place for one in named for place in one.places}
    counts = Counter({stem: len(ids) for stem, ids in names.shared.items()})
    if not named:
        found += [
            Named(names.shared[stem], (place,), is_full=False)
            for place, some in enumerate(stems)
            for stem in sorted(some)
            if is_free[place] and counts[stem] == 1
        ]
        taken = {place for one in found for place in one.places}
    for place, some in enumerate(stems):
        for stem in sorted(some):
            if counts[stem] > 1 and is_free[place] and place not in taken and not _is_beside(tokens, place, taken):
                found.append(Named(names.shared[stem], (place,), is_full=False))
    return found


def _is_beside(tokens: Sequence[Token], place: int, taken: set[int]) -> bool:
    """Does it stand within two words of a name, with no "and" between them?"""
    joins = _words("and")
    for other in taken:
        between = tokens[min(place, other) + 1 : max(place, other)]
        is_near = tokens[other].clause == tokens[place].clause and len(between) <= 2
        if is_near and not any(token.norm in joins for token in between):
            return True
    return False
