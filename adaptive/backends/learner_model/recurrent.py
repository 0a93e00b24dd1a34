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


class Recurrent:
    """The weights of a fitted net, and to which items and skills its embeddings belong."""

    def __init__(
        self,
        sizes: Mapping[str, int],
        item_ids: Sequence[int],
        skill_ids: Sequence[int],
        weights: Mapping[str, NDArray],
    ) -> None:
        self.sizes, self.item_ids, self.skill_ids = dict(sizes), list(item_ids), list(skill_ids)
        self.weights = {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in weights.items()}
        self._items = {int(i): n for n, i in enumerate(item_ids)}
        self._skills = {int(s): n for n, s in enumerate(skill_ids)}

    def embed(self, item: Item) -> tuple[NDArray[np.float32], float]:
        """(the item on top of the mean of its skills (D,), its bias in logits)."""
        embedding = np.zeros(self.sizes["D"], dtype=np.float32)
        known = [self._skills[s] for s in item.skill_ids if s in self._skills]
        if known:
            embedding += self.weights["skill"][known].sum(axis=0) / np.float32(len(item.skill_ids))
        index, bias = self._items.get(item.id), 0.0
        if index is not None:
            embedding += self.weights["item"][index]
            bias = float(self.weights["item_bias"][index])
        return embedding, bias

    def to_params(self) -> dict[str, Any]:
        return {
            "sizes": self.sizes,
            "item_ids": self.item_ids,
            "skill_ids": self.skill_ids,
            "weights": {n: pack_array(w, "<f2" if n in _BY_ID else "<f4") for n, w in self.weights.items()},
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Recurrent":
        sizes = {name: int(value) for name, value in params["sizes"].items()}
        weights = {
            name: unpack_array(params["weights"][name], shape_of(name, sizes), "<f2" if name in _BY_ID else "<f4")
            for name in WEIGHTS
        }
        return cls(sizes, params["item_ids"], params["skill_ids"], weights)


_BY_ID = frozenset({"item", "skill", "item_bias"})
"""One row an item or a skill. Kept in half precision: by far the most numbers, and each of them small."""


def shape_of(name: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(1 if letter == "1" else sizes[letter] for letter in WEIGHTS[name])


@dataclass(slots=True)
class Seen:
    """One exercise seen by n nets: inputs (n, X), the embeddings in them (n, D), the item's biases in logits."""

    x: NDArray[np.float32]
    embedding: NDArray[np.float32]
    biases: Sequence[float]


class Nets:
    """Nets of the same sizes, evaluated together: one call for all is hardly dearer than for one.

    Their state: hidden and cell values (n, 2, H), single precision.
    """

    _MAX_EMBEDDED = 4_096  # items whose embeddings are kept at hand

    def __init__(self, nets: Sequence[Recurrent]) -> None:
        self.nets = list(nets)
        self.n_hidden = nets[0].sizes["H"]
        w = {name: np.stack([net.weights[name] for net in nets]) for name in WEIGHTS if name not in _BY_ID}
        self._mean, self._inverse = w["mean"], 1.0 / w["scale"]
        self._in_w, self._in_b, self._out_w, self._out_b = w["in_w"], w["in_b"], w["out_w"], w["out_b"]
        # Both matrices of the gates as one product, and both of the head that meet the input.
        self._gates_w = np.concatenate([w["gate_w"], w["gate_r"]], axis=2)
        self._gates_b = w["gate_b"]
        self._heads_w = np.concatenate([w["ask_w"], w["meet_w"]], axis=1)
        self._ask_b, self._hidden_w, self._hidden_b = w["ask_b"], w["hidden_w"], w["hidden_b"]
        self._join_w, self._join_b, self._end_w = w["join_w"], w["join_b"], w["end_w"]
        self._wide_w, self._end_b = w["wide_w"], w["end_b"]
        self._embedded: dict[tuple[int, tuple[int, ...]], tuple[NDArray[np.float32], list[float]]] = {}

    def empty(self) -> NDArray[np.float32]:
        return np.zeros((len(self.nets), 2, self.n_hidden), dtype=np.float32)

    def look(self, item: Item, features: NDArray[np.float32]) -> Seen:
        """What the nets see of an exercise; features (F,)."""
        key = (item.id, item.skill_ids)
        found = self._embedded.get(key)
        if found is None:
            both = [net.embed(item) for net in self.nets]
            found = np.stack([embedding for embedding, _ in both]), [bias for _, bias in both]
            if len(self._embedded) >= self._MAX_EMBEDDED:
                self._embedded.clear()
            self._embedded[key] = found
        embedding, biases = found
        scaled = np.minimum(np.maximum((features - self._mean) * self._inverse, -CLIP), CLIP)
        return Seen(np.concatenate([embedding, scaled], axis=1), embedding, biases)

    def logits(self, state: NDArray[np.float32], seen: Seen) -> list[float]:
        """Of each net, before the answer."""
        both = np.matvec(self._heads_w, seen.x)
        q = self._ask_b.shape[1]
        hidden = np.matvec(self._hidden_w, state[:, 0]) + self._hidden_b
        ask = np.maximum(both[:, :q] + self._ask_b + hidden, 0.0)
        meet = hidden * np.tanh(both[:, q:])
        joined = np.maximum(np.matvec(self._join_w, np.concatenate([ask, meet], axis=1)) + self._join_b, 0.0)
        wide = np.vecdot(self._wide_w, seen.x[:, seen.embedding.shape[1] :])
        found = np.vecdot(self._end_w, joined) + wide + self._end_b[:, 0]
        return [logit + bias for logit, bias in zip(found.tolist(), seen.biases, strict=True)]

    def take(self, state: NDArray[np.float32], seen: Seen, outcome: Sequence[float]) -> NDArray[np.float32]:
        """The state after the answer; outcome as N_OUTCOME says."""
        n, d, h = len(self.nets), seen.embedding.shape[1], self.n_hidden
        o = np.array(outcome, dtype=np.float32)
        answered = np.empty((n, d + N_OUTCOME), dtype=np.float32)
        np.multiply(seen.embedding, 2.0 * o[0], out=answered[:, :d])
        answered[:, d:] = o
        inner = np.empty((n, 2 * h), dtype=np.float32)
        u = np.matvec(self._in_w, seen.x) + self._in_b + np.matvec(self._out_w, answered) + self._out_b
        np.tanh(u, out=inner[:, :h])
        inner[:, h:] = state[:, 0]
        gates = np.matvec(self._gates_w, inner) + self._gates_b
        gated = sigmoid(gates)
        new = np.empty_like(state)
        cell = new[:, 1]
        np.add(gated[:, h : 2 * h] * state[:, 1], gated[:, :h] * np.tanh(gates[:, 2 * h : 3 * h]), out=cell)
        np.multiply(gated[:, 3 * h :], np.tanh(cell), out=new[:, 0])
        return new
