"""What can be measured about one answer beside its question and its references. Pure.

Input: the texts, their vectors (unit length) and the language model's log-likelihoods. Output: one row of numbers, in
the order of FEATURES. Nothing here decides anything; `combine` does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .lexicon import ANTONYM_PAIRS
from .text import Text, stem

Vectors = Mapping[str, np.ndarray]  # text -> unit vector

TEXT_FEATURES = (
    "sim_best",  # cosine with the nearest reference
    "sim_mean",  # mean over the references
    "sim_covered",  # mean over the best reference's sentences of the nearest part of the answer
    "sim_least",  # the same for the sentence that is covered least
    "sim_precise",  # mean over the answer's sentences of the nearest part of any reference
    "sim_question",  # cosine with the question: high for an echo
    "sim_beyond",  # sim_best minus what the question alone has with that reference
    "overlap_new",  # share of the reference's content words not in the question that the answer has
    "overlap_soft",  # the same, each word by its nearest word (cosine of word vectors)
    "overlap_precise",  # share of the answer's content words not in the question that a reference has
    "overlap_bigrams",  # share of the reference's word pairs that the answer has in this order
    "overlap_all",  # share of the reference's content words that the answer has
    "echo",  # share of the answer's content words that come from the question
    "is_bare_echo",  # 1 when all of them do though the reference has others
    "negation_mismatch",  # 1 when one of answer and best reference denies and the other does not
    "antonyms",  # opposites of the reference's words said in their stead, at most 3
    "numbers_missing",  # share of the reference's numbers (not in the question) that the answer lacks
    "numbers_other",  # numbers of the answer that neither question nor references have: 0, or up to 1
    "units_mismatch",  # 1 when both name units and share none
    "length_ratio",  # log of words in the answer / words in the best reference, within -2.5..2.5
    "is_tiny",  # 1 for one or two words
    "function_share",  # share of function words: near 0 in a keyword list
    "repeats",  # 1 - distinct words / words
)
LLM_FEATURES = (
    "lm_yes",  # log-odds of the label "yes" over "no" under the judging prompt
    "lm_answer_gain",  # nats a token that the reference adds to the answer's likelihood
    "lm_answer_gain_total",  # the same over the whole answer, within -20..40
    "lm_reference_gain",  # nats a token that the answer adds to the reference's likelihood
    "lm_order",  # nats a word by which the answer beats its own words shuffled
    "lm_scrambled",  # how far lm_order falls short of 1, where people's sentences seldom are: 0 to 2
    "lm_fluency",  # mean log-likelihood a token of the answer
)
FEATURES = TEXT_FEATURES + LLM_FEATURES
MARKER_FEATURES = (
    "marker_correct",  # log-odds of "correct" over the rest by the fine-tuned cross-encoder, within -10..10
    "marker_contradictory",  # log-odds of "contradictory" over "incorrect", within -10..10
    "marker_spread",  # in a long answer: how much its parts differ in log-odds of "correct"
)
MARKED_FEATURES = TEXT_FEATURES + MARKER_FEATURES
# What the combiner hears beside the cross-encoder. More of the texts' features did not carry over to new questions, and
# those of shared words made keyword lists look right again.
HEARD_FEATURES = (*MARKER_FEATURES, "sim_best", "sim_beyond", "overlap_soft", "length_ratio")


@dataclass(frozen=True)
class Case:
    """One answer to assess, its texts cleaned."""

    question: Text
    references: tuple[Text, ...]
    answer: Text

    def texts_to_embed(self) -> list[str]:
        """All texts whose vectors `text_features` will ask for."""
        whole = [self.question, self.answer, *self.references]
        parts = [part for text in (self.answer, *self.references) for part in text.sentences]
        words = [word for text in (self.answer, *self.references) for word in text.key_words]
        return list(dict.fromkeys([text.text for text in whole] + parts + words))


def best_reference(case: Case, vectors: Vectors) -> int:
    """Index of the reference nearest to the answer, by meaning and by words in equal parts."""
    answer = vectors[case.answer.text]
    nearness = [
        float(vectors[reference.text] @ answer) + _share(reference.stems, case.answer.stems)
        for reference in case.references
    ]
    return int(np.argmax(nearness))


def coverage(reference: Text, answer: Text, vectors: Vectors) -> list[float]:
    """For every sentence of the reference: cosine with the nearest part of the answer."""
    parts = _matrix(_parts(answer), vectors)
    return [float((parts @ vectors[sentence]).max()) for sentence in _parts(reference)[:-1] or [reference.text]]


def text_features(case: Case, vectors: Vectors) -> dict[str, float]:
    """The features that need no language model, by name."""
    answer, question = case.answer, case.question
    reference = case.references[best_reference(case, vectors)]
    v_answer, v_question = vectors[answer.text], vectors[question.text]
    sims = [float(vectors[each.text] @ v_answer) for each in case.references]
    covered = coverage(reference, answer, vectors)
    all_parts = _matrix([part for each in case.references for part in _parts(each)], vectors)
    precise = (_matrix(answer.sentences or [answer.text], vectors) @ all_parts.T).max(axis=1)
    of_references = frozenset().union(*(each.stems for each in case.references))
    new_of_reference = reference.stems - question.stems
    new_of_answer = answer.stems - question.stems
    question_numbers = question.numbers
    wanted_numbers = reference.numbers - question_numbers
    all_numbers = question_numbers.union(*(each.numbers for each in case.references))
    strange_numbers = answer.numbers - all_numbers
    n_words = len(answer.words)
    return {
        "sim_best": max(sims),
        "sim_mean": sum(sims) / len(sims),
        "sim_covered": sum(covered) / len(covered),
        "sim_least": min(covered),
        "sim_precise": float(precise.mean()),
        "sim_question": float(v_answer @ v_question),
        "sim_beyond": max(sims) - float(vectors[reference.text] @ v_question),
        "overlap_new": _share(new_of_reference or reference.stems, answer.stems),
        "overlap_soft": _soft_share(reference, question, answer, vectors),
        "overlap_precise": _share(new_of_answer, of_references) if new_of_answer else 0.5,
        "overlap_bigrams": _share(reference.bigrams, answer.bigrams),
        "overlap_all": _share(reference.stems, answer.stems),
        "echo": _share(answer.stems, question.stems),
        "is_bare_echo": float(bool(answer.stems) and not new_of_answer and bool(new_of_reference)),
        "negation_mismatch": float((answer.n_negations > 0) != (reference.n_negations > 0)),
        "antonyms": float(min(3, n_antonyms(reference, answer))),
        "numbers_missing": 1.0 - _share(wanted_numbers, answer.numbers) if wanted_numbers else 0.0,
        "numbers_other": len(strange_numbers) / max(1, len(answer.numbers)),
        "units_mismatch": float(bool(reference.units and answer.units and not reference.units & answer.units)),
        "length_ratio": max(-2.5, min(2.5, math.log((n_words + 0.5) / (len(reference.words) + 0.5)))),
        "is_tiny": float(n_words <= 2),
        "function_share": answer.function_word_share,
        "repeats": 1.0 - len(set(answer.words)) / max(1, n_words),
    }


def as_row(values: Mapping[str, float], names: Sequence[str] = FEATURES) -> np.ndarray:
    """float64 of shape (len(names),); what is missing or not finite is NaN, which `combine` reads as "average"."""
    if "lm_order" in values:
        values = {**values, "lm_scrambled": max(0.0, min(2.0, 1.0 - values["lm_order"]))}
    row = np.array([float(values.get(name, math.nan)) for name in names])
    row[~np.isfinite(row)] = math.nan
    return row


def least_covered(case: Case, vectors: Vectors) -> str:
    """The sentence of the best reference that the answer covers least; "" when there is no reference."""
    if not case.references:
        return ""
    reference = case.references[best_reference(case, vectors)]
    sentences = _parts(reference)[:-1] or [reference.text]
    return sentences[int(np.argmin(coverage(reference, case.answer, vectors)))]


def n_antonyms(reference: Text, answer: Text) -> int:
    """How many words of the reference the answer leaves out while it says their opposite."""
    said, wanted = set(answer.words), set(reference.words)
    return sum(
        (one in wanted and other in said and one not in said and other not in wanted)
        or (other in wanted and one in said and other not in said and one not in wanted)
        for one, other in ANTONYM_PAIRS
    )


def shuffled(words: Sequence[str], seed: int) -> list[str]:
    """The words in another order: no two neighbours stay neighbours where that can be had. Deterministic."""
    if len(words) < 3:
        return list(reversed(words))
    generator = np.random.default_rng(seed)
    neighbours = set(pairwise(words))
    best, fewest = list(words), len(words)
    for _ in range(8):
        order = [words[index] for index in generator.permutation(len(words))]
        kept = sum(pair in neighbours for pair in pairwise(order))
        if kept < fewest:
            best, fewest = order, kept
    return best


def _parts(text: Text) -> list[str]:
    """The sentences, and last the whole."""
    return [*(text.sentences if len(text.sentences) > 1 else []), text.text]


def _matrix(texts: list[str], vectors: Vectors) -> np.ndarray:
    return np.stack([vectors[text] for text in texts])


def _share(wanted: frozenset, had: frozenset) -> float:
    return len(wanted & had) / len(wanted) if wanted else 0.0


def _soft_share(reference: Text, question: Text, answer: Text, vectors: Vectors) -> float:
    asked = question.stems
    wanted = [word for word in reference.key_words if stem(word) not in asked] or reference.key_words
    if not wanted or not answer.key_words:
        return 0.0
    nearness = (_matrix(wanted, vectors) @ _matrix(answer.key_words, vectors).T).max(axis=1)
    return float(np.clip((nearness - 0.3) / 0.7, 0.0, 1.0).mean())  # unrelated single words lie near .2-.3
