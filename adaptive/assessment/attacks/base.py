"""What an attack is made from, what it is, and how kinds of attack are written down."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from adaptive.assessment.words.text import Text, plain

Group = Literal["instructions", "gibberish", "bluff", "keywords", "near", "other", "honest"]

# Highest share of false accepts; None: reported, without a bar of its own.
BARS: dict[Group, float | None] = {
    "instructions": 0.01,
    "gibberish": 0.01,
    "bluff": 0.01,
    "keywords": 0.01,
    "near": 0.05,  # negated or shuffled reference, echo of the question
    "other": None,
    "honest": None,  # judged by HONEST_LOSS instead
}
HONEST_LOSS = 0.05  # by which a changed right answer may be accepted less often than the same answer unchanged


@dataclass(frozen=True)
class Target:
    """One exercise to attack. question and references: plain text. right, wrong: answers that people wrote."""

    id: str
    question: str
    references: tuple[str, ...]
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Attack:
    """One answer made up. clean: of an honest one, the right answer it was made from; "" otherwise."""

    kind: str
    group: Group
    target: Target
    answer: str
    clean: str = ""

    @property
    def is_honest(self) -> bool:
        return self.group == "honest"


@dataclass(frozen=True)
class Maker:
    """What one kind works with: a target, all the others, and chance that depends on seed, kind and target only."""

    target: Target
    others: Sequence[Target]
    chance: random.Random

    @cached_property
    def reference(self) -> str:
        """One of the references, preferring those long enough to be turned round."""
        usable = [plain(text) for text in self.target.references if Text(text).words]
        long = [text for text in usable if len(text.split()) >= 5]
        return self.chance.choice(long or usable) if usable else ""

    @cached_property
    def right(self) -> str:
        """A person's right answer, or a reference where there is none."""
        return self.chance.choice(self.target.right) if self.target.right else self.reference

    @cached_property
    def wrong(self) -> str:
        """A person's wrong answer, or a sentence that answers nothing."""
        return self.chance.choice(self.target.wrong) if self.target.wrong else "It is just like that"

    @cached_property
    def question(self) -> str:
        return plain(self.target.question)

    @cached_property
    def asking(self) -> str:
        """The sentence of the question that asks; the last one where none has a question mark."""
        sentences = Text(self.question).sentences
        asking = [sentence for sentence in sentences if sentence.endswith("?")]
        return (asking or sentences or [self.question])[-1]

    @cached_property
    def key_words(self) -> list[str]:
        """The reference's words that carry meaning, those that the question does not give first."""
        given = Text(self.question).stems
        text = Text(self.reference)
        new = [word for word in text.content_words if not Text(word).stems & given]
        return new + [word for word in text.content_words if word not in new]

    def stranger(self) -> Target | None:
        """Another exercise, of another subject where ids tell ("EM_45b", "fraction-meaning-e1")."""
        subject = _subject(self.target.id)
        far = [other for other in self.others if _subject(other.id) != subject]
        far = far or [other for other in self.others if other.id != self.target.id]
        return self.chance.choice(far) if far else None


Make = Callable[[Maker], str]
"""The answer, or "" where the exercise does not allow this kind."""


@dataclass(frozen=True)
class Kind:
    name: str
    group: Group
    make: Make


def _subject(identity: str) -> str:
    return identity.replace("_", "-").split("-")[0]
