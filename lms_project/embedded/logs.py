"""Log files that cannot fill the disk. Their writers are other programs, so they are cut while those write."""

import contextlib
import os
import shutil
from pathlib import Path

LIMIT_BYTES = 5 * 2**20


def log_cap(path: Path, *, limit: int = LIMIT_BYTES) -> bool:
    """Copies a log that is over the limit to `<name>.1` and empties it; True if it was. At most two limits are kept.

    The writer opened it for appending and goes on at the new end; lines written between copy and cut are lost.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size > limit:
            shutil.copyfile(path, path.with_name(path.name + ".1"))
            os.truncate(path, 0)
            return True
    return False


def last_line(path: Path, *, offset: int = 0) -> str:
    """The last line with text in it, from the offset on; "" when there is none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(offset if offset <= end else 0, end - 4000))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
