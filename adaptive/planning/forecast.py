"""What the exam would bring: the learner model walked forward through the plan, and a band around it that was measured.

expected = sigmoid(a + b * x + gain * g) with
    x = logit of the mean P(correct) over the course's skills at exam time if nothing more were practised, so with all
        the forgetting until then,
    g = what the planned practice adds to that in logits, the model walked through the plan with its own expectations
        as scores. What this does to a skill that the plan never touches is taken off: in real logs a model that feeds
        on its own expectations runs away from what the learners did.
The band is +- z * sqrt(tau0 + tau1 * log(1 + answers planned) + 1 / (n_questions * p * (1 - p))) in logits: how far
learners strayed from such forecasts, and the luck of an exam of so many questions. All numbers come from forecasts
replayed on real logs (calibration.py); in force are those in defaults/forecast.json.

Pure: no Django, no clock, nothing drawn by chance.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

from adaptive.backends.learner_model.base import Item, LearnerModel, Observation, State, Walk
from adaptive.common.probability import logit, sigmoid

VERSION = "forecast-1"
UNTOUCHED = -1  # a skill that no course has: what the model says of it is what it says of the learner as such
DEFAULTS = Path(__file__).parent / "defaults" / "forecast.json"
SHIPPED, FITTED = "shipped", "fitted"  # the learner model's own defaults, or fitted on a course's answers
MARGIN = 0.02  # probabilities are kept so far from 0 and 1 before they become logits, as in calibration


@dataclass(frozen=True, slots=True)
class Band:
    """The numbers of a forecast, see above. z_low, z_high: for 10 % below and 10 % above."""

    a: float
    b: float
    gain: float
    tau0: float
    tau1: float
    z_low: float
    z_high: float
    n_questions: int

    def centre(self, idle: float, planned: float) -> float:
        """The expected score in logits, from the mean P(correct) without and with the plan."""
        x = safe_logit(idle)
        return self.a + self.b * x + self.gain * (safe_logit(planned) - x)

    def spread(self, centre: float, n_answers: int) -> float:
        """Standard deviation in logits."""
        p = sigmoid(centre)
        return math.sqrt(
            self.tau0 + self.tau1 * math.log1p(n_answers) + 1.0 / (self.n_questions * max(p * (1.0 - p), 0.02))
        )

    def around(self, centre: float, n_answers: int) -> tuple[float, float, float]:
        """(low, expected, high), shares of the exam's points."""
        spread = self.spread(centre, n_answers)
        return sigmoid(centre - self.z_low * spread), sigmoid(centre), sigmoid(centre + self.z_high * spread)

    def chance(self, centre: float, n_answers: int, target: float) -> float:
        """P(score >= target), by the same spread. Its tails are the band's."""
        away = (safe_logit(target) - centre) / self.spread(centre, n_answers)
        z = (self.z_high if away > 0 else self.z_low) / Z_80
        return 0.5 * math.erfc(away / (z * math.sqrt(2.0)))


Z_80 = 1.2815515655446004  # of a normal distribution: 10 % lie beyond


@dataclass(frozen=True, slots=True)
class Point:
    """The expected score if the exam were at this moment (epoch seconds), the plan followed until then."""

    at: float
    expected: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """All scores are shares. now: if the exam were now; idle: at the exam without any more practice."""

    low: float
    expected: float
    high: float
    now: float
    idle: float
    p_target: float
    n_answers: int
    points: tuple[Point, ...]

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        points = [{"at": point.at, "expected": round(point.expected, 4)} for point in self.points]
        return {
            **{key: round(value, 4) if isinstance(value, float) else value for key, value in values.items()},
            "points": points,
        }


def safe_logit(p: float) -> float:
    return logit(p, MARGIN)


@cache
def defaults() -> dict[str, Any]:
    """What ships, with the coverage that was measured. Read once a process; not to be changed by who gets it."""
    return json.loads(DEFAULTS.read_text(encoding="utf-8"))


def band_of(kind: str) -> Band:
    """The numbers in force for a learner model of this kind (SHIPPED, FITTED)."""
    return Band(**defaults()[kind]["band"])


def mean_p(walk: Walk, skills: Sequence[int], at: float) -> float:
    """Mean P(correct) over the skills at a moment."""
    return fmean(walk.skill(skill, at).p_mastery for skill in skills)


def untouched_logit(walk: Walk, at: float) -> float:
    return logit(walk.skill(UNTOUCHED, at).p_mastery)


def planned_p(walk: Walk, skills: Sequence[int], at: float, drift: float) -> float:
    """Mean P(correct) with what moved the learner as such (`drift`, logits) taken off."""
    return fmean(sigmoid(logit(walk.skill(skill, at).p_mastery) - drift) for skill in skills)


def follow(walk: Walk, items: Iterable[Item], at: float, *, seconds_each: float = 60.0) -> int:
    """Takes in one answer to each item as the model itself expects it. Returns how many."""
    n = 0
    for item in items:
        moment = at + n * seconds_each
        walk.take(Observation(item=item, score=walk.predict(item, moment), at=moment))
        n += 1
    return n


def forecast(
    model: LearnerModel,
    state: State,
    *,
    skills: Sequence[int],
    sessions: Sequence[tuple[float, Sequence[Item]]],
    now: float,
    exam_at: float,
    target: float,
    band: Band,
    n_points: int = 10,
) -> Forecast:
    """The forecast for who works as planned. sessions: (starts at, exercises), in order of time. skills: at least one.

    n_points: moments on the way for which an expected score is told, the exam the last of them.
    """
    idle, walk = model.walk(state), model.walk(state)
    moments = _moments([at for at, _ in sessions], now, exam_at, n_points)
    points: list[Point] = [Point(now, sigmoid(band.centre(p := mean_p(idle, skills, now), p)))]
    n_answers, place = 0, 0
    for moment in moments:
        while place < len(sessions) and sessions[place][0] <= moment:
            n_answers += follow(walk, sessions[place][1], sessions[place][0])
            place += 1
        points.append(Point(moment, sigmoid(_centre(band, idle, walk, skills, moment))))
    without = mean_p(idle, skills, exam_at)
    centre = _centre(band, idle, walk, skills, exam_at)
    low, expected, high = band.around(centre, n_answers)
    return Forecast(
        low=low,
        expected=expected,
        high=high,
        now=points[0].expected,
        idle=sigmoid(band.centre(without, without)),
        p_target=band.chance(centre, n_answers, target),
        n_answers=n_answers,
        points=tuple(points),
    )


def _centre(band: Band, idle: Walk, walk: Walk, skills: Sequence[int], at: float) -> float:
    drift = untouched_logit(walk, at) - untouched_logit(idle, at)
    return band.centre(mean_p(idle, skills, at), planned_p(walk, skills, at, drift))


def _moments(starts: Sequence[float], now: float, exam_at: float, n_points: int) -> list[float]:
    """Evenly over the sessions, and the exam."""
    if not starts:
        return [exam_at]
    step = max(1, math.ceil(len(starts) / max(1, n_points - 1)))
    ends = [at + 1.0 for at in starts[step - 1 :: step] if now < at + 1.0 < exam_at]
    return [*ends, exam_at]


def basis_of(kind: str) -> dict[str, Any]:
    """What a band of this kind rests on: {coverage, n_forecasts, n_learners, n_questions}, of learners held out."""
    test = defaults()[kind]["test"]
    figures = {name: test[name] for name in ("coverage", "n_forecasts", "n_learners")}
    return {**figures, "n_questions": defaults()[kind]["band"]["n_questions"]}
