"""What the answers to neighbouring exercises say about the next one, and how usual it is to come to it from the last.

An item's neighbours are the items whose surprises foretell its own: steps of one problem, two wordings of one question.
No skill says so and a few abilities are too coarse for it, so every item has a ridge regression of its own, from the
fading surprises of the items answered before it onto its own surprise (the linear item-to-item model of Ning & Karypis
2011, on residuals). A surprise is score - what the abilities expected, so only what they leave open is learnt here.

How often one item follows another tells a learner who jumps or skips from one who goes the usual way.
"""

import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .packing import pack_array, unpack_array

Floats = NDArray[np.float64]

FEATURES: tuple[str, ...] = ("neighbours", "follows", "follows_share", "follows_2", "follows_share_2")
RISING = (0,)
"""Features of which more can only mean a higher probability."""

WINDOW = 120  # attempts that are looked back on
HALF_LIFE = 20.0  # attempts after which a surprise counts for half
_RIDGE = 10.0
_MIN_ROWS, _MAX_ROWS = 8, 1_500  # answers of an item: fewer say nothing, more are sampled
_MIN_PAIRS = 3  # answers of an item with the same neighbour before it
_KEEP = 64  # neighbours of an item that are kept: those that move most
_MIN_FOLLOWS = 2
_FADED = 0.5 ** (np.arange(WINDOW) / HALF_LIFE)


@dataclass(slots=True)
class Path:
    """One learner's way: items (T,), surprises (T,)."""

    items: Sequence[int]
    surprises: Floats


_ROOM = 4 * WINDOW


class Recent:
    """The latest attempts, the latest first: places of the items (n,), -1 where unknown to the fit; surprises (n,).

    The numbers are those that single precision holds. They lie at the end of something longer and grow towards its
    beginning, so that one more attempt is one more number and only now and then a move of all.
    """

    __slots__ = ("_places", "_scratch", "_start", "_surprises", "n")

    def __init__(self, places: NDArray, surprises: NDArray, n_items: int) -> None:
        self.n = len(places)
        self._start = _ROOM - self.n
        self._places, self._surprises = np.empty(_ROOM, dtype=np.int64), np.empty(_ROOM)
        self._places[self._start :], self._surprises[self._start :] = places, surprises
        # The weights of one item's neighbours by place, and 0 for all others, to which place -1 belongs.
        self._scratch = np.zeros(n_items + 1)

    @property
    def places(self) -> NDArray[np.int64]:
        return self._places[self._start : self._start + self.n]

    @property
    def surprises(self) -> Floats:
        return self._surprises[self._start : self._start + self.n]

    def add(self, place: int, surprise: float) -> None:
        if not self._start:
            self._start, self.n = _ROOM - WINDOW, WINDOW
            self._places[self._start :] = self._places[:WINDOW]
            self._surprises[self._start :] = self._surprises[:WINDOW]
        self._start -= 1
        self.n = min(self.n + 1, WINDOW)
        self._places[self._start], self._surprises[self._start] = place, np.float32(surprise)

    def place(self, lag: int) -> int:
        """The place of the attempt before the last `lag` ones; -1 where there is none."""
        return int(self._places[self._start + lag]) if lag < self.n else -1

    def weighted(self, of: NDArray[np.int64], weights: Floats) -> float:
        """The faded surprises on the items at the places `of`, each times its weight, added up."""
        scratch = self._scratch
        scratch[of] = weights
        value = float(scratch.take(self.places) @ (self.surprises * _FADED[: self.n]))
        scratch[of] = 0.0
        return value


class Neighbours:
    """Fitted weights.

    item_ids (n,); entries starts[j]:starts[j + 1] of `of` and `weights` are item j's neighbours, ascending, and how
    much their surprises count; pairs: for lag 1 and 2, ascending keys first * n + second, and how often seen; total
    (n,): answers of each item.
    """

    def __init__(
        self,
        item_ids: Sequence[int],
        starts: NDArray,
        of: NDArray,
        weights: NDArray,
        pairs: Sequence[tuple[NDArray, NDArray]],
        total: NDArray,
    ) -> None:
        self.item_ids = [int(i) for i in item_ids]
        self._place = {i: place for place, i in enumerate(self.item_ids)}
        self._starts = starts.astype(np.int64).tolist()
        self._of = np.ascontiguousarray(of, dtype=np.int64)
        self._weights = np.ascontiguousarray(weights, dtype=np.float32).astype(np.float64)
        # Looked up one by one, which in an array is faster than in numpy's and takes a tenth of a dict's memory.
        self._pairs = [(_integers(keys), _integers(times)) for keys, times in pairs]
        self._total = _integers(total)

    @staticmethod
    def empty() -> str:
        return ""

    def unpack(self, text: str) -> Recent:
        both = unpack_array(text, (2, -1))
        return Recent(both[0], both[1], len(self.item_ids))

    @staticmethod
    def pack(recent: Recent) -> str:
        return pack_array(np.stack([recent.places, recent.surprises]))

    def look(self, recent: Recent, item_id: int) -> tuple[float, ...]:
        """The features of FEATURES for the next exercise."""
        place = self._place.get(item_id, -1)
        if place < 0:
            return (0.0,) * len(FEATURES)
        value = 0.0
        start, end = self._starts[place], self._starts[place + 1]
        if end > start and recent.n:
            value = recent.weighted(self._of[start:end], self._weights[start:end])
        features = [value]
        for lag, (keys, times) in enumerate(self._pairs):
            before = recent.place(lag)
            if before < 0:
                features += (0.0, 0.0)
                continue
            key = before * len(self.item_ids) + place
            at = bisect_left(keys, key)
            seen = times[at] if at < len(keys) and keys[at] == key else 0
            features += (math.log1p(seen) / 4.0, math.log((seen + 0.5) / (self._total[before] + 5.0)) / 4.0)
        return tuple(features)

    def take(self, recent: Recent, item_id: int, surprise: float) -> None:
        """Take in the surprise of an answer, changing `recent`."""
        recent.add(self._place.get(item_id, -1), surprise)

    def to_params(self) -> dict[str, Any]:
        return {
            "item_ids": self.item_ids,
            "starts": pack_array(np.array(self._starts), "<i4"),
            "of": pack_array(self._of, "<i4"),
            "weights": pack_array(self._weights, "<f2"),
            "pairs": [
                [pack_array(np.array(keys), "<i8"), pack_array(np.array(times), "<i4")] for keys, times in self._pairs
            ],
            "total": pack_array(np.array(self._total), "<i4"),
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Neighbours":
        return cls(
            params["item_ids"],
            unpack_array(params["starts"], (-1,), "<i4"),
            unpack_array(params["of"], (-1,), "<i4"),
            unpack_array(params["weights"], (-1,), "<f2"),
            [(unpack_array(keys, (-1,), "<i8"), unpack_array(times, (-1,), "<i4")) for keys, times in params["pairs"]],
            unpack_array(params["total"], (-1,), "<i4"),
        )


def _integers(values: NDArray) -> "array[int]":
    return array("q", np.asarray(values, dtype=np.int64).tobytes())


def features_of(neighbours: Neighbours, path: Path) -> NDArray[np.float32]:
    """(T, len(FEATURES)): what each row of a path looks like, by the code of live use."""
    recent, rows = neighbours.unpack(neighbours.empty()), []
    for item_id, surprise in zip(path.items, path.surprises.tolist(), strict=True):
        rows.append(neighbours.look(recent, item_id))
        neighbours.take(recent, item_id, surprise)
    return np.array(rows, dtype=np.float32).reshape(-1, len(FEATURES))


def fit(paths: Sequence[Path], *, seed: int) -> Neighbours:
    """Weights and counts from whole paths. Same input and seed, same result."""
    rng = np.random.default_rng(seed)
    place = {i: n for n, i in enumerate(sorted({i for path in paths for i in path.items}))}
    ways = [np.array([place[i] for i in path.items], dtype=np.int64) for path in paths]
    n_items = len(place)
    items = np.concatenate(ways)
    surprises = np.concatenate([path.surprises for path in paths]).astype(np.float64)
    step = np.concatenate([np.arange(len(way)) for way in ways])  # rows of the same learner before each
    order = np.argsort(items, kind="stable")
    ends = np.searchsorted(items[order], np.arange(n_items + 1))
    starts, of, weights = [0], [], []
    for item in range(n_items):
        rows = order[ends[item] : ends[item + 1]]
        if len(rows) > _MAX_ROWS:
            rows = np.sort(rng.choice(rows, _MAX_ROWS, replace=False))
        if len(rows) >= _MIN_ROWS:
            columns, found = _ridge(items, surprises, step, rows, n_items)
            of.append(columns)
            weights.append(found)
        starts.append(starts[-1] + (len(of[-1]) if len(rows) >= _MIN_ROWS else 0))
    made = Neighbours(
        sorted(place),
        np.array(starts),
        np.concatenate(of) if of else np.zeros(0),
        np.concatenate(weights) if weights else np.zeros(0),
        [_follows(ways, lag, n_items) for lag in (1, 2)],
        np.bincount(items, minlength=n_items),
    )
    return Neighbours.from_params(made.to_params())  # in the precision of later use


def _ridge(
    items: NDArray, surprises: Floats, step: NDArray, rows: NDArray, n_items: int
) -> tuple[NDArray[np.int64], Floats]:
    """(neighbours of one item, weights): surprises of `rows` from the faded ones before them."""
    counts = np.minimum(step[rows], WINDOW)
    line = np.repeat(np.arange(len(rows)), counts)
    back = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)  # 0: the one just before
    source = rows[line] - 1 - back
    n_pairs = np.bincount(items[source], minlength=n_items)
    columns = np.flatnonzero(n_pairs >= _MIN_PAIRS)
    if not len(columns):
        return columns, np.zeros(0)
    column_of = np.full(n_items, -1)
    column_of[columns] = np.arange(len(columns))
    column = column_of[items[source]]
    used = column >= 0
    key = line[used] * len(columns) + column[used]
    x = np.bincount(key, (surprises[source] * _FADED[back])[used], len(rows) * len(columns))
    x = x.reshape(len(rows), len(columns))
    y = surprises[rows]
    if len(rows) < len(columns):
        found = x.T @ np.linalg.solve(x @ x.T + _RIDGE * np.eye(len(rows)), y)
    else:
        found = np.linalg.solve(x.T @ x + _RIDGE * np.eye(len(columns)), x.T @ y)
    if len(columns) > _KEEP:
        moved = np.abs(found) * np.sqrt((x * x).sum(axis=0))
        kept = np.sort(np.argsort(-moved, kind="stable")[:_KEEP])
        columns, found = columns[kept], found[kept]
    return columns, found


def _follows(ways: Sequence[NDArray], lag: int, n_items: int) -> tuple[NDArray, NDArray]:
    times: Counter[int] = Counter()
    for way in ways:
        times.update((way[:-lag] * n_items + way[lag:]).tolist())
    keys = np.array(sorted(key for key, n in times.items() if n >= _MIN_FOLLOWS), dtype=np.int64)
    return keys, np.array([times[key] for key in keys.tolist()], dtype=np.int64)
