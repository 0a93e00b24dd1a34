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

from .base import LATEST, Item, Observation

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


@dataclass(slots=True)
class LogRow:
    """One row as the file has it, checked. `number`: its row in the file, the header being row 1.

    at: epoch seconds. elapsed, lag: texts of the buckets. These and fold are None where the log has no such column.
    """

    number: int
    learner: str
    item: str
    skills: str
    score: float
    position: float
    at: float | None = None
    elapsed: str | None = None
    lag: str | None = None
    fold: str | None = None


def read_rows(path: str | Path) -> Iterator[LogRow]:
    """The rows of a log, in its order. InvalidInput naming file and row on the first that cannot be right."""
    path = Path(path)
    rows = _rows(path)
    header = next(rows, (1, []))[1]
    column = _columns(path, header)
    time_of, fold_of = column.get("timestamp"), column.get("fold")
    elapsed_of, lag_of = column.get("elapsed_bucket_s"), column.get("lag_bucket_s")
    learner_of, item_of, skills_of, correct_of, position_of = (column[name] for name in REQUIRED_COLUMNS)
    last: dict[str, float] = {}
    number = 1
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
        if previous is not None and position <= previous:
            raise _bad(
                path,
                number,
                f"is out of order: learner {learner} is at position {row[position_of]} after {previous:g}",
            )
        last[learner] = position
        at = None
        if time_of is not None:
            at = _moment(row[time_of])
            if at is None:
                raise _bad(path, number, f"has timestamp = {row[time_of]!r}, which is no time")
        yield LogRow(
            number=number,
            learner=learner,
            item=label,
            skills=row[skills_of],
            score=score,
            position=position,
            at=at,
            elapsed=None if elapsed_of is None else row[elapsed_of].strip(),
            lag=None if lag_of is None else row[lag_of].strip(),
            fold=None if fold_of is None else row[fold_of].strip(),
        )
    if not last:
        raise InvalidInput(f"{path} has no rows below its header.")


def read_log(path: str | Path, *, on_progress: Callable[[int], None] | None = None) -> AttemptLog:
    """The whole log in memory (about 200 bytes a row). InvalidInput on anything that cannot be read as one.

    `at` of a row is its timestamp (epoch seconds, epoch milliseconds or ISO 8601), else built up from the buckets of
    time between rows, else half a minute a row. `on_progress` gets the number of rows every 50,000.
    """
    log = AttemptLog(path=str(path))
    items: dict[tuple[str, str], Item] = {}
    ids: dict[str, int] = {}
    last: dict[str, tuple[float, float]] = {}  # time of the row, seconds it took
    for n_rows, row in enumerate(read_rows(path), start=1):
        previous = last.get(row.learner)
        if row.at is not None:
            at, log.has_time = row.at, True
        elif previous is None:
            at = 0.0
        elif row.lag is not None:
            at = previous[0] + previous[1] + bucket_seconds(row.lag)
        else:
            at = previous[0] + SECONDS_PER_ATTEMPT
        last[row.learner] = (at, 0.0 if row.at is not None else bucket_seconds(row.elapsed or ""))

        if row.fold is not None and log.folds.setdefault(row.learner, row.fold) != row.fold:
            before = log.folds[row.learner]
            raise _bad(Path(path), row.number, f"puts learner {row.learner} in fold {row.fold} and before in {before}")

        key = (row.item, row.skills)
        item = items.get(key)
        if item is None:
            skills = sorted({_id(part.strip(), ids) for part in row.skills.split(";") if part.strip()})
            item = items[key] = Item(id=_id(row.item, ids), skill_ids=tuple(skills))
        elapsed = bucket_seconds(row.elapsed) if row.elapsed else None
        observation = Observation(item=item, score=row.score, at=at, elapsed_seconds=elapsed)
        log.histories.setdefault(row.learner, []).append(observation)
        if on_progress and not n_rows % PROGRESS_EVERY:
            on_progress(n_rows)
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
        seconds = value / 1000.0 if value > LATEST else value
        return seconds if -LATEST < seconds < LATEST else None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def bucket_seconds(bucket: str) -> float:
    """The middle of "10-15"; the lower end of "60+", as nobody knows how much more it was; 0 where empty."""
    bucket = bucket.strip()
    low, dash, high = bucket.partition("-")
    try:
        return (float(low) + float(high)) / 2.0 if dash else float(bucket.rstrip("+")) if bucket else 0.0
    except ValueError:
        return 0.0
