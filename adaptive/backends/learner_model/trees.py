"""Boosted regression trees: fitted by LightGBM (Ke et al. 2017), evaluated by numpy alone.

Every tree is written out as a perfect binary tree of DEPTH levels, so that all trees of a row walk down together.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptive.common.errors import InvalidInput

from .packing import pack_array, unpack_array

DEPTH = 6
_INNER, _LEAVES = 2**DEPTH - 1, 2**DEPTH
_MAX_TREES = 600
_STOP_AFTER = 25  # rounds without a better held-out loss


class Trees:
    """A fitted ensemble. feature, threshold: (n_trees, 63); leaf: (n_trees, 64), in logits."""

    def __init__(self, feature: NDArray, threshold: NDArray, leaf: NDArray) -> None:
        self.n_trees = len(leaf)
        self._feature = np.ascontiguousarray(feature, dtype=np.int64).ravel()
        self._threshold = np.ascontiguousarray(threshold, dtype=np.float64).ravel()
        self._leaf = np.ascontiguousarray(leaf, dtype=np.float64).ravel()
        self._inner = np.arange(self.n_trees) * _INNER
        self._outer = np.arange(self.n_trees) * _LEAVES

    def logit(self, row: NDArray) -> float:
        """The sum over the trees for one row of features (n_features,)."""
        place = np.zeros(self.n_trees, dtype=np.int64)
        for _ in range(DEPTH):
            node = self._inner + place
            place = 2 * place + 1 + (row.take(self._feature.take(node)) > self._threshold.take(node))
        return float(self._leaf.take(self._outer + place - _INNER).sum())

    def logits(self, rows: NDArray, *, block: int = 2048) -> NDArray[np.float64]:
        """The same for (n_rows, n_features)."""
        out = np.empty(len(rows))
        for start in range(0, len(rows), block):
            part = rows[start : start + block]
            place = np.zeros((len(part), self.n_trees), dtype=np.int64)
            lines = np.arange(len(part))[:, None]
            for _ in range(DEPTH):
                node = self._inner + place
                place = 2 * place + 1 + (part[lines, self._feature[node]] > self._threshold[node])
            out[start : start + block] = self._leaf[self._outer + place - _INNER].sum(axis=1)
        return out

    @classmethod
    def mean_of(cls, several: Sequence["Trees"]) -> "Trees":
        """One ensemble that says the mean of their logits."""
        n = len(several)
        made = cls(
            np.concatenate([one._feature for one in several]).reshape(-1, _INNER),
            np.concatenate([one._threshold for one in several]).reshape(-1, _INNER),
            np.concatenate([one._leaf for one in several]).reshape(-1, _LEAVES) / n,
        )
        return cls.from_params(made.to_params())

    def to_params(self) -> dict[str, Any]:
        return {
            "n": self.n_trees,
            "feature": pack_array(self._feature, "<i2"),
            "threshold": pack_array(self._threshold),
            "leaf": pack_array(self._leaf),
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Trees":
        n = int(params["n"])
        return cls(
            unpack_array(params["feature"], (n, _INNER), "<i2"),
            unpack_array(params["threshold"], (n, _INNER)),
            unpack_array(params["leaf"], (n, _LEAVES)),
        )


def fit(
    x: NDArray[np.float32],
    y: NDArray,
    *,
    seed: int,
    n_trees: int | None = None,
    held_out: tuple[NDArray[np.float32], NDArray] | None = None,
    rising: Sequence[int] = (),
    threads: int = 1,
    on_round: Callable[[int], None] | None = None,
) -> Trees:
    """Trees for y in [0, 1] by cross entropy; as many as the held-out part wants, or `n_trees`.

    rising: features of which more can only mean a higher probability. Same input and seed, same trees.
    """
    try:
        import lightgbm  # heavy, and for fitting only
    except OSError as error:  # its wheel does not bring OpenMP along
        raise InvalidInput(f"LightGBM cannot be loaded; install the package libgomp1 (libgomp) ({error}).") from error

    options = {
        "objective": "cross_entropy",
        "learning_rate": 0.05,
        "max_depth": DEPTH,
        "num_leaves": 48,
        "min_data_in_leaf": int(min(80, max(5, len(y) // 100))),
        "feature_fraction": 0.6,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "monotone_constraints": [int(place in rising) for place in range(x.shape[1])],
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbose": -1,
    }
    data = lightgbm.Dataset(x, y, free_raw_data=True)
    callbacks = []
    if on_round:
        callbacks.append(lambda env: on_round(env.iteration + 1))
    if held_out is not None:
        callbacks.append(lightgbm.early_stopping(_STOP_AFTER, verbose=False))
        checked = lightgbm.Dataset(held_out[0], held_out[1], reference=data)
        booster = lightgbm.train(options, data, _MAX_TREES, valid_sets=[checked], callbacks=callbacks)
        count = booster.best_iteration
    else:
        booster = lightgbm.train(options, data, n_trees or 100, callbacks=callbacks)
        count = -1
    model = booster.dump_model(num_iteration=count)
    feature, threshold, leaf = [], [], []
    for tree in model["tree_info"]:
        f, t, v = np.zeros(_INNER, dtype=np.int64), np.full(_INNER, np.inf), np.zeros(_LEAVES)
        _write(tree["tree_structure"], 0, f, t, v)
        feature.append(f)
        threshold.append(t)
        leaf.append(v)
    # Features and thresholds meet in single precision, because that is what the features are kept in.
    return Trees.from_params(Trees(np.array(feature), np.array(threshold), np.array(leaf)).to_params())


def _write(node: Mapping[str, Any], place: int, feature: NDArray, threshold: NDArray, leaf: NDArray) -> None:
    """The subtree at `place`; below a leaf that comes early, all places say the same."""
    if place >= _INNER:
        leaf[place - _INNER] = node["leaf_value"]
        return
    if "leaf_value" in node:
        left = right = node
    else:
        feature[place], threshold[place] = node["split_feature"], node["threshold"]
        left, right = node["left_child"], node["right_child"]
    _write(left, 2 * place + 1, feature, threshold, leaf)
    _write(right, 2 * place + 2, feature, threshold, leaf)
