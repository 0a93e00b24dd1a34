"""The words of a request become a vector in time, or full text stands in."""

import threading
import time

import numpy as np
import pytest

from adaptive.backends.embedding.base import EmbeddingModel, EmbeddingUnavailable
from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.recommendation import query_vector as module
from adaptive.recommendation.query_vector import KEPT, MAX_CHARACTERS, MAX_WAITING, QueryEncoder


class Slow(HashingEncoder):
    """Waits until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.seen: list[str] = []

    def encode(self, texts: list[str]) -> np.ndarray:
        self.seen += texts
        self.go.wait(30)
        return super().encode(texts)


class Broken(HashingEncoder):
    error: Exception = EmbeddingUnavailable("the files are gone")

    def encode(self, texts: list[str]) -> np.ndarray:
        raise self.error


@pytest.fixture
def model(monkeypatch):
    def use(model: EmbeddingModel | None):
        monkeypatch.setattr(module, "get_light_embedding", lambda: model)
        return model

    return use


def test_the_vector_is_that_of_the_words_and_kept_for_the_next_time(model):
    encoder, used = QueryEncoder(), model(HashingEncoder())
    first = encoder.vector_of("half a pizza", limit=30)
    assert first.state == "made" and first.model == "hashing"
    assert first.vector == pytest.approx(used.encode(["half a pizza"])[0].tolist())
    model(Broken())  # it has the same name, and is not asked
    assert encoder.vector_of("half a pizza").state == "kept"
    assert encoder.vector_of("half a pizza").vector == first.vector


def test_nobody_waits_beyond_the_limit_and_what_comes_late_is_there_the_next_time(model):
    encoder, slow = QueryEncoder(), model(Slow())
    started = time.monotonic()
    late = encoder.vector_of("pizza", limit=0.02)
    assert (late.vector, late.state) == (None, "late") and time.monotonic() - started < 10
    assert late.stage()["name"] == "words_embedded" and late.stage()["state"] == "late"
    slow.go.set()
    for _ in range(200):
        if encoder.vector_of("pizza", limit=10).state == "kept":
            break
        time.sleep(0.02)
    assert encoder.vector_of("pizza").state == "kept" and slow.seen == ["pizza"], (
        "made once, however often it was asked"
    )


def test_a_crowd_does_not_queue_up(model):
    encoder, slow = QueryEncoder(), model(Slow())
    states = [encoder.vector_of(f"text {n}", limit=0.001).state for n in range(MAX_WAITING + 3)]
    assert states == ["late"] * MAX_WAITING + ["busy"] * 3
    slow.go.set()
    for _ in range(500):
        if not encoder._at_work:
            break
        time.sleep(0.02)
    assert encoder.vector_of("text 6", limit=30).state == "made", "and after the rush all is well"


@pytest.mark.parametrize("error", [EmbeddingUnavailable("gone"), RuntimeError("what?"), MemoryError()])
def test_an_encoder_that_fails_leaves_the_work_to_full_text(model, monkeypatch, error):
    monkeypatch.setattr(Broken, "error", error)
    model(Broken())
    said = QueryEncoder().vector_of("pizza", limit=30)
    assert (said.vector, said.state) == (None, "unavailable")


def test_without_a_light_twin_there_is_no_vector(model):
    model(None)
    assert QueryEncoder().vector_of("pizza").state == "unavailable"


def test_what_is_kept_is_bounded(model):
    encoder, _ = QueryEncoder(), model(HashingEncoder())
    for n in range(KEPT + 5):
        encoder.vector_of(f"text {n}", limit=30)
    assert len(encoder._kept) == KEPT
    encoder.vector_of("x" * 10_000, limit=30)
    assert max(len(text) for _, text in encoder._kept) == MAX_CHARACTERS


def test_a_forked_process_gets_a_thread_of_its_own(model, monkeypatch):
    encoder, _ = QueryEncoder(), model(HashingEncoder())
    encoder.vector_of("one", limit=30)
    first = encoder._pool
    monkeypatch.setattr(module.os, "getpid", lambda: -1)
    assert encoder.vector_of("two", limit=30).state == "made" and encoder._pool is not first
