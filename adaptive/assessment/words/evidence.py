"""Asks the two models about answers and returns rows of features. The only part of this folder that calls a model.

Answers to one question are asked about together, so that the language model reads the question once.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adaptive.backends.embedding.base import EmbeddingModel
from adaptive.backends.llm.base import LanguageModel

from .features import Case, Vectors, as_row, best_reference, shuffled, text_features
from .prompts import as_data, load_prompt

JUDGE, RESTATE, ANSWER = "judge_v1", "restate_v1", "answer_v1"
YES_NO = [" yes", " no"]
ORDER_PREFIX = "A student wrote:"
MAX_ANSWER_CHARACTERS = 1500  # that the language model reads; the start and the end of a longer one
MAX_REFERENCE_CHARACTERS = 1200
MAX_ORDER_WORDS = 60
KEPT_VECTORS = 5000  # 7.7 MB


@dataclass(frozen=True)
class Evidence:
    """Feature rows (n, len(FEATURES)) of the cases in order, their vectors, and the prompts that were used."""

    rows: np.ndarray
    vectors: Vectors
    prompt_version: str


class VectorStore:
    """Vectors of the texts asked for, remembering the recent ones: questions, references and single words recur."""

    def __init__(self, embedding: EmbeddingModel, *, n_kept: int = KEPT_VECTORS) -> None:
        self._embedding, self._n_kept = embedding, n_kept
        self._kept: dict[str, np.ndarray] = {}

    def of(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        wanted = list(dict.fromkeys(texts))
        missing = [text for text in wanted if text not in self._kept]
        found = {text: self._kept[text] for text in wanted if text in self._kept}
        if missing:
            found.update(zip(missing, self._embedding.encode(missing), strict=True))
            if len(self._kept) + len(missing) > self._n_kept:
                self._kept.clear()  # simple and rare; what is in use comes back with the next question
            if len(missing) <= self._n_kept:
                self._kept.update((text, found[text]) for text in missing)
        return found


def prompt_version() -> str:
    """Of all prompts in use, e.g. "judge_v1@3f2a91 restate_v1@...": stored with every verdict."""
    return " ".join(load_prompt(name).version for name in (JUDGE, RESTATE, ANSWER))


def gather(cases: Sequence[Case], *, llm: LanguageModel | None, store: VectorStore) -> Evidence:
    """Feature rows of the cases. Without a language model its features are NaN. Raises ModelUnavailable."""
    vectors = store.of([text for case in cases for text in case.texts_to_embed()])
    values = [text_features(case, vectors) for case in cases]
    if llm is not None:
        with llm.for_purpose("assess"):
            found = llm_features(cases, vectors, llm=llm)
        for known, more in zip(values, found, strict=True):
            known.update(more)
    rows = np.stack([as_row(each) for each in values])
    return Evidence(rows, vectors, prompt_version() if llm is not None else "")


def llm_features(cases: Sequence[Case], vectors: Vectors, *, llm: LanguageModel) -> list[dict[str, float]]:
    """The features that the language model gives, by name; a model without likelihoods gives `lm_yes` only."""
    out: list[dict[str, float]] = [{} for _ in cases]
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, case in enumerate(cases):
        groups[case.question.text, case.references[best_reference(case, vectors)].text].append(index)
    for (question, reference), indices in groups.items():
        answers = [as_data(cases[index].answer.text, MAX_ANSWER_CHARACTERS) for index in indices]
        found = _ask(llm, as_data(question), as_data(reference, MAX_REFERENCE_CHARACTERS), answers)
        for index, more in zip(indices, found, strict=True):
            out[index].update(more)
    if llm.has_likelihoods:
        for known, more in zip(out, _order(llm, cases), strict=True):
            known.update(more)
    return out


def _ask(llm: LanguageModel, question: str, reference: str, answers: list[str]) -> list[dict[str, float]]:
    judge, restate, plain = load_prompt(JUDGE), load_prompt(RESTATE), load_prompt(ANSWER)
    shared = judge.prefix(question=question, reference=reference)
    judged = llm.score_labels(shared, [judge.text(answer=answer) for answer in answers], YES_NO)
    out = [{"lm_yes": yes - no} for yes, no in judged]
    if not llm.has_likelihoods:
        return out
    labels = [" " + answer for answer in answers]
    # The same shared part as the judge's, so the model has it already.
    shared = restate.prefix(question=question, reference=reference)
    with_reference = llm.score_labels(shared, [restate.text()], labels)[0]
    prefix = plain.prefix(question=question).rstrip()
    without = llm.score_labels(prefix, [""], [*labels, " " + reference])[0]
    after_answer = llm.score_labels(prefix, [" " + plain.text(answer=answer) for answer in answers], [" " + reference])
    for row, answer, one, other, (known,) in zip(out, answers, with_reference, without, after_answer, strict=False):
        row["lm_answer_gain"] = (one - other) / _size(answer)
        row["lm_answer_gain_total"] = max(-20.0, min(40.0, one - other))
        row["lm_reference_gain"] = (known - without[-1]) / _size(reference)
    return out


def _order(llm: LanguageModel, cases: Sequence[Case]) -> list[dict[str, float]]:
    """How much likelier the answer is than its own words in another order."""
    texts: list[str] = []
    for case in cases:
        words = as_data(case.answer.text, MAX_ANSWER_CHARACTERS).split()[:MAX_ORDER_WORDS]
        texts += [" " + " ".join(order) for order in (words, shuffled(words, seed=1))]
    scores = llm.score_labels(ORDER_PREFIX, [""], texts)[0]
    out = []
    for place, case in enumerate(cases):
        own, mixed = scores[2 * place : 2 * place + 2]
        n_words = len(case.answer.text.split()[:MAX_ORDER_WORDS])
        values = {"lm_fluency": own / _size(texts[2 * place])}
        if n_words >= 3:  # two words say too little about their order
            values["lm_order"] = (own - mixed) / n_words
        out.append(values)
    return out


def _size(text: str) -> float:
    """About the tokens of a text, without a tokenizer: four characters make one."""
    return max(1.0, len(text) / 4)
