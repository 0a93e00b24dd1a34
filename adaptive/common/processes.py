"""Manners of a process on a shared machine."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int | None = None) -> None:
    """Ends this process when its parent ends, however that ends; at once where `parent` (its pid) is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def be_nice(niceness: int) -> None:
    """Lets everybody else go first: at least this nice (0-19) from now on, with all threads and children to come."""
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))


def command_of(settings_module: str, *words: str) -> tuple[list[str], dict[str, str]]:
    """(arguments, environment) of a management command of this installation in a process of its own."""
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings_module,
        "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
        "PYTHONUNBUFFERED": "1",
    }
    return [sys.executable, "-m", "django", *words], environ
