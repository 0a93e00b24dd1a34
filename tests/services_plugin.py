"""Starts the embedded PostgreSQL and Redis for the suite, before Django reads its settings.

They run under `.data/test`, apart from the data of `make start`, and are shared by runs at the same time: each run
holds a slot, which names its own database and its own Redis database; the last one to leave stops the servers.
DATABASE_URL or CELERY_BROKER_URL in the environment are used instead where given. Each process of `pytest -n` counts
as a run.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from redis import Redis

from lms_project.embedded.errors import ServiceError
from lms_project.embedded.folders import PORT, SOCKET_PATH_BYTES, Folders, locked, secret
from lms_project.embedded.postgres import ROLE, PostgresServer
from lms_project.embedded.redis import RedisServer
from lms_project.env import redis_url

ROOT = Path(__file__).resolve().parent.parent
SLOTS = 32
NAMES = ("ADAPTIVE_DATA_DIR", "ADAPTIVE_RUN_DIR", "ADAPTIVE_MODEL_DIR", "DATABASE_URL", "CELERY_BROKER_URL")
GIVEN = "ADAPTIVE_TESTS_GIVEN"  # what of them the environment gave to the first process, for those that it starts
FOLDERS = pytest.StashKey[Folders]()
_handles: list[int] = []


def folders_for_tests(environ: dict[str, str]) -> Folders:
    """`.data/test`, its sockets in the temporary folder where the project's path is too long for a socket."""
    base = Path(environ.get("ADAPTIVE_DATA_DIR") or ROOT / ".data").expanduser().resolve()
    run = environ.get("ADAPTIVE_RUN_DIR")
    folders = Folders(base / "test", Path(run).expanduser().resolve() / "test" if run else base / "test" / "run")
    if len(os.fsencode(folders.postgres_socket)) + len(".lock") > SOCKET_PATH_BYTES:
        name = hashlib.sha256(os.fsencode(base)).hexdigest()[:8]
        folders = Folders(folders.data, Path(tempfile.gettempdir()) / f"adaptive-{os.geteuid()}-{name}")
    return folders


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    # A wrapper, so that it runs before pytest-django's hook, which reads the settings.
    try:
        early_config.stash[FOLDERS] = services_start()
    except ServiceError as error:
        raise pytest.UsageError(f"the services for the tests cannot start: {error}") from None
    return (yield)


def _environment_as_given() -> None:
    """A process that pytest-xdist starts inherits what the first one set for itself: its database and its jobs."""
    if "PYTEST_XDIST_WORKER" in os.environ and GIVEN in os.environ:
        for name in NAMES:
            os.environ.pop(name, None)
        os.environ.update(json.loads(os.environ[GIVEN]))
    else:
        os.environ[GIVEN] = json.dumps({name: os.environ[name] for name in NAMES if name in os.environ})


def services_start() -> Folders:
    _environment_as_given()
    folders = folders_for_tests(dict(os.environ))
    os.environ.setdefault("ADAPTIVE_MODEL_DIR", str(folders.data.parent / "models"))
    os.environ["ADAPTIVE_DATA_DIR"], os.environ["ADAPTIVE_RUN_DIR"] = str(folders.data), str(folders.run)
    needs_postgres, needs_redis = not os.environ.get("DATABASE_URL"), not os.environ.get("CELERY_BROKER_URL")
    if not (needs_postgres or needs_redis):
        return folders
    folders.make()
    with locked(folders.run / "gate.lock", seconds=120):
        slot = _slot_take(folders)
        if needs_postgres:
            postgres = PostgresServer(folders, fast=True)
            try:
                postgres.ensure()
            except ServiceError:
                # Run without fsync, so a crash of the machine may have spoilt it; nothing in it is worth keeping.
                postgres.stop()
                shutil.rmtree(folders.postgres, ignore_errors=True)
                PostgresServer(folders, fast=True).ensure()
            password = secret(folders.secrets, "postgres")
            host = quote(str(folders.postgres_run), safe="")
            os.environ["DATABASE_URL"] = f"postgres://{ROLE}:{password}@{host}:{PORT}/adaptive_{slot}"
        if needs_redis:
            RedisServer(folders, databases=SLOTS).ensure()
            os.environ["CELERY_BROKER_URL"] = redis_url(folders, database=slot)
            with contextlib.closing(Redis(unix_socket_path=str(folders.redis_socket), db=slot)) as client:
                client.flushdb()  # of an earlier run's jobs
    return folders


def _slot_take(folders: Folders) -> int:
    for slot in range(SLOTS):
        handle = os.open(folders.run / f"slot-{slot}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _handles.append(handle)
            return slot
        except BlockingIOError:
            os.close(handle)
    raise ServiceError(f"{SLOTS} runs of the tests are at work already; wait for one.")


def services_stop(folders: Folders) -> None:
    """Gives the slot back and, as the last one, stops what runs."""
    if not _handles:
        return
    with locked(folders.run / "gate.lock", seconds=120):
        while _handles:
            os.close(_handles.pop())
        for slot in range(SLOTS):
            path = folders.run / f"slot-{slot}.lock"
            if path.exists():
                with locked(path) as free:
                    if not free:
                        return
        RedisServer(folders).stop()
        PostgresServer(folders).stop()


def pytest_unconfigure(config: pytest.Config) -> None:
    if folders := config.stash.get(FOLDERS, None):
        services_stop(folders)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """In CI a browser test that skips has tested nothing, so it counts as failed."""
    report = yield
    skips = report.skipped and not hasattr(report, "wasxfail")
    if skips and os.environ.get("CI") == "true" and item.get_closest_marker("browser"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"a browser test may not be skipped with CI=true: {reason}"
    return report


@pytest.fixture
def child_environ(db: None) -> dict[str, str]:
    """The environment for a process of its own (a worker, a command) that shall work on this run's test database."""
    from django.db import connection

    settings = connection.settings_dict
    host = quote(str(settings["HOST"]), safe="")
    user, password = quote(settings["USER"], safe=""), quote(settings["PASSWORD"], safe="")
    port = f":{settings['PORT']}" if settings["PORT"] else ""
    url = f"postgres://{user}:{password}@{host}{port}/{settings['NAME']}"
    return {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "lms_project.settings"}
