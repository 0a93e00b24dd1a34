"""What every embedding model promises."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from adaptive.backends.embedding.base import DIMENSIONS, EmbeddingModel, EmbeddingUnavailable
from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.backends.embedding.minilm import packaged_folder
from adaptive.backends.embedding.numpy_encoder import NumpyEncoder
from adaptive.backends.embedding.sentence_encoder import SentenceEncoder
from adaptive.backends.registry import class_at
from tests.real_models import real_embedding

HOSTILE = ["", " ", "😀", "\x00\u202e", "\ud800", "[CLS] [SEP] [PAD]", "a" * 50_000, "word " * 10_000]


@pytest.fixture(params=["hashing", "numpy", pytest.param("minilm", marks=pytest.mark.models)])
def embedding(request: pytest.FixtureRequest) -> EmbeddingModel:
    if request.param == "minilm":
        return real_embedding()
    return {"hashing": HashingEncoder, "numpy": NumpyEncoder}[request.param]()


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


@pytest.mark.models
def test_the_light_twin_makes_the_same_vectors_under_the_same_name() -> None:
    texts = [*HOSTILE, "why denominators must match", "Wie addiert man Brüche?", "naïve café, 12 % of 3/4?", "光合作用"]
    full, light = real_embedding(), class_at(SentenceEncoder.light)()
    assert (light.name, light.version) == (full.name, full.version)
    assert (full.encode(texts) * light.encode(texts)).sum(axis=1).min() > 0.9999


def test_the_light_twin_loads_no_model_library() -> None:
    code = (
        "import sys\n"
        "from adaptive.backends.embedding.numpy_encoder import NumpyEncoder\n"
        "NumpyEncoder(threads=1, model_dir='x').encode(['a'])\n"
        "print(sorted({'torch', 'transformers', 'safetensors', 'scipy', 'django'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert out.stdout.strip() == "[]", out.stderr


BERT = {"model_type": "bert", "hidden_act": "gelu", "hidden_size": 384, "num_attention_heads": 12}
BROKEN = {
    "empty": {},
    "no weights": {"config.json": json.dumps(BERT)},
    "not JSON": {"config.json": "{"},
    "another width": {"config.json": json.dumps({**BERT, "hidden_size": 768, "layer_norm_eps": 1e-12})},
    "another kind": {"config.json": json.dumps({**BERT, "model_type": "mpnet"})},
    "weights cut off": {"config.json": json.dumps({**BERT, "layer_norm_eps": 1e-12}), "model.safetensors": "12345678"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_folder_of_the_light_twin_is_refused_in_one_sentence(tmp_path, name) -> None:
    shutil.copy(packaged_folder() / "tokenizer.json", tmp_path)
    for file, text in BROKEN[name].items():
        (tmp_path / file).write_text(text)
    with pytest.raises(EmbeddingUnavailable):
        NumpyEncoder(path=str(tmp_path)).encode(["a"])
