"""Reads attempt logs: CSV, gzip allowed, columns learner, item, skills, correct, position and optionally fold,
timestamp, elapsed_bucket_s, lag_bucket_s. Errors are one sentence that names the file and the row.
"""

import csv
import gzip
import math
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from adaptive.common.errors import InvalidInput
from adaptive.common.hashing import stable_hash

from .base import Item, Observation

REQUIRED_COLUMNS = ("learner", "item", "skills", "correct", "position")
SECONDS_PER_ATTEMPT = 30.0  # assumed where a log says nothing about time
PROGRESS_EVERY = 50_000


@dataclass(slots=True)
class AttemptLog:
    """Histories by learner, each in order of position; `folds` by learner, empty where the file has no such column."""

    path: str
    histories: dict[str, list[Observation]] = field(default_factory=dict)
    folds: dict[str, str] = field(default_factory=dict)
    has_time: bool = False

    @property
    def n_rows(self) -> int:
        return sum(len(history) for history in self.histories.values())


def id_of(label: str) -> int:
    """A number for any label: the label itself where it is a plain whole number, else a stable negative hash."""
    if label.isascii() and label.isdigit() and len(label) <= 15 and (label[0] != "0" or len(label) == 1):
        return int(label)
    return -1 - (int(stable_hash(label)[:13], 16) & 0xFFFFFFFFFFFF)


def read_log(path: str | Path, *, on_progress: Callable[[int], None] | None = None) -> AttemptLog:
    """The whole log in memory (about 200 bytes a row). InvalidInput on anything that cannot be read as one.

    `at` of a row is its timestamp (epoch seconds, epoch milliseconds or ISO 8601), else built up from the buckets of
    time between rows, else half a minute a row. `on_progress` gets the number of rows every 50,000.
    """
    path = Path(path)
    log = AttemptLog(path=str(path))
    items: dict[tuple[str, str], Item] = {}
    ids: dict[str, int] = {}
    last: dict[str, tuple[float, float, float]] = {}  # position, time of the row, seconds it took
    n_rows = 0

    rows = _rows(path)
    header = next(rows, (1, []))[1]
    column = _columns(path, header)
    time_of = column.get("timestamp")
    elapsed_of, lag_of = column.get("elapsed_bucket_s"), column.get("lag_bucket_s")
    fold_of = column.get("fold")
    learner_of, item_of, skills_of, correct_of, position_of = (column[name] for name in REQUIRED_COLUMNS)
    log.has_time = time_of is not None

    for number, row in rows:
        if len(row) != len(header):
            raise _bad(path, number, f"has {len(row)} fields where the header has {len(header)}")
        learner, label = row[learner_of].strip(), row[item_of].strip()
        if not learner or not label:
            raise _bad(path, number, f"has no {'item' if learner else 'learner'}")
        score = _number(row[correct_of])
        if score is None or not 0.0 <= score <= 1.0:
            raise _bad(path, number, f"has correct = {row[correct_of]!r}, which is no number between 0 and 1")
        position = _number(row[position_of])
        if position is None:
            raise _bad(path, number, f"has position = {row[position_of]!r}, which is no number")

        previous = last.get(learner)
        if previous is not None and position <= previous[0]:
            raise _bad(
                path,
                number,
                f"is out of order: learner {learner} is at position {row[position_of]} after {previous[0]:g}",
            )
        if time_of is not None:
            at = _moment(row[time_of])
            if at is None:
                raise _bad(path, number, f"has timestamp = {row[time_of]!r}, which is no time")
        elif previous is None:
            at = 0.0
        elif lag_of is not None:
            at = previous[1] + previous[2] + _bucket_seconds(row[lag_of])
        else:
            at = previous[1] + SECONDS_PER_ATTEMPT
        took = _bucket_seconds(row[elapsed_of]) if elapsed_of is not None and time_of is None else 0.0
        last[learner] = (position, at, took)

        if fold_of is not None:
            fold = row[fold_of].strip()
            if log.folds.setdefault(learner, fold) != fold:
                raise _bad(path, number, f"puts learner {learner} in fold {fold} and before in {log.folds[learner]}")

        key = (label, row[skills_of])
        item = items.get(key)
        if item is None:
            skills = sorted({_id(part.strip(), ids) for part in row[skills_of].split(";") if part.strip()})
            item = items[key] = Item(id=_id(label, ids), skill_ids=tuple(skills))
        log.histories.setdefault(learner, []).append(Observation(item=item, score=score, at=at))
        n_rows += 1
        if on_progress and not n_rows % PROGRESS_EVERY:
            on_progress(n_rows)

    if not n_rows:
        raise InvalidInput(f"{path} has no rows below its header.")
    return log


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number of the row, its fields), header first; every way of not being a CSV file as InvalidInput."""
    number = 0
    csv.field_size_limit(min(sys.maxsize, 1 << 20))
    try:
        with open(path, "rb") as raw:
            is_gzip = raw.read(2) == b"\x1f\x8b"
        opener = gzip.open if is_gzip else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), start=1):
                if row:  # an empty line, often the last one
                    yield number, row
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise InvalidInput(f"{path} is a folder, not a CSV file.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path}, after row {number}, is not UTF-8 text.") from None
    except csv.Error as error:
        raise InvalidInput(f"{path}, after row {number}, is not CSV: {error}.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InvalidInput(f"{path}, after row {number}, breaks off: its gzip data is damaged or cut short.") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from None
    if not number:
        raise InvalidInput(f"{path}, row 1, is empty: there is not even a header.")


def _columns(path: Path, header: list[str]) -> dict[str, int]:
    column = {name.strip().lower(): index for index, name in enumerate(header)}
    missing = [name for name in REQUIRED_COLUMNS if name not in column]
    if missing:
        what = "columns" if len(missing) > 1 else "column"
        raise InvalidInput(f"{path}, row 1, lacks the {what} {', '.join(missing)}.")
    if len(column) != len(header):
        raise InvalidInput(f"{path}, row 1, names a column twice.")
    return column


def _bad(path: Path, number: int, what: str) -> InvalidInput:
    return InvalidInput(f"{path}, row {number}, {what}.")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _id(label: str, ids: dict[str, int]) -> int:
    number = ids.get(label)
    if number is None:
        number = ids[label] = id_of(label)
    return number


def _moment(text: str) -> float | None:
    value = _number(text)
    if value is not None:
        return value / 1000.0 if value > 1e11 else value  # milliseconds: as seconds that were after the year 5138
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _bucket_seconds(bucket: str) -> float:
    """The middle of "10-15"; the lower end of "60+", as nobody knows how much more it was; 0 where empty."""
    bucket = bucket.strip()
    low, dash, high = bucket.partition("-")
    try:
        return (float(low) + float(high)) / 2.0 if dash else float(bucket.rstrip("+")) if bucket else 0.0
    except ValueError:
        return 0.0
