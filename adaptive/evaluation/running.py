"""Plays policies against simulated learners in memory."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

import numpy as np

from .policies.base import History, Policy, Sequence, TruthPolicy
from .policies.blind import Random
from .simulators.base import World
from .simulators.numbers import Floats, Ints
from .simulators.worlds import make_world

HISTORY_LEARNERS = 500
HISTORY_POPULATION = 999


@dataclass(frozen=True, slots=True)
class Played:
    """One policy in one world. (n_learners,): before, after; (n_learners, n_steps): items, scores, p."""

    before: Floats
    after: Floats
    items: Ints
    scores: Floats
    p: Floats
    is_strong: np.ndarray = field(repr=False)
    is_weak: np.ndarray = field(repr=False)


def play(world: World, policy: Policy, *, seed: int) -> Played:
    """All steps of all learners of `world`. E0 is the final score had nothing been practised."""
    view = world.view
    before = world.final_score()
    if isinstance(policy, TruthPolicy):
        policy.see(world)
    policy.start(view, world.learners, seed)
    columns: list[tuple[Ints, Floats, Floats]] = []
    for step in range(view.timetable.n_steps):
        at = float(view.timetable.at[step])
        items = np.asarray(policy.choose(step, at), dtype=np.int64)
        scores, p = world.practise(items)
        policy.observe(items, scores, at)
        columns.append((items, scores, p))
    items, scores, p = (np.stack(c, axis=1) for c in zip(*columns, strict=True))
    return Played(before, world.final_score(), items, scores, p, world.is_strong, world.is_weak)


def history_of(world_name: str, *, seed: int, n_learners: int = HISTORY_LEARNERS, **options: Any) -> History:
    """Other learners of the same course, who practised at random."""
    world = make_world(world_name, n_learners=n_learners, seed=seed, population=HISTORY_POPULATION, **options)
    played = play(world, Random(), seed=seed + 1)
    at = world.view.timetable.at
    return tuple(Sequence(items, scores, at) for items, scores in zip(played.items, played.scores, strict=True))


def play_world(
    world_name: str,
    policy: Policy,
    *,
    n_learners: int = 1000,
    seed: int = 0,
    history: History | None = None,
    processes: int = 1,
    say: Callable[[str], None] | None = None,
    **options: Any,
) -> Played:
    """One policy in one world. history: what it may learn from first. options: of make_world."""
    if history is not None:
        policy.learn(make_world(world_name, n_learners=1, seed=seed, **options).view, history, seed)
    if processes <= 1 or n_learners < 2 * processes:
        world = make_world(world_name, n_learners=n_learners, seed=seed, **options)
        return play(world, policy, seed=seed)
    edges = np.linspace(0, n_learners, processes + 1).astype(int)
    parts = [slice(int(a), int(b)) for a, b in pairwise(edges)]
    # Spawned, not forked: the parent may hold threads and database connections.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(_play_part, [(world_name, policy, n_learners, seed, part, options) for part in parts]))
    return Played(*(np.concatenate([getattr(d, name) for d in done]) for name in Played.__slots__))


def _play_part(job: tuple[str, Policy, int, int, slice, dict[str, Any]]) -> Played:
    world_name, policy, n_learners, seed, part, options = job
    return play(make_world(world_name, n_learners=n_learners, seed=seed, part=part, **options), policy, seed=seed)
