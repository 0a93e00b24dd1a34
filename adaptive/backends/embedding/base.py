"""What every embedding model must offer. Importing this file loads no model library."""

from abc import ABC, abstractmethod

import numpy as np

DIMENSIONS = 384  # the width of the vector column in the database


class EmbeddingUnavailable(RuntimeError):
    """The model cannot be loaded (files missing or broken)."""


class EmbeddingModel(ABC):
    """Turns texts into vectors whose dot product is their similarity.

    `name` and `version` are stored with every vector: vectors of different models must never be compared.

    `light`: the dotted path of a class that takes the same options and makes the same vectors (cosine above .9999)
    without any model library, for a few words at a time in the web process; "" where there is none.
    """

    name: str = ""
    version: str = ""
    dimensions: int = DIMENSIONS
    light: str = ""

    @abstractmethod
    def load(self) -> None:
        """Do the heavy work once. Safe to call again. Raises EmbeddingUnavailable."""

    @abstractmethod
    def encode(self, texts: list[str]) -> np.ndarray:
        """float32 of shape (len(texts), dimensions), every row of length 1 (a text without words included).

        A row depends on its text alone, not on the others of the call. Text beyond the model's limit is ignored.
        """
