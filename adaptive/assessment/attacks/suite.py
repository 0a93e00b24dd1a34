"""All kinds of attack, and the answers that they make of exercises."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from adaptive.assessment.words.text import plain

from . import honest, instructions, meaning, noise
from .base import Attack, Kind, Maker, Target

KINDS: tuple[Kind, ...] = (*instructions.KINDS, *noise.KINDS, *meaning.KINDS, *honest.KINDS)
MAX_RIGHT = 3  # right answers of an exercise that honest kinds start from


def attacks_on(target: Target, *, others: Sequence[Target], seed: int, kinds: Sequence[Kind] = KINDS) -> list[Attack]:
    """One answer of every kind that the exercise allows. The same for the same target, others and seed.

    A made-up answer that happens to be a reference, or a right answer that a person gave, is no attack: left out.
    """
    out = []
    right = {_folded(text) for text in (*target.references, *target.right)}
    for kind in kinds:
        if kind.group == "honest":
            out += _honest(kind, target, others=others, seed=seed)
            continue
        answer = kind.make(Maker(target, others, _chance(seed, target, kind.name)))
        if answer and _folded(answer) not in right:
            out.append(Attack(kind.name, kind.group, target, answer))
    return out


def _honest(kind: Kind, target: Target, *, others: Sequence[Target], seed: int) -> list[Attack]:
    """One answer from each of a few right ones, the same for every honest kind, so that they can be compared."""
    rights = list(dict.fromkeys(target.right))
    _chance(seed, target, "right").shuffle(rights)
    out = []
    for right in rights[:MAX_RIGHT]:
        alone = replace(target, right=(right,))
        answer = kind.make(Maker(alone, others, _chance(seed, target, f"{kind.name} {right}")))
        if answer and (answer != right or kind.name == "clean"):
            out.append(Attack(kind.name, kind.group, target, answer, clean=right))
    return out


def chosen(targets: Iterable[Target], *, limit: int | None, seed: int) -> list[Target]:
    """At most `limit` of the targets by lot, in their order; a larger limit keeps those of a smaller one."""
    targets = list(targets)
    places = list(range(len(targets)))
    random.Random(f"{seed} targets").shuffle(places)
    return [targets[place] for place in sorted(places[:limit])]


def _chance(seed: int, target: Target, name: str) -> random.Random:
    return random.Random(f"{seed} {target.source} {target.id} {name}")


def _folded(text: str) -> str:
    return " ".join(plain(text).casefold().split()).strip(" .!")
