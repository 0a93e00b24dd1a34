"""A logistic regression on the blend's features: what is left to trust where a log is too small for trees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .packing import pack_array, unpack_array

CLIP = 4.0  # standardised features are held within
_PENALTY = 3.0  # precision of a standardised feature's weight
_ROUNDS = 30


@dataclass(slots=True)
class Linear:
    """weights, in logits per unit of a feature, and the bounds that features are held in: (n_features,) each."""

    weights: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    bias: float

    def logit(self, row: NDArray[np.float32]) -> float:
        return float(self.weights @ np.minimum(np.maximum(row, self.low), self.high)) + self.bias

    def logits(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.clip(rows, self.low, self.high) @ self.weights.astype(np.float64) + self.bias

    def to_params(self) -> dict[str, Any]:
        return {
            "n": len(self.weights),
            "weights": pack_array(self.weights),
            "low": pack_array(self.low),
            "high": pack_array(self.high),
            "bias": self.bias,
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Linear":
        shape = (int(params["n"]),)
        return cls(*(unpack_array(params[name], shape) for name in ("weights", "low", "high")), float(params["bias"]))


def fit(x: NDArray[np.float32], y: NDArray) -> Linear:
    """Newton's method on standardised features; x (n, n_features), y (n,) in [0, 1]."""
    mean, scale = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64) + 1e-3
    low, high = mean - CLIP * scale, mean + CLIP * scale
    design = np.concatenate([(np.clip(x, low, high) - mean) / scale, np.ones((len(x), 1))], axis=1)
    theta = np.zeros(design.shape[1])
    penalty = np.full(len(theta), _PENALTY)
    penalty[-1] = 1e-3
    for _ in range(_ROUNDS):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ theta, -30, 30)))
        gradient = design.T @ (p - y) + penalty * theta
        curvature = (design * np.maximum(p * (1 - p), 1e-4)[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        theta = theta - step
        if np.abs(step).max() < 1e-6:
            break
    weights = theta[:-1] / scale
    made = Linear(
        weights.astype(np.float32), low.astype(np.float32), high.astype(np.float32), float(theta[-1] - weights @ mean)
    )
    return Linear.from_params(made.to_params())
