"""The real small models, loaded once a test process. For tests marked `models`."""

import os
from functools import lru_cache
from pathlib import Path

from adaptive.backends.embedding.sentence_encoder import SentenceEncoder
from adaptive.backends.llm.transformers_local import TransformersModel

ROOT = Path(__file__).resolve().parent.parent


@lru_cache(maxsize=1)
def real_llm() -> TransformersModel:
    model = TransformersModel(model_dir=os.environ.get("ADAPTIVE_MODEL_DIR") or str(ROOT / ".data" / "models"))
    model.load()
    return model


@lru_cache(maxsize=1)
def real_embedding() -> SentenceEncoder:
    model = SentenceEncoder()
    model.load()
    return model
