"""A course's own correction of the marker: low-rank adapters (LoRA; Hu et al. 2021) on its top layers, over the weights
that ship. What lies below is the same for every course, so that an answer is read once and corrected cheaply.

    log-odds of right = offset + (margin with the correction - margin without it)

with offset what the whole assessor made of the answer. The adapters begin without effect and are fitted to teachers'
decisions by the logistic loss. Imports torch when first used.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from adaptive.backends.llm.base import ModelUnavailable

from .marker import Marker
from .triples import CLASSES, Triple, batches, tokens_of

TOP, RANK, SCALE = 2, 4, 2.0  # layers from the top; of the adapters
EPOCHS, BATCH, RATE, DECAY, MOST_NORM = 4, 16, 1e-3, 0.01, 1.0
MOST_SHIFT = 4.0  # logits
_MAX_TOKENS = 4096
_CORRECT = CLASSES.index("correct")


@dataclass(frozen=True, slots=True)
class Correction:
    """Adapters by the name of their layer: (first (RANK, inside), second (outside, RANK))."""

    adapters: Mapping[str, tuple[np.ndarray, np.ndarray]]

    def to_json(self) -> dict[str, Any]:
        """In half precision: about 300 kB."""
        return {name: [_packed(first), _packed(second)] for name, (first, second) in self.adapters.items()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Correction":
        """Raises ValueError for what is no correction."""
        try:
            found = {name: (_unpacked(first), _unpacked(second)) for name, (first, second) in content.items()}
        except (AttributeError, KeyError, TypeError, ValueError, binascii.Error) as error:
            raise ValueError(f"These are no adapters of the marker: {error}") from error
        for name, (first, second) in found.items():
            if first.ndim != 2 or second.ndim != 2 or first.shape[0] != second.shape[1]:
                raise ValueError(f"The adapters of {name} do not fit together.")
            if not (np.isfinite(first).all() and np.isfinite(second).all()):
                raise ValueError(f"The adapters of {name} hold what is no number.")
        return cls(found)


def _packed(values: np.ndarray) -> dict[str, Any]:
    return {"shape": list(values.shape), "half": base64.b64encode(values.astype("<f2").tobytes()).decode("ascii")}


def _unpacked(row: Mapping[str, Any]) -> np.ndarray:
    raw = base64.b64decode(row["half"], validate=True)
    return np.frombuffer(raw, dtype="<f2").reshape([int(n) for n in row["shape"]]).astype(np.float32)


class Read:
    """Answers, read as far as all courses share it. `margins` and `fit` go on from there."""

    def __init__(self, marker: Marker, triples: Sequence[Triple], *, on_batch: Callable[[float], None] | None = None):
        """on_batch: told the share read so far. Raises ModelUnavailable."""
        self.n = len(triples)
        with marker.opened() as (torch, network, padded, encode):
            self._marker, self._torch = marker, torch
            self._top = network.n_layers - TOP
            rows = [tokens_of(each, encode) for each in triples]
            self._parts: list[tuple[list[int], Any, Any, Any]] = []
            groups = batches([len(row) for row in rows], BATCH, _MAX_TOKENS)
            with torch.inference_mode(False), torch.no_grad():
                for number, places in enumerate(groups):
                    tokens, mask = padded([rows[place] for place in places])
                    self._parts.append((places, *network.halfway(tokens, mask, self._top), mask))
                    if on_batch is not None:
                        on_batch((number + 1) / len(groups))

    def margins(self, correction: Correction | None = None) -> np.ndarray:
        """(n,) log-odds of right against all else."""
        out = np.zeros(self.n)
        with self._marker.opened() as (torch, network, _, _), torch.no_grad():
            adapters = _tensors(torch, correction) if correction else {}
            _check(network, adapters, self._top)
            with _corrected(torch, network, adapters):
                for places, hidden, attention, mask in self._parts:
                    out[places] = _margin(torch, network.finish(hidden, attention, mask, self._top)).numpy()
        return out

    def shifts(self, correction: Correction, without: np.ndarray | None = None) -> np.ndarray:
        """(n,) what the correction moves the log-odds by, within MOST_SHIFT. without: margins() if they are known."""
        without = self.margins() if without is None else without
        return np.clip(self.margins(correction) - without, -MOST_SHIFT, MOST_SHIFT)

    def fit(
        self,
        *,
        offset: np.ndarray,
        right: np.ndarray,
        without: np.ndarray,
        seen: np.ndarray,
        seed: int,
        on_step: Callable[[], None] | None = None,
    ) -> Correction:
        """offset, right, without (margins()), seen (which answers to fit on): (n,). Same input and seed, same fit, on
        one machine. on_step may raise, to end it."""
        with self._marker.opened() as (torch, network, _, _):
            generator = torch.Generator().manual_seed(seed % 2**31)
            adapters = {
                name: (
                    torch.nn.Parameter(torch.randn(RANK, layer.in_features, generator=generator) / RANK),
                    torch.nn.Parameter(torch.zeros(layer.out_features, RANK)),
                )
                for name, layer in network.adaptable(self._top)
            }
            tensors = [tensor for pair in adapters.values() for tensor in pair]
            steps = torch.optim.AdamW(tensors, lr=RATE, weight_decay=DECAY)
            base = torch.tensor(offset - without, dtype=torch.float32)
            wanted = torch.tensor(right, dtype=torch.float32)
            parts = [part for part in self._parts if seen[part[0]].any()]
            with torch.enable_grad(), _corrected(torch, network, adapters):
                for _ in range(EPOCHS):
                    for number in torch.randperm(len(parts), generator=generator).tolist():
                        if on_step is not None:
                            on_step()
                        places, hidden, attention, mask = parts[number]
                        margin = _margin(torch, network.finish(hidden, attention, mask, self._top))
                        counts = torch.tensor(seen[places], dtype=torch.float32)
                        losses = torch.nn.functional.binary_cross_entropy_with_logits(
                            base[places] + margin, wanted[places], reduction="none"
                        )
                        steps.zero_grad()
                        ((losses * counts).sum() / counts.sum()).backward()
                        torch.nn.utils.clip_grad_norm_(tensors, MOST_NORM)
                        steps.step()
            return Correction({n: tuple(t.detach().numpy() for t in pair) for n, pair in adapters.items()})


def _tensors(torch: Any, correction: Correction) -> dict[str, tuple[Any, Any]]:
    pairs = correction.adapters.items()
    return {name: (torch.tensor(first), torch.tensor(second)) for name, (first, second) in pairs}


def _check(network: Any, adapters: Mapping[str, tuple[Any, Any]], top: int) -> None:
    layers = dict(network.adaptable(top))
    for name, (first, second) in adapters.items():
        layer = layers.get(name)
        if layer is None or first.shape[1] != layer.in_features or second.shape[0] != layer.out_features:
            raise ModelUnavailable(f"The course's adapters are of another marker: they do not fit {name}.")


def _margin(torch: Any, logits: Any) -> Any:
    others = [place for place in range(len(CLASSES)) if place != _CORRECT]
    return (logits[:, _CORRECT] - torch.logsumexp(logits[:, others], dim=1)).float()


@contextmanager
def _corrected(torch: Any, network: Any, adapters: Mapping[str, tuple[Any, Any]]) -> Iterator[None]:
    """The network with the adapters, until the block ends."""
    layers = dict(network.adaptable(0))
    hooks = []

    def hook(first: Any, second: Any) -> Callable[..., Any]:
        def corrected(_: Any, args: tuple[Any, ...], out: Any) -> Any:
            x = args[0].float()
            return out + (SCALE * (x @ first.T) @ second.T).to(out.dtype)

        return corrected

    try:
        for name, (first, second) in adapters.items():
            hooks.append(layers[name].register_forward_hook(hook(first, second)))
        yield
    finally:
        for each in hooks:
            each.remove()
