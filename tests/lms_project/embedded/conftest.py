import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lms_project.embedded.folders import Folders
from lms_project.embedded.postgres import PostgresServer
from lms_project.embedded.redis import RedisServer
from lms_project.embedded.server import LAUNCH

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def folders() -> Iterator[Folders]:
    """Folders of services of their own, in a path with a space (and short: pytest's own are too long for a socket)."""
    root = Path(tempfile.mkdtemp(prefix="sv t"))
    folders = Folders(root / "data", root / "data" / "run")
    yield folders
    for server in (RedisServer(folders), PostgresServer(folders)):
        if folders.run.is_dir():
            server.stop()
    shutil.rmtree(root)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen]:
    """A process that has nothing to do with us and must outlive every test."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    assert process.poll() is None, "a foreign process was signalled"
    process.kill()
    process.wait()


@pytest.fixture(scope="session")
def as_ordinary_user() -> Callable[..., subprocess.CompletedProcess]:
    """Runs Python code as a user who may do nothing special: nobody when the suite runs as root, else ourselves.

    Where nobody can reach no Python 3.11 (it lies under /root), it is given leave to read folders, as PostgreSQL is.
    """
    packages = sysconfig.get_paths()["purelib"]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(ROOT), packages]), "HOME": "/nonexistent"}
    drop: list[str] = []
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        setpriv = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        options = json.dumps({"uid": nobody.pw_uid, "gid": nobody.pw_gid})
        ways = [[*setpriv, sys.executable], [*setpriv, "/usr/bin/python3.11"]]
        launched = [sys.executable, "-I", "-S", str(LAUNCH), options, sys.executable]
        probe = ["-c", "import sys, psutil, psycopg, redis, lms_project.env; assert sys.version_info[:2] == (3, 11)"]
        drop = next((way for way in ways if _succeeds([*way, *probe], environ)), launched)
    else:
        drop = [sys.executable]

    def call(code: str, *arguments: str, cwd: Path = Path("/")) -> subprocess.CompletedProcess:
        command = [*drop, "-c", code, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=cwd, env=environ)

    return call


def _succeeds(command: list[str], environ: dict[str, str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, env=environ, cwd="/").returncode == 0
    except OSError:
        return False


@pytest.fixture
def ordinary_folder() -> Iterator[Path]:
    """A folder of that user's, with a space in its path."""
    folder = Path(tempfile.mkdtemp(prefix="or d"))
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    yield folder
    shutil.rmtree(folder)
