"""Fits adapters and head of the cross-encoder; can be broken off at any time and resumed.

    python -m adaptive.assessment.words.marker_train --base FOLDER --answers FOLDER --kept FOLDER
        [--leave-out SHARE] [--start WEIGHTS --rate FACTOR] [--epochs N] [--seed N] [--threads N]
    python -m adaptive.assessment.words.marker_train --mean ONE OTHER --kept FOLDER

Reads scientsbank_train.csv, beetle_train.csv and the training part of saf_english.csv. With --leave-out, whole modules
and questions take no part, so that the result can be judged on them. Every epoch mixes in answers made up by rule that
look right by their words and are not. Writes steps to the folder --kept; the last is the result.
"""

import argparse
import base64
import hashlib
import json
import logging
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from adaptive.backends.cross_encoder.network import Network, encoder_of, padded
from adaptive.backends.cross_encoder.triples import CLASSES, Encode, Triple, batches, tokens_of
from adaptive.common.errors import InvalidInput
from adaptive.common.hashing import stable_hash

from .data import Graded, fingerprint_of, made_up, mistyped, read_graded

SHARES = {"scientsbank_train": 1.0, "beetle_train": 0.5, "saf_english": 0.25}  # of the answers, anew each epoch
MADE_SHARE = 0.6
EPOCHS = 3
BATCH, MAX_TOKENS = 16, 2048
RATE, HEAD_RATE, DECAY, WARM_UP = 4e-4, 1e-3, 0.01, 0.06
DROP_QUESTION, ONE_REFERENCE, SMOOTHING, MISTYPED = 0.1, 0.3, 0.05, 0.1
SAVE_EVERY = 60  # batches
LEFT_OUT_MODULES = ("MS", "LF")  # of SciEntsBank, 645 answers; chosen by lot once
WEIGHTS, STATE = "marker.safetensors", "state.pt"
logger = logging.getLogger(__name__)


def read_training(folder: Path) -> list[Graded]:
    """The training answers of the three sets; never another split."""
    out = read_graded(folder / "scientsbank_train.csv") + read_graded(folder / "beetle_train.csv")
    saf = read_graded(folder / "saf_english.csv")
    return out + [each for each in saf if each.split in ("", "training")]


def is_left_out(graded: Graded, share: float, seed: int, *, modules: tuple[str, ...] = LEFT_OUT_MODULES) -> bool:
    """The named modules of SciEntsBank, and of all sets a share of the questions, chosen by hash; none at share 0."""
    if share <= 0:
        return False
    module = graded.question_id.split("_")[0] if graded.source.startswith("scientsbank") else ""
    if module in modules:
        return True
    return int(stable_hash([seed, graded.source, graded.question_id])[:8], 16) / 16**8 < share


def class_of(label: str) -> int:
    return CLASSES.index(label) if label in CLASSES else CLASSES.index("incorrect")


def epoch_of(graded: Sequence[Graded], epoch: int, seed: int) -> list[Graded]:
    """The answers of one epoch: shares of the sets, and answers made up anew."""
    generator = random.Random(f"{seed} {epoch}")
    chosen = [each for each in graded if generator.random() < SHARES.get(each.source, 1.0)]
    slips = [mistyped(each.answer, generator) if generator.random() < MISTYPED else "" for each in chosen]
    chosen = [replace(each, answer=text) if text else each for each, text in zip(chosen, slips, strict=True)]
    made = [each for each in made_up(list(graded), seed=1000 * seed + epoch) if generator.random() < MADE_SHARE]
    verbatim = {(e.source, e.question_id): e for e in graded if e.references}.values()
    own = [replace(e, answer=generator.choice(e.references), label="correct", made="verbatim") for e in verbatim]
    return chosen + made + [each for each in own if generator.random() < 0.5]


def seen_of(graded: Graded, generator: random.Random) -> Triple:
    """As it is read in fitting: sometimes without the question, with fewer references or in another order."""
    references = [text for text in graded.references if text.strip()]
    if len(references) > 1:
        if generator.random() < ONE_REFERENCE:
            references = [generator.choice(references)]
        else:
            generator.shuffle(references)
    question = "" if graded.made == "" and generator.random() < DROP_QUESTION else graded.question
    return Triple(question, tuple(references), graded.answer)


def fit(
    graded: Sequence[Graded],
    base: Path,
    kept: Path,
    *,
    seed: int,
    epochs: int,
    about: dict[str, Any],
    start: Path | None = None,
    rate: float = 1.0,
    say: Callable[[str], None] = logger.info,
) -> None:
    """Writes WEIGHTS to the folder `kept`, and every SAVE_EVERY batches a state from which the same call goes on.

    start: weights of an earlier fit to begin from; rate: factor on RATE and HEAD_RATE. InvalidInput where the folder
    holds a state of other answers, seed, epochs, start or rate: going on from it would pass off one fit as another.
    """
    kept.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    network = Network(base)
    if start:
        network.load_learnt(load_file(start))
    encode = encoder_of(base)
    for module in network.encoder.modules():
        if isinstance(module, torch.nn.Linear):
            module.to(torch.bfloat16)
    network.encoder.embeddings.to(torch.bfloat16)
    learnt = [(n, p) for n, p in network.named_parameters() if p.requires_grad]
    head = [p for n, p in learnt if not n.startswith("encoder.")]
    adapters = [p for n, p in learnt if n.startswith("encoder.")]
    optimiser = torch.optim.AdamW(
        [{"params": adapters, "lr": RATE}, {"params": head, "lr": HEAD_RATE}], weight_decay=DECAY
    )
    plan = _plan(graded, encode, seed=seed, epochs=epochs)
    say(f"{len(plan):,} batches, {sum(len(row) for rows, _ in plan for row in rows):,} tokens")
    began = hashlib.blake2b(start.read_bytes()).hexdigest() if start else ""
    task = stable_hash([*_task_of(graded, seed, epochs), began, rate])
    begin = 0
    state = kept / STATE
    if state.exists():
        saved = torch.load(state, weights_only=True)
        if saved.get("task") != task:
            raise InvalidInput(f"{state} is of a fit on other answers or with other options: choose another folder.")
        network.load_learnt(saved["learnt"])
        optimiser.load_state_dict(saved["optimiser"])
        begin = saved["done"]
        say(f"resumed after {begin:,} batches")
    started, losses, counted = time.monotonic(), [], 0
    network.train()
    for number in range(begin, len(plan)):
        share = (number + 1) / len(plan)
        factor = min(share / WARM_UP, 0.5 * (1 + math.cos(math.pi * max(0.0, share - WARM_UP) / (1 - WARM_UP))) + 0.02)
        for group, full in zip(optimiser.param_groups, (RATE, HEAD_RATE), strict=True):
            group["lr"] = rate * full * factor
        rows, wanted = plan[number]
        tokens, mask = padded(rows)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(tokens, mask)
        loss = torch.nn.functional.cross_entropy(logits.float(), torch.tensor(wanted), label_smoothing=SMOOTHING)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in learnt], 1.0)
        optimiser.step()
        losses.append(loss.item())
        counted += tokens.numel()
        if (number + 1) % 20 == 0:
            spent = time.monotonic() - started
            left = spent / (number + 1 - begin) * (len(plan) - number - 1)
            say(
                f"{number + 1:,}/{len(plan):,} loss {np.mean(losses[-100:]):.4f}, "
                f"{counted / spent:.0f} tokens/s, {left / 60:.0f} min left"
            )
        if (number + 1) % SAVE_EVERY == 0 or number + 1 == len(plan):
            fresh = kept / "state.new"
            now = {"learnt": network.learnt(), "optimiser": optimiser.state_dict(), "done": number + 1, "task": task}
            torch.save(now, fresh)
            fresh.replace(state)
    about = about | {"rank": network.rank, "scale": network.scale, "seed": seed, "epochs": epochs, "batches": len(plan)}
    weights_write(kept / WEIGHTS, network.learnt(), graded, about)


def _plan(
    graded: Sequence[Graded], encode: Encode, *, seed: int, epochs: int
) -> list[tuple[list[list[int]], list[int]]]:
    """(rows of tokens, classes) of every batch of every epoch, in order."""
    plan = []
    for epoch in range(epochs):
        rows = epoch_of(graded, epoch, seed)
        generator = random.Random(f"{seed} {epoch} order")
        tokens = [tokens_of(seen_of(each, generator), encode) for each in rows]
        jitter = [len(row) + generator.random() * 8 for row in tokens]
        made = batches([int(value) for value in jitter], BATCH, MAX_TOKENS)
        generator.shuffle(made)
        plan += [([tokens[place] for place in places], [class_of(rows[p].label) for p in places]) for places in made]
    return plan


def _task_of(graded: Sequence[Graded], seed: int, epochs: int) -> list[Any]:
    """What a fit is of, for comparison."""
    return [seed, epochs, [[fingerprint_of(each).hex(), each.label, *each.references] for each in graded]]


def weights_write(path: Path, learnt: dict[str, torch.Tensor], graded: Sequence[Graded], about: dict[str, Any]) -> None:
    """In half precision, with what they were fitted on: every answer's fingerprint too, so that nobody judges the
    marker on what it has learnt by heart."""
    half = {name: value.to(torch.float16).contiguous() for name, value in learnt.items()}
    seen = sorted({fingerprint_of(each) for each in graded if not each.made})
    about = about | {
        "fingerprint": _fingerprint(half),
        "n_answers": len(seen),
        "answers": base64.b64encode(b"".join(seen)).decode("ascii"),
    }
    save_file(half, path, metadata={"about": json.dumps(about)})
    logger.info("Written: %s", path)


def mean_written(one: Path, other: Path, target: Path) -> None:
    """The mean of two fits of which the second went on from the first (model soups, Wortsman et al. 2022, section 3).

    Says of itself what the second says, with another fingerprint. ValueError where their shapes differ.
    """
    first, second = load_file(one), load_file(other)
    if {name: value.shape for name, value in first.items()} != {name: value.shape for name, value in second.items()}:
        raise ValueError(f"{one} and {other} are weights of different networks.")
    with safe_open(other, framework="pt") as opened:
        about = json.loads(opened.metadata()["about"])
    half = {name: ((value.float() + second[name].float()) / 2).to(torch.float16) for name, value in first.items()}
    about |= {"fingerprint": _fingerprint(half), "mean_of": [_fingerprint(first), _fingerprint(second)]}
    save_file(half, target, metadata={"about": json.dumps(about)})


def _fingerprint(half: dict[str, torch.Tensor]) -> str:
    return hashlib.blake2b(b"".join(half[name].numpy().tobytes() for name in sorted(half)), digest_size=6).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--mean", type=Path, nargs=2, help="weights whose mean is written; nothing is fitted")
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--leave-out", type=float, default=0.0)
    parser.add_argument("--start", type=Path, help="weights of an earlier fit to begin from")
    parser.add_argument("--rate", type=float, default=1.0, help="times the usual rates of learning")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.mean:
        options.kept.mkdir(parents=True, exist_ok=True)
        mean_written(*options.mean, options.kept / WEIGHTS)
        return
    if not (options.base and options.answers):
        parser.error("--base and --answers are needed to fit.")
    torch.set_num_threads(options.threads)
    graded = read_training(options.answers)
    kept = [each for each in graded if not is_left_out(each, options.leave_out, options.seed)]
    logger.info("%d answers of %d; %s left out", len(kept), len(graded), len(graded) - len(kept))
    about = {"data": {s: sum(e.source == s for e in kept) for s in SHARES}, "left_out": options.leave_out}
    fit(
        kept,
        options.base,
        options.kept,
        seed=options.seed,
        epochs=options.epochs,
        about=about,
        start=options.start,
        rate=options.rate,
    )


if __name__ == "__main__":
    main()
