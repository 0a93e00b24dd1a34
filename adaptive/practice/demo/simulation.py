"""A term of one simulated learner: which exercises, when, and how it went. Pure: the seed decides everything.

The learner has an ability, a strength a skill, learns with every opportunity and forgets between them by a power law
of days; the shape and the spreads follow what real logs showed, the pace of learning is faster, as a term shall be
seen in a demonstration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log1p
from random import Random
from typing import Any

from adaptive.common.probability import logit, sigmoid
from adaptive.practice.demo.answering import Answerable, Outcome, respond
from adaptive.practice.demo.people import Profile

WEEKS = 12
SKILL_SPREAD = 1.2  # standard deviation of a learner's strength a skill, logits
LEARNING = 0.45  # logits per log(1 + opportunities)
FORGETTING = 0.154  # what is learned fades with (1 + days) to the power of minus this
EASE = 0.35  # so that an average learner gets about two of three right
GUESSING = {"choice": 0.2, "multiple_choice": 0.05}
PARTIAL = 0.45  # share of the misses that are half right, in formats that have it
CLOSED_ALL_OR_NOTHING = {"choice", "numeric"}
MIN_ATTEMPTS_A_SKILL = 3
WORDS = {"short_text", "long_text"}


@dataclass(frozen=True, slots=True)
class SimExercise:
    """An exercise as the simulation knows it. difficulty: the author's share of wrong answers (0-1).

    misconceptions: what wrong answers in words typically show.
    """

    id: str
    skill: str
    difficulty: float
    minutes: float
    answerable: Answerable
    misconceptions: tuple[str, ...] = ()

    @property
    def response_format(self) -> str:
        return self.answerable.exercise.response_format


@dataclass(frozen=True, slots=True)
class SimAttempt:
    exercise: SimExercise
    outcome: Outcome
    response: dict[str, Any]
    started_at: datetime
    submitted_at: datetime
    n_hints: int


class _Mind:
    """What the simulated learner really knows. The product never sees this."""

    def __init__(self, profile: Profile, skills: Sequence[str], rng: Random) -> None:
        self.strength = {
            skill: profile.ability + profile.skill_ability.get(skill, rng.gauss(0.0, SKILL_SPREAD)) for skill in skills
        }
        self.n = dict.fromkeys(skills, 0)
        self.last: dict[str, datetime] = {}

    def p_correct(self, exercise: SimExercise, at: datetime, n_hints: int) -> float:
        skill = exercise.skill
        days = (at - self.last[skill]).total_seconds() / 86_400 if skill in self.last else 0.0
        learned = LEARNING * log1p(self.n[skill]) * (1.0 + days) ** -FORGETTING
        p = sigmoid(EASE + self.strength[skill] + learned + 0.3 * n_hints - logit(exercise.difficulty))
        guess = GUESSING.get(exercise.response_format, 0.0)
        return guess + (1.0 - guess) * p

    def practised(self, skill: str, at: datetime) -> None:
        self.n[skill] += 1
        self.last[skill] = at


def _sessions(profile: Profile, end: datetime, rng: Random) -> list[tuple[int, datetime, int]]:
    """(week from 1, start, number of exercises), in order; the last one ends before `end`, a day's last moment."""
    found = []
    for week in range(profile.from_week, profile.to_week + 1):
        if week in profile.away:
            continue
        n = max(2, round(rng.gauss(profile.per_week, 1.5)))
        n_sessions = 1 if n < 6 else 2
        # The last day of the last week is always one of practice, so that there is something fresh to see.
        days = (
            sorted(rng.sample(range(6), n_sessions - 1)) + [6]
            if week == WEEKS
            else sorted(rng.sample(range(7), n_sessions))
        )
        for index, day in enumerate(sorted(days)):
            start = end - timedelta(days=7 * (WEEKS - week) + 6 - day)
            start = start.replace(hour=rng.choice((9, 10, 15, 16, 17)), minute=rng.randrange(60), second=0)
            found.append((week, start, n // n_sessions + (n % n_sessions if index == 0 else 0)))
    return found


def _skill_of_week(profile: Profile, n_skills: int, week: int) -> int:
    """Index of the skill at which the learner is in this week: from the first skill to the last they get to."""
    last = min(profile.up_to or n_skills, n_skills) - 1
    return round((week - 1) * last / (WEEKS - 1))


def _choose(
    profile: Profile, by_skill: dict[str, list[SimExercise]], week: int, mind: _Mind, solved: set[str], rng: Random
) -> SimExercise:
    skills = list(by_skill)
    current = _skill_of_week(profile, len(skills), week)
    earlier = skills[:current]
    # The class went on; who joined late, or met a skill only once or twice, makes up for it first.
    behind = [skill for skill in earlier if mind.n[skill] < MIN_ATTEMPTS_A_SKILL]
    if behind:
        skill = behind[0]
    elif earlier and rng.random() < profile.review:
        skill = rng.choice(earlier)
    else:
        skill = skills[current]
    open_ones = [exercise for exercise in by_skill[skill] if exercise.id not in solved]
    return rng.choice(open_ones or by_skill[skill])


def _outcome(exercise: SimExercise, p: float, rng: Random) -> Outcome:
    if rng.random() < p:
        return "right"
    if exercise.response_format not in CLOSED_ALL_OR_NOTHING and rng.random() < PARTIAL:
        return "partial"
    return "wrong"


def simulate(profile: Profile, exercises: Sequence[SimExercise], *, seed: int, end: datetime) -> list[SimAttempt]:
    """The term's attempts in order of time. `end`: last day of the term. exercises: in the order of the course."""
    rng = Random(seed)
    by_skill: dict[str, list[SimExercise]] = {}
    for exercise in exercises:
        by_skill.setdefault(exercise.skill, []).append(exercise)
    mind = _Mind(profile, list(by_skill), rng)
    made: list[SimAttempt] = []
    solved: set[str] = set()
    for week, start, n in _sessions(profile, end, rng):
        at = start
        for _ in range(n):
            exercise = _choose(profile, by_skill, week, mind, solved, rng)
            n_hints = rng.choice((1, 1, 2, 3)) if rng.random() < 0.14 else 0
            outcome = _outcome(exercise, mind.p_correct(exercise, at, n_hints), rng)
            seconds = min(1500, round(exercise.minutes * 60 * 0.8 * exp(rng.gauss(0.0, 0.4))))
            submitted = at + timedelta(seconds=max(8, seconds))
            response = respond(exercise.answerable, outcome, tends_to=profile.misconceptions, rng=rng)
            made.append(SimAttempt(exercise, outcome, response, at, submitted, n_hints))
            mind.practised(exercise.skill, submitted)
            if outcome == "right":
                solved.add(exercise.id)
            at = submitted + timedelta(seconds=rng.randint(4, 40))
    return made
