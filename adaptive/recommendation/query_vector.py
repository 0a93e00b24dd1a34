"""The words of a request as a vector, made in the web process within a time limit.

The encoder's light twin loads no model library. It works in a thread of its own, so that a request waits at most
LIMIT_SECONDS for it, whatever the machine is doing: then full text stands in, and the vector, once there, is kept for
the next request with the same words.
"""

import logging
import os
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from typing import Any

from adaptive.backends.embedding.base import EmbeddingModel, EmbeddingUnavailable
from adaptive.backends.registry import get_light_embedding

logger = logging.getLogger(__name__)

LIMIT_SECONDS = 0.150
KEPT = 512  # vectors of the latest words: 1.5 kB each
MAX_WAITING = 4  # texts at work at once; more than that would only make each of them late
MAX_CHARACTERS = 500

MADE, KEPT_ONE, LATE, BUSY, UNAVAILABLE = "made", "kept", "late", "busy", "unavailable"


@dataclass(frozen=True, slots=True)
class QueryVector:
    """`vector`: None where there is none in time; then `state` says why."""

    vector: list[float] | None
    model: str
    state: str
    ms: float

    def stage(self) -> dict[str, Any]:
        """For the slate's receipt."""
        return {"name": "words_embedded", "state": self.state, "model": self.model, "ms": self.ms}


class QueryEncoder:
    """One a process: a thread, and the vectors kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], list[float]] = OrderedDict()
        self._at_work: dict[tuple[str, str], Future[list[float]]] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._pid = 0

    def vector_of(self, text: str, *, limit: float = LIMIT_SECONDS) -> QueryVector:
        started = time.perf_counter()
        text = text[:MAX_CHARACTERS]
        model = get_light_embedding()

        def said(state: str, vector: list[float] | None = None) -> QueryVector:
            ms = round((time.perf_counter() - started) * 1000, 1)
            return QueryVector(vector, model.name if model else "", state, ms)

        if model is None:
            return said(UNAVAILABLE)
        key = (model.name, text)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return said(KEPT_ONE, self._kept[key])
            work = self._at_work.get(key)
            if work is None:
                if len(self._at_work) >= MAX_WAITING:
                    return said(BUSY)
                work = self._at_work[key] = self._thread().submit(self._work, model, key)
        try:
            return said(MADE, work.result(timeout=limit))
        except TookTooLong:
            return said(LATE)
        except EmbeddingUnavailable as error:
            logger.warning("A request in words is read by full text alone: %s", error)
        except Exception:
            logger.exception("The words of a request could not be embedded; full text stands in")
        return said(UNAVAILABLE)

    def _work(self, model: EmbeddingModel, key: tuple[str, str]) -> list[float]:
        try:
            vector = [float(x) for x in model.encode([key[1]])[0]]
            with self._lock:
                self._kept[key] = vector
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return vector
        finally:
            with self._lock:
                self._at_work.pop(key, None)

    def _thread(self) -> ThreadPoolExecutor:
        """Threads do not survive a fork: the child gets its own. Called with the lock held."""
        if self._pool is None or self._pid != os.getpid():
            self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="query-words")
            self._pid = os.getpid()
            self._at_work.clear()
        return self._pool


_encoder = QueryEncoder()


def query_vector(text: str) -> QueryVector:
    """The vector of the words, made, kept from before, or None with the reason."""
    return _encoder.vector_of(text)


def encoder_load() -> None:
    """Reads the weights now and uses them once, so that the first request finds them in memory. For a server's start,
    before it forks."""
    try:
        if model := get_light_embedding():
            model.encode(["a"])
    except EmbeddingUnavailable as error:
        logger.warning("Requests in words are read by full text alone: %s", error)
