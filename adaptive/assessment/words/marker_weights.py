"""Files of fitted weights: what stands in them of their making, and means of several fits."""

import base64
import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from .data import FINGERPRINT_BYTES, Graded, fingerprint_of

logger = logging.getLogger(__name__)

Learnt = dict[str, torch.Tensor]


def weights_write(path: Path, learnt: Learnt, graded: Sequence[Graded], about: dict[str, Any]) -> None:
    """In half precision, with what they were fitted on: every answer's fingerprint too, so that nobody judges the
    marker on what it has learnt by heart."""
    half = {name: value.to("cpu", torch.float16).contiguous() for name, value in learnt.items()}
    seen = sorted({fingerprint_of(each) for each in graded if not each.made})
    about = about | {
        "fingerprint": fingerprint(half),
        "n_answers": len(seen),
        "answers": base64.b64encode(b"".join(seen)).decode("ascii"),
    }
    save_file(half, path, metadata={"about": json.dumps(about)})
    logger.info("Written: %s", path)


def mean_of(fits: Sequence[Learnt], rank: int) -> Learnt:
    """The mean of fits from one base and one start (model soups, Wortsman et al. 2022, section 3).

    What the adapters add to the layers is averaged, not their factors, and the mean written in factors of the given
    rank, the nearest there are (Eckart and Young 1936): exact where rank is the sum of the fits' ranks. ValueError
    where the shapes are different networks'.
    """
    shapes = [
        {name: tuple(value.shape) for name, value in each.items() if not name.endswith((".a", ".b"))} for each in fits
    ]
    if any(each.keys() != fits[0].keys() for each in fits) or any(each != shapes[0] for each in shapes):
        raise ValueError("These are weights of different networks.")
    out = {}
    for name, value in fits[0].items():
        if name.endswith(".b"):
            continue
        if not name.endswith(".a"):
            out[name] = sum(each[name].float() for each in fits[1:]) / len(fits) + value.float() / len(fits)
            continue
        other = name[:-1] + "b"
        inside = torch.cat([each[name].float() for each in fits])  # (ranks, in)
        outside = torch.cat([each[other].float() for each in fits], dim=1) / len(fits)  # (out, ranks)
        out[name], out[other] = factors(outside, inside, rank)
    return out


def factors(outside: torch.Tensor, inside: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(a (rank, n), b (m, rank)) whose product b a is the nearest of that rank to outside (m, r) inside (r, n)."""
    q_out, r_out = torch.linalg.qr(outside)
    q_in, r_in = torch.linalg.qr(inside.T)
    left, size, right = torch.linalg.svd(r_out @ r_in.T)
    kept = size[:rank].sqrt()  # halves of both factors, so that both keep within half precision
    a, b = (kept[:, None] * right[:rank]) @ q_in.T, (q_out @ left[:, :rank]) * kept
    missing = rank - a.shape[0]
    if missing > 0:
        a, b = torch.cat([a, a.new_zeros(missing, a.shape[1])]), torch.cat([b, b.new_zeros(b.shape[0], missing)], dim=1)
    return a, b


def mean_written(paths: Sequence[Path], target: Path, rank: int) -> None:
    """The mean of these fits' weights. It says of itself what the last says, with every fit's fingerprint and the
    answers that any of them saw."""
    found = [load_file(path) for path in paths]
    try:
        half = {name: value.to(torch.float16).contiguous() for name, value in mean_of(found, rank).items()}
    except ValueError as error:
        raise ValueError(f"{', '.join(map(str, paths))}: {error}") from None
    abouts = []
    for path in paths:
        with safe_open(path, framework="pt") as opened:
            abouts.append(json.loads(opened.metadata()["about"]))
    seen = sorted({each for about in abouts for each in _fingerprints(about)})
    about = abouts[-1] | {
        "fingerprint": fingerprint(half),
        "rank": rank,
        "mean_of": [each["fingerprint"] for each in abouts],
        "seeds": [each.get("seed") for each in abouts],
        "n_answers": len(seen),
        "answers": base64.b64encode(b"".join(seen)).decode("ascii"),
    }
    save_file(half, target, metadata={"about": json.dumps(about)})


def _fingerprints(about: dict[str, Any]) -> list[bytes]:
    packed = base64.b64decode(about.get("answers", ""))
    return [packed[at : at + FINGERPRINT_BYTES] for at in range(0, len(packed), FINGERPRINT_BYTES)]


def fingerprint(half: Learnt) -> str:
    return hashlib.blake2b(b"".join(half[name].numpy().tobytes() for name in sorted(half)), digest_size=6).hexdigest()
