"""Keeps services and children running until told to stop. `manage.py start` says which; nothing here knows of Django.

Services (PostgreSQL, Redis) outlive a supervisor that is killed and are found again by the next one; children (web,
workers, scheduler) end with it. What a killed supervisor's children left is ended before new ones start.
"""

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lms_project.embedded.children import Child, Plan, children_stop, marked_end
from lms_project.embedded.errors import ServiceError
from lms_project.embedded.folders import Folders, folder_make, locked
from lms_project.embedded.logs import log_cap
from lms_project.embedded.server import Server

Say = Callable[[str, str], None]  # (who, sentence)
TICK_SECONDS, LOG_SECONDS = 0.2, 10.0
WARM_SECONDS = 10.0


class Stop(BaseException):
    """Ctrl-C or SIGTERM while setting up."""


class Supervisor:
    """One supervisor for one data folder: `with supervisor.holding(): ... start_services, start_children, run`."""

    def __init__(self, folders: Folders, *, services: Sequence[Server], cwd: Path, say: Say) -> None:
        self.folders, self.services, self.cwd, self.say = folders, list(services), cwd, say
        self.children: list[Child] = []
        self.mark = ""
        self._stopping = False
        self._running = False
        self._service_again: dict[str, float] = {}
        for service in self.services:
            service.say = lambda sentence, who=service.title: self.say(who, sentence)

    # --- one at a time ---------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def holding(self, *, url: str) -> Iterator[None]:
        """The right to run on this data folder; ServiceError when another `start` has it. Stops all at its end."""
        folder_make(self.folders.data, 0o755, "ADAPTIVE_DATA_DIR")
        self.folders.make()
        note = self.folders.data / "start.json"
        with locked(self.folders.data / "start.lock") as held:
            if not held:
                raise ServiceError(f"it already runs on {self.folders.data}{_where(note)}; stop that one first.")
            self._leftovers_end(note)
            self.mark = secrets.token_hex(16)
            note.write_text(json.dumps({"pid": os.getpid(), "url": url, "mark": self.mark}) + "\n")
            note.chmod(0o600)
            previous = {number: signal.signal(number, self._on_signal) for number in _signals()}
            try:
                yield
            except Stop:
                pass
            finally:
                self._stopping = True  # from here on a signal changes nothing: everything is being stopped already
                self.stop()
                note.unlink(missing_ok=True)
                for number, handler in previous.items():
                    signal.signal(number, handler)

    def _leftovers_end(self, note: Path) -> None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            mark = str(json.loads(note.read_text())["mark"])
            if len(mark) == 32 and (n_ended := marked_end(mark, seconds=5)):
                self.say("start", f"ended {n_ended} processes that a killed start had left behind")

    def _on_signal(self, number: int, frame: object) -> None:
        if self._stopping:
            return
        self._stopping = True
        if not self._running:
            raise Stop

    # --- starting --------------------------------------------------------------------------------------------------

    def services_start(self) -> None:
        for service in self.services:
            begun = time.monotonic()
            how = service.ensure()
            word = "was running already" if how == "reused" else f"started in {time.monotonic() - begun:.1f} s"
            self.say(service.title, word)

    def child_start(self, plan: Plan) -> Child:
        log = self.folders.logs / f"{plan.name}.log"
        say = lambda sentence: self.say(plan.name, sentence)  # noqa: E731
        child = Child(plan, mark=self.mark, log=log, cwd=self.cwd, say=say)
        self.children.append(child)
        child.start()
        return child

    def web_wait(self, child: Child, *, host: str, port: int, seconds: float = 90.0) -> None:
        """Waits until the web server answers. ServiceError when it ends, stays silent or has only errors to say."""
        until, status = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            if not child.is_running():
                raise ServiceError(
                    f"the web server does not start: {child.last_words() or child.how_it_ended()} (log: {child.log})."
                )
            status = http_status(host, port)
            if status == 500:
                break
            if status:
                return
            time.sleep(0.1)
        if status:
            raise ServiceError(f"the web server answers with an error (status {status}); its log {child.log} says why.")
        raise ServiceError(f"the web server did not answer within {seconds:.0f} s; its log {child.log} says why.")

    # --- running ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until a signal comes: what dies is started again, logs are kept short."""
        self._running = True
        logs_at = 0.0
        while not self._stopping:
            for child in self.children:
                child.tend()
            for service in self.services:
                self._service_tend(service)
            if time.monotonic() >= logs_at:
                logs_at = time.monotonic() + LOG_SECONDS
                for path in self.folders.logs.glob("*.log"):
                    log_cap(path)
            time.sleep(TICK_SECONDS)

    def _service_tend(self, service: Server) -> None:
        if service.running() is not None or time.monotonic() < self._service_again.get(service.title, 0.0):
            return
        self.say(service.title, "ended; starting it again")
        try:
            service.ensure()
            self.say(service.title, "runs again")
        except ServiceError as error:
            self._service_again[service.title] = time.monotonic() + 10
            self.say(service.title, f"cannot start: {error} Trying again in 10 s.")

    def stop(self) -> None:
        """Web and workers first, so that they can finish on a database that is there; then Redis, then PostgreSQL."""
        if any(child.is_running() for child in self.children):
            self.say("start", "stopping: web and workers finish what they are at")
        late = children_stop(self.children, mark=self.mark, seconds=WARM_SECONDS) if self.mark else []
        if late:
            self.say("start", f"ended without waiting longer: {', '.join(late)}; their jobs are done at the next start")
        for service in reversed(self.services):
            try:
                if service.stop():
                    self.say(service.title, "stopped")
            except ServiceError as error:
                self.say(service.title, str(error))


def _signals() -> list[signal.Signals]:
    return [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def _where(note: Path) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        data = json.loads(note.read_text())
        return f" (process {data['pid']}, {data['url']})"
    return ""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, kept here: while a killed web server starts again, callers wait and none is refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        if isinstance(error, PermissionError):
            raise ServiceError(
                f"port {port} is not for this user to open; choose one from 1024 on: --port 8000."
            ) from None
        if isinstance(error, socket.gaierror) or error.errno in {99, 22}:
            raise ServiceError(f"ADAPTIVE_BIND is {host!r}, which is no address of this machine.") from None
        raise ServiceError(
            f"port {port} on {host} is taken by another program; "
            f"choose another: --port {port + 1 if port < 65535 else 8000} (make start PORT=...)."
        ) from None
    listener.set_inheritable(True)
    return listener


def http_status(host: str, port: int) -> int:
    """The status of GET /healthz; 0 while nothing answers."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(target, port, timeout=20)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
