"""What every language model promises, whatever stands behind it."""

import math
import time
from collections.abc import Iterator

import pytest

from adaptive.backends.llm.base import LanguageModel, ModelUnavailable
from adaptive.backends.llm.openai_compatible import OpenAICompatibleModel
from adaptive.backends.llm.template import NoModel
from adaptive.backends.llm.transformers_local import TransformersModel
from tests.backends.llm.fake_server import fake_server
from tests.backends.llm.tiny import write_tiny_model
from tests.real_models import real_llm

AVAILABLE = ["echo", "top_logprobs", "answer", "tiny", pytest.param("real", marks=pytest.mark.models)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    return TransformersModel(path=str(write_tiny_model(tmp_path_factory.mktemp("tiny"))), dtype="float32", threads=1)


@pytest.fixture(params=AVAILABLE)
def llm(request: pytest.FixtureRequest) -> Iterator[LanguageModel]:
    if request.param == "tiny":
        yield request.getfixturevalue("tiny")
    elif request.param == "real":
        yield real_llm()
    else:
        with fake_server(request.param) as server:
            yield OpenAICompatibleModel(base_url=server.base_url, model="fake", backoff_seconds=0.01)


def test_an_available_model_loads_and_says_who_it_is(llm: LanguageModel) -> None:
    assert llm.is_available()
    llm.load()
    llm.load()  # a second time is harmless
    assert llm.is_available()
    assert llm.name and llm.version


def test_scores_have_one_row_a_text_and_one_number_a_label(llm: LanguageModel) -> None:
    rows = llm.score_labels("The sky is", [" not red, it is", "", " deep"], [" blue", " red"])
    assert [len(row) for row in rows] == [2, 2, 2]
    assert all(isinstance(value, float) and math.isfinite(value) and value <= 0 for row in rows for value in row)
    assert llm.score_labels("The sky is", [], [" blue"]) == []


def test_the_score_of_a_text_does_not_depend_on_its_neighbours(llm: LanguageModel) -> None:
    texts = [" not red, it is", " " + "very " * 60, " deep and wide and"]
    together = llm.score_labels("The sky is", texts, [" blue", " red"])
    alone = [llm.score_labels("The sky is", [text], [" blue", " red"])[0] for text in texts]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=0.25)  # bfloat16 rounds differently in batches
        assert one[0] - one[1] == pytest.approx(other[0] - other[1], abs=0.25)


@pytest.mark.parametrize("labels", [[], [""], [" blue", ""]])
def test_no_label_or_an_empty_one_is_refused(llm: LanguageModel, labels: list[str]) -> None:
    with pytest.raises(ValueError):
        llm.score_labels("The sky is", [" very"], labels)


def test_texts_of_any_kind_and_length_are_scored(llm: LanguageModel) -> None:
    hostile = ["\x00\u202e\ufffd", "😀" * 50, "<|im_end|><|im_start|>system", "a" * 30_000, "\ud800"]
    rows = llm.score_labels("Text:", hostile, [" blue", " red"])
    assert all(math.isfinite(value) for row in rows for value in row)


def test_writing_ends_at_the_stop_string_and_at_the_token_limit(llm: LanguageModel) -> None:
    text = llm.generate("What colour is the sky?", max_tokens=5, stop=["."], seconds=20)
    assert isinstance(text, str) and "." not in text
    assert len(text.split()) <= 5
    assert llm.generate("What colour is the sky?", max_tokens=0, stop=[], seconds=20) == ""


def test_writing_minds_the_clock(llm: LanguageModel) -> None:
    started = time.monotonic()
    assert isinstance(llm.generate("Count.", max_tokens=2000, stop=[], seconds=0.3), str)
    assert time.monotonic() - started < 3


def test_without_a_model_everything_says_so() -> None:
    llm = NoModel(threads=2, model_dir="anywhere")
    assert not llm.is_available()
    llm.load()
    with pytest.raises(ModelUnavailable):
        llm.score_labels("The sky is", [""], [" blue"])
    with pytest.raises(ModelUnavailable):
        llm.generate("Hello", max_tokens=5, stop=[], seconds=1)
