"""Word and letter-group hashing: deterministic, numpy only, no files. For tests and for machines without a model."""

import hashlib
import re
import unicodedata

import numpy as np

from .base import DIMENSIONS, EmbeddingModel

MAX_CHARACTERS = 20_000


class HashingEncoder(EmbeddingModel):
    """Signed feature hashing of words (weight 1) and of three-letter groups (weight 1/2), square-root damped.

    Texts that share words are near each other; meaning beyond the words is not seen.
    """

    name = "hashing"
    version = "1"
    light = "adaptive.backends.embedding.hashing.HashingEncoder"

    def __init__(self, **options: object) -> None:
        self.dimensions = DIMENSIONS

    def load(self) -> None:
        """Nothing to load."""

    def encode(self, texts: list[str]) -> np.ndarray:
        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(out, texts, strict=True):
            _add_features(row, text)
            length = float(np.linalg.norm(row))
            if length == 0.0:
                row[0] = 1.0
            else:
                row /= length
        return out


def _add_features(row: np.ndarray, text: str) -> None:
    weights: dict[str, float] = {}
    for word in re.findall(r"\w+", unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold()):
        weights["w:" + word] = weights.get("w:" + word, 0.0) + 1.0
        framed = f"<{word}>"
        for start in range(len(framed) - 2):
            key = "t:" + framed[start : start + 3]
            weights[key] = weights.get(key, 0.0) + 0.5 / max(1, len(framed) - 2)
    for key, weight in weights.items():
        digest = int.from_bytes(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big")
        sign = 1.0 if digest & 1 else -1.0
        row[(digest >> 1) % len(row)] += sign * weight**0.5
