"""The learner models by name, for commands."""

from .base import LearnerModel
from .baselines import BestLr, Pfa
from .bkt import Bkt
from .pfa import PfaForgetting

MODELS: dict[str, type[LearnerModel]] = {model.name: model for model in (PfaForgetting, BestLr, Pfa, Bkt)}
DEFAULT_MODEL = PfaForgetting.name
