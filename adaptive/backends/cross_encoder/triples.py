"""What the cross-encoder reads: question, reference answers and answer as one row of tokens. Pure, no torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

CLASSES: tuple[str, ...] = ("correct", "contradictory", "incorrect")
"""What it tells apart; "incorrect" holds all that is neither, incomplete answers too."""

MAX_QUESTION, MAX_REFERENCES, MAX_ANSWER = 32, 72, 96  # tokens
_START, _BETWEEN, _END = 0, (2, 2), 2  # <s>, </s></s>, </s>

Encode = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class Triple:
    """One answer to read."""

    question: str
    references: tuple[str, ...]
    answer: str


def tokens_of(triple: Triple, encode: Encode) -> list[int]:
    """<s> question </s></s> reference; reference </s></s> answer </s>, each part cut to its length.

    Of a long question the end is kept, since the asking stands there; of references and answer the beginning. Nothing
    that a student writes can pose as another part: `encode` must give plain text no special tokens.
    """
    question = encode(triple.question)[-MAX_QUESTION:]
    references = encode("; ".join(reference.strip() for reference in triple.references))[:MAX_REFERENCES]
    answer = encode(triple.answer)[:MAX_ANSWER]
    return [_START, *question, *_BETWEEN, *references, *_BETWEEN, *answer, _END]


def batches(lengths: Sequence[int], size: int, max_tokens: int) -> list[list[int]]:
    """Places of rows in batches of about the same length: at most `size` rows and `max_tokens` with the filling."""
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    out: list[list[int]] = []
    for place in order:
        if not out or len(out[-1]) >= size or (len(out[-1]) + 1) * lengths[place] > max_tokens:
            out.append([])
        out[-1].append(place)
    return out
