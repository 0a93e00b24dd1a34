"""What is measured about an answer moves the way a reader would expect."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptive.assessment.words.evidence import VectorStore, gather
from adaptive.assessment.words.features import (
    FEATURES,
    LLM_FEATURES,
    TEXT_FEATURES,
    Case,
    as_row,
    best_reference,
    least_covered,
    n_antonyms,
    shuffled,
    text_features,
)
from adaptive.assessment.words.text import Text
from adaptive.backends.embedding.hashing import HashingEncoder
from tests.assessment.words.fakes import FakeModel

QUESTION = "How did the class separate the salt from the water?"
REFERENCES = ("The water was evaporated, leaving the salt.", "They boiled 3/4 of it away. Salt stayed in the dish.")
STORE = VectorStore(HashingEncoder())


def case(answer: str, references: tuple[str, ...] = REFERENCES, question: str = QUESTION) -> Case:
    return Case(Text(question), tuple(Text(each) for each in references), Text(answer))


def measured(answer: str, **kwargs: object) -> dict[str, float]:
    one = case(answer, **kwargs)
    return text_features(one, STORE.of(one.texts_to_embed()))


def test_a_paraphrase_is_nearer_than_an_echo_and_an_echo_nearer_than_nonsense() -> None:
    same = measured("It was evaporated and the salt was left.")
    echo = measured("The class did separate the salt from the water.")
    nonsense = measured("Bananas grow in warm places.")
    assert same["overlap_new"] > echo["overlap_new"] >= nonsense["overlap_new"]
    assert echo["is_bare_echo"] == 1.0 and same["is_bare_echo"] == 0.0 and nonsense["is_bare_echo"] == 0.0
    assert nonsense["sim_best"] < same["sim_best"]


def test_a_denial_and_an_opposite_are_noticed() -> None:
    assert measured("The water was not evaporated, leaving the salt.")["negation_mismatch"] == 1.0
    assert measured("The water was evaporated, leaving the salt.")["negation_mismatch"] == 0.0
    assert n_antonyms(Text("The pitch will be lower"), Text("the pitch is higher")) == 1
    assert n_antonyms(Text("The pitch will be lower, not higher"), Text("it is higher")) == 0


def test_numbers_are_compared_by_value() -> None:
    assert measured("75% was boiled away")["numbers_missing"] == 0.0
    assert measured("three quarters of it boiled away")["numbers_missing"] == 0.0
    wrong = measured("They boiled 2/5 of it away, salt stayed in the dish")
    assert wrong["numbers_missing"] == 1.0 and wrong["numbers_other"] == 1.0


def test_what_was_said_of_two_things_leaves_the_other_missing() -> None:
    one = case("salt stayed in the dish", references=(REFERENCES[1],))
    assert "boiled" in least_covered(one, STORE.of(one.texts_to_embed()))
    assert best_reference(case("the dish had salt in"), STORE.of(case("the dish had salt in").texts_to_embed())) == 1


def test_shuffling_keeps_the_words_and_parts_the_neighbours() -> None:
    words = ["the", "water", "was", "evaporated", "leaving", "only", "the", "white", "salt"]
    mixed = shuffled(words, seed=3)
    assert sorted(mixed) == sorted(words) and mixed != words
    assert mixed == shuffled(words, seed=3)
    assert shuffled(["one", "two"], seed=1) == ["two", "one"] and shuffled([], seed=1) == []


def test_the_language_model_adds_order_and_gain() -> None:
    llm = FakeModel(known="the water was evaporated and the salt was left over")
    straight, mixed = case("The water was evaporated and the salt was left"), case("salt the left was water and the")
    rows = gather([straight, mixed], llm=llm, store=STORE).rows
    order = FEATURES.index("lm_order")
    assert rows[0, order] > 1.0 > rows[1, order]
    assert np.isfinite(rows).all()


def test_a_model_without_likelihoods_gives_its_opinion_only() -> None:
    rows = gather([case("salt was left")], llm=FakeModel(likelihoods=False, yes=1.5), store=STORE).rows
    finite = {name for name, value in zip(FEATURES, rows[0], strict=True) if math.isfinite(value)}
    assert finite == {*TEXT_FEATURES, "lm_yes"}
    rows = gather([case("salt was left")], llm=None, store=STORE).rows
    assert np.isnan(rows[0, len(TEXT_FEATURES) :]).all() and len(LLM_FEATURES) == rows.shape[1] - len(TEXT_FEATURES)


def test_answers_measured_together_are_measured_alike() -> None:
    llm = FakeModel(known="the salt is left")
    cases = [case("the salt is left"), case("no", question="Is it salt?"), case("3/4 of it"), case("the salt is left")]
    together = gather(cases, llm=llm, store=STORE).rows
    alone = np.concatenate([gather([each], llm=llm, store=STORE).rows for each in cases])
    assert np.allclose(together, alone, equal_nan=True)


def test_what_is_not_finite_is_missing() -> None:
    assert np.isnan(as_row({"sim_best": math.inf})).all()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120), st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=3))
def test_any_texts_give_finite_numbers(answer: str, references: list[str]) -> None:
    values = measured(answer or "x", references=tuple(references))
    assert set(values) == set(TEXT_FEATURES)
    assert all(math.isfinite(value) for value in values.values())


@pytest.mark.parametrize("words", [0, 1, 5000])
def test_any_length_can_be_measured(words: int) -> None:
    assert measured("salt " * words + "x")["length_ratio"] <= 2.5
