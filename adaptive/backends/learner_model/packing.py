"""Arrays of numbers as short texts, so that states and parameters stay JSON and come back to the bit."""

import base64
import binascii
import struct
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray


def pack_array(values: NDArray, dtype: str = "<f4") -> str:
    """The array's numbers in row order as base64; its shape is for the reader to know."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode("ascii")


def unpack_array(text: str, shape: tuple[int, ...], dtype: str = "<f4") -> NDArray:
    """What `pack_array` packed; not to be written to. ValueError where the text holds another number of numbers."""
    return np.frombuffer(base64.b64decode(text), dtype=dtype).reshape(shape)


@cache
def _floats(n: int) -> struct.Struct:
    return struct.Struct(f"<{n}f")


def pack_floats(values: Sequence[float]) -> str:
    """A few numbers, in single precision. For short lists this is several times faster than an array."""
    return binascii.b2a_base64(_floats(len(values)).pack(*values), newline=False).decode("ascii")


def unpack_floats(text: str, n: int) -> list[float]:
    return list(_floats(n).unpack(binascii.a2b_base64(text)))


def in_single(values: Sequence[float]) -> list[float]:
    """The numbers as they come back from `pack_floats`, without the way through a text."""
    floats = _floats(len(values))
    return list(floats.unpack(floats.pack(*values)))
