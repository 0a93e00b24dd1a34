"""The backends in use: one instance a process, built from the dotted paths in the settings.

Loading the classes is cheap; the weights are read by `load()`, which the worker calls when it starts and the models
call themselves on first use. The web process never calls them.
"""

import threading
from importlib import import_module
from typing import Any

from adaptive.conf import settings as conf_settings

from .embedding.base import EmbeddingModel
from .llm.base import LanguageModel
from .llm.template import NoModel

_lock = threading.RLock()
_instances: dict[tuple[str, str, str], Any] = {}


def _class_at(dotted_path: str) -> type:
    module_name, _, class_name = dotted_path.rpartition(".")
    try:
        return getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ImportError(f"There is no backend at {dotted_path!r}: {error}") from error


def _shared(kind: str, dotted_path: str, options: dict[str, Any]) -> Any:
    key = (kind, dotted_path, repr(sorted(options.items())))
    with _lock:
        if key not in _instances:
            _instances[key] = _class_at(dotted_path)(**options)
        return _instances[key]


def _with_model_dir(options: dict[str, Any], model_dir: object) -> dict[str, Any]:
    return {"model_dir": str(model_dir), **options}


def get_llm() -> LanguageModel:
    """The language model of this process; NoModel where the AI is switched off."""
    conf = conf_settings()
    if not conf.ai_enabled:
        return _shared("llm", f"{NoModel.__module__}.{NoModel.__qualname__}", {})
    return _shared("llm", conf.llm, _with_model_dir(conf.llm_options, conf.model_dir))


def get_embedding() -> EmbeddingModel:
    """The embedding model of this process. Embeddings are no generative AI, so they stay on with `--no-ai`."""
    conf = conf_settings()
    return _shared("embedding", conf.embedding, _with_model_dir(conf.embedding_options, conf.model_dir))


def get_learner_model(params: dict[str, Any] | None = None, *, key: str = "") -> Any:
    """The learner model with these parameters (None = the shipped ones); one instance a `key`.

    key: names the parameters (a version's id), so that thousands of them need not be compared on every request.
    """
    path = conf_settings().learner_model
    if params is not None and not key:
        return _class_at(path)(params=params)
    with _lock:
        found = ("learner_model", path, key)
        if found not in _instances:
            _instances[found] = _class_at(path)(params=params)
        return _instances[found]


def reset() -> None:
    """Forget all instances: for tests that change the settings, and for a child process after a fork."""
    with _lock:
        _instances.clear()
