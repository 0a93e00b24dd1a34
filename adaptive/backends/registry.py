"""The backends in use: one instance a process, built from the dotted paths in the settings.

Loading the classes is cheap; the weights are read by `load()`, which the worker calls when it starts and the models
call themselves on first use. The web process never calls them, but for the light twin of the encoder.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from importlib import import_module
from typing import Any

from adaptive.conf import settings as conf_settings

from .cross_encoder.marker import Marker
from .embedding.base import EmbeddingModel
from .learner_model.base import LearnerModel
from .llm.base import LanguageModel
from .llm.template import NoModel

_lock = threading.RLock()
_instances: dict[tuple[str, str, str], Any] = {}

KEPT_LEARNER_MODELS = 8
_learner_models: OrderedDict[tuple[str, str], LearnerModel] = OrderedDict()


def class_at(dotted_path: str) -> type:
    """The class at a dotted path. Raises ImportError, naming the path, where there is none."""
    module_name, _, class_name = dotted_path.rpartition(".")
    try:
        return getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ImportError(f"There is no backend at {dotted_path!r}: {error}") from error


def _shared(kind: str, dotted_path: str, options: dict[str, Any]) -> Any:
    key = (kind, dotted_path, repr(sorted(options.items())))
    with _lock:
        if key not in _instances:
            _instances[key] = class_at(dotted_path)(**options)
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


def get_light_embedding() -> EmbeddingModel | None:
    """What makes the same vectors as get_embedding() without a model library, for the web process; None where the
    encoder in use has no such twin."""
    conf = conf_settings()
    light = class_at(conf.embedding).light
    return _shared("embedding", light, _with_model_dir(conf.embedding_options, conf.model_dir)) if light else None


def get_marker() -> Marker | None:
    """The cross-encoder that marks answers in words; None where the AI is switched off or the setting is empty."""
    conf = conf_settings()
    if not conf.ai_enabled or not conf.marker:
        return None
    return _shared("marker", conf.marker, _with_model_dir(conf.marker_options, conf.model_dir))


def get_learner_model(
    path: str | None = None, *, key: str = "", load: Callable[[], dict[str, Any] | None] | None = None
) -> LearnerModel:
    """The learner model of the class at `path` (None: the setting's), one instance a path and `key`.

    key: names the parameters (a version's id), so that megabytes of them are neither read nor compared on every
    request. load: gives them where they are not at hand; without it the model has the parameters it ships with.
    The models used last are kept, KEPT_LEARNER_MODELS of them.
    """
    found = (path or conf_settings().learner_model, key)
    with _lock:
        if found in _learner_models:
            _learner_models.move_to_end(found)
            return _learner_models[found]
    # Outside the lock: who wants another model need not wait while this one's megabytes are read.
    model = class_at(found[0])(params=load() if load else None)
    with _lock:
        model = _learner_models.setdefault(found, model)
        _learner_models.move_to_end(found)
        while len(_learner_models) > KEPT_LEARNER_MODELS:
            _learner_models.popitem(last=False)
        return model


def reset() -> None:
    """Forget all instances: for tests that change the settings, and for a child process after a fork."""
    with _lock:
        _instances.clear()
        _learner_models.clear()
