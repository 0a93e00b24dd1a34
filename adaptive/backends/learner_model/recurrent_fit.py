"""Fits the recurrent network with torch: the one place of the learner model that loads it, and only when called."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Observation
from .recurrent import CLIP, N_OUTCOME, WEIGHTS, Recurrent, shape_of

_MIN_ROWS = 3  # an item with fewer answers has no embedding of its own
_WINDOW = 100  # steps through which errors flow back; the state goes on
_SEGMENT = 2000  # a longer history is fitted in pieces
_EPOCHS = 30
_PATIENCE = 3
_MAX_EPOCH_ROWS = 600_000  # of a larger log, each epoch sees another sample of learners


@dataclass(slots=True)
class Sequence_:
    """One learner's rows: ids (T,), features (T, F), outcome (T, N_OUTCOME), score (T,)."""

    history: Sequence[Observation]
    features: NDArray[np.float32]
    outcome: NDArray[np.float32]
    y: NDArray[np.float32]


def fit(
    train: Sequence[Sequence_],
    held_out: Sequence[Sequence_],
    *,
    seed: int,
    hidden: int = 96,
    embedding: int = 32,
    head: int = 96,
    dropout: float = 0.25,
    hide: float = 0.2,
    rate: float = 1e-3,
    threads: int = 1,
    say: Callable[[str], None] | None = None,
) -> tuple[Recurrent, NDArray[np.float64]]:
    """(the net of the epoch that did best on the held-out learners, its logits of their rows one after the other).

    Stops when three times running nothing was gained, each time with a third of the step. Same input, seed and number
    of threads, same net.
    """
    import torch
    from torch import nn
    from torch.nn import functional

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    items, skills = _ids(train)
    n_features = train[0].features.shape[1]
    sizes = {"F": n_features, "I": len(items) + 1, "S": len(skills) + 1, "D": embedding, "X": embedding + n_features}
    sizes |= {"O": embedding + N_OUTCOME, "H": hidden, "G": 4 * hidden, "Q": head, "R": 2 * head}
    stacked = np.concatenate([one.features for one in train])
    mean, scale = stacked.mean(axis=0), stacked.std(axis=0) + 1e-3
    del stacked

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name in WEIGHTS:
                setattr(self, name, nn.Parameter(torch.from_numpy(_first(name, sizes, rng))))
            self.mean = nn.Parameter(torch.from_numpy(mean), requires_grad=False)
            self.scale = nn.Parameter(torch.from_numpy(scale), requires_grad=False)
            self.rnn = nn.LSTM(hidden, hidden, batch_first=True)

        def forward(self, item, skill, part, features, outcome, state):
            if self.training:
                item = item * (torch.rand(item.shape) > hide)
            e = self.item[item] * (item > 0)[..., None] + (self.skill[skill] * part[..., None]).sum(2)
            f = ((features - self.mean) / self.scale).clamp(-CLIP, CLIP)
            x = torch.cat([functional.dropout(e, dropout, self.training), f], -1)
            answered = torch.cat([e * (2.0 * outcome[..., :1]), outcome], -1)
            u = functional.linear(x, self.in_w, self.in_b) + functional.linear(answered, self.out_w, self.out_b)
            out, state = self.rnn(torch.tanh(u), state)
            return x, f, item, out, state

        def logits(self, x, f, item, hidden_before):
            h = functional.linear(
                functional.dropout(hidden_before, dropout, self.training), self.hidden_w, self.hidden_b
            )
            ask = torch.relu(functional.linear(x, self.ask_w, self.ask_b) + h)
            meet = h * torch.tanh(functional.linear(x, self.meet_w))
            joined = functional.dropout(torch.cat([ask, meet], -1), dropout, self.training)
            joined = torch.relu(functional.linear(joined, self.join_w, self.join_b))
            joined = functional.dropout(joined, dropout, self.training)
            bias = self.item_bias[item] * (item > 0)
            return joined @ self.end_w + f @ self.wide_w + self.end_b + bias

        def run(self, batch, start, state):
            cut = slice(start, start + _WINDOW)
            if state is None:
                zero = torch.zeros(1, len(batch.item), hidden)
                state = (zero, zero)
            part = batch.cut(cut)
            x, f, item, out, after = self(*part, state)
            before_each = torch.cat([state[0].transpose(0, 1), out[:, :-1]], 1)
            return self.logits(x, f, item, before_each), (after[0].detach(), after[1].detach())

    net = Net()
    for name in ("gate_w", "gate_r", "gate_b"):  # the LSTM holds these itself until it is written out
        getattr(net, name).requires_grad = False
    embeddings = [net.item, net.skill, net.item_bias]
    others = [p for p in net.parameters() if p.requires_grad and not any(p is e for e in embeddings)]
    optimiser = torch.optim.AdamW(
        [{"params": others, "weight_decay": 1e-2}, {"params": embeddings, "weight_decay": 1.0}], lr=rate
    )
    pieces = [_indexed(part, items, skills) for one in train for part in _segments(one)]
    checked = [_indexed(one, items, skills) for one in held_out]
    y_checked = np.concatenate([one.y for one in held_out]).astype(np.float64)

    def predict() -> NDArray[np.float64]:
        net.eval()
        found: list[Any] = [None] * len(checked)
        with torch.no_grad():
            for batch in _batches(checked, 128, None):
                state, parts = None, []
                for start in range(0, batch.length, _WINDOW):
                    logits, state = net.run(batch, start, state)
                    parts.append(logits)
                whole = torch.cat(parts, 1).double().numpy()
                for line, place in enumerate(batch.places):
                    found[place] = whole[line, : len(checked[place][0])]
        return np.concatenate(found)

    best_loss, best, misses = np.inf, None, 0
    for epoch in range(_EPOCHS):
        net.train()
        for batch in _batches(_sample(pieces, rng), 64, rng):
            state = None
            for start in range(0, batch.length, _WINDOW):
                logits, state = net.run(batch, start, state)
                mask = batch.mask[:, start : start + _WINDOW]
                loss = functional.binary_cross_entropy_with_logits(
                    logits[mask], batch.y[:, start : start + _WINDOW][mask]
                )
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                optimiser.step()
        m = predict()
        loss_now = float(np.mean(np.logaddexp(0.0, m) - y_checked * m))
        if say:
            say(f"network, epoch {epoch + 1}: held-out log loss {loss_now:.4f}")
        if loss_now < best_loss - 1e-5:
            best_loss, misses = loss_now, 0
            best = {name: value.clone() for name, value in net.state_dict().items()}
        else:
            misses += 1
            if misses >= _PATIENCE:
                break
            net.load_state_dict(best)
            for group in optimiser.param_groups:
                group["lr"] *= 0.3
    net.load_state_dict(best)
    with torch.no_grad():
        net.gate_w.copy_(net.rnn.weight_ih_l0)
        net.gate_r.copy_(net.rnn.weight_hh_l0)
        net.gate_b.copy_(net.rnn.bias_ih_l0 + net.rnn.bias_hh_l0)
        for name in ("item", "skill", "item_bias"):
            value = getattr(net, name)
            value.copy_(value.half().float())
            value[0] = 0.0  # place 0 means "unknown"
    weights = {name: getattr(net, name).detach().numpy().copy() for name in WEIGHTS}
    logits = predict()
    torch.set_num_threads(before)
    # Place 0 of both tables says "unknown", which the evaluation leaves out.
    sizes |= {"I": len(items), "S": len(skills)}
    for name in ("item", "skill", "item_bias"):
        weights[name] = weights[name][1:]
    return Recurrent.from_params(Recurrent(sizes, list(items), list(skills), weights).to_params()), logits


def _first(name: str, sizes: dict[str, int], rng: np.random.Generator) -> NDArray[np.float32]:
    shape = shape_of(name, sizes)
    if name in ("item", "skill"):
        first = rng.normal(0.0, 0.02 if name == "item" else 0.1, shape)
        first[0] = 0.0
    elif name.endswith(("_b", "bias")) or name in ("mean", "scale"):
        first = np.zeros(shape)
    else:
        bound = 1.0 / np.sqrt(shape[-1])
        first = rng.uniform(-bound, bound, shape)
    return first.astype(np.float32)


def _ids(train: Sequence[Sequence_]) -> tuple[dict[int, int], dict[int, int]]:
    """Item and skill id -> place in the tables, from 1 on."""
    n = Counter(o.item.id for one in train for o in one.history)
    skills = sorted({s for one in train for o in one.history for s in o.item.skill_ids})
    items = sorted(item_id for item_id, count in n.items() if count >= _MIN_ROWS)
    return {i: place for place, i in enumerate(items, 1)}, {s: place for place, s in enumerate(skills, 1)}


def _segments(one: Sequence_) -> Iterator[Sequence_]:
    for start in range(0, len(one.y), _SEGMENT):
        cut = slice(start, start + _SEGMENT)
        yield Sequence_(one.history[cut], one.features[cut], one.outcome[cut], one.y[cut])


def _indexed(one: Sequence_, items: dict[int, int], skills: dict[int, int]) -> tuple[NDArray, ...]:
    item = np.array([items.get(o.item.id, 0) for o in one.history], dtype=np.int64)
    width = max(1, max(len(o.item.skill_ids) for o in one.history))
    skill = np.zeros((len(item), width), dtype=np.int64)
    part = np.zeros((len(item), width), dtype=np.float32)
    for row, o in enumerate(one.history):
        for place, skill_id in enumerate(o.item.skill_ids):
            index = skills.get(skill_id, 0)
            if index:
                skill[row, place] = index
                part[row, place] = 1.0 / len(o.item.skill_ids)
    return item, skill, part, one.features, one.outcome, one.y


def _sample(pieces: list[tuple[NDArray, ...]], rng: np.random.Generator) -> list[tuple[NDArray, ...]]:
    total = sum(len(one[0]) for one in pieces)
    if total <= _MAX_EPOCH_ROWS:
        return pieces
    chosen, n = [], 0
    for place in rng.permutation(len(pieces)):
        chosen.append(pieces[place])
        n += len(pieces[place][0])
        if n >= _MAX_EPOCH_ROWS:
            break
    return chosen


@dataclass(slots=True)
class _Batch:
    places: list[int]
    item: Any
    skill: Any
    part: Any
    features: Any
    outcome: Any
    y: Any
    mask: Any

    @property
    def length(self) -> int:
        return self.item.shape[1]

    def cut(self, steps: slice) -> tuple[Any, ...]:
        return (
            self.item[:, steps],
            self.skill[:, steps],
            self.part[:, steps],
            self.features[:, steps],
            self.outcome[:, steps],
        )


def _batches(pieces: Sequence[tuple[NDArray, ...]], size: int, rng: np.random.Generator | None) -> Iterator[_Batch]:
    """Histories of about the same length together, in random order where there is an rng."""
    import torch

    length = np.array([len(one[0]) for one in pieces], dtype=np.float64)
    order = np.argsort(length * (1.0 + 0.2 * rng.random(len(pieces))) if rng is not None else length, kind="stable")
    groups: list[list[int]] = []
    for place in order:
        full = size if length[place] < _WINDOW else max(size // 2, 1)
        if not groups or len(groups[-1]) >= full:
            groups.append([])
        groups[-1].append(int(place))
    if rng is not None:
        rng.shuffle(groups)
    for places in groups:
        chosen = [pieces[place] for place in places]
        steps = max(len(one[0]) for one in chosen)
        width = max(one[1].shape[1] for one in chosen)
        padded = []
        for k in range(6):
            first = chosen[0][k]
            shape = (len(chosen), steps, width) if k in (1, 2) else (len(chosen), steps, *first.shape[1:])
            full_array = np.zeros(shape, dtype=first.dtype)
            for line, one in enumerate(chosen):
                if k in (1, 2):
                    full_array[line, : len(one[k]), : one[k].shape[1]] = one[k]
                else:
                    full_array[line, : len(one[k])] = one[k]
            padded.append(torch.from_numpy(full_array))
        mask = torch.zeros(len(chosen), steps, dtype=torch.bool)
        for line, one in enumerate(chosen):
            mask[line, : len(one[0])] = True
        yield _Batch(places, *padded, mask)
