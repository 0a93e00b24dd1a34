"""What must not be decided by numbers alone. Pure: looks at the texts, calls no model.

A guard never gives credit. `blocks` ends the matter (there is nothing to assess); `review` lets the assessor run for
its hints, but a person decides.
"""

import re
from dataclasses import dataclass

from .text import MAX_CHARACTERS, Text, latin_share

# Addressed to whoever marks, not to the question. Broad on purpose: a wrong alarm costs a teacher's glance.
_ORDERS = re.compile(
    r"""
    \b(?:ignore|disregard|forget|skip|override)\b.{0,40}\b(?:above|previous|prior|instructions?|rules?|rubric|prompt|question)\b
    | \b(?:give|award|grant|grade|mark|score|assign|rate)\b.{0,30}\b(?:full|max(?:imum)?|top|perfect|100|all)\b
        .{0,15}\b(?:marks?|points?|scores?|grades?|credits?|percent)\b
    | \b(?:mark|grade|score|rate|label|classify|accept)\b.{0,30}\b(?:this|it|my|me|the)\b.{0,25}
        \b(?:correct|right|true|100\ ?%|full\ (?:marks?|credits?|points?|score))
    | \b(?:you\ are|act\ as|pretend\ to\ be|behave\ like)\s+(?:now\s+)?(?:an?\s+|the\s+|my\s+)?
        (?:ai|assistant|helpful|grader|marker|evaluator|examiner|teacher|language\ model|chatbot|tutor)\b
    | \b(?:system\ prompt|as\ an\ ai|language\ model|chatgpt|developer\ mode|jailbreak)\b
    | \b(?:answer|response|output)\s*[:=]\s*["']?(?:correct|right|true|full|pass)\b
    | \b(?:verdict|assessment|label|score|grade)\s*(?:is|:|=)\s*["']?(?:correct|right|true|1(?:\.0+)?\b|100|full|pass)
    | \b(?:say|reply|respond|output|print|return|write|answer)\b.{0,15}["'](?:yes|correct|right|true)["']
    | \b(?:the\ )?(?:student|pupil|learner)(?:'s)?\ (?:answer|response)\ is\b
    | \bmodel\ answer\b | \breference\ answer\b
    | \bplease\b.{0,20}\b(?:pass|full|accept)\b
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_MARKUP = re.compile(
    r"<\|[^|>]{1,40}\|>|</?\s*(?:answer|system|user|assistant|script|instruction)[^>]{0,80}>|\[/?INST\]|###"
)


@dataclass(frozen=True)
class Guarded:
    """reason: short name, "" when nothing was found. blocks: there is nothing that could be assessed."""

    reason: str = ""
    blocks: bool = False

    def __bool__(self) -> bool:
        return bool(self.reason)


def guard(*, answer: str, references: list[str], accepted: list[str]) -> Guarded:
    """The first reason found why a person should decide, strongest first."""
    text = Text(answer)
    if not any(character.isalnum() for character in text.text):
        # Nothing that could be read: blank, punctuation, emoji.
        return Guarded("empty" if not text.text else "no_words", blocks=True)
    if len(answer) > MAX_CHARACTERS:
        return Guarded("too_long")
    if looks_like_instruction(text.text):
        return Guarded("instruction")
    usable = [reference for reference in [*references, *accepted] if Text(reference).words]
    if not usable:
        return Guarded("no_reference", blocks=True)
    if latin_share(text.text) < 0.7 <= latin_share(" ".join(usable)):
        return Guarded("other_script")
    return Guarded()


def looks_like_instruction(text: str) -> bool:
    """Whether the text speaks to whoever marks it, or carries marks of a prompt's format."""
    return bool(_MARKUP.search(text) or _ORDERS.search(text[:MAX_CHARACTERS]))
