"""A recurrent network over a learner's answers (deep knowledge tracing, Piech et al. 2015, with an LSTM; exercises and
the counted features as input): evaluated by numpy alone, one step an answer.

Of an exercise it sees an embedding of the item on top of the mean of its skills', and the features of the row; of an
answer score, surprise and time taken. The hidden state meets the next exercise in a small network. Items too rare to
have an embedding are their skills; in fitting some others are hidden too, so that new items are no surprise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Item
from .packing import pack_array, unpack_array

N_OUTCOME = 4  # score - .5, surprise, log(1 + seconds taken) / 5, seconds known
CLIP = 4.0  # standardised features are held within, so that a log unlike the fitted one cannot carry the net away

WEIGHTS: dict[str, str] = {
    "mean": "F",
    "scale": "F",
    "item": "ID",
    "skill": "SD",
    "item_bias": "I",
    "in_w": "HX",
    "in_b": "H",
    "out_w": "HO",
    "out_b": "H",
    "gate_w": "GH",
    "gate_r": "GH",
    "gate_b": "G",
    "ask_w": "QX",
    "ask_b": "Q",
    "meet_w": "QX",
    "hidden_w": "QH",
    "hidden_b": "Q",
    "join_w": "QR",
    "join_b": "Q",
    "end_w": "Q",
    "wide_w": "F",
    "end_b": "1",
}
"""Name -> shape in letters: Features, Items, Skills, D embedding, X = D + F, O = D + outcome, H hidden, G = 4 H,
Q head, R = 2 Q."""


def sigmoid(x: NDArray) -> NDArray:
    return 1.0 / (1.0 + np.exp(-x))


@dataclass(slots=True)
class Seen:
    """One exercise seen by the net: input (X,), the embedding in it (D,)."""

    x: NDArray[np.float32]
    embedding: NDArray[np.float32]


class Recurrent:
    """A fitted net. Its state: hidden and cell values (2, H), single precision."""

    def __init__(
        self,
        sizes: Mapping[str, int],
        item_ids: Sequence[int],
        skill_ids: Sequence[int],
        weights: Mapping[str, NDArray],
    ) -> None:
        self.sizes, self.item_ids, self.skill_ids = dict(sizes), list(item_ids), list(skill_ids)
        self.weights = {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in weights.items()}
        self.n_hidden = sizes["H"]
        self._items = {int(i): n for n, i in enumerate(item_ids)}
        self._skills = {int(s): n for n, s in enumerate(skill_ids)}
        w = self.weights
        for name in WEIGHTS:
            setattr(self, f"_{name}", w[name])
        self._inverse = 1.0 / w["scale"]
        # The answer's part of the input, and both matrices of the gates, each as one product.
        self._gates = np.ascontiguousarray(np.concatenate([w["gate_w"], w["gate_r"]], axis=1))
        self._heads = np.ascontiguousarray(np.concatenate([w["ask_w"], w["meet_w"]], axis=0))

    def empty(self) -> NDArray[np.float32]:
        return np.zeros((2, self.n_hidden), dtype=np.float32)

    def look(self, item: Item, features: NDArray[np.float32]) -> tuple[Seen, float]:
        """(what the net sees, the item's bias in logits)."""
        embedding = np.zeros(self.sizes["D"], dtype=np.float32)
        known = [self._skills[s] for s in item.skill_ids if s in self._skills]
        if known:
            embedding += self._skill[known].sum(axis=0) / np.float32(len(item.skill_ids))
        index, bias = self._items.get(item.id), 0.0
        if index is not None:
            embedding += self._item[index]
            bias = float(self._item_bias[index])
        scaled = np.clip((features - self._mean) * self._inverse, -CLIP, CLIP)
        return Seen(np.concatenate([embedding, scaled]), embedding), bias

    def logit(self, state: NDArray[np.float32], seen: Seen, bias: float) -> float:
        x = seen.x
        both = self._heads @ x
        q = len(self._ask_b)
        hidden = self._hidden_w @ state[0] + self._hidden_b
        ask = np.maximum(both[:q] + self._ask_b + hidden, 0.0)
        meet = hidden * np.tanh(both[q:])
        joined = np.maximum(self._join_w @ np.concatenate([ask, meet]) + self._join_b, 0.0)
        wide = self._wide_w @ x[len(seen.embedding) :]
        return float(self._end_w @ joined + wide + self._end_b[0]) + bias

    def take(self, state: NDArray[np.float32], seen: Seen, outcome: Sequence[float]) -> NDArray[np.float32]:
        """The state after the answer; outcome as N_OUTCOME says."""
        o = np.array(outcome, dtype=np.float32)
        answered = np.concatenate([seen.embedding * (2.0 * o[0]), o])
        u = np.tanh(self._in_w @ seen.x + self._in_b + self._out_w @ answered + self._out_b)
        gates = self._gates @ np.concatenate([u, state[0]]) + self._gate_b
        n = self.n_hidden
        gated = sigmoid(gates)
        cell = gated[n : 2 * n] * state[1] + gated[:n] * np.tanh(gates[2 * n : 3 * n])
        return np.stack([gated[3 * n :] * np.tanh(cell), cell])

    def to_params(self) -> dict[str, Any]:
        return {
            "sizes": self.sizes,
            "item_ids": self.item_ids,
            "skill_ids": self.skill_ids,
            "weights": {n: pack_array(w, "<f2" if n in _HALF else "<f4") for n, w in self.weights.items()},
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Recurrent":
        sizes = {name: int(value) for name, value in params["sizes"].items()}
        weights = {
            name: unpack_array(params["weights"][name], shape_of(name, sizes), "<f2" if name in _HALF else "<f4")
            for name in WEIGHTS
        }
        return cls(sizes, params["item_ids"], params["skill_ids"], weights)


_HALF = frozenset({"item", "skill", "item_bias"})
"""Kept in half precision: by far the most numbers, and each of them small."""


def shape_of(name: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(1 if letter == "1" else sizes[letter] for letter in WEIGHTS[name])
