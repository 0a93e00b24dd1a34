"""The client against another project's real server: `transformers serve` with the real small model, on the loopback.

This server ignores `echo` and `logprobs`, so scoring has to find its way down to the one word that it answers; the
rungs above are met by `fake_server` alone.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from adaptive.backends.llm.base import ModelUnavailable
from adaptive.backends.llm.convert import FOLDER_NAME
from adaptive.backends.llm.openai_compatible import OpenAICompatibleModel
from tests.real_models import real_llm, real_model_dir

pytestmark = pytest.mark.models
START_SECONDS = 120


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    real_llm()  # makes the folder where it is missing
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("serve")
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("transformers")),
                "serve",
                str(Path(real_model_dir()) / FOLDER_NAME),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            # Nothing is to be fetched, and the machine's cores are shared.
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder), "OMP_NUM_THREADS": "1"},
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_up(process, f"http://127.0.0.1:{port}/health", folder / "log")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"transformers serve does not come up: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture
def model(base_url: str) -> OpenAICompatibleModel:
    folder = str(Path(real_model_dir()) / FOLDER_NAME)
    return OpenAICompatibleModel(base_url=base_url, model=folder, timeout_seconds=60)


def test_it_writes_within_its_tokens_and_stops_where_told(model: OpenAICompatibleModel) -> None:
    question = "What is the capital of France?"
    text = model.generate(question, max_tokens=30, stop=["."], seconds=60)
    assert "Paris" in text and "." not in text
    assert len(model.generate(question, max_tokens=2, stop=[], seconds=60).split()) <= 2


def test_it_says_what_the_same_model_says_in_this_process(model: OpenAICompatibleModel) -> None:
    # The first words only: the two round bfloat16 in their own ways, and what follows an odd word differs.
    question = "What is the capital of France?"
    here = real_llm().generate(question, max_tokens=6, stop=[], seconds=60)
    assert model.generate(question, max_tokens=6, stop=[], seconds=60)[:10] == here[:10]


def test_scoring_finds_the_rung_that_this_server_can_do(model: OpenAICompatibleModel) -> None:
    rows = model.score_labels("Repeat this word, and nothing else:", [" yes", " yes"], [" yes", " no"])
    assert [len(row) for row in rows] == [2, 2] and rows[0] == rows[1]
    assert all(value <= 0 for row in rows for value in row)
    assert not model.has_likelihoods
    assert model.is_available()


def test_what_the_server_says_it_took_counts_against_the_budget(base_url: str) -> None:
    folder = str(Path(real_model_dir()) / FOLDER_NAME)
    model = OpenAICompatibleModel(base_url=base_url, model=folder, timeout_seconds=60, budget_tokens=400)
    for _ in range(2):  # by estimate the second would not fit: most of the 200 tokens are never written
        assert model.generate("Say yes.", max_tokens=200, stop=["."], seconds=60)
    assert model.is_available()


def test_a_model_that_the_server_lacks_is_an_unavailable_one(base_url: str) -> None:
    model = OpenAICompatibleModel(
        base_url=base_url, model="nobody/no-such-model", timeout_seconds=60, backoff_seconds=0.01
    )
    with pytest.raises(ModelUnavailable):
        model.generate("Hello", max_tokens=3, stop=[], seconds=60)
