"""One evaluation from what was asked to a report: which worlds, which policies, through what."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .measures import Figures, figures_of
from .policies import POLICIES, make_policy
from .policies.base import History, Policy
from .running import HISTORY_LEARNERS, Played, history_of, play_world
from .simulators.course import N_SESSIONS, PER_SESSION, Timetable
from .simulators.worlds import WORLDS
from .through.installing import thrown_away
from .through.rest import ThroughRest
from .through.services import ThroughServices

THROUGH = ("memory", "services", "rest")
ALWAYS = ("random", "oracle")  # what the fraction is measured between
LEARNS = ("lowest", "mastery", "greedy", "ours")  # from other learners' answers

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What to evaluate. through: how our policy is reached; the others are always played in memory."""

    worlds: Sequence[str] = tuple(WORLDS)
    policies: Sequence[str] = tuple(POLICIES)
    n_learners: int = 1000
    seed: int = 0
    through: str = "memory"
    fits_on_history: bool = False
    n_history: int = HISTORY_LEARNERS
    processes: int = 1
    authored: str = "noisy"
    minutes: str = "equal"
    slope_log_sd: float | None = None
    n_sessions: int = N_SESSIONS
    per_session: int = PER_SESSION


@dataclass(frozen=True, slots=True)
class WorldResult:
    """One world. before: mean E0. is_tie: every policy ended with the same scores and answers, to the last bit."""

    world: str
    before: float
    is_tie: bool
    figures: dict[str, Figures]
    seconds: dict[str, float]


def policies_of(order: Order) -> list[str]:
    """Names in the order of POLICIES, with those that are always played."""
    return [name for name in POLICIES if name in order.policies or name in ALWAYS]


def evaluate_world(order: Order, world: str, *, say: Say = lambda _: None) -> WorldResult:
    """Plays all policies in one world, the same learners with the same luck for each."""
    options: dict[str, Any] = {
        "authored": order.authored,
        "minutes": order.minutes,
        "slope_log_sd": order.slope_log_sd,
        "timetable": Timetable(order.n_sessions, order.per_session),
    }
    history: History | None = None
    if order.fits_on_history:
        say(f"{world}: {order.n_history:,} other learners practise at random")
        history = history_of(world, seed=order.seed, n_learners=order.n_history, **options)
    played: dict[str, Played] = {}
    seconds: dict[str, float] = {}
    for name in policies_of(order):
        started = time.perf_counter()
        is_outside = name == "ours" and order.through != "memory"
        policy = _outside(order.through) if is_outside else make_policy(name)
        with thrown_away() if is_outside else nullcontext():
            played[name] = play_world(
                world,
                policy,
                n_learners=order.n_learners,
                seed=order.seed,
                history=history if name in LEARNS else None,
                processes=1 if is_outside or name != "ours" else order.processes,
                **options,
            )
        seconds[name] = round(time.perf_counter() - started, 1)
        say(f"{world}: {name} played in {seconds[name]:.0f} s")
    first = next(iter(played.values()))
    return WorldResult(
        world=world,
        before=float(first.before.mean()),
        is_tie=all(
            np.array_equal(p.after, first.after) and np.array_equal(p.scores, first.scores) for p in played.values()
        ),
        figures=figures_of(played, seed=order.seed),
        seconds=seconds,
    )


def _outside(through: str) -> Policy:
    return {"services": ThroughServices, "rest": ThroughRest}[through]()


def report_of(order: Order, results: Sequence[WorldResult]) -> dict[str, Any]:
    """JSON-able."""
    return {
        "protocol": (
            f"{order.n_learners} learners, 20 skills, {order.n_sessions} sessions of {order.per_session} exercises two "
            "days apart, final score 7 days later"
        ),
        "order": {**asdict(order), "worlds": list(order.worlds), "policies": policies_of(order)},
        "worlds": {
            result.world: {
                "before": result.before,
                "is_tie": result.is_tie,
                "seconds": result.seconds,
                "policies": {name: figures.to_json() for name, figures in result.figures.items()},
            }
            for result in results
        },
    }


def sentence_of(results: Sequence[WorldResult]) -> str:
    """The last line: how far ours came, and whether nothing mattered where nothing matters."""
    parts = []
    for result in results:
        figures = result.figures.get("ours")
        if result.is_tie:
            parts.append(f"{result.world} a tie of all")
        elif figures is not None and figures.fraction is not None and figures.fraction_interval is not None:
            low, high = figures.fraction_interval
            parts.append(f"{result.world} {figures.fraction:.2f} ({low:.2f} to {high:.2f})")
    return "ours, share of the way from random to the oracle: " + ", ".join(parts) if parts else "played"
