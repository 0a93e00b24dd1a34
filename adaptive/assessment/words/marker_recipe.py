"""How a fit of the cross-encoder is made: size of its adapters, rates, and how its answers are varied. Pure."""

from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from .marker_data import Mixture


@dataclass(frozen=True)
class Recipe:
    """How a fit is made. rate, head_rate: the highest, of adapters and head; smoothing: of the labels."""

    rank: int = 16
    first: int = 3  # layer with adapters
    epochs: int = 3
    batch: int = 16
    rate: float = 4e-4
    head_rate: float = 1e-3
    decay: float = 0.01
    warm_up: float = 0.06  # share of the steps
    smoothing: float = 0.05
    mixture: Mixture = field(default_factory=Mixture)

    @property
    def shape(self) -> tuple[int, int, int, int, float]:
        """What fits must share to be made side by side."""
        return self.rank, self.first, self.epochs, self.batch, self.warm_up


RECIPES = {
    "light": Recipe(),  # for two cores: what a school's own answers are fitted with
    "shipped": Recipe(  # of what ships; an hour an epoch on two cores
        rank=32,
        first=0,
        epochs=4,
        batch=32,
        rate=2.5e-4,
        smoothing=0.1,
        mixture=Mixture(
            shares=MappingProxyType({"scientsbank_train": 1.0, "beetle_train": 1.0, "saf_english": 0.5}),
            made=0.4,
            peers=0.3,
        ),
    ),
}


def recipe_said(recipe: Recipe) -> dict[str, Any]:
    """As JSON."""
    return {
        **asdict(replace(recipe, mixture=Mixture(shares={}))),
        "mixture": vars(recipe.mixture) | {"shares": dict(recipe.mixture.shares)},
    }
