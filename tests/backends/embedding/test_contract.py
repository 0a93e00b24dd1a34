"""What every embedding model promises."""

import numpy as np
import pytest

from adaptive.backends.embedding.base import DIMENSIONS, EmbeddingModel, EmbeddingUnavailable
from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.backends.embedding.sentence_encoder import SentenceEncoder
from tests.real_models import real_embedding

HOSTILE = ["", " ", "😀", "\x00\u202e", "\ud800", "[CLS] [SEP] [PAD]", "a" * 50_000, "word " * 10_000]


@pytest.fixture(params=["hashing", pytest.param("minilm", marks=pytest.mark.models)])
def embedding(request: pytest.FixtureRequest) -> EmbeddingModel:
    return HashingEncoder() if request.param == "hashing" else real_embedding()


def test_vectors_have_the_width_of_the_database_column_and_length_one(embedding: EmbeddingModel) -> None:
    vectors = embedding.encode(["half of a pizza", "a plant needs light", *HOSTILE])
    assert embedding.dimensions == DIMENSIONS
    assert vectors.shape == (2 + len(HOSTILE), DIMENSIONS) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(vectors)), abs=1e-4)
    assert embedding.encode([]).shape == (0, DIMENSIONS)
    assert embedding.name and embedding.version


def test_the_vector_of_a_text_does_not_depend_on_its_neighbours(embedding: EmbeddingModel) -> None:
    texts = ["half of a pizza", "a much longer text about plants and light and water " * 5, "voltage"]
    together = embedding.encode(texts)
    alone = np.concatenate([embedding.encode([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-4
    assert np.array_equal(embedding.encode(texts), together), "and the same each time"


def test_a_text_is_nearer_to_its_likeness_than_to_a_stranger(embedding: EmbeddingModel) -> None:
    one, like, stranger = embedding.encode(
        ["The lamp needs a closed circuit.", "A lamp glows in a closed circuit.", "Fractions share a denominator."]
    )
    assert one @ like > one @ stranger + 0.1


def test_hashing_is_the_same_on_every_machine() -> None:
    vector = HashingEncoder().encode(["one third of the class"])[0]
    assert {int(place) for place in np.argsort(-np.abs(vector))[:5]} == {41, 56, 194, 270, 297}


def test_a_folder_without_a_model_is_refused_in_one_sentence(tmp_path) -> None:
    with pytest.raises(EmbeddingUnavailable, match="cannot be loaded"):
        SentenceEncoder(path=str(tmp_path)).load()
