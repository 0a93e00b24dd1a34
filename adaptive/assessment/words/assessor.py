"""The assessor for answers in words: guards, evidence, combiner, and a decision that prefers a person to a guess.

Evidence is that of the fine-tuned cross-encoder (`marking`) where it is installed, else that of the language model's
likelihoods (`evidence`). No text of a model reaches anyone.
"""

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adaptive.assessment.types import LABELS, AssessorUnavailable, Verdict
from adaptive.backends.cross_encoder.marker import Marker
from adaptive.backends.cross_encoder.triples import Triple
from adaptive.backends.embedding.base import EmbeddingModel, EmbeddingUnavailable
from adaptive.backends.llm.base import LanguageModel, ModelUnavailable

from . import combine, feedback
from .evidence import Evidence, VectorStore, gather
from .features import FEATURES, MARKED_FEATURES, TEXT_FEATURES, Case, Vectors, best_reference, least_covered
from .guards import Guarded, guard
from .marking import marked, opinion, parts_of
from .slips import put_right
from .text import Text, clean, plain

Tell = Callable[[str, str], None]

RELEASE_CONFIDENCE = 0.75  # the default; settings give the one in force
MAX_REFERENCES = 12
_stores: "weakref.WeakKeyDictionary[EmbeddingModel, VectorStore]" = weakref.WeakKeyDictionary()
MISCONCEPTION_NEARNESS = 0.5  # cosine with its description from which a misconception is named
# What the rules cost and catch, on the answers of fit.py. Of people's sentences of five words and more about one in
# 100 beats its shuffled words by less than this many nats a word; of shuffled ones nine in ten do.
MIN_ORDER, MIN_ORDER_WORDS = 0.9, 5
# One in 200 of people's sentences has a smaller share of function words; lists of keywords have none.
MIN_FUNCTION_SHARE = 0.15
# Denied copies of a reference keep its words: 86 of 100 are caught here, at 1 to 5 of 100 right answers.
DENIAL_OVERLAP, OPPOSITE_OVERLAP = 0.6, 0.4
MIN_DOUBTED_SCORE = 0.4


@dataclass(frozen=True)
class WordsTask:
    """One answer to assess. question and references may be Markdown with TeX.

    The rubric is taken for later assessors; this one does not read it. misconceptions: [{"id", "name",
    "description"}] that a wrong answer may show.
    """

    question: str
    references: list[str]
    answer: str
    accepted: list[str] = field(default_factory=list)
    rubric: str = ""
    misconceptions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Seen:
    """One answer and all that was measured about it."""

    task: WordsTask
    found: Guarded
    case: Case
    row: np.ndarray
    names: tuple[str, ...]
    probabilities: np.ndarray
    vectors: Vectors

    @property
    def values(self) -> dict[str, float]:
        pairs = zip(self.names, self.row, strict=True)
        return {name: round(float(value), 4) for name, value in pairs if np.isfinite(value)}


def assess_words(
    *,
    question: str,
    references: list[str],
    accepted: list[str],
    rubric: str,
    answer: str,
    misconceptions: list[dict[str, Any]],
    llm: LanguageModel | None,
    embedding: EmbeddingModel,
    marker: Marker | None = None,
    release_confidence: float = RELEASE_CONFIDENCE,
    tell: Tell | None = None,
) -> Verdict:
    """The verdict on one answer; see `assess_words_batch`."""
    task = WordsTask(question, references, answer, accepted, rubric, misconceptions)
    return assess_words_batch(
        [task], llm=llm, embedding=embedding, marker=marker, release_confidence=release_confidence, tell=tell
    )[0]


def assess_words_batch(
    tasks: Sequence[WordsTask],
    *,
    llm: LanguageModel | None,
    embedding: EmbeddingModel,
    marker: Marker | None = None,
    release_confidence: float = RELEASE_CONFIDENCE,
    tell: Tell | None = None,
) -> list[Verdict]:
    """The verdicts, in order; faster than one by one.

    A text equal to an accepted one is right by key, before any model is asked. The marker reads the others where it is
    there, else the language model. tell: called before a model gets the texts, with its name and version, and whose
    server it is on ("" for this machine). Raises AssessorUnavailable when a model is needed and absent: nothing is
    decided then, the caller keeps the attempts waiting.
    """
    found = [_guarded(task) for task in tasks]
    verdicts = [_without_models(task, one) for task, one in zip(tasks, found, strict=True)]
    open_places = [place for place, verdict in enumerate(verdicts) if verdict is None]
    if open_places:
        if marker is not None and not marker.is_available():
            marker = None
        if marker is None and (llm is None or not llm.is_available()):
            raise AssessorUnavailable("No language model is available to read answers in words.")
        if tell is not None:
            tell(*_reader_of(marker, llm))
        cases = [_case(tasks[place]) for place in open_places]
        store = _store_of(embedding)
        try:
            reading = _read(cases, marker=marker, llm=llm, store=store)
            for index, (place, case) in enumerate(zip(open_places, cases, strict=True)):
                row, p = reading.evidence.rows[index], reading.probabilities[index]
                seen = _Seen(tasks[place], found[place], case, row, reading.names, p, reading.evidence.vectors)
                verdicts[place] = _decide(seen, reading, store=store, release_confidence=release_confidence)
        except (ModelUnavailable, EmbeddingUnavailable) as error:
            raise AssessorUnavailable(str(error)) from error
    return [verdict for verdict in verdicts if verdict is not None]


def _reader_of(marker: Marker | None, llm: LanguageModel | None) -> tuple[str, str]:
    reader = marker or llm
    assert reader is not None
    return f"{reader.name} {reader.version}", getattr(reader, "host", "")


@dataclass(frozen=True)
class _Reading:
    """What was measured about some answers, P(label) of each, and who read them."""

    evidence: Evidence
    names: tuple[str, ...]
    probabilities: np.ndarray
    combiner: str
    model: str


def _read(cases: Sequence[Case], *, marker: Marker | None, llm: LanguageModel | None, store: VectorStore) -> _Reading:
    if marker is not None:
        evidence = marked(cases, marker=marker, store=store)
        combiner = combine.load(combine.SHIPPED_MARKER)
        probabilities = opinion(evidence.rows, combiner)
        return _Reading(evidence, MARKED_FEATURES, probabilities, "marker", _model_of(marker, combiner))
    assert llm is not None
    evidence = gather(cases, llm=llm, store=store)
    combiner = combine.load()
    if llm.has_likelihoods and combiner.about.get("llm") == llm.name:
        return _Reading(evidence, FEATURES, combiner.probabilities(evidence.rows), "fitted", _model_of(llm, combiner))
    combiner = combine.load(combine.SHIPPED_TEXT_ONLY)
    plain_said = combiner.probabilities(evidence.rows[:, : len(TEXT_FEATURES)])
    judged = combine.with_judge(plain_said, evidence.rows[:, FEATURES.index("lm_yes")])
    return _Reading(evidence, FEATURES, judged, "text_and_judge", _model_of(llm, combiner))


def _model_of(reader: Marker | LanguageModel, combiner: combine.Combiner) -> str:
    """Who decided, with the versions of all that was fitted.

    Agreement with teachers that was measured of one says nothing of another.
    """
    return f"{reader.name} {reader.version}+{combiner.version}"


def _decide(seen: _Seen, reading: _Reading, *, store: VectorStore, release_confidence: float) -> Verdict:
    label, score, confidence = combine.verdict_of(seen.probabilities)
    values = seen.values
    doubts = _doubts(seen, values, is_credited=score >= MIN_DOUBTED_SCORE)
    if doubts:
        # What a person must look at gets no credit meanwhile, and no confidence that could release it.
        label, score, confidence = ("irrelevant" if label == "correct" else label), 0.0, 0.0
    elif confidence < release_confidence:
        doubts = ["low_confidence"]
    return Verdict(
        score=round(score, 4),
        label=label,
        confidence=round(confidence, 4),
        feedback=feedback.WAITING if doubts else feedback.feedback_for(label, values, seen.case.answer),
        misconception="" if label == "correct" else _misconception(seen, store),
        missing="" if label == "correct" else least_covered(seen.case, seen.vectors),
        details={
            "why": doubts,
            "p": {name: round(float(p), 4) for name, p in zip(LABELS, seen.probabilities, strict=True)},
            "features": values,
            "reference": best_reference(seen.case, seen.vectors),
            "combiner": reading.combiner,
        },
        needs_review=bool(doubts),
        assessor_kind="llm",
        model=reading.model,
        prompt_version=reading.evidence.prompt_version,
    )


def _doubts(seen: _Seen, values: dict[str, float], *, is_credited: bool) -> list[str]:
    """Reasons that forbid credit without a person, however sure the combiner is.

    The combiner sees nearness in meaning, and a reference that is shuffled, listed or denied is very near. The rules
    on these apply only where there would be credit: a wrong answer may be as odd as it likes.
    """
    answer = seen.case.answer
    doubts = []
    if seen.found and (is_credited or not seen.found.only_credit):
        doubts.append(seen.found.reason)
    if is_credited:
        if len(answer.words) >= MIN_ORDER_WORDS:
            if values.get("lm_order", MIN_ORDER) < MIN_ORDER:
                doubts.append("word_order")
            if values["function_share"] < MIN_FUNCTION_SHARE:
                doubts.append("keywords")
        if values["negation_mismatch"] and values["overlap_all"] >= DENIAL_OVERLAP:
            doubts.append("denial")
        if values["antonyms"] and values["overlap_all"] >= OPPOSITE_OVERLAP:
            doubts.append("opposite")
        if values["is_bare_echo"]:
            doubts.append("echo")
    return doubts


def _misconception(seen: _Seen, store: VectorStore) -> str:
    """The id of the misconception nearest to the answer, if one is near enough."""
    known = [each for each in seen.task.misconceptions if each.get("id")]
    if not known:
        return ""
    texts = [f"{each.get('name', '')}. {each.get('description', '')}" for each in known]
    vectors = store.of(texts)
    nearness = [float(vectors[text] @ seen.vectors[seen.case.answer.text]) for text in texts]
    best = int(np.argmax(nearness))
    return str(known[best]["id"]) if nearness[best] >= MISCONCEPTION_NEARNESS else ""


def _guarded(task: WordsTask) -> Guarded:
    return guard(answer=task.answer, references=task.references, accepted=task.accepted, question=task.question)


def _without_models(task: WordsTask, found: Guarded) -> Verdict | None:
    """The verdict that needs no model, or None."""
    said = _folded(task.answer)
    if said and any(said == _folded(text) for text in [*task.accepted, *task.references, *map(plain, task.references)]):
        return Verdict(1.0, "correct", 1.0, feedback.RIGHT, details={"why": ["accepted_text"]}, assessor_kind="key")
    if found.reason == "empty":
        return Verdict(0.0, "irrelevant", 1.0, feedback.EMPTY, details={"why": ["empty"]}, assessor_kind="key")
    if found.blocks:
        words = feedback.UNREADABLE if found.reason == "no_words" else feedback.WAITING
        return Verdict(
            0.0, "irrelevant", 0.0, words, details={"why": [found.reason]}, needs_review=True, assessor_kind="llm"
        )
    return None


def _folded(text: str) -> str:
    return clean(text).casefold().strip(" .!\"'").replace("’", "'")


def _case(task: WordsTask) -> Case:
    references = tuple((_with_words(task.references) or _with_words(task.accepted))[:MAX_REFERENCES])
    question = Text(plain(task.question))
    return Case(question, references, put_right(Text(task.answer), (question, *references)))


def triple_of(task: WordsTask) -> Triple:
    """What the marker reads of an answer first: of a long one its first part."""
    case = _case(task)
    references = tuple(reference.text for reference in case.references)
    return Triple(case.question.text, references, parts_of(case.answer.text)[0])


def _with_words(references: list[str]) -> list[Text]:
    return [text for text in (Text(plain(reference)) for reference in references) if text.words]


def _store_of(embedding: EmbeddingModel) -> VectorStore:
    if embedding not in _stores:
        _stores[embedding] = VectorStore(embedding)
    return _stores[embedding]
