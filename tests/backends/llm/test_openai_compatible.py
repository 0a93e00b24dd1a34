"""How the client of OpenAI-compatible servers behaves when the server is odd, slow or gone."""

import socket
from collections.abc import Iterator

import pytest

from adaptive.backends.llm.base import ModelUnavailable
from adaptive.backends.llm.json_client import MAX_ANSWER_BYTES
from adaptive.backends.llm.openai_compatible import OpenAICompatibleModel, _by_index, _sum_of_echo
from tests.backends.llm.fake_server import FakeServer, fake_server


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server("echo") as running:
        yield running


def client(server: FakeServer, **options: object) -> OpenAICompatibleModel:
    return OpenAICompatibleModel(base_url=server.base_url, model="fake", backoff_seconds=0.01, **options)


@pytest.mark.parametrize("kind", ["echo", "top_logprobs", "answer"])
def test_the_label_the_server_prefers_wins_however_the_server_tells_it(kind: str) -> None:
    with fake_server(kind) as running:
        model = client(running)
        rows = model.score_labels("The sky is", ["", " very"], [" blue", " red"])
        assert all(row[0] > row[1] for row in rows)
        assert model.has_likelihoods == (kind == "echo")
        asked = len(running.requests)
        model.score_labels("The sky is", [""], [" blue", " red"])
        assert len(running.requests) == asked + 1, "the rung that worked is remembered"


def test_echo_counts_the_tokens_of_the_label_alone(server: FakeServer) -> None:
    assert client(server).score_labels("The sky is", [" so"], [" blue", " red", " blue red"]) == [
        pytest.approx([-0.1, -3.0, -3.1])
    ]


def test_many_texts_go_in_few_requests_and_come_back_in_order(server: FakeServer) -> None:
    texts = [f" number {number}" for number in range(20)]
    rows = client(server).score_labels("The sky", texts, [" blue", " red"])
    assert rows == [pytest.approx([-0.1, -3.0])] * 20
    assert len(server.requests) == 3


def test_a_said_label_counts_and_an_unclear_answer_counts_for_none() -> None:
    with fake_server("answer") as running:
        running.says = "Partially correct, I think"
        model = client(running)
        row = model.score_labels("Is it?", [""], [" correct", " partially correct", " incorrect"])[0]
        assert row[1] > row[0] and row[1] > row[2]
        running.says = "I would rather not"
        row = model.score_labels("Is it?", [""], [" correct", " incorrect"])[0]
        assert row[0] == row[1]


@pytest.mark.parametrize(
    ("logprobs", "value"),
    [
        ({"text_offset": [0, 10], "token_logprobs": [None, -0.5]}, -0.5),
        ({"text_offset": [0, 10], "token_logprobs": [None, 1e-7]}, 0.0),  # rounded by the server
        ({"text_offset": [0, 10], "token_logprobs": [None, float("nan")]}, None),
        ({"text_offset": [0, 10], "token_logprobs": [None, 10**400]}, None),
        ({"text_offset": [0, 10], "token_logprobs": [None, None]}, None),
        ({"text_offset": [0, "x"], "token_logprobs": [None, -0.5]}, None),
        ({"text_offset": [0], "token_logprobs": [None, -0.5]}, None),
        ({}, None),
        (None, None),
    ],
)
def test_likelihoods_of_the_wrong_shape_are_not_believed(logprobs: object, value: float | None) -> None:
    assert _sum_of_echo(logprobs, 10, 15) == value


def test_choices_of_the_wrong_shape_are_not_believed() -> None:
    for choices in (None, [{}], [{"index": "0"}, {"index": 1}], [1, 2]):
        assert _by_index({"choices": choices}, 2) is None


def test_a_failing_server_is_asked_again(server: FakeServer) -> None:
    server.fail_next, server.fail_status = 2, 503
    assert client(server).score_labels("The sky is", [""], [" blue"]) == [[-0.1]]
    assert len(server.requests) == 3


def test_nobody_at_the_address_is_an_unavailable_model() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    model = OpenAICompatibleModel(base_url=f"http://127.0.0.1:{port}/v1", model="fake", backoff_seconds=0.01)
    with pytest.raises(ModelUnavailable, match="does not answer"):
        model.score_labels("The sky is", [""], [" blue"])


def test_a_slow_server_is_not_waited_for(server: FakeServer) -> None:
    server.delay = 2.0
    with pytest.raises(ModelUnavailable, match="TimeoutError"):
        client(server).generate("Hello", max_tokens=3, stop=[], seconds=0.3)


def test_failures_and_the_budget_make_the_model_unavailable(server: FakeServer) -> None:
    broken = client(server, failures_to_open=1)
    server.fail_next = 3
    with pytest.raises(ModelUnavailable, match="500"):
        broken.generate("Hello", max_tokens=3, stop=[], seconds=5)
    assert not broken.is_available()
    thrifty = client(server, budget_tokens=60)
    thrifty.generate("Hello", max_tokens=3, stop=[], seconds=5)
    with pytest.raises(ModelUnavailable, match="budget"):
        thrifty.generate("Hello", max_tokens=50, stop=[], seconds=5)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[1, 2]",
        b'{"choices": []}',
        b'{"choices": [{"message": 3}]}',
        b'{"choices": [{"message": {"content": [1]}}]}',
        b"x" * (MAX_ANSWER_BYTES + 1),
    ],
)
def test_an_answer_of_the_wrong_shape_is_an_unavailable_model(server: FakeServer, raw: bytes) -> None:
    server.raw = raw
    model = client(server)
    with pytest.raises(ModelUnavailable):
        model.generate("Hello", max_tokens=3, stop=[], seconds=5)
    with pytest.raises(ModelUnavailable):
        client(server).score_labels("The sky is", [""], [" blue", " red"])


def test_the_key_comes_from_the_environment_and_shows_nowhere_else(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEST_LLM_KEY", "s3cret-value")
    model = client(server, api_key_env="TEST_LLM_KEY")
    model.generate("Hello", max_tokens=3, stop=[], seconds=5)
    assert server.requests[-1][2]["Authorization"] == "Bearer s3cret-value"
    server.fail_next, server.fail_status = 1, 401
    with pytest.raises(ModelUnavailable) as refused:
        model.generate("Hello", max_tokens=3, stop=[], seconds=5)
    assert "401" in str(refused.value)
    assert "s3cret" not in str(refused.value) + caplog.text + repr(vars(model))


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "127.0.0.1:8000", "model": "x"},
        {"base_url": "file:///etc/passwd", "model": "x"},
        {"base_url": "http://127.0.0.1:99999/v1", "model": "x"},
        {"base_url": "http://[::1/v1", "model": "x"},
        {"base_url": "http://127.0.0.1/v1", "model": ""},
        {"base_url": "http://127.0.0.1/v1", "model": "x", "scoring": "guess"},
    ],
)
def test_bad_options_say_what_to_change(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"base_url|model|scoring"):
        OpenAICompatibleModel(**options)
