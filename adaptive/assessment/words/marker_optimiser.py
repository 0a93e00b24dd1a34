"""AdamW (Loshchilov and Hutter 2019) for several fits side by side, each with rates of its own and its own clipping."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch

from adaptive.backends.cross_encoder.network import Network

BETAS, EPSILON, MAX_NORM = (0.9, 0.999), 1e-8, 1.0


class Rates(Protocol):
    @property
    def rate(self) -> float: ...
    @property
    def head_rate(self) -> float: ...
    @property
    def decay(self) -> float: ...


class Optimiser:
    """Of what a network learns: tensors (k, ...), one part a fit. rates: of each fit."""

    def __init__(self, network: Network, rates: Sequence[Rates]) -> None:
        named = [(name, value) for name, value in network.named_parameters() if value.requires_grad]
        self._values = [value for _, value in named]
        self._first = [torch.zeros_like(value) for value in self._values]
        self._second = [torch.zeros_like(value) for value in self._values]
        device = self._values[0].device
        adapters = torch.tensor([each.rate for each in rates], device=device)
        heads = torch.tensor([each.head_rate for each in rates], device=device)
        self._decay = torch.tensor([each.decay for each in rates], device=device)
        self._rates = [adapters if name.startswith("encoder.") else heads for name, _ in named]
        self._steps = 0

    @torch.no_grad()
    def step(self, pace: float) -> None:
        """By the gradients, which are gone afterwards. pace: factor on all rates."""
        found = [value.grad if value.grad is not None else torch.zeros_like(value) for value in self._values]
        norm = torch.stack([each.flatten(1).square().sum(1) for each in found]).sum(0).sqrt()  # (k,)
        held = (MAX_NORM / (norm + 1e-6)).clamp(max=1.0)
        self._steps += 1
        one, two = BETAS
        gradients = [each * _shaped(held, each) for each in found]
        torch._foreach_lerp_(self._first, gradients, 1 - one)
        torch._foreach_mul_(self._second, two)
        torch._foreach_addcmul_(self._second, gradients, gradients, 1 - two)
        sizes = torch._foreach_sqrt(self._second)
        torch._foreach_div_(sizes, (1 - two**self._steps) ** 0.5)
        torch._foreach_add_(sizes, EPSILON)
        moves = torch._foreach_div(self._first, sizes)
        bias = 1 - one**self._steps
        for value, move, rate in zip(self._values, moves, self._rates, strict=True):
            now = pace * rate
            value.mul_(_shaped(1 - now * self._decay, value)).addcmul_(move, _shaped(now / bias, value), value=-1)
            value.grad = None

    def state(self) -> dict[str, Any]:
        """All that is needed to go on."""
        values = [value.detach() for value in self._values]
        return {"values": values, "first": self._first, "second": self._second, "steps": self._steps}

    @torch.no_grad()
    def load_state(self, state: dict[str, Any]) -> None:
        for name, own in (("values", self._values), ("first", self._first), ("second", self._second)):
            for value, known in zip(own, state[name], strict=True):
                value.copy_(known)
        self._steps = state["steps"]


def _shaped(each: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """(k,) as (k, 1, ...)."""
    return each.view(-1, *[1] * (like.dim() - 1))
