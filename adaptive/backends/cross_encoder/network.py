"""The network: all-mpnet-base-v2 (Song et al. 2020), low-rank adapters (Hu et al. 2021), a head of three classes.

Loads torch when imported.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoTokenizer, MPNetModel

from .triples import CLASSES

FIRST_ADAPTED = 3  # layers below stay as they are, and nothing flows back into them: a quarter of the work saved
ADAPTED = ("attn.q", "attn.k", "attn.v", "attn.o", "intermediate.dense", "output.dense")
_FILLING = 1  # <pad>


class Adapted(nn.Module):
    """A frozen linear layer with a low-rank correction: x W' + b + scale * x A' B'."""

    def __init__(self, base: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.base, self.scale = base, scale
        self.a = nn.Parameter(torch.empty(rank, base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.normal_(self.a, std=1.0 / rank)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low = nn.functional.linear(nn.functional.linear(x, self.a), self.b)
        return self.base(x) + self.scale * low

    def merged(self) -> nn.Linear:
        with torch.no_grad():
            self.base.weight += self.scale * (self.b @ self.a).to(self.base.weight.dtype)
        return self.base


class Network(nn.Module):
    """Logits of CLASSES from tokens (n, length) and mask (n, length)."""

    def __init__(self, folder: Path, *, rank: int = 16, scale: float = 2.0, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = MPNetModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float32)
        self.rank, self.scale = rank, scale
        for parameter in self.encoder.parameters():
            parameter.requires_grad = False
        for name, module in list(self.encoder.named_modules()):
            if isinstance(module, nn.Linear) and name.endswith(ADAPTED) and int(name.split(".")[2]) >= FIRST_ADAPTED:
                parent, _, last = name.rpartition(".")
                setattr(self.encoder.get_submodule(parent), last, Adapted(module, rank, scale))
        width = self.encoder.config.hidden_size
        self.head_dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(2 * width, 256)
        self.out = nn.Linear(256, len(CLASSES))

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
        weight = mask[..., None].float()
        mean = (hidden * weight).sum(1) / weight.sum(1)
        pooled = self.head_dropout(torch.cat([hidden[:, 0], mean], dim=-1))
        return self.out(self.head_dropout(torch.tanh(self.dense(pooled))))

    def learnt(self) -> dict[str, torch.Tensor]:
        """What fitting changes: adapters and head, by name."""
        return {name: value.detach() for name, value in self.named_parameters() if value.requires_grad}

    def load_learnt(self, learnt: dict[str, torch.Tensor]) -> None:
        """ValueError where names or shapes are another network's."""
        own = {name: value for name, value in self.named_parameters() if value.requires_grad}
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


def padded(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """(tokens, mask) of shape (n, longest)."""
    longest = max(len(row) for row in rows)
    tokens = torch.full((len(rows), longest), _FILLING)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = torch.tensor(list(row))
        mask[place, : len(row)] = 1
    return tokens, mask
