"""Asks an HTTP server that answers JSON, within limits of time, size, failures and tokens. Standard library only."""

import http.client
import io
import json
import logging
import math
import os
import socket
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from .base import ModelUnavailable
from .limits import Budget, CircuitBreaker

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 8_000_000
RETRIES = 2
BYTES_A_TOKEN = 4  # of English; only for what is held back until the server says what it took
PASSING = (408, 429)  # and all 5xx but 501: the same request may work later
WRONG_SETTING = (401, 403, 404)  # key, address or model: nothing will work until it is changed


class Refused(ModelUnavailable):
    """The server understood and said no: asking again the same way is of no use."""


class _Passing(Exception):
    """One try failed, and another may not. was_free: whether it surely took no tokens."""

    def __init__(self, problem: str, *, was_free: bool = False, retry_after: float = 0.0) -> None:
        super().__init__(problem)
        self.was_free, self.retry_after = was_free, retry_after


class JsonClient:
    """POSTs JSON below `base_url`, e.g. http://127.0.0.1:8000/v1.

    who: what messages call the server. api_key_env: name of the environment variable with its key, "" for none.
    timeout_seconds: for one try, from connecting to the last byte. backoff_seconds: before the second try, doubled
    before the third. A server's Retry-After is minded where the caller's time allows it; else the breaker opens for it.
    """

    def __init__(
        self,
        *,
        base_url: str,
        who: str,
        api_key_env: str,
        timeout_seconds: float,
        backoff_seconds: float,
        breaker: CircuitBreaker,
        budget: Budget,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not _is_base_url(base_url):
            raise ValueError(f"base_url must look like http://127.0.0.1:8000/v1, not {base_url!r}.")
        if not timeout_seconds > 0 or not backoff_seconds >= 0:
            raise ValueError("timeout_seconds must be positive and backoff_seconds not negative.")
        self._parts = urlsplit(base_url)
        self._path = self._parts.path.rstrip("/")
        self._who, self._api_key_env = who, api_key_env
        self._timeout, self._backoff = timeout_seconds, backoff_seconds
        self._breaker, self._budget = breaker, budget
        self._clock, self._sleep = clock, sleep

    def is_available(self) -> bool:
        """Whether neither the breaker nor the budget forbids a call now."""
        return not self._breaker.is_open() and not self._budget.is_spent()

    def post(self, path: str, body: dict[str, Any], *, tokens: int, seconds: float | None = None) -> dict[str, Any]:
        """The server's JSON object.

        Tries again after a failed connection, an answer that is no JSON object, 408, 429 and 5xx. tokens: the most that
        the answer may have, for the budget. seconds: for all tries together (None: three timeouts). Raises
        ModelUnavailable; Refused for any other status than 200.
        """
        payload, headers = json.dumps(body).encode(), self._headers()
        deadline = self._clock() + (seconds if seconds is not None else self._timeout * (RETRIES + 1))
        estimate, used = len(payload) // BYTES_A_TOKEN + tokens, 0
        if not self._budget.hold(estimate):
            raise ModelUnavailable(f"The budget of tokens for the server of {self._who} is spent for now.")
        try:
            if not self._breaker.enter():
                raise ModelUnavailable(f"The server of {self._who} failed several times; it is asked again soon.")
            wait, problem = 0.0, _Passing("no time left")
            for attempt in range(RETRIES + 1):
                left = deadline - self._clock() - wait
                if left <= 0:
                    break
                if wait:
                    self._sleep(wait)
                try:
                    answer = self._try(path, payload, headers, min(self._timeout, left))
                except _Passing as error:
                    problem = error
                    used += 0 if error.was_free else estimate
                    wait = max(error.retry_after, self._backoff * 2**attempt)
                    continue
                used += _tokens_used(answer, estimate)
                self._breaker.worked()
                return answer
        finally:
            self._budget.settle(estimate, used)
        if self._breaker.failed():
            logger.warning("The server of %s failed %d times; pausing.", self._who, self._breaker.n_failures)
        if problem.retry_after:
            self._breaker.pause(problem.retry_after)
        raise ModelUnavailable(f"The server of {self._who} does not answer: {problem}.")

    def _try(self, path: str, payload: bytes, headers: dict[str, str], timeout: float) -> dict[str, Any]:
        try:
            status, retry_after, data = self._send(path, payload, headers, timeout)
        except (OSError, http.client.HTTPException) as error:
            never_came = isinstance(error, ConnectionRefusedError | socket.gaierror)
            raise _Passing(f"{type(error).__name__}: {error}", was_free=never_came) from None
        if status in PASSING or (status >= 500 and status != 501):
            raise _Passing(f"status {status}", was_free=True, retry_after=retry_after)
        if status != 200:
            if status in WRONG_SETTING:
                self._breaker.failed()
            else:
                self._breaker.worked()
            raise Refused(f"The server of {self._who} answered {status} to {path}.")
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError):  # brackets by the thousand are JSON too deep to read
            raise _Passing("an answer that is not JSON") from None
        if not isinstance(answer, dict):
            raise _Passing("an answer of the wrong shape")
        return answer

    def _send(self, path: str, payload: bytes, headers: dict[str, str], timeout: float) -> tuple[int, float, bytes]:
        """(status, seconds of Retry-After, body). Raises OSError or HTTPException."""
        connect = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = connect(str(self._parts.hostname), self._parts.port, timeout=timeout)
        deadline = time.monotonic() + timeout
        try:
            connection.connect()
            connection.sock = _UntilDeadline(connection.sock, deadline)  # type: ignore[assignment]
            connection.request("POST", self._path + path, body=payload, headers=headers)
            response = connection.getresponse()
            data = response.read(MAX_ANSWER_BYTES + 1)
            if len(data) > MAX_ANSWER_BYTES:
                raise http.client.HTTPException("the answer is too long")
            return response.status, _retry_after(response.getheader("Retry-After")), data
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        key = os.environ.get(self._api_key_env, "").strip() if self._api_key_env else ""
        if key and not (key.isascii() and key.isprintable()):
            # Said here, because http.client's own error would show the key.
            raise ModelUnavailable(f"The key in {self._api_key_env} has characters that a header cannot carry.")
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return headers


class _UntilDeadline:
    """A socket whose reads end at a deadline. A timeout alone starts anew with every byte that drips in."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._left())  # for all of it together
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock.makefile(mode, buffering=0), self))  # type: ignore[call-overload]

    def close(self) -> None:
        self._sock.close()

    def before_read(self) -> None:
        self._sock.settimeout(self._left())

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class _Reader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, owner: _UntilDeadline) -> None:
        self._raw, self._owner = raw, owner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._owner.before_read()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _is_base_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where it is no number or too large
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _tokens_used(answer: dict[str, Any], estimate: int) -> int:
    """What the server says that it took, or the estimate where it says nothing of use."""
    usage = answer.get("usage")
    used = usage.get("total_tokens") if isinstance(usage, dict) else None
    return used if isinstance(used, int) and not isinstance(used, bool) and used >= 0 else estimate


def _retry_after(header: str | None) -> float:
    """Seconds to wait by a Retry-After header (seconds or a date); 0 where it says nothing of use."""
    if not header:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
