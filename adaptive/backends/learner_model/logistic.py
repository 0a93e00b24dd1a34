"""Logistic regression with a bias per item and per skill, in numpy: what the count-based models are fitted with.

The biases are random effects, b ~ Normal(0, variance), so rare items stay near their skills' mean; both variances are
estimated from the data (empirical Bayes), so nothing has to be chosen by hand for a data set. Coefficients may be
held to one sign.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .base import Observation

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Groups:
    """Which items and skills the rows belong to. Skills of a row count with weight 1/n_skills each."""

    item_ids: list[int]
    skill_ids: list[int]
    item_of: NDArray[np.int64]  # (n_rows,)
    skill_row: NDArray[np.int64]  # (n_links,) row of each row-skill link
    skill_of: NDArray[np.int64]  # (n_links,)
    skill_weight: Floats  # (n_links,)


@dataclass(slots=True)
class Fitted:
    intercept: float
    coefficients: Floats  # (n_features,)
    items: Floats  # bias by index of Groups.item_ids; higher is easier
    skills: Floats
    item_variance: float
    skill_variance: float
    log_loss: float


def group_rows(observations: list[Observation]) -> Groups:
    """Index the items and skills of `observations`, which stand in the order of the feature matrix."""
    items: dict[int, int] = {}
    skills: dict[int, int] = {}
    item_of = np.empty(len(observations), dtype=np.int64)
    rows, links, weights = [], [], []
    for row, observation in enumerate(observations):
        item = observation.item
        item_of[row] = items.setdefault(item.id, len(items))
        for skill_id in item.skill_ids:
            rows.append(row)
            links.append(skills.setdefault(skill_id, len(skills)))
            weights.append(1.0 / len(item.skill_ids))
    return Groups(
        item_ids=list(items),
        skill_ids=list(skills),
        item_of=item_of,
        skill_row=np.array(rows, dtype=np.int64),
        skill_of=np.array(links, dtype=np.int64),
        skill_weight=np.array(weights, dtype=np.float64),
    )


def fit_logistic(
    features: NDArray[np.float32],
    y: Floats,
    groups: Groups,
    *,
    signs: list[int],
    ridge: float = 1e-3,
    rounds: int = 4,
    has_items: bool = True,
    has_skills: bool = True,
) -> Fitted:
    """Coefficients of `features` (n_rows, n_features), each held to its sign (+1, -1, 0 = free), and biases.

    y in [0, 1]. Features are standardised inside; what comes back is for the raw ones. `ridge` is per row.
    """
    n_rows, n_features = features.shape
    mean = features.mean(axis=0, dtype=np.float64)
    spread = features.std(axis=0, dtype=np.float64)
    spread[spread < 1e-9] = 1.0
    scaled = ((features - mean.astype(np.float32)) / spread.astype(np.float32)).astype(np.float32)
    n_items = len(groups.item_ids) if has_items else 0
    n_skills = len(groups.skill_ids) if has_skills else 0
    cut_items, cut_skills = 1 + n_features, 1 + n_features + n_items
    sign = np.array(signs, dtype=np.float64)

    theta = np.zeros(cut_skills + n_skills)
    base_rate = float(np.clip(y.mean(), 1e-3, 1 - 1e-3))
    theta[0] = np.log(base_rate / (1 - base_rate))
    variance = {"items": 0.5, "skills": 0.5}
    blocked = np.zeros(n_features, dtype=bool)  # held at 0, because the free optimum has the wrong sign

    def margin(t: Floats) -> Floats:
        m = t[0] + (scaled @ t[1:cut_items].astype(np.float32)).astype(np.float64)
        if n_items:
            m += t[cut_items:cut_skills][groups.item_of]
        if n_skills:
            m += np.bincount(
                groups.skill_row, weights=t[cut_skills:][groups.skill_of] * groups.skill_weight, minlength=n_rows
            )
        return m

    def to_parameters(per_row: Floats, *, is_squared: bool = False) -> Floats:
        """Sum of a value per row over the parameters that the row meets (squared: with the squared design)."""
        matrix = scaled**2 if is_squared else scaled
        weight = groups.skill_weight**2 if is_squared else groups.skill_weight
        out = np.empty_like(theta)
        out[0] = per_row.sum()
        out[1:cut_items] = (per_row.astype(np.float32) @ matrix).astype(np.float64)
        if n_items:
            out[cut_items:cut_skills] = np.bincount(groups.item_of, weights=per_row, minlength=n_items)
        if n_skills:
            out[cut_skills:] = np.bincount(
                groups.skill_of, weights=per_row[groups.skill_row] * weight, minlength=n_skills
            )
        return out

    def precision() -> Floats:
        lam = np.full_like(theta, ridge * n_rows)
        lam[0] = 0.0
        lam[cut_items:cut_skills] = 1.0 / variance["items"]
        lam[cut_skills:] = 1.0 / variance["skills"]
        return lam

    def loss_and_gradient(t: Floats) -> tuple[float, Floats]:
        m = margin(t)
        loss = float(np.sum(np.logaddexp(0.0, m) - y * m) + 0.5 * np.sum(lam * t * t))
        gradient = to_parameters(1.0 / (1.0 + np.exp(-m)) - y) + lam * t
        gradient[1:cut_items][blocked] = 0.0
        return loss, gradient

    def curvature(t: Floats) -> Floats:
        p = 1.0 / (1.0 + np.exp(-margin(t)))
        return to_parameters(p * (1.0 - p), is_squared=True)

    for round_ in range(rounds + n_features):
        lam = precision()
        theta = _lbfgs(loss_and_gradient, theta, 1.0 / np.sqrt(curvature(theta) + lam + 1e-9))
        wrong = sign * theta[1:cut_items] < 0
        if wrong.any():
            blocked |= wrong
            theta[1:cut_items][wrong] = 0.0
        elif round_ >= rounds - 1:
            break
        h = curvature(theta)
        for name, part in (("items", slice(cut_items, cut_skills)), ("skills", slice(cut_skills, None))):
            if theta[part].size:
                variance[name] = float(np.mean(theta[part] ** 2 + 1.0 / (h[part] + lam[part]))) + 1e-4

    m = margin(theta)
    coefficients = theta[1:cut_items] / spread
    return Fitted(
        intercept=float(theta[0] - coefficients @ mean),
        coefficients=coefficients,
        items=theta[cut_items:cut_skills],
        skills=theta[cut_skills:],
        item_variance=variance["items"],
        skill_variance=variance["skills"],
        log_loss=float(np.mean(np.logaddexp(0.0, m) - y * m)),
    )


def _lbfgs(
    loss_and_gradient: Callable[[Floats], tuple[float, Floats]],
    start: Floats,
    scale: Floats,
    *,
    max_steps: int = 100,
    memory: int = 10,
    tolerance: float = 1e-7,
) -> Floats:
    """Minimise by L-BFGS (Nocedal & Wright, algorithm 7.5) in coordinates divided by `scale`."""
    x = start.copy()
    loss, gradient = loss_and_gradient(x)
    g = gradient * scale
    steps: list[tuple[Floats, Floats, float]] = []
    for _ in range(max_steps):
        direction = -g
        alphas = []
        for s, d, rho in reversed(steps):
            alpha = rho * float(s @ direction)
            alphas.append(alpha)
            direction = direction - alpha * d
        if steps:
            s, d, rho = steps[-1]
            direction = direction / (rho * float(d @ d))
        for (s, d, rho), alpha in zip(steps, reversed(alphas), strict=True):
            direction = direction + (alpha - rho * float(d @ direction)) * s
        slope = float(g @ direction)
        if slope >= 0:
            break
        size = 1.0
        for _ in range(20):
            new = x + size * direction * scale
            new_loss, new_gradient = loss_and_gradient(new)
            if new_loss <= loss + 1e-4 * size * slope:
                break
            size *= 0.5
        else:
            break
        new_g = new_gradient * scale
        s, d = size * direction, new_g - g
        curve = float(s @ d)
        if curve > 1e-12:
            steps = [*steps[-(memory - 1) :], (s, d, 1.0 / curve)]
        is_done = loss - new_loss <= tolerance * max(1.0, abs(loss))
        x, loss, g = new, new_loss, new_g
        if is_done:
            break
    return x
