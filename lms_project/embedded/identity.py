"""Which process is it? A pid alone is not an answer: pids are used again, so a signal needs more to go by.

A process is known by its pid and the moment it started. On Linux that moment is taken in clock ticks since boot,
together with the boot's id, so that setting the clock changes nothing.
"""

import contextlib
import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, for ever: no other process has had or will have the same two values."""

    pid: int
    started: str


def identity_of(pid: int) -> Identity | None:
    """The identity of a living process; None when there is none, or only a zombie."""
    try:
        if Path("/proc/self/stat").exists():
            # The command's name stands in brackets and may hold spaces and brackets itself.
            fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
            if fields[0] in "ZX":
                return None
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            return Identity(pid, f"{boot}:{fields[19]}")
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return Identity(pid, f"{process.create_time():.2f}")
    except (OSError, IndexError, psutil.Error):
        return None


def is_alive(identity: Identity | None) -> bool:
    return identity is not None and identity_of(identity.pid) == identity


def signal_send(identity: Identity, number: int) -> bool:
    """Signals this very process; False when it has gone. Never reaches another one that was given its pid."""
    if not is_alive(identity):
        return False
    try:
        # A pidfd pins the process; the second look closes the gap between the first one and opening it.
        handle = os.pidfd_open(identity.pid)
    except (AttributeError, OSError):
        handle = None
    try:
        if not is_alive(identity):
            return False
        if handle is None:
            os.kill(identity.pid, number)
        else:
            signal.pidfd_send_signal(handle, number)
        return True
    except ProcessLookupError:
        return False
    finally:
        if handle is not None:
            os.close(handle)


def identity_write(path: Path, identity: Identity) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(identity)) + "\n")
    os.replace(draft, path)


def identity_read(path: Path) -> Identity | None:
    """What the file says; None when it is absent or spoilt (a spoilt file is no reason to signal anything)."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        data = json.loads(path.read_text())
        return Identity(int(data["pid"]), str(data["started"]))
    return None


def processes_in(folder: Path, name: str) -> list[psutil.Process]:
    """Living processes called `name` whose working directory is `folder`.

    PostgreSQL and Redis both move into their data: a surer sign than a command line, which a server may rewrite.
    """
    found = []
    for process in psutil.process_iter(["name", "status"]):
        if process.info["name"] != name or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if os.path.samefile(f"/proc/{process.pid}/cwd" if os.path.exists("/proc/self") else process.cwd(), folder):
                found.append(process)
    return found


def server_in(folder: Path, name: str) -> Identity | None:
    """The server whose data folder this is: of the processes in it, the one that is no child of another."""
    processes = processes_in(folder, name)
    pids = {process.pid for process in processes}
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if process.ppid() not in pids and (identity := identity_of(process.pid)):
                return identity
    return None
