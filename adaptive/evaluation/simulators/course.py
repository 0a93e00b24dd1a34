"""A course of the simulated learners: skills, what they rest on, exercises, and when it is practised and tested."""

from dataclasses import dataclass

import numpy as np

from .numbers import Floats

N_SKILLS = 20
N_SESSIONS, PER_SESSION = 5, 10
DAYS_BETWEEN, MINUTES_EACH = 2.0, 3.0
TEST_AFTER_DAYS = 7.0
TWO_SKILLS = 0.15  # share of exercises that have a second skill
AUTHORED_SD = 0.7  # logits by which an author errs about a difficulty


@dataclass(frozen=True, slots=True)
class Timetable:
    """When every learner practises. at: (n_steps,) days since the start; test_at: days."""

    n_sessions: int = N_SESSIONS
    per_session: int = PER_SESSION

    @property
    def n_steps(self) -> int:
        return self.n_sessions * self.per_session

    @property
    def at(self) -> Floats:
        steps = np.arange(self.n_steps)
        session, place = np.divmod(steps, self.per_session)
        return session * DAYS_BETWEEN + place * MINUTES_EACH / 1440.0

    @property
    def test_at(self) -> float:
        return float(self.at[-1] + TEST_AFTER_DAYS)

    def session_of(self, step: int) -> int:
        return step // self.per_session


@dataclass(frozen=True, slots=True)
class CourseView:
    """What a policy may know of a course.

    Skills are 0 .. n_skills - 1 in the course's order, which respects `prerequisites`. skills[j]: of exercise j, the
    main one first. authored: (n_items,) the author's idea of the difficulty in logits, 0 for a typical exercise; None
    where authors say nothing. minutes: (n_items,).
    """

    n_skills: int
    skills: tuple[tuple[int, ...], ...]
    minutes: Floats
    authored: Floats | None
    prerequisites: tuple[tuple[int, ...], ...]
    timetable: Timetable

    @property
    def n_items(self) -> int:
        return len(self.skills)

    def weights(self) -> Floats:
        """(n_items, n_skills): 1 / number of its skills for each skill of an exercise, else 0."""
        found = np.zeros((self.n_items, self.n_skills))
        for item, skills in enumerate(self.skills):
            found[item, list(skills)] = 1.0 / len(skills)
        return found

    def items_of(self, skill: int) -> list[int]:
        """Exercises whose main skill it is, in order."""
        return [item for item, skills in enumerate(self.skills) if skills[0] == skill]


@dataclass(frozen=True, slots=True)
class Course:
    """The course as it is. difficulty: (n_items,) logits above a typical exercise of the same skills.

    slope_log_sd: by how much the logarithms of the skills' learning slopes differ; None: as fitted to real answers.
    """

    view: CourseView
    difficulty: Floats
    prerequisites: tuple[tuple[int, ...], ...]
    depth: Floats
    slope_log_sd: float | None = None

    @property
    def n_skills(self) -> int:
        return self.view.n_skills

    @property
    def n_items(self) -> int:
        return self.view.n_items


def make_course(
    seed: int,
    *,
    item_sd: float,
    shows_graph: bool,
    authored: str = "noisy",
    minutes: str = "equal",
    slope_log_sd: float | None = None,
    timetable: Timetable | None = None,
) -> Course:
    """One course a seed, the same for every world.

    authored: "noisy" (off by AUTHORED_SD), "true" or "none". minutes: "equal" or "varied"; the sessions count out
    exercises, not minutes. shows_graph: whether the policies see the prerequisites.
    """
    rng = np.random.default_rng([seed, 1])
    before = _graph(rng)
    skills: list[tuple[int, ...]] = []
    difficulty: list[float] = []
    for skill in range(N_SKILLS):
        n = int(rng.integers(8, 11))
        own = rng.normal(0.0, item_sd, n)
        own -= own.mean()  # a typical exercise of the skill has difficulty 0
        for value in own:
            second = int(rng.integers(N_SKILLS)) if rng.random() < TWO_SKILLS else skill
            skills.append((skill,) if second == skill else (skill, second))
            difficulty.append(float(value))
    true = np.array(difficulty)
    error = rng.normal(0.0, AUTHORED_SD, len(true))
    varied = np.round(rng.uniform(1.0, 5.0, len(true)))
    view = CourseView(
        n_skills=N_SKILLS,
        skills=tuple(skills),
        minutes=varied if minutes == "varied" else np.full(len(true), MINUTES_EACH),
        authored={"noisy": true + error, "true": true, "none": None}[authored],
        prerequisites=before if shows_graph else tuple(() for _ in before),
        timetable=timetable or Timetable(),
    )
    depth = np.zeros(N_SKILLS)
    for skill, earlier in enumerate(before):
        depth[skill] = max((depth[p] + 1 for p in earlier), default=0.0)
    return Course(view=view, difficulty=true, prerequisites=before, depth=depth, slope_log_sd=slope_log_sd)


def _graph(rng: np.random.Generator) -> tuple[tuple[int, ...], ...]:
    """Prerequisites by skill: four skills need none, every other one or two of the six before it."""
    found: list[tuple[int, ...]] = []
    for skill in range(N_SKILLS):
        near = np.arange(max(0, skill - 6), skill)
        n = 0 if skill < 4 else int(rng.integers(1, 3))
        found.append(tuple(sorted(int(p) for p in rng.choice(near, n, replace=False))) if n else ())
    return tuple(found)
