"""The sentence encoder without torch: the same weights, the same words, one text at a time, in numpy.

For the web process, which embeds a short query now and then and must stay small and quick to start. The weights are
mapped from the file, not read: processes share their pages, and of the word table only the rows in use are touched.
The forward pass is that of BERT (Devlin et al. 2019) with mean pooling; only GELU's error function is approximated
(Abramowitz and Stegun 7.1.26, error below 1.5e-7), since numpy has none.
"""

import json
import math
import threading
from pathlib import Path
from typing import Any

import numpy as np

from .base import DIMENSIONS, EmbeddingModel, EmbeddingUnavailable
from .minilm import MAX_TOKENS, packaged_folder, readable

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
MAX_HEADER_BYTES = 10 * 2**20
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


class NumpyEncoder(EmbeddingModel):
    """Options as SentenceEncoder's (path, name); what concerns torch alone is taken and not used."""

    def __init__(self, *, path: str | None = None, name: str = "", **ignored: Any) -> None:
        self._path = Path(path) if path else None
        self.name = name or (self._path.name if self._path else "all-MiniLM-L6-v2")
        self.version = "1"
        self._lock = threading.Lock()
        self._model: _Bert | None = None
        self._tokenizer: Any = None

    def load(self) -> None:
        with self._lock:
            if self._model is None:
                folder = self._path or packaged_folder()
                try:
                    tokenizer = _tokenizer(folder / TOKENIZER)
                    self._model, self._tokenizer = _Bert(folder), tokenizer
                except EmbeddingUnavailable:
                    raise
                except Exception as error:  # the tokenizer's own library raises bare Exceptions
                    raise EmbeddingUnavailable(f"The sentence encoder in {folder} cannot be read: {error}") from error

    def encode(self, texts: list[str]) -> np.ndarray:
        self.load()
        out = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in zip(out, texts, strict=True):
            row[:] = self._model.embed(self._tokenizer.encode(readable(text)).ids)
        return out


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=MAX_TOKENS)
    tokenizer.encode_special_tokens = True  # "[SEP]" in a text is five characters, not the end of it
    return tokenizer


class _Bert:
    """The weights as arrays mapped from the file, and the forward pass of one text."""

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
            raise EmbeddingUnavailable(f"The encoder in {folder} is no BERT with GELU; numpy runs no other.")
        if config["hidden_size"] != DIMENSIONS:
            raise EmbeddingUnavailable(
                f"The encoder in {folder} makes vectors of {config['hidden_size']} numbers; the database holds "
                f"{DIMENSIONS}. Choose another encoder."
            )
        self._n_heads, self._eps = config["num_attention_heads"], config["layer_norm_eps"]
        tensors = _mapped(folder / WEIGHTS)
        prefix = "bert." if "bert.embeddings.word_embeddings.weight" in tensors else ""
        take = lambda name: tensors[prefix + name]  # noqa: E731
        self._words = take("embeddings.word_embeddings.weight")
        # Of a single text every token is of the first type, so that its vector is part of the place's.
        places = np.array(take("embeddings.position_embeddings.weight")[:MAX_TOKENS])
        self._places = places + take("embeddings.token_type_embeddings.weight")[0]
        self._norm = _pair(take, "embeddings.LayerNorm")
        self._layers = [
            [
                _pair(take, f"encoder.layer.{n}.{name}")
                for name in (
                    *("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"),
                    *("attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"),
                )
            ]
            for n in range(config["num_hidden_layers"])
        ]

    def embed(self, ids: list[int]) -> np.ndarray:
        """Token ids with [CLS] and [SEP] -> the mean of the last layer, of length 1."""
        x = self._normed(self._words[ids] + self._places[: len(ids)], self._norm)
        for query, key, value, mixed, norm, up, down, last in self._layers:
            x = self._normed(x + _dense(self._attended(x, query, key, value), mixed), norm)
            x = self._normed(x + _dense(_gelu(_dense(x, up)), down), last)
        mean = x.mean(axis=0)
        return mean / max(float(np.linalg.norm(mean)), 1e-9)

    def _attended(self, x: np.ndarray, query: Any, key: Any, value: Any) -> np.ndarray:
        n, width = x.shape
        q, k, v = (
            _dense(x, pair).reshape(n, self._n_heads, -1).transpose(1, 0, 2) for pair in (query, key, value)
        )  # each (heads, tokens, width of a head)
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        return (scores @ v).transpose(1, 0, 2).reshape(n, width)

    def _normed(self, x: np.ndarray, pair: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        x = x - x.mean(axis=-1, keepdims=True)
        return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + self._eps) * pair[0] + pair[1]


def _pair(take: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    return take(f"{name}.weight"), take(f"{name}.bias")


def _dense(x: np.ndarray, pair: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return x @ pair[0].T + pair[1]


def _gelu(x: np.ndarray) -> np.ndarray:
    z = np.abs(x) * np.float32(math.sqrt(0.5))
    t = 1.0 / (1.0 + np.float32(0.3275911) * z)
    series = t * np.float32(_ERF[4])
    for weight in _ERF[3::-1]:
        series = t * (series + np.float32(weight))
    erf = np.copysign(1.0 - series * np.exp(-z * z), x)
    return np.float32(0.5) * x * (1.0 + erf)


def _mapped(path: Path) -> dict[str, np.ndarray]:
    """Name -> float32 array over the file's own pages. The format: 8 bytes of length, a JSON header, the data."""
    data = np.memmap(path, dtype=np.uint8, mode="r")
    n_header = int(data[:8].view("<u8")[0])
    if n_header > MAX_HEADER_BYTES:
        raise EmbeddingUnavailable(f"{path} is no safetensors file.")
    tensors = {}
    for name, about in json.loads(bytes(data[8 : 8 + n_header])).items():
        if name == "__metadata__" or about["dtype"] != "F32":
            continue  # the table of position ids is of whole numbers
        start, end = about["data_offsets"]
        raw = data[8 + n_header + start : 8 + n_header + end]
        tensors[name] = raw.view("<f4").reshape(about["shape"]).view(np.ndarray)
    return tensors
