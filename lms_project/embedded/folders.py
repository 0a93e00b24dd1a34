"""Where the embedded services keep their things, and the passwords among them."""

import contextlib
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lms_project.embedded.errors import ServiceError

SOCKET_PATH_BYTES = 107  # sockaddr_un has 108, the last one a zero
PORT = 5432  # no port is opened; the number only ends the socket's name


@dataclass(frozen=True, slots=True)
class Folders:
    """`data` holds what must be kept, `run` the sockets and pid files of what runs now."""

    data: Path
    run: Path

    @classmethod
    def of(cls, data_dir: Path, environ: Mapping[str, str] = os.environ) -> "Folders":
        run = environ.get("ADAPTIVE_RUN_DIR")
        return cls(data_dir, Path(run).expanduser().resolve() if run else data_dir / "run")

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def redis(self) -> Path:
        return self.data / "redis"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def postgres_run(self) -> Path:
        """PostgreSQL's own folder for its socket: as root the server runs as another user than `run`'s owner."""
        return self.run / "pg"

    @property
    def postgres_socket(self) -> Path:
        return self.postgres_run / f".s.PGSQL.{PORT}"

    @property
    def redis_socket(self) -> Path:
        return self.run / "redis.sock"

    def make(self) -> None:
        """Makes the folders, `run` and `secrets` for this user alone. Raises ServiceError where that cannot be."""
        for socket in (self.postgres_socket, self.redis_socket):
            if (length := len(os.fsencode(socket))) > SOCKET_PATH_BYTES:
                raise ServiceError(
                    f"the socket's path {socket} has {length} bytes and may have {SOCKET_PATH_BYTES}; "
                    "set ADAPTIVE_RUN_DIR to a folder with a shorter path."
                )
        folder_make(self.data, 0o755, "ADAPTIVE_DATA_DIR")
        folder_make(self.logs, 0o755, "ADAPTIVE_DATA_DIR")
        folder_make(self.secrets, 0o700, "ADAPTIVE_DATA_DIR")
        folder_make(self.run, 0o700, "ADAPTIVE_RUN_DIR")


def folder_make(folder: Path, mode: int, setting: str) -> None:
    """Makes one folder with this mode, or tightens ours to it. ServiceError when it is not to be used."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
        facts = folder.stat()
        if mode == 0o700:
            if facts.st_uid != os.geteuid():
                raise ServiceError(f"the folder {folder} belongs to another user; set {setting} to one that you own.")
            if stat.S_IMODE(facts.st_mode) != mode:
                folder.chmod(mode)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ServiceError(f"the folder {folder} cannot be written; set {setting} to one that you own.")
    except (FileExistsError, NotADirectoryError):
        raise ServiceError(f"{folder} is not a folder; set {setting} to a folder.") from None
    except OSError as error:
        raise ServiceError(
            f"the folder {folder} cannot be made ({error.strerror}); set {setting} to one that you own."
        ) from None


def secret(folder: Path, name: str) -> str:
    """The secret of this name, made at first use, readable by this user only. Two processes may ask at once."""
    path = folder / name
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # the first one there wins, and both read that
    finally:
        draft.unlink(missing_ok=True)
    return path.read_text().strip()


@contextlib.contextmanager
def locked(path: Path, *, seconds: float = 0.0) -> Iterator[bool]:
    """Holds a lock that ends with this process, however that ends. Yields False if it is not free within `seconds`."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held = True
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    held = False
                    break
                time.sleep(0.05)
        yield held
    finally:
        os.close(handle)
