"""The worlds by name."""

from .base import World
from .course import Timetable, make_course
from .growth import Additive, All, Prerequisites, Window
from .hidden_markov import HiddenMarkov
from .null import Null
from .parameters import parameters

WORLDS: dict[str, type[World]] = {
    world.name: world for world in (Additive, Prerequisites, Window, All, HiddenMarkov, Null)
}


def make_world(
    name: str,
    *,
    n_learners: int,
    seed: int,
    population: int = 0,
    part: slice | None = None,
    authored: str = "noisy",
    minutes: str = "equal",
    slope_log_sd: float | None = None,
    shows_graph: bool | None = None,
    timetable: Timetable | None = None,
) -> World:
    """A world with fresh learners, ready for the first step.

    seed: of the course. population: other numbers are other learners of the same course. part: the learners to
    simulate, all where None. shows_graph: whether policies see the prerequisites; None: where they matter.
    slope_log_sd: see Course.
    """
    world = WORLDS[name]
    course = make_course(
        seed,
        item_sd=parameters()["growth"]["item_sd"],
        shows_graph=world.has_graph if shows_graph is None else shows_graph,
        authored=authored,
        minutes=minutes,
        slope_log_sd=slope_log_sd,
        timetable=timetable,
    )
    return world(course, n_learners, seed * 1000 + population, part or slice(None))
