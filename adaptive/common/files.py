"""Files that are there as a whole or not at all: who waits for one never reads half of it, and a failure to write
leaves what was there before."""

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import InvalidInput


def check_writable(path: Path) -> None:
    """For before the work that fills the file. Raises InvalidInput where nothing can be written there."""
    if path.is_dir():
        raise InvalidInput(f"{path} cannot be written: it is a folder.")
    if not os.access(path.absolute().parent, os.W_OK):
        raise InvalidInput(f"{path} cannot be written: its folder is not there, or nobody may write in it.")


def write_text(path: Path, text: str) -> None:
    """In UTF-8, line ends as they are. Raises InvalidInput, a sentence with the path, where it cannot be written.

    Through a link the file behind it is written. What is no regular file (/dev/null, a pipe) is written into, not
    replaced.
    """
    try:
        whole = path.resolve()
        if whole.exists() and not whole.is_file():
            whole.write_text(text, encoding="utf-8", newline="")
            return
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}.") from None
    part = whole.with_name(whole.name + ".part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        os.replace(part, whole)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError):
            raise InvalidInput(f"{path} cannot be written: {error.strerror or error}.") from None
        raise


def write_json(path: Path, value: Any) -> None:
    """As `write_text`, indented for people."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """As `write_text`. The rows come first, so that what goes wrong in making them is not taken for a fault of the
    disk."""
    text = io.StringIO(newline="")
    out = csv.writer(text)
    out.writerow(header)
    out.writerows(rows)
    write_text(path, text.getvalue())
