"""Which sentences of the course answer a question: sections and sentences of resources, weighed by rare words. Pure.

A passage is quoted as its author wrote it, never changed: whole sentences that stand next to each other in one section.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from adaptive.recommendation.wishes.skill_names import stem_of
from adaptive.recommendation.wishes.tokens import is_slip, tokens_of
from adaptive.recommendation.wishes.vocabulary import LANGUAGES

from .types import Passage

MAX_BODY = 20_000  # characters of a resource that are read
MAX_SENTENCE = 600
MAX_QUOTED = 3  # sentences of a passage
FIRST, LENGTH = 0.05, 0.12  # what it is worth to begin with the match, and to be a whole run
SECOND = 0.7  # of the best passage's worth, that a second one needs
TRIED = 12  # runs of sentences of a section, best first, until one may be shown
OWN, NAMED = 0.35, 0.25  # worth of a passage: its own words beside its section's, and being of a skill that is named
HEAD_SHARE = 0.8  # what a word in a title or heading is worth
MIN_SLIP = 5

_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_END = re.compile(r"""([.!?…][*_”")]*)\s+(?=[*_“"(]*[A-ZÄÖÜ$„0-9])""")
_CLAIM = re.compile(r"""["“„](?:[^"“”„\s]+\s+){3}[^"“”„]*(?:["”“]|$)""")
_DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sentence:
    """`block`: the number of its paragraph or list item. `is_claim`: it holds what somebody says, which may be wrong
    on purpose ("Plants do not breathe", says Daniel)."""

    text: str
    stems: frozenset[str]
    block: int = 0
    is_claim: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """`row_stems`: of its tables, which are matched and not quoted: a row says nothing without its head."""

    heading: str
    head_stems: frozenset[str]
    sentences: tuple[Sentence, ...]
    row_stems: frozenset[str] = frozenset()

    def quote(self, start: int, end: int) -> str:
        """Sentences as they stand, a line a paragraph."""
        lines: dict[int, list[str]] = {}
        for sentence in self.sentences[start:end]:
            lines.setdefault(sentence.block, []).append(sentence.text)
        return "\n".join(" ".join(line) for line in lines.values())


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
        blocks, rows = _blocks(lines)
        sentences = tuple(
            Sentence(one, stems_of(one, language), number, bool(_CLAIM.search(one)))
            for number, block in enumerate(blocks)
            for one in _split(block)
            if 3 <= len(one) <= MAX_SENTENCE
        )
        if sentences:
            row_stems = frozenset().union(*(stems_of(row, language) for row in rows))
            sections.append(Section(heading, stems_of(heading, language), sentences, row_stems))

    for line in text.splitlines():
        if match := _HEADING.match(line):
            close()
            heading, lines = match.group(1), []
        else:
            lines.append(line)
    close()
    return tuple(sections)


def _blocks(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """(paragraphs and list items, rows of tables). A formula on its own goes on with what led to it."""
    blocks: list[str] = []
    rows: list[str] = []
    is_open = False
    for line in lines:
        bare = line.strip()
        if not bare:
            is_open = False
        elif bare.startswith("|"):
            rows.append(bare)
            is_open = False
        elif _LIST.match(line):
            blocks.append(_LIST.sub("", line).strip())
            is_open = True
        elif is_open or (blocks and bare.startswith("$") and bare.rstrip(".,").endswith("$") and not _ends(blocks[-1])):
            blocks[-1] += " " + bare
            is_open = True
        else:
            blocks.append(bare)
            is_open = True
    return blocks, rows


def _split(block: str) -> list[str]:
    return [part.strip() for part in _END.sub("\\1\x1f", block).split("\x1f")]


def _ends(block: str) -> bool:
    return block.rstrip('*_”"').endswith((".", "!", "?", "…"))


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
    may_quote: Callable[[str], bool] = lambda text: True,
) -> list[Passage]:
    """At most one passage a resource, the best first. `meant`: slips put right. Ties go to the order given.

    `may_quote`: says of heading and words whether they may be shown; where a section has no such words its passage
    has an empty quote, and stands for a link.
    """
    base = _base(language)
    stems = {stem_of((meant or {}).get(word, word), base): weights[word] for word in words}
    total = sum(stems.values())
    if not total:
        return []
    ranked: list[tuple[float, int, Passage]] = []
    for place, resource in enumerate(resources):
        best = _best_in(resource, stems, total, may_quote)
        if best is not None:
            passage, own = best
            bonus = NAMED * resource.is_named + 0.05 * (resource.kind == "reading")
            bonus += 0.4 * max((resource.similarity or 0.0) - 0.3, 0.0)
            ranked.append((OWN * own + (1 - OWN) * passage.match + bonus, -place, passage))
    ranked.sort(key=lambda row: row[:2], reverse=True)
    return [passage for rank, _, passage in ranked[:limit] if rank >= SECOND * ranked[0][0]]


def _best_in(
    resource: Read, stems: Mapping[str, float], total: float, may_quote: Callable[[str], bool]
) -> tuple[Passage, float] | None:
    """The resource's best passage, and the share of what was asked for that its own sentences hold."""
    best: tuple[float, Passage, float] | None = None
    for section in resource.sections:
        held = {stem for sentence in section.sentences for stem in stems if stem in sentence.stems}
        around = section.head_stems | resource.title_stems | section.row_stems
        beside = {stem for stem in stems if stem in around} - held
        if not held and not beside:
            continue
        match = (sum(stems[s] for s in held) + HEAD_SHARE * sum(stems[s] for s in beside)) / total
        quote, own = _quoted(section, stems, may_quote)
        rank = match + 0.5 * own / total
        if best is None or rank > best[0]:
            names = tuple(sorted(held | beside))
            best = (rank, Passage(resource.id, quote, section.heading, match, names), own / total)
    return best[1:] if best else None


def _quoted(section: Section, stems: Mapping[str, float], may_quote: Callable[[str], bool]) -> tuple[str, float]:
    """(words, weight they hold) of the best run of sentences that may be shown; ("", 0) where none of TRIED may."""
    for start, end, held in _windows(section.sentences, stems)[:TRIED]:
        quote = section.quote(start, end)
        if may_quote(f"{section.heading}\n{quote}"):
            return quote, held
    return "", 0.0


def _windows(sentences: Sequence[Sentence], stems: Mapping[str, float]) -> list[tuple[int, int, float]]:
    """(from, to, weight held) of every run of at most MAX_QUOTED sentences, those that hold most first, longer ones
    and such that begin with a match a little preferred. What somebody says is quoted where nothing else is there."""
    total = sum(stems.values())
    ranked: list[tuple[float, int, int, float]] = []
    for start in range(len(sentences)):
        for end in range(start + 1, min(start + MAX_QUOTED, len(sentences)) + 1):
            window = sentences[start:end]
            held = sum(weight for stem, weight in stems.items() if any(stem in s.stems for s in window))
            first = sum(weight for stem, weight in stems.items() if stem in window[0].stems)
            length = LENGTH * len(window) / MAX_QUOTED - any(s.is_claim for s in window)
            ranked.append((held + FIRST * first + total * length, -start, end, held))
    ranked.sort(reverse=True)
    return [(-start, end, held) for _, start, end, held in ranked]
