"""The learner models by name, for commands."""

from .base import LearnerModel
from .baselines import BestLr, Pfa
from .bkt import Bkt
from .blend import Blend
from .pfa import PfaForgetting

MODELS: dict[str, type[LearnerModel]] = {model.name: model for model in (Blend, PfaForgetting, BestLr, Pfa, Bkt)}
DEFAULT_MODEL = Blend.name
