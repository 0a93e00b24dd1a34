"""Progress of long work: one line that grows on a terminal, a line every few seconds in a log."""

import time
from typing import Any

from adaptive.common.text import count

__all__ = ["Progress", "count"]


class Progress:
    """Callable: progress(done, total). Writes at most twice a second on a terminal, every five seconds elsewhere."""

    def __init__(self, out: Any, what: str) -> None:
        self._out, self._what = out, what
        self._is_terminal = bool(getattr(out, "isatty", lambda: False)())
        self._every = 0.5 if self._is_terminal else 5.0
        self._written_at = time.monotonic()
        self._has_line = False

    def __call__(self, done: int, total: int) -> None:
        moment = time.monotonic()
        if moment - self._written_at < self._every:
            return
        self._written_at = moment
        line = f"  {done:,} of {total:,} {self._what}"
        if self._is_terminal:
            self._out.write("\r" + line, ending="")
            self._out.flush()
            self._has_line = True
        else:
            self._out.write(line)

    def end(self) -> None:
        """Closes the growing line, if there is one."""
        if self._has_line:
            self._out.write("")
            self._has_line = False
