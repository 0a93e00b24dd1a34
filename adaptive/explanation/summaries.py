"""Two sentences of a resource's own, chosen for one learner. Pure: the same text and wants give the same sentences.

Nothing is written here, only chosen, so nothing can be said that the author did not say. A sentence is worth the words
it shares with what the learner lacks, each word once and by how much it is lacked, and a little for standing first;
the second one is worth what it adds; one that begins with "this", "it" or "but" costs unless the one before it is
chosen too. They are given in the author's order, as Markdown.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from adaptive.recommendation.wishes.skill_names import stem_of
from adaptive.recommendation.wishes.tokens import tokens_of
from adaptive.recommendation.wishes.vocabulary import LANGUAGES, vocabulary

MAX_BODY = 20_000  # characters that are read
LEAST, MOST = 20, 320  # characters of a sentence
LAST = 200  # sentences that are weighed
N_SENTENCES = 2
FIRST, EARLY = 0.35, 0.01  # worth of the first sentence; what each later place costs
QUESTION = 0.3  # what a question costs: it tells nothing
HANGING = 0.6  # what a sentence costs that hangs on the one before it, which is not chosen
CLAIM = 4.0  # what somebody is quoted with costs: it may be wrong on purpose
SHORT_WORD = 3

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s|^\s*(=+|-{3,})\s*$")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s+")
_PICTURE = re.compile(r"!\[[^\]]{0,500}\]\([^)\s]{0,2000}[^)]{0,500}\)")
_LINK = re.compile(r"\[([^\]]{1,500})\]\((?:[^()]|\([^()]{0,500}\)){0,500}\)")
_END = re.compile(r"""([.!?…][*_”")]*)\s+(?=[*_“"„(]*[A-ZÄÖÜ$0-9])""")
_CLAIM = re.compile(r"""["“„«](?:[^"“”„«»\s]+\s+){3}""")  # four words in quotation marks are no name
_HANGS = re.compile(
    r"""(?i)[*_“"„(]*(?:this|these|those|that|it|its|they|their|them|he|she|here|there|and|but|or|so|then|also|both|such|"""
    r"""dies\w*|das|es|er|sie|ihr\w*|hier|da|dort|und|aber|oder|also|dann|auch|beide\w*|solch\w*|dabei|damit)\b"""
)
_WHOLE = re.compile(r"""[.!?…][*_”")]*$""")
_ODD = re.compile(r"<[A-Za-z/!]|\[\[|^\||[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|z\.B|d\.h|Dr|Mr|Mrs|Nr|vgl|bzw|ca|etc)|\b[A-Z])\.$")


@dataclass(frozen=True, slots=True)
class Want:
    """What the learner lacks: its name as it may be shown, the words that speak of it, and how much (0 to 1)."""

    name: str
    words: str
    weight: float


def sentences_of(body: str) -> list[str]:
    """The whole sentences of a Markdown text, in order, without headings, tables, code, pictures and links."""
    blocks: list[str] = []
    is_open = is_code = False
    for line in body[:MAX_BODY].splitlines():
        bare = line.strip()
        if _FENCE.match(line):
            is_code, is_open = not is_code, False
        elif is_code or not bare or bare.startswith(("|", "$$")) or _HEADING.match(line):
            is_open = False
        elif _ITEM.match(line):
            blocks.append(_ITEM.sub("", line).strip())
            is_open = True
        elif is_open:
            blocks[-1] += " " + bare.lstrip("> ")
        else:
            blocks.append(bare.lstrip("> "))
            is_open = True
    found: list[str] = []
    for block in blocks:
        plain = " ".join(_LINK.sub(r"\1", _PICTURE.sub("", block)).split())
        for part in _joined(_END.sub("\\1\x1f", plain).split("\x1f")):
            if LEAST <= len(part) <= MOST and _WHOLE.search(part) and not _ODD.search(part) and _is_even(part):
                found.append(part)
    return list(dict.fromkeys(found))[:LAST]


def _joined(parts: Iterable[str]) -> list[str]:
    """Sentences that were cut after an abbreviation, whole again."""
    whole: list[str] = []
    for part in parts:
        if whole and _ABBREVIATED.search(whole[-1]):
            whole[-1] += " " + part.strip()
        else:
            whole.append(part.strip())
    return whole


def _is_even(text: str) -> bool:
    """Are formulas and emphasis closed within it? Else they would swallow what follows."""
    return text.count("$") % 2 == 0 and text.count("**") % 2 == 0 and text.count("`") % 2 == 0


def summary_of(body: str, wants: Sequence[Want], *, language: str) -> dict[str, Any]:
    """{sentences: [at most two, in the author's order], about: [names of the wants they speak of]}; {} of no text."""
    base = language.split("-")[0].lower()
    base = base if base in LANGUAGES else "en"
    sentences = sentences_of(body)
    if not sentences:
        return {}
    stop = frozenset(word for own in LANGUAGES for word in vocabulary(own).listed("skills", "stop"))
    lacked: dict[str, float] = {}
    of_want: dict[str, frozenset[str]] = {}
    for want in wants:
        stems = _stems(want.words, base, stop)
        of_want[want.name] = of_want.get(want.name, frozenset()) | stems
        for stem in stems:
            lacked[stem] = max(lacked.get(stem, 0.0), want.weight)
    stems_in = [_stems(sentence, base, stop) for sentence in sentences]
    chosen: list[int] = []
    covered: set[str] = set()
    while len(chosen) < min(N_SENTENCES, len(sentences)):

        def worth(place: int, covered: frozenset[str] = frozenset(covered)) -> float:
            own = sum(lacked.get(stem, 0.0) for stem in stems_in[place] - covered)
            costs = QUESTION * ("?" in sentences[place][-3:]) + CLAIM * bool(_CLAIM.search(sentences[place]))
            if place - 1 not in chosen and _HANGS.match(sentences[place]):
                costs += HANGING
            return own + (FIRST if place == 0 else 0.0) - EARLY * min(place, 30) - costs

        best = max((place for place in range(len(sentences)) if place not in chosen), key=lambda p: (worth(p), -p))
        chosen.append(best)
        covered |= stems_in[best]
    about = [name for name, stems in of_want.items() if stems & covered]
    return {"sentences": [sentences[place] for place in sorted(chosen)], "about": about}


def _stems(text: str, language: str, stop: frozenset[str]) -> frozenset[str]:
    return frozenset(
        stem_of(token.norm, language)
        for token in tokens_of(text)
        if token.is_word and len(token.norm) >= SHORT_WORD and token.norm not in stop
    )
