"""`manage.py start` itself, on a fresh folder in a path with a space; the tests follow one installation's life."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lms_project.embedded.children import MARK
from lms_project.embedded.identity import identity_of, is_alive
from lms_project.embedded.postgres import PostgresServer
from lms_project.embedded.redis import RedisServer
from tests.chaos.drill import Installation, wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="st t"))
    installation = Installation(folder, settings="tests.chaos.settings")
    yield installation
    installation.stop()
    shutil.rmtree(folder)


def start(installation: Installation, *arguments: str, **environ: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "start", *arguments],
        cwd=ROOT,
        env={**installation.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


def marked_of(installation: Installation) -> list[psutil.Process]:
    mark = (installation.folders.data / "start.json").read_text().split('"mark": "')[1].split('"')[0]
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK, "").startswith(mark):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def test_a_fresh_folder_comes_up_and_says_where_to_go(installation: Installation):
    installation.start()
    said = installation.said()
    assert f"Open http://127.0.0.1:{installation.port}/" in said
    for login in ("teacher", "alice", "bob", "charlie"):
        assert re.search(rf"^ +\S+ +{login} +demo-\S+ +\S", said, re.M), said
    assert said.splitlines()[-1].endswith("Press Ctrl-C to stop everything.")
    with urllib.request.urlopen(f"http://127.0.0.1:{installation.port}/") as answer:
        assert answer.status == 200
    names = {process.environ()[MARK].split(":")[1] for process in marked_of(installation)}
    assert names == {"web", "quick", "model", "slow", "scheduler"}


def test_a_second_start_on_the_same_data_is_refused(installation: Installation):
    second = start(installation, "--port", str(installation.port))
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"it already runs on {installation.folders.data} (process {installation.process.pid}" in second.stderr
    assert installation.process.poll() is None


def test_a_killed_start_leaves_the_services_and_the_next_one_uses_them(installation: Installation):
    servers = [PostgresServer(installation.folders), RedisServer(installation.folders)]
    running = [server.running() for server in servers]
    children = [identity_of(process.pid) for process in marked_of(installation)]
    installation.process.kill()
    installation.process.wait()
    wait_for(lambda: not any(is_alive(child) for child in children), 60)
    assert all(is_alive(identity) for identity in running)
    (installation.folders.data / "start.out").unlink()
    installation.start()
    assert [server.running() for server in servers] == running
    assert installation.said().count("was running already") == 2
    assert "demonstration is loaded" not in installation.said()  # it was there


def test_sigterm_stops_everything_and_exits_0(installation: Installation):
    children = [identity_of(process.pid) for process in marked_of(installation)]
    assert installation.stop() == 0
    assert "stopped; nothing of it runs any more" in installation.said().splitlines()[-1]
    assert not any(is_alive(child) for child in children)
    assert PostgresServer(installation.folders).running() is None
    assert RedisServer(installation.folders).running() is None
    with socket.create_server(("127.0.0.1", installation.port)):
        pass


def test_ctrl_c_while_it_sets_up_stops_it_too(installation: Installation):
    command = [sys.executable, "manage.py", "start", "--port", str(installation.port)]
    process = subprocess.Popen(command, cwd=ROOT, env=installation.environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("[PostgreSQL] started")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "stopped; nothing of it runs any more" in said.splitlines()[-1]
    assert PostgresServer(installation.folders).running() is None


def test_a_taken_port_is_one_sentence(installation: Installation):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = start(installation, "--port", str(port))
    assert said.returncode == 1
    assert f"adaptive cannot start: port {port} on 127.0.0.1 is taken by another program" in said.stderr
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_wrong_usage(installation: Installation, port: str):
    said = start(installation, f"--port={port}")
    assert said.returncode == 2
    assert "is not a port; use a number from 1 to 65535" in said.stderr


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"DATABASE_URL": "mysql://u:hidden@h/d"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"DATABASE_URL": "postgres://u:hidden@127.0.0.1:9/d"}, "the database of DATABASE_URL does not answer"),
        ({"CELERY_BROKER_URL": "redis://:hidden@127.0.0.1:9/0"}, "the broker of CELERY_BROKER_URL does not answer"),
        ({"ADAPTIVE_RUN_DIR": "/tmp/" + "x" * 100}, "set ADAPTIVE_RUN_DIR to a folder with a shorter path"),
        ({"ADAPTIVE_BIND": "192.0.2.1"}, "ADAPTIVE_BIND is '192.0.2.1', which is no address of this machine"),
        ({"ADAPTIVE_AI": "perhaps"}, "ADAPTIVE_AI is 'perhaps'; set it to on or off"),
        ({"ADAPTIVE_DATA_DIR": "/dev/null"}, "set ADAPTIVE_DATA_DIR to"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_sentence(
    installation: Installation, environ: dict[str, str], sentence: str
):
    said = start(installation, "--port", str(installation.port), **environ)
    assert said.returncode == 1
    assert sentence in said.stderr
    assert said.stderr.count("\n") == 1, said.stderr
    assert "hidden" not in said.stdout + said.stderr
    assert os.path.exists("/dev/null")
