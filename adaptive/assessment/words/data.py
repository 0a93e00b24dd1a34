"""Graded answers to fit and measure on, and answers made up to be wrong in ways that such data lacks.

The CSV has the columns question_id, question, reference_answers (joined by " ||| ", each may begin with [BEST], [GOOD]
or [MINIMAL]), answer, label_2way, label_3way, and optionally score.
"""

import csv
import hashlib
import json
import random
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from .features import shuffled
from .lexicon import ANTONYM_PAIRS
from .text import Text, plain

FINGERPRINT_BYTES = 6
_GRADE = re.compile(r"^\s*\[\w+\]\s*")
_HELPING_VERB = re.compile(r"\b(is|are|was|were|can|will|would|could|does|do|did|has|have|should|must)\b(?! not\b)")
_OPPOSITE = {one: other for pair in ANTONYM_PAIRS for one, other in (pair, pair[::-1])}
LABELS_READ = ("correct", "partially_correct", "contradictory", "incorrect")
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
    answer_id: str = ""

    @property
    def is_correct(self) -> bool:
        return self.label == "correct"


def read_graded(path: Path) -> list[Graded]:
    """The rows of a file in the form above. Raises ValueError naming file, row and column for whatever is wrong."""
    csv.field_size_limit(sys.maxsize)  # the default refuses an answer of 131,073 characters
    out = []
    try:
        with open(path, newline="", encoding="utf-8-sig") as handle:
            rows = csv.DictReader(handle)
            for name in ("question_id", "question", "reference_answers", "answer"):
                if name not in (rows.fieldnames or ()):
                    raise ValueError(f"{path.name}: the column {name!r} is missing.")
            if not {"label_2way", "label_3way"} & set(rows.fieldnames or ()):
                raise ValueError(f"{path.name}: the column 'label_3way' is missing, and so is 'label_2way'.")
            for number, row in enumerate(rows, start=2):
                out.append(_graded(path, number, row))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8: {error}") from None
    except csv.Error as error:
        raise ValueError(f"{path.name}, line {rows.line_num}: {error}") from None
    return out


def _graded(path: Path, number: int, row: dict[str, str | None]) -> Graded:
    """Row `number` of the file, counted with the header."""
    for name in ("question_id", "question", "reference_answers", "answer"):
        if row[name] is None:
            raise ValueError(f"{path.name}, row {number}: the row is too short: it has no {name!r}.")
    label = row.get("label_3way") or row.get("label_2way") or ""
    if label not in LABELS_READ:
        raise ValueError(f"{path.name}, row {number}: the label {label!r} is not known.")
    return Graded(
        path.stem,
        str(row["question_id"]),
        str(row["question"]),
        tuple(references_of(str(row["reference_answers"]))),
        str(row["answer"]),
        label,
        split=row.get("split") or "",
        answer_id=row.get("answer_id") or "",
    )


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

    Shuffled and keyword versions of right answers, denials and opposites of references and of right answers, echoes of
    the question, answers to another question (where the data hold one of another module or set), non-answers, parts of
    a reference; and other references as right answers.
    """
    groups = by_question(graded)
    everything = [each for each in graded if each.is_correct]
    families = {_family(each) for each in everything}
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
        if families - {_family(first)}:
            stranger = generator.choice(everything)
            while _family(stranger) == _family(first):
                stranger = generator.choice(everything)
            add(stranger.answer, "irrelevant", "stranger")
        add(generator.choice(NON_ANSWERS), "irrelevant", "non_answer")
        for text in generator.sample(right, min(2, len(right))):
            add(denied(text), "contradictory", "denied_answer")
        both = [*right, *references]
        for text in generator.sample(both, min(3, len(both))):
            add(opposed(text, generator), "contradictory", "opposed")
    return out


def _family(graded: Graded) -> tuple[str, str]:
    """Data set and module: within one, an answer to one question may fit another."""
    return graded.source, graded.question_id.split("_")[0]


def opposed(text: str, generator: random.Random) -> str:
    """The text with one word exchanged for its opposite; "" where it has none that is known."""
    words = text.split()
    places = [place for place, word in enumerate(words) if word.strip(".,;:!?").lower() in _OPPOSITE]
    if not places:
        return ""
    place = generator.choice(places)
    bare = words[place].strip(".,;:!?")
    other = _OPPOSITE[bare.lower()]
    words[place] = words[place].replace(bare, other.capitalize() if bare[:1].isupper() else other)
    return " ".join(words)


def mistyped(text: str, generator: random.Random, n: int = 2) -> str:
    """Letters exchanged, left out or doubled inside `n` of the longer words, none of them a number; "" without any."""
    words = text.split()
    places = [place for place, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    for place in generator.sample(places, min(n, len(places))):
        word = words[place]
        at = generator.randrange(1, len(word) - 2)
        words[place] = generator.choice(
            (
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
            )
        )
    return " ".join(words) if places else ""


def denied(text: str) -> str:
    """The text with its first helping verb denied (or what was denied, affirmed); "" where that cannot be done."""
    if re.search(r"\bnot\b", text):
        return re.sub(r"\s*\bnot\b", "", text, count=1)
    if _HELPING_VERB.search(text):
        return _HELPING_VERB.sub(r"\1 not", text, count=1)
    return ""
