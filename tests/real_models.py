"""The real small models, loaded once a test process. For tests marked `models`.

One thread each: two threads that wait for each other on a machine busy with other tests are far slower than one.
"""

import os
from functools import lru_cache
from pathlib import Path

from adaptive.backends.embedding.sentence_encoder import SentenceEncoder
from adaptive.backends.llm.transformers_local import TransformersModel

ROOT = Path(__file__).resolve().parent.parent


def real_model_dir() -> str:
    """Where the converted models are kept between runs."""
    return os.environ.get("ADAPTIVE_MODEL_DIR") or str(ROOT / ".data" / "models")


@lru_cache(maxsize=1)
def real_llm() -> TransformersModel:
    model = TransformersModel(model_dir=real_model_dir(), threads=1)
    model.load()
    return model


@lru_cache(maxsize=1)
def real_embedding() -> SentenceEncoder:
    model = SentenceEncoder(threads=1)
    model.load()
    return model
