"""Graded answers to fit and measure on, and answers made up to be wrong in ways that such data lacks.

The CSV has the columns question_id, question, reference_answers (joined by " ||| ", each may begin with [BEST], [GOOD]
or [MINIMAL]), answer, label_2way, label_3way, and optionally score.
"""

import csv
import hashlib
import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from .features import shuffled
from .text import Text, plain

FINGERPRINT_BYTES = 6
_GRADE = re.compile(r"^\s*\[\w+\]\s*")
_HELPING_VERB = re.compile(r"\b(is|are|was|were|can|will|would|could|does|do|did|has|have|should|must)\b(?! not\b)")
NON_ANSWERS = (
    "I don't know", "idk", "no idea", "because it just is", "I think so", "yes", "no", "it depends", "asdf jkl qwe",
    "it is what it is", "the answer", "see above", "that is the right answer", "lol", "i forgot what it was called",
)  # fmt: skip


@dataclass(frozen=True)
class Graded:
    """One answer with the label a person (or its making) gave it. made: how it was made up, "" for a real one."""

    source: str
    question_id: str
    question: str
    references: tuple[str, ...]
    answer: str
    label: str
    made: str = ""
    split: str = ""

    @property
    def is_correct(self) -> bool:
        return self.label == "correct"


def read_graded(path: Path) -> list[Graded]:
    """Raises ValueError naming file and row for a label that is not known or a column that is missing."""
    out = []
    with open(path, newline="", encoding="utf-8") as handle:
        for number, row in enumerate(csv.DictReader(handle), start=2):
            try:
                label = row["label_3way"] or row["label_2way"]
                references = tuple(references_of(row["reference_answers"]))
                graded = Graded(
                    path.stem,
                    row["question_id"],
                    row["question"],
                    references,
                    row["answer"],
                    label,
                    split=row.get("split") or "",
                )
            except KeyError as error:
                raise ValueError(f"{path.name}, row {number}: the column {error} is missing.") from None
            if label not in ("correct", "partially_correct", "contradictory", "incorrect"):
                raise ValueError(f"{path.name}, row {number}: the label {label!r} is not known.")
            out.append(graded)
    return out


def references_of(joined: str) -> list[str]:
    """The references of a cell, without their grades; those that are blank left out."""
    parts = (_GRADE.sub("", part).strip() for part in joined.split(" ||| "))
    return [part for part in parts if part]


def fingerprint_of(graded: Graded) -> bytes:
    """Six bytes of question and answer, whatever their case and blanks."""
    words = " ".join(f"{graded.question} | {graded.answer}".casefold().split())
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=FINGERPRINT_BYTES).digest()


def read_authored(folder: Path) -> list[Graded]:
    """The right, partial and wrong examples that authors wrote to the exercises in words of the courses in a folder."""
    out = []
    for path in sorted(folder.glob("*/[0-9]*.json")):
        for exercise in json.loads(path.read_text(encoding="utf-8"))["exercises"]:
            if exercise["response_format"] not in ("short_text", "long_text"):
                continue
            references = tuple(plain(text) for text in exercise["answer"]["references"])
            question = plain(f"{exercise['title']}\n{exercise['body']}")  # as the assessor gets it
            out += [
                Graded("authored", exercise["id"], question, references, response["text"], label)
                for kind, label in (("right", "correct"), ("partial", "partially_correct"), ("wrong", "incorrect"))
                for response in exercise["examples"].get(kind, [])
            ]
    return out


def by_question(graded: list[Graded]) -> dict[str, list[Graded]]:
    groups: dict[str, list[Graded]] = defaultdict(list)
    for each in graded:
        groups[f"{each.source}:{each.question_id}"].append(each)
    return dict(groups)


def sampled(graded: list[Graded], *, per_question: int, seed: int) -> list[Graded]:
    """At most `per_question` answers of every question, none twice; a larger number keeps those of a smaller one."""
    out = []
    for name, group in sorted(by_question(graded).items()):
        distinct = list({each.answer.strip().casefold(): each for each in group}.values())
        random.Random(f"{seed} {name}").shuffle(distinct)
        out += distinct[:per_question]
    return out


def made_up(graded: list[Graded], *, seed: int) -> list[Graded]:
    """For every question: answers that look right by their words and are not, and a few right ones.

    Shuffled and keyword versions of right answers, denials of the reference, echoes of the question, answers to
    another question, non-answers, parts of a reference; and other references as right answers.
    """
    groups = by_question(graded)
    everything = [each for each in graded if each.is_correct]
    out = []
    for name, group in sorted(groups.items()):
        generator = random.Random(f"{seed} {name}")
        first = group[0]
        references = [text for text in first.references if Text(text).words]
        right = [each.answer for each in group if each.is_correct] or references
        long_enough = [text for text in [*right, *references] if len(text.split()) >= 6]

        def add(answer: str, label: str, made: str, first: Graded = first, keep: tuple[str, ...] = ()) -> None:
            if answer.strip():
                own = keep or first.references
                out.append(Graded(first.source, first.question_id, first.question, own, answer, label, made))

        for text in generator.sample(long_enough, min(2, len(long_enough))):
            add(" ".join(shuffled(text.split(), generator.randrange(10**6))), "incorrect", "shuffled")
        if references:
            text = generator.choice(references)
            words = Text(text).content_words
            generator.shuffle(words)
            if len(words) >= 3:
                add(" ".join(words), "incorrect", "keywords")
            for text in generator.sample(references, min(2, len(references))):
                add(denied(text), "contradictory", "denied")
            sentences = Text(references[0]).sentences
            if len(sentences) >= 2:
                add(generator.choice(sentences[:-1]), "partially_correct", "part")
        if len(references) >= 2:
            own = generator.choice(references[:2])  # the better ones stand first
            add(own, "correct", "reference", keep=tuple(text for text in references if text != own))
        add(first.question, "irrelevant", "echo")
        stranger = generator.choice(everything)
        while stranger.source == first.source and stranger.question_id.split("_")[0] == first.question_id.split("_")[0]:
            stranger = generator.choice(everything)
        add(stranger.answer, "irrelevant", "stranger")
        add(generator.choice(NON_ANSWERS), "irrelevant", "non_answer")
    return out


def denied(text: str) -> str:
    """The text with its first helping verb denied (or what was denied, affirmed); "" where that cannot be done."""
    if re.search(r"\bnot\b", text):
        return re.sub(r"\s*\bnot\b", "", text, count=1)
    if _HELPING_VERB.search(text):
        return _HELPING_VERB.sub(r"\1 not", text, count=1)
    return ""
