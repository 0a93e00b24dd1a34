"""A small real HTTP server that speaks enough of the OpenAI protocol, on a port of its own.

Its "model" holds that the sky is blue: it likes " blue" after anything, and every other token less.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LIKED = {" blue": -0.1, "blue": -0.1, " red": -3.0, "red": -3.0}
OTHER = -2.0


class FakeServer(ThreadingHTTPServer):
    """kind: echo (tells the prompt's log-probabilities), top_logprobs, or answer (tells nothing).

    fail_next: that many requests answer `fail_status`. delay: seconds before an answer. requests: what was asked.
    """

    daemon_threads = True

    def __init__(self, kind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kind = kind
        self.fail_next, self.fail_status, self.delay = 0, 500, 0.0
        self.says = "blue. And more"
        self.raw: bytes | None = None
        self.requests: list[tuple[str, dict[str, Any], dict[str, str]]] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def fake_server(kind: str) -> Iterator[FakeServer]:
    server = FakeServer(kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def tokens(text: str) -> list[tuple[int, str]]:
    return [(match.start(), match.group()) for match in re.finditer(r"\s*\S+|\s+$", text)]


class _Handler(BaseHTTPRequestHandler):
    server: FakeServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, body, dict(self.headers)))
        time.sleep(self.server.delay)
        if self.server.fail_next > 0:
            self.server.fail_next -= 1
            self._send(self.server.fail_status, {"error": {"message": "no"}})
        elif self.path == "/v1/completions":
            self._completions(body)
        elif self.path == "/v1/chat/completions":
            self._chat(body)
        else:
            self._send(404, {"error": {"message": "unknown path"}})

    def _completions(self, body: dict[str, Any]) -> None:
        if self.server.kind != "echo":
            self._send(400, {"error": {"message": "echo is not supported"}})
            return
        choices = []
        for index, prompt in enumerate(body["prompt"]):
            parts = tokens(prompt)
            log_p = [LIKED.get(token, OTHER) for _, token in parts]
            choices.append(
                {
                    "index": index,
                    "text": prompt + " x",
                    "logprobs": {
                        "tokens": [*(token for _, token in parts), " x"],
                        "text_offset": [*(offset for offset, _ in parts), len(prompt)],
                        "token_logprobs": [None, *log_p[1:], -1.0],
                    },
                }
            )
        self._send(200, {"choices": choices[::-1]})

    def _chat(self, body: dict[str, Any]) -> None:
        words = self.server.says.split(" ")[: body["max_tokens"]]
        choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": " ".join(words)}}
        if self.server.kind == "top_logprobs" and body.get("logprobs"):
            top = [{"token": token, "logprob": log_p} for token, log_p in (("bl", -0.1), (" Red", -3.0))]
            choice["logprobs"] = {"content": [{"token": "bl", "logprob": -0.1, "top_logprobs": top}]}
        self._send(200, {"choices": [choice]})

    def _send(self, status: int, content: dict[str, Any]) -> None:
        data = self.server.raw if self.server.raw is not None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the client gave up waiting, as some tests want it to
            self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass
