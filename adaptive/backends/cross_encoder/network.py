"""The network: all-mpnet-base-v2 (Song et al. 2020), low-rank adapters (Hu et al. 2021), a head of three classes.

Several fits can share one pass through the base model (`copies`): each has adapters and a head of its own and reads
its own part of the rows, so that a graphics processor has enough to do. In use there is one copy. Loads torch when
imported.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn
from transformers import AutoTokenizer, MPNetModel

from .triples import CLASSES

ADAPTED = ("attn.q", "attn.k", "attn.v", "attn.o", "intermediate.dense", "output.dense")
SCALE = 2.0
_FILLING = 1  # <pad>


class Adapted(nn.Module):
    """A frozen linear layer with a low-rank correction, one a copy: x W' + b + scale * x A' B'."""

    def __init__(self, base: nn.Linear, rank: int, scale: float, copies: int = 1) -> None:
        super().__init__()
        self.base, self.scale, self.copies = base, scale, copies
        first = torch.empty(1, rank, base.in_features)
        nn.init.normal_(first, std=1.0 / rank)
        # All copies begin at the same place: only then can fits be averaged.
        self.a = nn.Parameter(first.repeat(copies, 1, 1))
        self.b = nn.Parameter(torch.zeros(copies, base.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.reshape(self.copies, -1, x.shape[-1])
        low = torch.bmm(rows, self.a.to(x.dtype).transpose(1, 2))
        whole = self.base(x)
        added = torch.baddbmm(
            whole.view(self.copies, -1, whole.shape[-1]), low, self.b.to(x.dtype).transpose(1, 2), alpha=self.scale
        )
        return added.view(whole.shape)

    def merged(self) -> nn.Linear:
        """Of the first copy."""
        with torch.no_grad():
            self.base.weight += self.scale * (self.b[0] @ self.a[0]).to(self.base.weight.dtype)
        return self.base


class Linear(nn.Module):
    """A layer of its own for each copy: (copies, n, inside) -> (copies, n, outside)."""

    def __init__(self, inside: int, outside: int, copies: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inside)
        self.weight = nn.Parameter(torch.empty(1, outside, inside).uniform_(-bound, bound).repeat(copies, 1, 1))
        self.bias = nn.Parameter(torch.empty(1, outside).uniform_(-bound, bound).repeat(copies, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.baddbmm(self.bias[:, None], x, self.weight.transpose(1, 2))


class _Halfway(Exception):
    """Ends a pass where it is to end."""


class Network(nn.Module):
    """Logits of CLASSES (n, 3) from tokens (n, length) and mask (n, length); with k copies, n is a multiple of k and
    each copy reads one part of the rows after another.

    first: the lowest layer with adapters. Nothing flows back into those below, which saves work in fitting.
    """

    def __init__(
        self,
        folder: Path,
        *,
        rank: int = 16,
        first: int = 3,
        scale: float = SCALE,
        dropout: float = 0.1,
        copies: int = 1,
    ) -> None:
        super().__init__()
        self.encoder = MPNetModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float32)
        self.rank, self.first, self.scale, self.copies = rank, first, scale, copies
        for parameter in self.encoder.parameters():
            parameter.requires_grad = False
        for name, module in list(self.encoder.named_modules()):
            if isinstance(module, nn.Linear) and name.endswith(ADAPTED) and int(name.split(".")[2]) >= first:
                parent, _, last = name.rpartition(".")
                setattr(self.encoder.get_submodule(parent), last, Adapted(module, rank, scale, copies))
        width = self.encoder.config.hidden_size
        self.head_dropout = nn.Dropout(dropout)
        self.dense = Linear(2 * width, 256, copies)
        self.out = Linear(256, len(CLASSES), copies)

    @classmethod
    def shaped_like(cls, folder: Path, learnt: Mapping[str, torch.Tensor], **options: Any) -> Self:
        """With as many adapters, of as high a rank, as these weights have. ValueError where they have none."""
        adapters = {name: value for name, value in learnt.items() if name.endswith(".a")}
        try:
            first = min(int(name.split(".")[3]) for name in adapters)
            rank = next(iter(adapters.values())).shape[0]
        except (ValueError, IndexError):
            raise ValueError("These weights are of another network: they hold no adapters.") from None
        return cls(folder, rank=rank, first=first, **options)

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state
        return self._judged(hidden, mask)

    def _judged(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = hidden.float()
        weight = mask[..., None].float()
        mean = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1.0)
        pooled = self.head_dropout(torch.cat([hidden[:, 0], mean], dim=-1))
        rows = pooled.view(self.copies, -1, pooled.shape[-1])
        return self.out(self.head_dropout(torch.tanh(self.dense(rows)))).view(len(hidden), -1)

    @property
    def n_layers(self) -> int:
        return len(self.encoder.encoder.layer)

    def adaptable(self, first: int) -> list[tuple[str, nn.Linear]]:
        """(name, layer) of what adapters can be put on from layer `first` up. Of a merged network."""
        found = self.encoder.named_modules()
        linear = [(name, module) for name, module in found if isinstance(module, nn.Linear) and name.endswith(ADAPTED)]
        return [(name, module) for name, module in linear if int(name.split(".")[2]) >= first]

    def halfway(self, tokens: torch.Tensor, mask: torch.Tensor, top: int) -> tuple[torch.Tensor, Any]:
        """(what goes into layer `top` (n, length, width), the attention mask as layers want it), for `finish`."""
        caught: list[Any] = []

        def catch(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            caught.extend((args[0], args[1] if len(args) > 1 else kwargs.get("attention_mask")))
            raise _Halfway

        hook = self.encoder.encoder.layer[top].register_forward_pre_hook(catch, with_kwargs=True)
        try:
            self.encoder(input_ids=tokens, attention_mask=mask)
        except _Halfway:
            pass
        finally:
            hook.remove()
        return caught[0], caught[1]

    def finish(self, hidden: torch.Tensor, attention: Any, mask: torch.Tensor, top: int) -> torch.Tensor:
        """What forward gives, from what `halfway` gave."""
        encoder = self.encoder.encoder
        bias = encoder.compute_position_bias(hidden)
        for layer in encoder.layer[top:]:
            hidden = layer(hidden, attention, bias)[0]
        return self._judged(hidden, mask)

    def shrink(self) -> None:
        """What is not fitted, in half the room (bfloat16); the adapters follow it in reckoning."""
        for parameter in self.encoder.parameters():
            if not parameter.requires_grad:
                parameter.data = parameter.data.to(torch.bfloat16)

    def learnt(self, copy: int = 0) -> dict[str, torch.Tensor]:
        """What fitting changes: adapters and head of one copy, by name."""
        return {name: value.detach()[copy] for name, value in self.named_parameters() if value.requires_grad}

    def load_learnt(self, learnt: Mapping[str, torch.Tensor], copy: int = 0) -> None:
        """ValueError where names or shapes are another network's."""
        own = self.learnt(copy)
        if {n: tuple(v.shape) for n, v in own.items()} != {n: tuple(v.shape) for n, v in learnt.items()}:
            raise ValueError("These weights are of another network: names or shapes do not fit.")
        with torch.no_grad():
            for name, value in own.items():
                value.copy_(learnt[name].to(value.dtype))

    def merge(self) -> None:
        """Adapters become part of the layers, for use without fitting."""
        for name, module in list(self.encoder.named_modules()):
            if isinstance(module, Adapted):
                parent, _, last = name.rpartition(".")
                setattr(self.encoder.get_submodule(parent), last, module.merged())


def encoder_of(folder: Path) -> Any:
    """Text -> token ids without special tokens, whatever the text says."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    backend = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.no_truncation()
    special = list(tokenizer.all_special_tokens)

    def encode(text: str) -> list[int]:
        for token in special:  # "</s>" in an answer is text
            text = text.replace(token, " ")
        return backend.encode(text, add_special_tokens=False).ids

    return encode


def padded(rows: Sequence[Sequence[int]], *, multiple: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """(tokens, mask) of shape (n, longest, or the next multiple)."""
    longest = -(-max(len(row) for row in rows) // multiple) * multiple
    tokens = torch.full((len(rows), longest), _FILLING)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = torch.tensor(list(row))
        mask[place, : len(row)] = 1
    return tokens, mask
