"""Hashes that are the same in every process and on every machine (Python's own hash() is not)."""

import hashlib
import json
from typing import Any


def stable_hash(value: Any) -> str:
    """Hex SHA-256 of a JSON-able value, independent of the order of its keys."""
    raw = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(raw.encode()).hexdigest()


def stable_seed(*parts: Any) -> int:
    """A 64-bit seed from any parts."""
    return int(stable_hash(list(parts))[:16], 16)
