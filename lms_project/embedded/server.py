"""What PostgreSQL and Redis have in common: found when running, started when not, stopped only when surely ours."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from lms_project.embedded.errors import ServiceError
from lms_project.embedded.folders import Folders, locked
from lms_project.embedded.identity import (
    Identity,
    identity_of,
    identity_read,
    identity_write,
    is_alive,
    server_in,
    signal_send,
)

LAUNCH = Path(__file__).with_name("launch.py")
STARTS_KEPT: list[subprocess.Popen] = []  # a server outlives the process that started it; a dropped handle would warn


def _silent(sentence: str) -> None:
    pass


class Server(ABC):
    """One embedded server. `ensure()` makes it run, `stop()` ends it; both may be called at any time, in any state."""

    title: str
    process_name: str
    stop_signal: int
    start_seconds = 60.0

    def __init__(self, folders: Folders, *, say: Callable[[str], None] = _silent) -> None:
        self.folders = folders
        self.say = say
        self._popen: subprocess.Popen | None = None

    @property
    @abstractmethod
    def data(self) -> Path: ...

    @property
    @abstractmethod
    def socket(self) -> Path: ...

    @abstractmethod
    def is_ready(self) -> bool:
        """Answers on its socket."""

    @abstractmethod
    def _start(self) -> subprocess.Popen: ...

    @abstractmethod
    def _reason(self, log: str) -> str | None:
        """One sentence for what the log's end says went wrong; None when it says nothing known."""

    def _after_ready(self) -> None:  # noqa: B027  (a server may need nothing more)
        """Whatever must be true of a server that answers."""

    @property
    def log(self) -> Path:
        return self.folders.logs / f"{self.process_name}.log"

    @property
    def pid_file(self) -> Path:
        return self.folders.run / f"{self.process_name}.json"

    def running(self) -> Identity | None:
        """The server on our data, or None. A pid file alone proves nothing: its process must live in that data."""
        if self._popen is not None:
            self._popen.poll()  # takes away a dead child's zombie
        noted = identity_read(self.pid_file)
        if is_alive(noted) and self._is_in_data(noted):
            return noted
        # The pid file may have been lost with the run folder, or never written: the data folder itself says.
        return server_in(self.data, self.process_name) if self.data.is_dir() else None

    def _is_in_data(self, identity: Identity) -> bool:
        with contextlib.suppress(OSError):
            name = Path(f"/proc/{identity.pid}/comm").read_text().strip()
            return name == self.process_name and os.path.samefile(f"/proc/{identity.pid}/cwd", self.data)
        return False

    def ensure(self) -> str:
        """Makes the server run and answer; returns "reused" or "started". Raises ServiceError."""
        self.folders.make()
        with locked(self.folders.run / f"{self.process_name}.lock", seconds=self.start_seconds) as held:
            if not held:
                raise ServiceError(f"another process has been starting {self.title} for a minute; wait for it.")
            how = "reused" if self._reuse() else "started"
            if how == "started":
                self._check_before_start()
                self._launch()
            self._after_ready()
            return how

    def _reuse(self) -> bool:
        identity = self.running()
        if identity is None:
            return False
        until = time.monotonic() + 10
        while is_alive(identity) and time.monotonic() < until:
            if self.socket.exists() and self.is_ready():
                identity_write(self.pid_file, identity)
                return True
            if not self.socket.exists() and time.monotonic() > until - 8:
                break
            time.sleep(0.1)
        # Ours, yet deaf: its socket is elsewhere (another run folder) or gone. It must leave the data first.
        self.say(f"{self.title} runs but does not answer on {self.socket}; starting it again")
        self._end(identity)
        return False

    def _check_before_start(self) -> None:
        # A killed server is gone from /proc before the kernel has closed its socket.
        until = time.monotonic() + 2
        while (is_taken := self.socket.exists() and socket_is_answered(self.socket)) and time.monotonic() < until:
            time.sleep(0.05)
        if is_taken:
            raise ServiceError(
                f"another server listens on {self.socket}; end it, or set ADAPTIVE_RUN_DIR to another folder."
            )
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(self.folders.data).free
            if free < (needed := self._bytes_needed()):
                raise ServiceError(
                    f"{self.title} needs {needed // 2**20} MB of disk space in {self.folders.data} and there are "
                    f"{free // 2**20}; make room or set ADAPTIVE_DATA_DIR to a folder on another disk."
                )

    def _bytes_needed(self) -> int:
        return 50 * 2**20

    def _launch(self) -> None:
        """Starts the process and waits until it answers."""
        offset = self.log.stat().st_size if self.log.exists() else 0
        popen = self._popen = self._start()
        STARTS_KEPT[:] = [one for one in STARTS_KEPT if one.poll() is None] + [popen]
        if identity := identity_of(popen.pid):
            identity_write(self.pid_file, identity)
        begun, told = time.monotonic(), False
        while not (self.socket.exists() and self.is_ready()):
            waited = time.monotonic() - begun
            if popen.poll() is not None:
                raise self._error(offset)
            if waited > 10 and not told:
                told = True
                self.say(f"{self.title} is still starting (after a crash it repairs itself); its log is {self.log}")
            if waited > 600:
                self._end(identity)
                raise ServiceError(f"{self.title} did not answer within 10 minutes; its log {self.log} says why.")
            time.sleep(0.02)

    def _error(self, offset: int) -> ServiceError:
        try:
            with self.log.open("rb") as file:
                file.seek(offset)
                log = file.read().decode(errors="replace")[-4000:]
        except OSError:
            log = ""
        if "No space left on device" in log or "Disk quota exceeded" in log:
            return ServiceError(
                f"there is no disk space left for {self.title} in {self.folders.data}; "
                "make room or set ADAPTIVE_DATA_DIR to a folder on another disk."
            )
        if reason := self._reason(log):
            return ServiceError(reason)
        last = next((line for line in reversed(log.splitlines()) if line.strip()), "it wrote nothing")
        return ServiceError(f"{self.title} did not start: {last.strip()} (log: {self.log}).")

    def stop(self, *, seconds: float = 30.0) -> bool:
        """Stops the server and waits for it; True when there was one. ServiceError if it does not end."""
        with locked(self.folders.run / f"{self.process_name}.lock", seconds=10):
            identity = self.running()
            if identity is not None:
                self._end(identity, seconds=seconds)
            self.pid_file.unlink(missing_ok=True)
            return identity is not None

    def _end(self, identity: Identity | None, *, seconds: float = 30.0) -> None:
        for number in (self.stop_signal, signal.SIGQUIT, signal.SIGKILL):
            if identity is None or not signal_send(identity, number):
                break
            until = time.monotonic() + seconds
            while is_alive(identity) and time.monotonic() < until:
                if self._popen is not None:
                    self._popen.poll()
                time.sleep(0.02)
        if is_alive(identity):
            raise ServiceError(f"{self.title} (process {identity.pid}) does not end; end it by hand.")


def socket_is_answered(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        probe.connect(str(path))
        return True
    return False


def launch(
    command: list[str], *, log: Path, user: tuple[int, int] | None = None, environ: dict[str, str]
) -> subprocess.Popen:
    """Starts a server in a session of its own (Ctrl-C in the terminal is not for it), its output appended to `log`."""
    if user is not None:
        options = json.dumps({"uid": user[0], "gid": user[1]})
        command = [sys.executable, "-I", "-S", str(LAUNCH), options, *command]
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environ,
            start_new_session=True,
            cwd="/",
        )
