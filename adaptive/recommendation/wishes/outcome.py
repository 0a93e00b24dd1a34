"""From what was said to the Wish: one constraint a code, its words, and what is left as the meaning."""

from collections.abc import Hashable
from typing import Any

from .tokens import Token
from .types import AT_LEAST, AT_MOST, CODES, NOT_SKILLS, PICTURES, SKILLS, Constraint, Wish
from .work import Said, Work


def wish_of(text: str, language: str, work: Work, names: dict[Hashable, str]) -> Wish:
    by_code: dict[str, list[Said]] = {}
    for said in work.said:
        by_code.setdefault(said.code, []).append(said)
    constraints = tuple(_constraint(text, work, code, by_code[code], names) for code in CODES if code in by_code)
    topic = {place for said in by_code.get(SKILLS, ()) for place in said.places}
    meaning, is_topic_only = _meaning(text, work, topic)
    return Wish(text, language, constraints, meaning, is_topic_only)


def _constraint(text: str, work: Work, code: str, all_said: list[Said], names: dict[Hashable, str]) -> Constraint:
    values: list[Any] = [said.value for said in all_said]
    value: Any
    if code == AT_MOST:
        value = min(values)
    elif code == AT_LEAST:
        value = max(values)
    elif code == PICTURES:
        value = values[-1]
    elif code in (SKILLS, NOT_SKILLS):
        value = tuple(dict.fromkeys(skill for skills in values for skill in skills))
    else:
        value = tuple(dict.fromkeys(values))
    spans = _spans(work, {place for said in all_said for place in said.places})
    return Constraint(
        code=code,
        value=value,
        words=" … ".join(text[start:end] for start, end in spans),
        spans=spans,
        names=tuple(names[skill] for skill in value) if code in (SKILLS, NOT_SKILLS) else (),
    )


def _spans(work: Work, places: set[int]) -> tuple[tuple[int, int], ...]:
    """Neighbouring tokens as one piece of the text, with a hyphen or a small word between them."""
    small = work.words.listed("skills", "stop") | {"-"}
    spans: list[tuple[int, int]] = []
    last = -2
    for place in sorted(places):
        token, between = work.tokens[place], work.tokens[last + 1 : place]
        is_near = len(between) <= 2 and last >= 0 and token.clause == work.tokens[last].clause
        if is_near and all(one.norm in small for one in between):
            spans[-1] = (spans[-1][0], token.end)
        else:
            spans.append((token.start, token.end))
        last = place
    return tuple(spans)


def _meaning(text: str, work: Work, topic: set[int]) -> tuple[str, bool]:
    """(what is left to look for, does it name no more than the topic)."""
    kept: list[int] = []
    beside = _circumstances(work)
    for place, token in enumerate(work.tokens):
        if not (token.is_word or token.is_number):
            continue
        is_told = place in topic or work.in_matter[place] or place in work.protected
        if place in work.used or (not is_told and (place in work.chatter or token.norm in work.words.filler)):
            continue
        if not is_told and place in beside and work.said:
            continue
        kept.append(place)
    small = work.words.filler | work.words.questions | work.words.listed("skills", "stop")
    content = [p for p in kept if p in topic or _says_something(work.tokens[p], small)]
    if not content:
        return "", True
    return " ".join(text[work.tokens[p].start : work.tokens[p].end] for p in kept), set(content) <= topic


def _circumstances(work: Work) -> set[int]:
    """Places from a "because" or "before" to the end of its clause: why it is asked, not what it is about."""
    found: set[int] = set()
    clause = -1
    for place, token in enumerate(work.tokens):
        if token.norm in work.words.listed("filler", "circumstances") and not work.in_matter[place]:
            clause = token.clause
        if token.clause == clause:
            found.add(place)
    return found


def _says_something(token: Token, small: frozenset[str]) -> bool:
    return token.norm not in small and (token.is_number or len(token.norm) > 1 or not token.norm.isascii())
