"""Which sentences of the course answer a question: sections and sentences of resources, weighed by rare words. Pure.

A passage is quoted as its author wrote it, never changed: whole sentences that stand next to each other in one section.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from adaptive.recommendation.wishes.skill_names import stem_of
from adaptive.recommendation.wishes.tokens import is_slip, tokens_of
from adaptive.recommendation.wishes.vocabulary import LANGUAGES

from .types import Passage

MAX_BODY = 20_000  # characters of a resource that are read
MAX_SENTENCE = 600
MAX_QUOTED = 3  # sentences of a passage
HEAD_SHARE = 0.8  # what a word in a title or heading is worth
MIN_SLIP = 5

_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_ROW_RULE = re.compile(r"^\s*\|?\s*:?-{2,}")
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_END = re.compile(r"(?<=[.!?…])[*_”\")]*\s+(?=[*_“\"(]*[A-ZÄÖÜ$„0-9])")
_DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    stems: frozenset[str]


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    head_stems: frozenset[str]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """A resource, read. `similarity`: of the message to it, None where there is no vector."""

    id: int
    kind: str
    title_stems: frozenset[str]
    sections: tuple[Section, ...]
    words: frozenset[str]
    is_named: bool = False
    similarity: float | None = None


def _base(language: str) -> str:
    own = language.split("-")[0].lower()
    return own if own in LANGUAGES else "en"


def stems_of(text: str, language: str) -> frozenset[str]:
    base = _base(language)
    return frozenset(stem_of(token.norm, base) for token in tokens_of(text) if token.is_word)


@lru_cache(maxsize=512)
def sections_of(body: str, language: str) -> tuple[Section, ...]:
    """A Markdown body as sections of sentences. Linear; cached by content."""
    text = _PICTURE.sub("", body[:MAX_BODY])
    # A formula on a line of its own belongs to the sentence that leads to it.
    text = _DISPLAY.sub(lambda m: "$" + " ".join(m.group(1).split()) + "$", text)
    sections: list[Section] = []
    heading, lines = "", []

    def close() -> None:
        sentences = tuple(
            Sentence(one, stems_of(one, language)) for one in _sentences(lines) if 3 <= len(one) <= MAX_SENTENCE
        )
        if sentences:
            sections.append(Section(heading, stems_of(heading, language), sentences))

    for line in text.splitlines():
        if match := _HEADING.match(line):
            close()
            heading, lines = match.group(1), []
        else:
            lines.append(line)
    close()
    return tuple(sections)


def _sentences(lines: Sequence[str]) -> list[str]:
    blocks: list[str] = []
    is_open = False
    for line in lines:
        bare = line.strip()
        if not bare or _ROW_RULE.match(bare):
            is_open = is_open and bool(blocks) and blocks[-1].endswith((":", "so", "is")) and not bare
            continue
        if bare.startswith("|"):
            cells = [cell.strip() for cell in bare.strip("|").split("|")]
            blocks.append(" · ".join(cell for cell in cells if cell))
            is_open = False
        elif _LIST.match(line):
            blocks.append(_LIST.sub("", line).strip())
            is_open = True
        elif is_open:
            blocks[-1] += " " + bare
        else:
            blocks.append(bare)
            is_open = True
    return [part.strip() for block in blocks for part in _END.split(block) if part.strip()]


def read_resource(
    *, id: int, kind: str, title: str, body: str, language: str, is_named: bool = False, similarity: float | None = None
) -> Read:
    sections = sections_of(body, language)
    words = frozenset(
        token.norm for token in tokens_of(body[:MAX_BODY]) if token.is_word and len(token.norm) >= MIN_SLIP
    )
    return Read(id, kind, stems_of(title, language), sections, words, is_named, similarity)


def weights_of(words: Sequence[str], known: Mapping[str, int], n_resources: int) -> dict[str, float]:
    """Content word -> how telling it is: the fewer resources hold it, the more. `known`: word -> how many do."""
    return {word: math.log(1 + (n_resources + 1) / (known.get(word, 0) + 0.5)) for word in words}


def corrected(words: Sequence[str], known: Mapping[str, int], resources: Sequence[Read]) -> dict[str, str]:
    """Content word that the course does not know -> the word of the resources found that it is a slip of."""
    found: dict[str, str] = {}
    vocabulary = sorted({word for resource in resources for word in resource.words})
    for word in words:
        if (
            known.get(word, 0) == 0
            and len(word) >= MIN_SLIP
            and (meant := next((other for other in vocabulary if is_slip(word, other)), None))
        ):
            found[word] = meant
    return found


def best_passages(
    words: Sequence[str],
    resources: Sequence[Read],
    *,
    weights: Mapping[str, float],
    language: str,
    limit: int = 2,
    meant: Mapping[str, str] | None = None,
) -> list[Passage]:
    """At most one passage a resource, the best first. `meant`: slips put right. Ties go to the order given."""
    base = _base(language)
    stems = {stem_of((meant or {}).get(word, word), base): weights[word] for word in words}
    total = sum(stems.values())
    if not total:
        return []
    ranked: list[tuple[float, int, Passage]] = []
    for place, resource in enumerate(resources):
        found = _best_in(resource, stems, total)
        if found is not None:
            bonus = 0.15 * resource.is_named + 0.05 * (resource.kind == "reading")
            bonus += 0.4 * max((resource.similarity or 0.0) - 0.3, 0.0)
            ranked.append((found.match + bonus, -place, found))
    ranked.sort(key=lambda row: row[:2], reverse=True)
    return [passage for _, _, passage in ranked[:limit]]


def _best_in(resource: Read, stems: Mapping[str, float], total: float) -> Passage | None:
    best: tuple[float, Passage] | None = None
    for section in resource.sections:
        inside = section.head_stems | resource.title_stems
        held = {stem for sentence in section.sentences for stem in stems if stem in sentence.stems}
        in_head = {stem for stem in stems if stem in inside} - held
        match = (sum(stems[s] for s in held) + HEAD_SHARE * sum(stems[s] for s in in_head)) / total
        if not held and not in_head:
            continue
        quoted, own = _window(section, stems)
        rank = match + 0.5 * own / total
        if best is None or rank > best[0]:
            names = tuple(sorted(held | in_head))
            best = (rank, Passage(resource.id, " ".join(s.text for s in quoted), section.heading, match, names))
    return best[1] if best else None


def _window(section: Section, stems: Mapping[str, float]) -> tuple[tuple[Sentence, ...], float]:
    """The run of at most MAX_QUOTED sentences that holds most; where several hold as much, one that begins with the
    match, so that what follows from it is quoted with it."""
    sentences = section.sentences
    best: tuple[float, float, int] = (-1.0, 0.0, 0)
    for start in range(len(sentences)):
        window = sentences[start : start + MAX_QUOTED]
        held = sum(weight for stem, weight in stems.items() if any(stem in s.stems for s in window))
        first = sum(weight for stem, weight in stems.items() if stem in window[0].stems)
        if (held, first) > best[:2]:
            best = (held, first, start)
    start = best[2]
    return sentences[start : start + MAX_QUOTED], max(best[0], 0.0)
