"""What keeps a remote model from being asked too much: a circuit breaker and a budget of tokens.

They know nothing of HTTP. `clock` gives seconds; tests give their own. The breaker counts within one process; so does a
budget without a file, and one with a file for all processes that name it, also over restarts.
"""

import fcntl
import json
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

MAX_PAUSE_SECONDS = 600.0  # however long a server asks to be left alone


class CircuitBreaker:
    """Opens after `failures_to_open` failures in a row; after `open_seconds` one call at a time may try again.

    The first success closes it; a failure of that one try opens it for another `open_seconds`.
    """

    def __init__(
        self, *, failures_to_open: int, open_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if failures_to_open < 1:
            raise ValueError(f"failures_to_open must be at least 1, not {failures_to_open}.")
        if open_seconds < 0:
            raise ValueError(f"open_seconds must not be negative, not {open_seconds}.")
        self._failures_to_open, self._open_seconds, self._clock = failures_to_open, open_seconds, clock
        self._lock = threading.Lock()
        self._n_failures, self._open_until = 0, 0.0

    @property
    def n_failures(self) -> int:
        """Failures since something last worked."""
        return self._n_failures

    def is_open(self) -> bool:
        """Whether a call now would be turned away."""
        with self._lock:
            return self._clock() < self._open_until

    def enter(self) -> bool:
        """Whether the caller may go ahead; it must then report `worked` or `failed`."""
        with self._lock:
            now = self._clock()
            if now < self._open_until:
                return False
            if self._n_failures >= self._failures_to_open:
                # Half open: this caller tries, all others wait for its report. Should it die without one, the next
                # may try when the pause is over.
                self._open_until = now + self._open_seconds
            return True

    def worked(self) -> None:
        with self._lock:
            self._n_failures, self._open_until = 0, 0.0

    def failed(self) -> bool:
        """Counts a failure; returns whether the breaker is open now."""
        with self._lock:
            self._n_failures += 1
            now = self._clock()
            if self._n_failures >= self._failures_to_open:
                self._open_until = max(self._open_until, now + self._open_seconds)
            return now < self._open_until

    def pause(self, seconds: float) -> None:
        """Opens it at once for the time that the server asked for, at most MAX_PAUSE_SECONDS."""
        with self._lock:
            self._open_until = max(self._open_until, self._clock() + min(max(0.0, seconds), MAX_PAUSE_SECONDS))


class Budget:
    """At most `tokens` tokens in any stretch of `seconds`, counted from the first use in it; 0 tokens: no limit.

    What a call will take is known only when it is over, so its estimate is held back first and settled later.
    """

    def __init__(self, *, tokens: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        if tokens < 0:
            raise ValueError(f"The budget must not be negative, not {tokens} tokens.")
        if not seconds > 0:
            raise ValueError(f"The budget's time must be positive, not {seconds} seconds.")
        self._tokens, self._seconds, self._clock = tokens, seconds, clock
        self._lock = threading.Lock()
        self._spent, self._ends_at = 0, 0.0

    @property
    def spent(self) -> int:
        """Tokens spent or held back in the current stretch."""
        with self._counted():
            return self._spent

    def is_spent(self) -> bool:
        return self._tokens > 0 and self.spent >= self._tokens

    def hold(self, estimate: int) -> bool:
        """Holds `estimate` tokens back; False, and nothing held, where they are more than what is left."""
        with self._counted():
            if self._tokens and self._spent + estimate > self._tokens:
                return False
            self._spent += estimate
            return True

    def settle(self, estimate: int, used: int) -> None:
        """Puts what was used in the place of an estimate that was held."""
        with self._counted():
            self._spent = max(0, self._spent + used - estimate)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Alone with the count of the current stretch."""
        with self._lock:
            self._renew()
            yield

    def _renew(self) -> None:
        now = self._clock()
        # A clock of the wall may be set back: no stretch is longer than it should be.
        if now >= self._ends_at or self._ends_at > now + self._seconds:
            self._spent, self._ends_at = 0, now + self._seconds


class SharedBudget(Budget):
    """One budget of all processes that name the same file; what a killed one held back counts until the stretch ends.

    A file that cannot be read begins anew, and one that cannot be written leaves each process its own count; both are
    logged. No call of a model is worth failing for it.
    """

    def __init__(self, path: Path, *, tokens: int, seconds: float, clock: Callable[[], float] = time.time) -> None:
        super().__init__(tokens=tokens, seconds=seconds, clock=clock)
        self._path, self._is_alone = path, False

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            file = self._open()
            try:
                if file is not None:
                    self._spent, self._ends_at = self._read(file)
                self._renew()
                yield
                if file is not None:
                    self._write(file)
            finally:
                if file is not None:
                    os.close(file)  # the lock goes with it

    def _open(self) -> int | None:
        """The file, locked; None where this process counts for itself."""
        if self._is_alone:
            return None
        file = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            if file is not None:
                os.close(file)
            self._count_alone(error)
            return None
        return file

    def _count_alone(self, error: OSError) -> None:
        # From here on: a file that can be read but not written would give back what was spent.
        self._is_alone = True
        logger.error("the budget's file %s cannot be kept, and this process counts for itself: %s", self._path, error)

    def _read(self, file: int) -> tuple[int, float]:
        text = os.pread(file, 1000, 0)
        if not text:
            return 0, 0.0
        try:
            kept = json.loads(text)
            spent, ends_at = int(kept["spent"]), float(kept["ends_at"])
            if spent < 0 or not math.isfinite(ends_at):
                raise ValueError("no such count")
        except (ValueError, TypeError, KeyError, OverflowError):
            logger.warning("the budget's file %s cannot be read and begins anew", self._path)
            return 0, 0.0
        return spent, ends_at

    def _write(self, file: int) -> None:
        # As long every time, so that a process that is killed between the two calls leaves no rest of a longer text.
        text = json.dumps({"spent": self._spent, "ends_at": self._ends_at}).ljust(100).encode()
        try:
            os.pwrite(file, text, 0)
            os.ftruncate(file, len(text))
        except OSError as error:
            self._count_alone(error)
