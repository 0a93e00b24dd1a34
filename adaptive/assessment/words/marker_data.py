"""What the cross-encoder is fitted on: which answers, how they are varied from epoch to epoch, and in what batches.

Pure, and deterministic by seed; no torch.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from adaptive.backends.cross_encoder.triples import CLASSES, Encode, Triple, tokens_of
from adaptive.common.hashing import stable_hash

from .data import Graded, made_up, mistyped, read_graded

SOURCES = ("scientsbank_train", "beetle_train", "saf_english")
LEFT_OUT_MODULES = ("MS", "LF")  # of SciEntsBank, 645 answers; chosen by lot once
N_FOLDS = 5
MODULE_FOLDS = (("ME", "LP", "II"), ("MX", "MS"), ("PS", "EM"), ("SE", "LF"), ("VB", "FN", "ST"))  # of about one size
FILLING_ROW = (0, 2)  # <s></s>: read, and counted nowhere
_MIN_PEER_WORDS = 4


@dataclass(frozen=True)
class Mixture:
    """How the answers are varied in fitting. Shares are of the answers, drawn anew each epoch."""

    shares: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"scientsbank_train": 1.0, "beetle_train": 0.5, "saf_english": 0.25})
    )
    made: float = 0.6
    peers: float = 0.0  # read beside another's right answer to the question in place of the references
    no_question: float = 0.1
    one_reference: float = 0.3
    mistyped: float = 0.1


def read_training(folder: Path) -> list[Graded]:
    """The training answers of the three sets; never another split."""
    out = read_graded(folder / "scientsbank_train.csv") + read_graded(folder / "beetle_train.csv")
    saf = read_graded(folder / "saf_english.csv")
    return out + [each for each in saf if each.split in ("", "training")]


def module_of(graded: Graded) -> str:
    """Of SciEntsBank's questions; "" of others."""
    return graded.question_id.split("_")[0] if graded.source.startswith("scientsbank") else ""


def is_left_out(graded: Graded, share: float, seed: int, *, modules: tuple[str, ...] = LEFT_OUT_MODULES) -> bool:
    """The named modules of SciEntsBank, and of all sets a share of the questions, chosen by hash; none at share 0."""
    if share <= 0:
        return False
    if module_of(graded) in modules:
        return True
    return int(stable_hash([seed, graded.source, graded.question_id])[:8], 16) / 16**8 < share


def is_in_fold(graded: Graded, fold: int, by: str) -> bool:
    """Is it of the questions (of all sets) or of the modules (of SciEntsBank) that fold 0..N_FOLDS-1 leaves out?

    by: "question" or "module".
    """
    if by == "module":
        return module_of(graded) in MODULE_FOLDS[fold]
    return int(stable_hash(["fold", graded.source, graded.question_id])[:8], 16) * N_FOLDS // 16**8 == fold


def class_of(label: str) -> int:
    return CLASSES.index(label) if label in CLASSES else CLASSES.index("incorrect")


def epoch_of(graded: Sequence[Graded], epoch: int, seed: int, mixture: Mixture) -> list[Graded]:
    """The answers of one epoch: shares of the sets, and answers made up anew."""
    generator = random.Random(f"{seed} {epoch}")
    chosen = [each for each in graded if generator.random() < mixture.shares.get(each.source, 1.0)]
    slips = [mistyped(each.answer, generator) if generator.random() < mixture.mistyped else "" for each in chosen]
    chosen = [replace(each, answer=text) if text else each for each, text in zip(chosen, slips, strict=True)]
    made = [each for each in made_up(list(graded), seed=1000 * seed + epoch) if generator.random() < mixture.made]
    verbatim = {(e.source, e.question_id): e for e in graded if e.references}.values()
    own = [replace(e, answer=generator.choice(e.references), label="correct", made="verbatim") for e in verbatim]
    return chosen + made + [each for each in own if generator.random() < 0.5]


def right_answers(graded: Sequence[Graded]) -> dict[tuple[str, str], list[str]]:
    """By source and question: people's right answers that say enough to stand for a reference."""
    out: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in graded:
        if each.is_correct and not each.made and len(each.answer.split()) >= _MIN_PEER_WORDS:
            out[each.source, each.question_id].append(each.answer)
    return out


def seen_of(
    graded: Graded, generator: random.Random, mixture: Mixture, peers: Mapping[tuple[str, str], list[str]]
) -> Triple:
    """As it is read in fitting: sometimes without the question, with fewer references or in another order, or beside
    what another pupil said rightly."""
    references = [text for text in graded.references if text.strip()]
    others = peers.get((graded.source, graded.question_id), ())
    if graded.made == "" and others and generator.random() < mixture.peers:
        peer = generator.choice(others)
        if peer.strip().casefold() != graded.answer.strip().casefold():
            return Triple(graded.question, (peer,), graded.answer)
    if len(references) > 1:
        if generator.random() < mixture.one_reference:
            references = [generator.choice(references)]
        else:
            generator.shuffle(references)
    question = "" if graded.made == "" and generator.random() < mixture.no_question else graded.question
    return Triple(question, tuple(references), graded.answer)


Rows = tuple[list[list[int]], list[int]]
"""Rows of tokens, and the class of each."""


def rows_of_epoch(graded: Sequence[Graded], encode: Encode, *, seed: int, epoch: int, mixture: Mixture) -> Rows:
    """What is read in one epoch, the shortest first; those of about one length in any order."""
    answers = epoch_of(graded, epoch, seed, mixture)
    generator = random.Random(f"{seed} {epoch} order")
    peers = right_answers(graded) if mixture.peers else {}
    tokens = [tokens_of(seen_of(each, generator, mixture, peers), encode) for each in answers]
    jitter = [len(row) + generator.random() * 8 for row in tokens]
    order = sorted(range(len(tokens)), key=lambda place: jitter[place])
    return [tokens[place] for place in order], [class_of(answers[place].label) for place in order]


def side_by_side(sizes: Sequence[int], batch: int) -> Iterator[list[range]]:
    """For every batch, the places of the rows that each of several fits reads in it: as many batches for all, the same
    share of the way from short rows to long ones, so that they are of about one length."""
    n_batches = -(-max(sizes) // batch)
    for number in range(n_batches):
        yield [range(number * n // n_batches, (number + 1) * n // n_batches) for n in sizes]
