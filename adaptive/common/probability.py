"""Small functions of probabilities and logits, in plain floats."""

import math


def clamp(value: float, low: float, high: float) -> float:
    return low if value < low else high if value > high else value


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def logit(p: float, epsilon: float = 1e-6) -> float:
    """log(p / (1 - p)), with p held inside [epsilon, 1 - epsilon]."""
    p = clamp(p, epsilon, 1.0 - epsilon)
    return math.log(p / (1.0 - p))
