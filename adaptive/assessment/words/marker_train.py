"""Fits adapters and head of the cross-encoder; can be broken off at any time and resumed.

    python -m adaptive.assessment.words.marker_train --base FOLDER --answers FOLDER --kept FOLDER
        [--leave-out SHARE | --fold N --by question|module] [--recipe light|shipped]
        [--start WEIGHTS] [--rate FACTOR] [--epochs N] [--seed N] [--threads N] [--device cuda]
    python -m adaptive.assessment.words.marker_train --mean ONE OTHER ... --kept FOLDER [--rank N]

Reads scientsbank_train.csv, beetle_train.csv and the training part of saf_english.csv. With --leave-out, whole modules
and questions take no part, so that the result can be judged on them. Every epoch mixes in answers made up by rule that
look right by their words and are not. Writes steps to the folder --kept; the last is the result.
"""

import argparse
import hashlib
import logging
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from adaptive.backends.cross_encoder.network import Network, encoder_of, padded
from adaptive.common.errors import InvalidInput
from adaptive.common.hashing import stable_hash

from .data import Graded, fingerprint_of
from .marker_data import (
    FILLING_ROW,
    N_FOLDS,
    SOURCES,
    Rows,
    is_in_fold,
    is_left_out,
    read_training,
    rows_of_epoch,
    side_by_side,
)
from .marker_optimiser import Optimiser
from .marker_recipe import RECIPES, Recipe, recipe_said
from .marker_weights import mean_written, weights_write

SAVE_EVERY = 60  # batches
WEIGHTS, STATE = "marker.safetensors", "state.pt"
MEAN_RANK = 64
START_SEED = 0  # of adapters and head: fits that began alike can be averaged
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fit:
    """One of several fits made side by side."""

    graded: Sequence[Graded]
    seed: int
    recipe: Recipe


RowsOf = Callable[[int, int], Rows]  # (number of the fit, epoch)


def fit(
    graded: Sequence[Graded],
    base: Path,
    kept: Path,
    *,
    seed: int,
    about: dict[str, Any],
    recipe: Recipe,
    start: Path | None = None,
    device: str = "cpu",
    say: Callable[[str], None] = logger.info,
) -> None:
    """Writes WEIGHTS to the folder `kept`, and every SAVE_EVERY batches a state from which the same call goes on.

    start: weights of an earlier fit to begin from. InvalidInput where the folder holds a state of other answers, seed,
    recipe or start: going on from it would pass off one fit as another.
    """
    kept.mkdir(parents=True, exist_ok=True)
    one = Fit(graded, seed, recipe)
    network = network_of(base, [one], device=device)
    if start:
        network.load_learnt(load_file(start))
    encode = lru_cache(maxsize=20_000)(encoder_of(base))
    began = hashlib.blake2b(start.read_bytes()).hexdigest() if start else ""
    task = stable_hash([_task_of(graded, seed, recipe), began])
    state, begin, saved = kept / STATE, 0, None
    if state.exists():
        saved = torch.load(state, weights_only=True, map_location=device)
        if saved.get("task") != task:
            raise InvalidInput(f"{state} is of a fit on other answers or with other options: choose another folder.")
        begin = saved["done"]
        say(f"resumed after {begin:,} batches")

    def save(done: int, optimiser: Optimiser) -> None:
        fresh = kept / "state.new"
        torch.save({**optimiser.state(), "done": done, "task": task}, fresh)
        fresh.replace(state)

    def rows_of(_: int, epoch: int) -> Rows:
        return rows_of_epoch(graded, encode, seed=seed, epoch=epoch, mixture=recipe.mixture)

    done = fit_together(network, [one], rows_of, begin=begin, saved=saved, save=save, say=say)
    about = about | {"seed": seed, "recipe": recipe_said(recipe), "scale": network.scale, "batches": done}
    weights_write(kept / WEIGHTS, network.learnt(), graded, about | {"rank": network.rank, "epochs": recipe.epochs})


def network_of(base: Path, fits: Sequence[Fit], *, device: str) -> Network:
    """With a copy for each fit, all of them at the same start. ValueError where the fits need other networks."""
    if len({each.recipe.shape for each in fits}) != 1:
        raise ValueError("Fits of other ranks, layers, epochs or batches cannot be made side by side.")
    torch.manual_seed(START_SEED)
    recipe = fits[0].recipe
    network = Network(base, rank=recipe.rank, first=recipe.first, copies=len(fits))
    network.shrink()
    return network.to(device)


def fit_together(
    network: Network,
    fits: Sequence[Fit],
    rows_of: RowsOf,
    *,
    begin: int = 0,
    saved: dict[str, Any] | None = None,
    save: Callable[[int, Optimiser], None] | None = None,
    say: Callable[[str], None] = logger.info,
) -> int:
    """Fits copy i of the network as fits[i] says, and returns the number of batches. Each fit goes its own way: they
    share the reading of the base model's weights alone."""
    recipe, device = fits[0].recipe, next(network.parameters()).device
    optimiser = Optimiser(network, [each.recipe for each in fits])
    if saved:
        optimiser.load_state(saved)
    torch.manual_seed(fits[0].seed + begin)
    smoothing = torch.tensor([each.recipe.smoothing for each in fits], device=device)
    started, losses, counted, done = time.monotonic(), [], 0, 0
    network.train()
    for epoch in range(recipe.epochs):
        batches = list(_epoch(fits, rows_of, epoch))
        total = recipe.epochs * len(batches)  # the epochs differ by a batch or two
        for number, (rows, wanted, weight) in enumerate(batches):
            done += 1
            if done <= begin:
                continue
            share = (epoch + (number + 1) / len(batches)) / recipe.epochs
            tokens, mask = padded(rows, multiple=1 if device.type == "cpu" else 8)
            counted += tokens.numel()
            logits = network(*_on(device, tokens, mask))
            loss = _loss(logits.float(), *_on(device, wanted, weight), smoothing)
            loss.sum().backward()
            optimiser.step(_pace(share, recipe.warm_up))
            losses.append(loss.detach())
            if not done % 20:
                spent = time.monotonic() - started
                left = spent / (done - begin) * max(0, total - done)
                mean = torch.stack(losses[-100:]).mean().item()
                say(f"{done:,}/{total:,} loss {mean:.4f}, {counted / spent:.0f} tokens/s, {left / 60:.0f} min left")
            if save and (not done % SAVE_EVERY or (epoch + 1 == recipe.epochs and number + 1 == len(batches))):
                save(done, optimiser)
    return done


def _epoch(
    fits: Sequence[Fit], rows_of: RowsOf, epoch: int
) -> Iterator[tuple[list[Sequence[int]], torch.Tensor, torch.Tensor]]:
    """(rows of tokens, classes, weights) of each batch, in an order of its own: each fit's rows one after another,
    filled up to the same number; weights (n,) of a fit's rows add up to one."""
    found = [rows_of(place, epoch) for place in range(len(fits))]
    batches = list(side_by_side([len(rows) for rows, _ in found], fits[0].recipe.batch))
    random.Random(f"{fits[0].seed} {epoch} batches").shuffle(batches)
    for parts in batches:
        most = max(len(part) for part in parts)
        rows: list[Sequence[int]] = []
        wanted, weight = np.zeros((len(fits), most), dtype=np.int64), np.zeros((len(fits), most), dtype=np.float32)
        for place, part in enumerate(parts):
            own, classes = found[place]
            rows += own[part.start : part.stop] + [FILLING_ROW] * (most - len(part))
            wanted[place, : len(part)] = classes[part.start : part.stop]
            weight[place, : len(part)] = 1 / max(1, len(part))
        yield rows, torch.from_numpy(wanted.ravel()), torch.from_numpy(weight.ravel())


def _on(device: torch.device, *tensors: torch.Tensor) -> list[torch.Tensor]:
    """There; the program does not wait for it."""
    if device.type == "cpu":
        return list(tensors)
    return [each.pin_memory().to(device, non_blocking=True) for each in tensors]


def _loss(logits: torch.Tensor, wanted: torch.Tensor, weight: torch.Tensor, smoothing: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with smoothed labels of each fit (k,)."""
    said = logits.log_softmax(dim=-1).view(len(smoothing), -1, logits.shape[-1])
    hit = said.gather(2, wanted.view(len(smoothing), -1, 1)).squeeze(2)
    each = (1 - smoothing[:, None]) * hit + smoothing[:, None] * said.mean(dim=2)
    return -(each * weight.view(len(smoothing), -1)).sum(dim=1)


def _pace(share: float, warm_up: float) -> float:
    """Factor on the rates: rising, then falling along a cosine."""
    return min(share / warm_up, 0.5 * (1 + math.cos(math.pi * max(0.0, share - warm_up) / (1 - warm_up))) + 0.02)


def _task_of(graded: Sequence[Graded], seed: int, recipe: Recipe) -> list[Any]:
    """What a fit is of, for comparison."""
    return [seed, recipe_said(recipe), [[fingerprint_of(each).hex(), each.label, *each.references] for each in graded]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--mean", type=Path, nargs="+", help="weights whose mean is written; nothing is fitted")
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--leave-out", type=float, default=0.0)
    parser.add_argument("--fold", type=int, choices=range(N_FOLDS), help="leave out this one of five folds instead")
    parser.add_argument("--by", choices=("question", "module"), default="question", help="folds of what")
    parser.add_argument("--start", type=Path, help="weights of an earlier fit to begin from")
    parser.add_argument("--rate", type=float, default=1.0, help="times the usual rates of learning")
    parser.add_argument("--recipe", choices=tuple(RECIPES), default="shipped")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--rank", type=int, help="instead of the recipe's; of a mean, 64 where none is given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", type=int, default=0, help="seed by which questions are left out")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.mean:
        options.kept.mkdir(parents=True, exist_ok=True)
        mean_written(options.mean, options.kept / WEIGHTS, options.rank or MEAN_RANK)
        return
    if not (options.base and options.answers):
        parser.error("--base and --answers are needed to fit.")
    torch.set_num_threads(options.threads)
    graded = read_training(options.answers)
    if options.fold is None:
        kept = [each for each in graded if not is_left_out(each, options.leave_out, options.split)]
    else:
        kept = [each for each in graded if not is_in_fold(each, options.fold, options.by)]
    logger.info("%d answers of %d; %s left out", len(kept), len(graded), len(graded) - len(kept))
    about = {"data": {s: sum(e.source == s for e in kept) for s in SOURCES}, "left_out": options.leave_out}
    usual = RECIPES[options.recipe]
    recipe = replace(
        usual,
        epochs=options.epochs or usual.epochs,
        rank=options.rank or usual.rank,
        rate=usual.rate * options.rate,
        head_rate=usual.head_rate * options.rate,
    )
    fit(
        kept,
        options.base,
        options.kept,
        seed=options.seed,
        about=about,
        recipe=recipe,
        start=options.start,
        device=options.device,
    )


if __name__ == "__main__":
    main()
