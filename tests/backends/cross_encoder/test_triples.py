"""What the cross-encoder gets to read: an answer stays an answer, whatever it says."""

from hypothesis import given
from hypothesis import strategies as st

from adaptive.backends.cross_encoder.triples import (
    MAX_ANSWER,
    MAX_QUESTION,
    MAX_REFERENCES,
    Triple,
    batches,
    tokens_of,
)


def encode(text: str) -> list[int]:
    return [100 + len(word) for word in text.split()]


def test_the_end_of_a_question_and_the_beginnings_of_the_others_are_read():
    question = " ".join(["a"] * 500 + ["asked"])
    tokens = tokens_of(Triple(question, ("b " * 500,), "ccc " * 500), encode)
    assert len(tokens) == MAX_QUESTION + MAX_REFERENCES + MAX_ANSWER + 6
    assert tokens[MAX_QUESTION] == 105  # "asked" is the last word of the question that is kept


def test_parts_are_divided_once():
    tokens = tokens_of(Triple("why", ("because", "since"), "so"), encode)
    assert tokens[0] == 0
    assert tokens.count(2) == 5
    assert tokens[-1] == 2


@given(st.lists(st.integers(1, 300), max_size=60))
def test_batches_hold_every_row_once_and_keep_their_size(lengths):
    made = batches(lengths, 8, 600)
    assert sorted(place for places in made for place in places) == list(range(len(lengths)))
    for places in made:
        assert len(places) <= 8
        assert len(places) == 1 or len(places) * max(lengths[place] for place in places) <= 600
