import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from lms_project.embedded import server as server_module
from lms_project.embedded.errors import ServiceError
from lms_project.embedded.folders import Folders
from lms_project.embedded.identity import Identity, identity_write, is_alive
from lms_project.embedded.postgres import PostgresServer


@pytest.fixture
def postgres(folders: Folders) -> PostgresServer:
    server = PostgresServer(folders, fast=True)
    server.ensure()
    return server


def crash(server: PostgresServer) -> Identity:
    identity = server.running()
    os.kill(identity.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while is_alive(identity) and time.monotonic() < deadline:
        time.sleep(0.01)
    return identity


def test_it_runs_with_pgvector_and_is_found_again(postgres: PostgresServer):
    with postgres.connect() as connection:
        assert connection.execute("SHOW server_version").fetchone()[0].startswith("18.")
        assert connection.execute("SELECT '[1,2]'::vector <-> '[1,4]'::vector").fetchone() == (2.0,)
    first = postgres.running()
    assert PostgresServer(postgres.folders).ensure() == "reused"
    assert PostgresServer(postgres.folders).running() == first


def test_only_this_user_can_open_it_and_only_by_the_socket(postgres: PostgresServer, as_ordinary_user: Callable):
    assert stat.S_IMODE(postgres.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(postgres.folders.run.stat().st_mode) == 0o700
    assert psutil.Process(postgres.running().pid).net_connections("inet") == []
    if os.geteuid() == 0:  # an ordinary user has no other one to try it as
        code = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        assert "PermissionError" in as_ordinary_user(code, str(postgres.socket)).stderr


def test_it_does_not_run_as_root(postgres: PostgresServer):
    assert psutil.Process(postgres.running().pid).uids().effective != 0


def test_a_password_is_needed(postgres: PostgresServer):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(postgres.folders.postgres_run), user="adaptive", dbname="adaptive", password="guess")


@pytest.mark.parametrize("statement", ["SELECT pg_read_file('/etc/passwd')", "COPY (SELECT 1) TO PROGRAM 'id'"])
def test_the_applications_role_cannot_reach_files_by_sql(postgres: PostgresServer, statement: str):
    with postgres.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_what_was_committed_survives_kill_9(folders: Folders):
    PostgresServer(folders).stop()
    server = PostgresServer(folders)  # durable, as `start` runs it
    server.ensure()
    with server.connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    dead = crash(server)
    assert server.running() is None
    assert server.ensure() == "started"
    assert server.running() != dead
    with server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    server.stop()


def test_a_stale_pid_of_a_foreign_process_is_never_signalled(folders: Folders, sleeper: subprocess.Popen):
    server = PostgresServer(folders, fast=True)
    server.ensure()
    crash(server)
    # The pid was given to another process since, in our own file and in PostgreSQL's.
    identity_write(server.pid_file, Identity(sleeper.pid, "of a process that is gone"))
    lock = server.data / "postmaster.pid"
    lock.write_text("\n".join([str(sleeper.pid), *lock.read_text().splitlines()[1:]]) + "\n")
    assert server.running() is None
    assert server.ensure() == "started"
    crash(server)
    identity_write(server.pid_file, Identity(sleeper.pid, "of a process that is gone"))
    assert server.stop() is False


def test_a_lost_run_folder_is_made_again(postgres: PostgresServer):
    before = postgres.running()
    shutil.rmtree(postgres.folders.run)
    assert postgres.running() == before  # known by the data folder it lives in
    assert postgres.ensure() == "started"
    assert not is_alive(before)
    postgres.connect().close()


def test_the_password_files_lost_password_is_set_again(postgres: PostgresServer):
    (postgres.folders.secrets / "postgres").unlink()
    assert postgres.ensure() == "reused"
    postgres.connect().close()


def test_stop_leaves_nothing_and_may_be_repeated(postgres: PostgresServer):
    assert postgres.stop() is True
    assert postgres.running() is None
    assert not postgres.socket.exists()
    assert postgres.stop() is False
    assert "shut down" in postgres.log.read_text().splitlines()[-1]


def test_a_socket_that_another_server_answers_on_is_left_alone(postgres: PostgresServer):
    postgres.stop()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(postgres.socket))
        other.listen()
        with pytest.raises(ServiceError, match=r"another server listens on .* ADAPTIVE_RUN_DIR"):
            postgres.ensure()
    postgres.socket.unlink()


def test_another_versions_data_is_refused(folders: Folders):
    server = PostgresServer(folders, fast=True)
    server.stop()
    version = server.data / "PG_VERSION"
    version.write_text("17\n")
    try:
        with pytest.raises(ServiceError, match="holds data of PostgreSQL 17 and this is PostgreSQL 18"):
            server.ensure()
    finally:
        version.write_text("18\n")


def test_somebodys_files_in_the_data_folder_are_left_alone(tmp_path: Path):
    folders = Folders(tmp_path / "d", Path(f"/tmp/adaptive-test-{os.getpid()}"))
    folders.postgres.mkdir(parents=True)
    (folders.postgres / "thesis.txt").write_text("dear")
    try:
        with pytest.raises(ServiceError, match="not a PostgreSQL database; move them away"):
            PostgresServer(folders).ensure()
    finally:
        shutil.rmtree(folders.run)
    assert (folders.postgres / "thesis.txt").read_text() == "dear"


def test_no_room_on_the_disk_is_one_sentence(folders: Folders, monkeypatch: pytest.MonkeyPatch):
    server = PostgresServer(folders, fast=True)
    server.stop()
    full = shutil.disk_usage(folders.data)._replace(free=2**20)
    monkeypatch.setattr(server_module.shutil, "disk_usage", lambda path: full)
    with pytest.raises(ServiceError, match=r"needs 50 MB of disk space .* there are 1; make room or set ADAPTIVE_DATA"):
        server.ensure()


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("FATAL:  could not write lock file: No space left on device", "there is no disk space left for PostgreSQL"),
        ('FATAL:  lock file "postmaster.pid" already exists', "another PostgreSQL uses"),
        ("launch: /srv/x/postgres: Permission denied", "cannot reach"),
        ("postgres: error while loading shared libraries: libz.so.1", "DATABASE_URL"),
        ("FATAL:  something new\n", "did not start: FATAL:  something new"),
        ("", "it wrote nothing"),
    ],
)
def test_what_the_log_says_becomes_a_sentence(tmp_path: Path, log: str, sentence: str):
    server = PostgresServer(Folders(tmp_path, tmp_path))
    server.folders.logs.mkdir()
    server.log.write_text("FATAL: of an earlier start\n")
    offset = server.log.stat().st_size
    with server.log.open("a") as file:
        file.write(log)
    assert sentence in str(server._error(offset))


def test_an_ordinary_user_runs_both_servers_in_a_folder_with_a_space(as_ordinary_user: Callable, ordinary_folder: Path):
    code = (
        "from pathlib import Path\n"
        "from lms_project.embedded.folders import Folders\n"
        "from lms_project.embedded.postgres import PostgresServer\n"
        "from lms_project.embedded.redis import RedisServer\n"
        "folders = Folders(Path('data').resolve(), Path('data/run').resolve())\n"
        "for kind in (PostgresServer, RedisServer):\n"
        "    print(kind(folders).ensure(), kind(folders).ensure(), kind(folders).stop())\n"
    )
    ran = as_ordinary_user(code, cwd=ordinary_folder)
    assert ran.stdout.split() == ["started", "reused", "True"] * 2, ran.stderr
