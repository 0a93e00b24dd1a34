"""The processes of `manage.py start`: web, workers and scheduler. They end with it; one that dies is started again."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from lms_project.embedded.identity import Identity, identity_of, signal_send
from lms_project.embedded.logs import last_line
from lms_project.embedded.server import LAUNCH

MARK = "ADAPTIVE_SUPERVISOR"
STEADY_SECONDS = 60.0  # a child that ran this long has recovered: the next wait is short again
LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run one child. `environ` is added to the supervisor's; `handles` are open files it inherits."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    handles: Sequence[int] = ()


class Child:
    """One child, kept running. `mark` is in its environment and so in that of every process it makes."""

    def __init__(self, plan: Plan, *, mark: str, log: Path, cwd: Path, say: Callable[[str], None]) -> None:
        self.plan, self.mark, self.log, self.cwd, self.say = plan, mark, log, cwd, say
        self.popen: subprocess.Popen | None = None
        self.identity: Identity | None = None
        self._offset = 0
        self._failures = 0
        self._started_at = 0.0
        self._start_at = 0.0

    @property
    def name(self) -> str:
        return self.plan.name

    def start(self) -> None:
        options = json.dumps({"parent": os.getpid()})
        environ = {**os.environ, "PYTHONUNBUFFERED": "1", **self.plan.environ, MARK: f"{self.mark}:{self.name}"}
        self._offset = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCH), options, *self.plan.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environ,
                cwd=self.cwd,
                pass_fds=tuple(self.plan.handles),
                start_new_session=True,
            )
        self.identity = identity_of(self.popen.pid)
        self._started_at = time.monotonic()

    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def tend(self) -> None:
        """Starts it again if it has died, after a wait that doubles with each death in a row."""
        if self.is_running():
            return
        now = time.monotonic()
        if self.popen is not None:
            how, line = self.how_it_ended(), last_line(self.log, offset=self._offset)
            self._failures = 0 if now - self._started_at > STEADY_SECONDS else self._failures
            wait = min(0.5 * 2**self._failures, LONGEST_WAIT)
            self._failures += 1
            self.popen, self.identity, self._start_at = None, None, now + wait
            # What it left behind (a pool's process with the model in it) would work beside the new one.
            marked_end(f"{self.mark}:{self.name}", seconds=3)
            self.say(
                f"ended ({how}); starting it again in {wait:g} s" + (f". Its last line: {line[:200]}" if line else "")
            )
        elif now >= self._start_at:
            self.start()

    def how_it_ended(self) -> str:
        code = self.popen.returncode if self.popen is not None else None
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"killed by {signal.Signals(-code).name}"
        return f"exit status {code}"

    def last_words(self) -> str:
        return last_line(self.log, offset=self._offset)


def children_stop(children: Sequence[Child], *, mark: str, seconds: float) -> list[str]:
    """Asks all of them to finish what they are at, waits, then ends what is left. Returns the names of those."""
    asked = [child for child in children if child.is_running() and child.identity is not None]
    for child in asked:
        signal_send(child.identity, signal.SIGTERM)
    until = time.monotonic() + seconds
    while any(child.is_running() for child in asked) and time.monotonic() < until:
        time.sleep(0.05)
    late = [child.name for child in asked if child.is_running()]
    marked_end(mark, seconds=0 if late else 2)
    for child in asked:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.popen.wait(timeout=5)
    return late


def marked(mark: str) -> list[Identity]:
    """Living processes with this mark, or one that begins with it, in their environment: ours, no one else's."""
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        with contextlib.suppress(psutil.Error, OSError):
            value = process.environ().get(MARK, "")
            if (value == mark or value.startswith(f"{mark}:")) and (identity := identity_of(process.pid)):
                found.append(identity)
    return found


def marked_end(mark: str, *, seconds: float) -> int:
    """Ends every process with this mark: asked first, killed after `seconds`. Returns how many there were."""
    first = marked(mark)
    left, until = first, time.monotonic() + seconds
    if seconds > 0:
        for identity in left:
            signal_send(identity, signal.SIGTERM)
        while left and time.monotonic() < until:
            time.sleep(0.05)
            left = [identity for identity in left if identity_of(identity.pid) == identity]
    while left := marked(mark):
        for identity in left:
            signal_send(identity, signal.SIGKILL)
        time.sleep(0.05)
    return len(first)
