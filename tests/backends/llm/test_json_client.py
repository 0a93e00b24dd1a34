"""The client against a server on the loopback that hangs, drips, fails, limits and talks nonsense.

No test looks at how long it took: the clock and the sleeping are the test's own, and where the real socket's timeout is
at work, a client that waits on would run into the suite's own limit.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from adaptive.backends.llm.base import ModelUnavailable
from adaptive.backends.llm.json_client import MAX_ANSWER_BYTES, RETRIES, JsonClient, Refused
from adaptive.backends.llm.limits import Budget, CircuitBreaker

Act = Callable[["Handler"], None]


class Clock:
    """Stands still unless somebody sleeps by it."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Server(ThreadingHTTPServer):
    """Does the next of `acts` at each request, the last of them again and again."""

    daemon_threads = True

    def __init__(self, acts: list[Act]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts, self.n_requests = acts, 0
        self.over = threading.Event()  # set when the test is: lets hanging handlers go


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        act = self.server.acts[min(self.server.n_requests, len(self.server.acts) - 1)]
        self.server.n_requests += 1
        with suppress(OSError):  # the client gave up, as it should
            act(self)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


def answers(status: int = 200, data: bytes = b'{"ok": true}', **headers: str) -> Act:
    def act(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return act


def hangs(handler: Handler) -> None:
    handler.server.over.wait(60)


def drips(start: bytes) -> Act:
    """A byte every 20 ms without end: no single read ever takes long."""

    def act(handler: Handler) -> None:
        handler.wfile.write(start)
        while not handler.server.over.wait(0.02):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    return act


def floods(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
    chunk = b"x" * 65_536
    while not handler.server.over.is_set():  # without end: only a client that stops reading gets away
        handler.wfile.write(chunk)


def breaks_off(handler: Handler) -> None:
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"choices": [')


def talks_no_http(handler: Handler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


@contextmanager
def serving(*acts: Act) -> Iterator[Server]:
    server = Server(list(acts))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()


class Asker:
    """A client with its limits at hand."""

    def __init__(self, server: Server, *, timeout: float = 5.0, failures_to_open: int = 2, tokens: int = 0) -> None:
        self.clock = Clock()
        self.breaker = CircuitBreaker(failures_to_open=failures_to_open, open_seconds=30, clock=self.clock)
        self.budget = Budget(tokens=tokens, seconds=3600, clock=self.clock)
        self.client = JsonClient(
            base_url=f"http://127.0.0.1:{server.server_address[1]}/v1",
            who="fake",
            api_key_env="TEST_LLM_KEY",
            timeout_seconds=timeout,
            backoff_seconds=0.5,
            breaker=self.breaker,
            budget=self.budget,
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def ask(self, *, seconds: float = 100.0, tokens: int = 10) -> dict[str, object]:
        return self.client.post("/chat/completions", {"prompt": "Hello"}, tokens=tokens, seconds=seconds)


@pytest.mark.parametrize(
    "misbehave",
    [
        pytest.param(hangs, id="says nothing"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\nX-Long: "), id="drips headers"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), id="drips its answer"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), id="drips chunks"),
    ],
)
@pytest.mark.timeout(60)
def test_a_server_that_takes_its_time_is_left_at_the_timeout(misbehave: Act) -> None:
    with serving(misbehave) as server:
        asker = Asker(server, timeout=0.2)
        with pytest.raises(ModelUnavailable, match=r"does not answer: (TimeoutError|LineTooLong|BadStatus|Incomplete)"):
            asker.ask()
        assert server.n_requests == RETRIES + 1


@pytest.mark.parametrize(
    "misbehave",
    [
        pytest.param(floods, id="endless answer"),
        pytest.param(answers(data=b"x" * (MAX_ANSWER_BYTES + 1)), id="huge answer"),
        pytest.param(breaks_off, id="half an answer"),
        pytest.param(talks_no_http, id="another protocol"),
        pytest.param(answers(data=b'{"choices": ['), id="broken JSON"),
        pytest.param(answers(data=b"[" * 200_000), id="JSON too deep"),
        pytest.param(answers(data=b"\xff\xfe\x00"), id="no text"),
        pytest.param(answers(data=b"[1, 2]"), id="a list"),
        pytest.param(answers(data=b""), id="nothing"),
        pytest.param(answers(500), id="500"),
        pytest.param(answers(503, b"<html>"), id="503"),
    ],
)
@pytest.mark.timeout(60)
def test_whatever_comes_instead_of_an_answer_is_an_unavailable_model(misbehave: Act) -> None:
    with serving(misbehave) as server:
        asker = Asker(server)
        with pytest.raises(ModelUnavailable, match="does not answer"):
            asker.ask()
        assert server.n_requests == RETRIES + 1
        assert asker.clock.slept == [0.5, 1.0]
        assert asker.breaker.n_failures == 1


def test_a_passing_failure_is_followed_by_the_answer() -> None:
    with serving(answers(500), answers(data=b"nonsense"), answers()) as server:
        asker = Asker(server)
        assert asker.ask() == {"ok": True}
        assert asker.breaker.n_failures == 0


def test_the_circuit_opens_and_closes_again() -> None:
    with serving(*[answers(500)] * (2 * (RETRIES + 1)), answers()) as server:
        asker = Asker(server, failures_to_open=2)
        for _ in range(2):
            assert asker.client.is_available()
            with pytest.raises(ModelUnavailable, match="status 500"):
                asker.ask()
        assert not asker.client.is_available()
        asked = server.n_requests
        with pytest.raises(ModelUnavailable, match="failed several times"):
            asker.ask()
        assert server.n_requests == asked, "nothing is sent while it is open"
        asker.clock.now += 30
        assert asker.client.is_available()
        assert asker.ask() == {"ok": True}
        assert asker.ask() == {"ok": True}


def test_a_server_that_is_still_broken_after_the_pause_is_left_alone_again() -> None:
    with serving(answers(500)) as server:
        asker = Asker(server, failures_to_open=1)
        for _ in range(2):
            with pytest.raises(ModelUnavailable, match="status 500"):
                asker.ask()
            assert not asker.client.is_available()
            asker.clock.now += 30


def test_the_wait_that_a_busy_server_asks_for_is_kept() -> None:
    with serving(answers(429, Retry_After="7"), answers()) as server:
        asker = Asker(server)
        assert asker.ask() == {"ok": True}
        assert asker.clock.slept == [7.0]


def test_the_wait_may_be_a_date() -> None:
    with serving(answers(503, Retry_After=formatdate(time.time() + 3600, usegmt=True)), answers()) as server:
        asker = Asker(server)
        assert asker.ask(seconds=10_000) == {"ok": True}
        assert 3000 < asker.clock.slept[0] <= 3600


@pytest.mark.parametrize("header", ["soon", "-5", "nan", "inf", "Thu, 32 Foo 2026", "1e999"])
def test_a_wait_that_means_nothing_is_the_usual_one(header: str) -> None:
    with serving(answers(429, Retry_After=header), answers()) as server:
        asker = Asker(server)
        assert asker.ask() == {"ok": True}
        assert asker.clock.slept == [0.5]


def test_a_wait_longer_than_the_caller_has_opens_the_circuit_for_it() -> None:
    with serving(answers(429, Retry_After="60"), answers()) as server:
        asker = Asker(server, failures_to_open=5)
        with pytest.raises(ModelUnavailable, match="status 429"):
            asker.ask(seconds=10)
        assert server.n_requests == 1 and asker.clock.slept == []
        asker.clock.now += 59
        assert not asker.client.is_available()
        asker.clock.now += 1
        assert asker.ask() == {"ok": True}


@pytest.mark.parametrize(("status", "counts"), [(400, 0), (422, 0), (501, 0), (302, 0), (401, 1), (404, 1)])
def test_a_refusal_is_not_asked_again_and_a_wrong_setting_counts(status: int, counts: int) -> None:
    with serving(answers(status)) as server:
        asker = Asker(server)
        with pytest.raises(Refused, match=str(status)):
            asker.ask()
        assert server.n_requests == 1
        assert asker.breaker.n_failures == counts


def test_what_the_server_says_it_took_is_spent() -> None:
    with serving(answers(data=b'{"usage": {"total_tokens": 70}}')) as server:
        asker = Asker(server, tokens=100)
        asker.ask()
        assert asker.budget.spent == 70
        with pytest.raises(ModelUnavailable, match="budget"):
            asker.ask(tokens=50)
        assert server.n_requests == 1 and asker.client.is_available()
        asker.ask(tokens=10)  # a small one still fits, and takes more than it was thought to
        assert not asker.client.is_available()
        asker.clock.now += 3600
        assert asker.client.is_available()


@pytest.mark.parametrize("usage", ["null", "[]", '{"total_tokens": -5}', '{"total_tokens": "7"}', "{}"])
def test_what_the_server_does_not_tell_is_estimated(usage: str) -> None:
    with serving(answers(data=f'{{"usage": {usage}}}'.encode())) as server:
        asker = Asker(server, tokens=1000)
        asker.ask(tokens=100)
        assert 100 < asker.budget.spent < 120


def test_refused_and_failed_tries_take_nothing_and_tries_broken_off_may_have() -> None:
    for act, takes in ((answers(400), False), (answers(500), False), (breaks_off, True)):
        with serving(act) as server:
            asker = Asker(server, tokens=1000)
            with pytest.raises(ModelUnavailable):
                asker.ask(tokens=100)
            assert (asker.budget.spent > 0) == takes


def test_a_spent_budget_leaves_the_circuit_as_it_is() -> None:
    with serving(*[answers(500)] * (RETRIES + 1), answers()) as server:
        asker = Asker(server, failures_to_open=1, tokens=100)
        with pytest.raises(ModelUnavailable):
            asker.ask()
        asker.clock.now += 30
        with pytest.raises(ModelUnavailable, match="budget"):
            asker.ask(tokens=200)
        assert asker.ask() == {"ok": True}, "the one try after the pause was not used up"


def test_a_key_that_no_header_can_carry_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answers()) as server:
        asker = Asker(server)
        monkeypatch.setenv("TEST_LLM_KEY", "s3cret\nX-Evil: 1")
        with pytest.raises(ModelUnavailable, match="TEST_LLM_KEY") as refused:
            asker.ask()
        assert "s3cret" not in str(refused.value)
        monkeypatch.setenv("TEST_LLM_KEY", "s3cret\n")  # as files of secrets end
        assert asker.ask() == {"ok": True}
