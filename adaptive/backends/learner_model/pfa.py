"""PFA with forgetting: the default learner model.

A logistic model over counts of successes and failures (performance factors analysis, Pavlik et al. 2009; the overall
counts are those of Best-LR, Gervet et al. 2020), each kept on several time scales because recent answers say most:

- by days: successes and failures fade with half-lives of 2, 30 and 1,500 days. Mixed .256, .255, .489 they follow
  (1 + days) ^ -.154, the forgetting seen on real logs, to within .022 over two years.
- by attempts: the share of right answers among the last few (per skill about 1.4 and 4, overall about 2 and 10).
- ability, overall slow and fast and per skill: Elo ratings against the items' difficulties (Pelanek 2016), so that a
  right answer to a hard item says more than to an easy one.
- the learner's own earlier tries of the very same item.

Scores count in parts: .6 is .6 of a success and .4 of a failure. Hints make a score worth less, see `effective_score`.
The forgetting curve of FSRS-6 runs beside it, per skill, for retrievability, stability and due_at; with parameters
fitted to the course (`forgetting_fit`) where params have "forgetting", which touches no prediction.

State, short keys so that 320 skills and 240 items fit in 64 kB: n attempts, t latest time (whole seconds), o overall,
k by skill id, i by item id. What does not fit is forgotten, least recently practised first.
"""

import math
from collections.abc import Sequence
from typing import ClassVar

from adaptive.common.probability import sigmoid

from .base import SECONDS_PER_DAY, Item, Observation, Params, SkillView, State
from .forgetting import FSRS_6_DEFAULTS, due_at, first_memory, next_memory, rating_of, retrievability
from .logistic_model import LogisticModel, effective_score
from .shipped import shipped

MAX_SKILLS, KEEP_SKILLS = 320, 300  # above the first, cut down to the second: sorting then happens rarely
MAX_ITEMS, KEEP_ITEMS = 240, 200

# Rates per hour of the half-lives 2, 30 and 1,500 days, and their share in the mix. Time counts in whole hours of the
# epoch, because rounding what is stored would swallow the fading of half a minute.
_FADE = tuple(-math.log(2.0) / (days * 24.0) for days in (2.0, 30.0, 1500.0))
_MIX = (0.256, 0.255, 0.489)
_FADE_RECENT = -math.log(2.0) / (60.0 * 24.0)  # recent shares and skill ratings: half in 60 days

_SKILL_KEEP = (0.3, 0.75)  # what an attempt leaves of the recent shares of its skill
_ALL_KEEP = (0.5, 0.9)
_NEUTRAL, _NEUTRAL_WEIGHT = 0.65, 1.0  # a share starts as one attempt at the usual rate of success
_RATE_SLOWING = 0.05  # Elo step 1 / (1 + .05 n), Pelanek's uncertainty function
_FAST_STEP = 0.15

# Places in a skill's list: attempts, order of the latest one, its time, 3 x (successes, failures) by days,
# 2 x (successes, failures) by attempts, rating, stability, difficulty (FSRS).
_N, _ORDER, _AT, _RATING, _STABILITY, _HARDNESS = 0, 1, 2, 13, 14, 15
_NEW_ALL = [0.0] * 12  # 3 x by days, 2 x by attempts, slow and fast rating


class PfaForgetting(LogisticModel):
    """Counts on several time scales, item difficulty, retries, ability; FSRS-6 for when to review."""

    name: ClassVar[str] = "pfa-forgetting"
    version: ClassVar[str] = "1"
    n_passes: ClassVar[int] = 2
    max_skills, keep_skills = MAX_SKILLS, KEEP_SKILLS
    max_items, keep_items = MAX_ITEMS, KEEP_ITEMS
    FEATURES: ClassVar[tuple[tuple[str, int], ...]] = (
        ("all_successes", 1),
        ("all_failures", -1),
        ("all_recent_2", 1),
        ("all_recent_10", 1),
        ("ability", 1),
        ("ability_fast", 1),
        ("skill_successes", 1),
        ("skill_failures", -1),
        ("skill_recent_1", 1),
        ("skill_recent_4", 1),
        ("skill_rating", 1),
        ("item_seen", 0),
        ("item_successes", 1),
        ("item_failures", -1),
        ("item_last", 1),
    )

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        self._memory: tuple[float, ...] = tuple(self.params.get("forgetting") or FSRS_6_DEFAULTS)

    @classmethod
    def default_params(cls) -> Params:
        return shipped("pfa_forgetting")

    def empty(self) -> State:
        return {"n": 0, "t": 0, "o": _NEW_ALL, "k": {}, "i": {}}

    def _copy(self, state: State) -> State:
        # `_step` replaces the inner lists and never changes them, so copying the two tables is enough.
        return {"n": state["n"], "t": state["t"], "o": state["o"], "k": dict(state["k"]), "i": dict(state["i"])}

    def _features(self, state: State, skill_ids: Sequence[int], item: Item | None, at: float) -> list[float]:
        now = _now(state, at)
        o = state["o"]
        hours = now // 3600 - state["t"] // 3600 if state["n"] else 0
        features = [0.0] * 15
        features[0], features[1] = _faded_counts(o, 0, hours)
        features[2] = _share(o[6], o[7], 1.0)
        features[3] = _share(o[8], o[9], 1.0)
        features[4], features[5] = o[10], o[11]

        if skill_ids:
            skills = state["k"]
            part = 1.0 / len(skill_ids)
            for skill_id in skill_ids:
                s = skills.get(str(skill_id))
                if s is None:
                    continue
                hours = now // 3600 - s[_AT] // 3600
                recent = math.exp(_FADE_RECENT * hours) if hours else 1.0
                won, lost = _faded_counts(s, 3, hours)
                features[6] += part * won
                features[7] += part * lost
                features[8] += part * _share(s[9], s[10], recent)
                features[9] += part * _share(s[11], s[12], recent)
                features[10] += part * s[_RATING] * recent

        if item is not None:
            i = state["i"].get(str(item.id))
            if i is not None:
                features[11] = 1.0
                features[12] = math.log1p(i[1])
                features[13] = math.log1p(i[0] - i[1])
                features[14] = i[2] - 0.5
        return features

    def views(self, state: State, skill_ids: Sequence[int], at: float) -> list[SkillView]:
        met, found = state["k"], []
        unmet: dict[float, float] = {}  # difficulty -> p: nothing else tells skills apart that were never practised
        for skill_id in skill_ids:
            if str(skill_id) in met:
                found.append(self.skill(state, skill_id, at))
                continue
            difficulty = self._skills_difficulty((skill_id,))
            if difficulty not in unmet:
                unmet[difficulty] = self.skill(state, skill_id, at).p_mastery
            found.append(SkillView(skill_id, unmet[difficulty], 0, None, None, None, None))
        return found

    def _step(self, state: State, observation: Observation) -> None:
        item = observation.item
        now = _now(state, observation.at)
        score = effective_score(observation.score, observation.n_hints)
        order = state["n"] + 1
        o, skills = state["o"], state["k"]
        hours = now // 3600 - state["t"] // 3600 if state["n"] else 0

        # How surprising the score is, by the ratings alone.
        ratings = []
        for skill_id in item.skill_ids:
            s = skills.get(str(skill_id))
            if s is None:
                ratings.append(0.0)
            else:
                gap = now // 3600 - s[_AT] // 3600
                ratings.append(s[_RATING] * math.exp(_FADE_RECENT * gap) if gap else s[_RATING])
        ease = self._base - self.difficulty(item)
        surprise = score - sigmoid(ease + o[10] + (sum(ratings) / len(ratings) if ratings else 0.0))

        state["n"] = order
        state["t"] = now
        state["o"] = [
            *_with_score(o, 0, score, hours),
            *_recent_with_score(o, 6, score, _ALL_KEEP, 1.0),
            round(o[10] + surprise / (1.0 + _RATE_SLOWING * order), 4) + 0.0,
            round(o[11] + _FAST_STEP * (score - sigmoid(ease + o[11])), 4) + 0.0,
        ]
        for skill_id, rating in zip(item.skill_ids, ratings, strict=True):
            key = str(skill_id)
            skills[key] = _practised(skills.get(key), score, rating, surprise, order, now, self._memory)
        if len(skills) > self.max_skills:
            _forget_oldest(skills, _ORDER, self.keep_skills)

        items = state["i"]
        key = str(item.id)
        i = items.get(key)
        seen, won = (i[0], i[1]) if i is not None else (0, 0.0)
        items[key] = [seen + 1, round(won + score, 3), round(score, 3), order]
        if len(items) > self.max_items:
            _forget_oldest(items, 3, self.keep_items)

    def _met(self, state: State) -> list[int]:
        return [int(key) for key in state["k"]]

    def _view(self, state: State, skill_id: int, p_mastery: float, at: float) -> SkillView:
        s = state["k"].get(str(skill_id))
        if s is None:
            return SkillView(skill_id, p_mastery, 0, None, None, None, None)
        last = s[_AT]
        return SkillView(
            skill_id=skill_id,
            p_mastery=p_mastery,
            n_attempts=s[_N],
            last_at=float(last),
            retrievability=retrievability((_now(state, at) - last) / SECONDS_PER_DAY, s[_STABILITY], self._memory),
            stability_days=s[_STABILITY],
            due_at=due_at(last, s[_STABILITY]),
        )


def _now(state: State, at: float) -> int:
    """Whole seconds, never before the latest attempt: one that arrives late counts as of now."""
    now = math.floor(at)
    return now if not state["n"] or now > state["t"] else state["t"]


def _faded_counts(values: Sequence[float], start: int, hours: int) -> tuple[float, float]:
    """log(1 + successes), log(1 + failures), faded by `hours` and mixed over the three half-lives."""
    a, b, c = _MIX
    if hours:
        a *= math.exp(_FADE[0] * hours)
        b *= math.exp(_FADE[1] * hours)
        c *= math.exp(_FADE[2] * hours)
    return (
        math.log1p(a * values[start] + b * values[start + 2] + c * values[start + 4]),
        math.log1p(a * values[start + 1] + b * values[start + 3] + c * values[start + 5]),
    )


def _rounded(value: float, scale: float, digits: int) -> float:
    """round(value, digits) for value >= 0 and scale = 10^digits, in half the time.

    A quotient of whole numbers is the float nearest to the decimal, as `round` gives it; only where the value lies so
    close to the middle between two decimals that the product might mislead does `round` decide.
    """
    scaled = value * scale
    whole = round(scaled)
    return whole / scale if -0.499 < scaled - whole < 0.499 else round(value, digits)


def _with_score(values: Sequence[float], start: int, score: float, hours: int) -> list[float]:
    a, b, c = (math.exp(rate * hours) for rate in _FADE) if hours else (1.0, 1.0, 1.0)
    return [
        _rounded(values[start] * a + score, 1e3, 3),
        _rounded(values[start + 1] * a + 1.0 - score, 1e3, 3),
        _rounded(values[start + 2] * b + score, 1e3, 3),
        _rounded(values[start + 3] * b + 1.0 - score, 1e3, 3),
        _rounded(values[start + 4] * c + score, 1e3, 3),
        _rounded(values[start + 5] * c + 1.0 - score, 1e3, 3),
    ]


def _recent_with_score(
    values: Sequence[float], start: int, score: float, keep: Sequence[float], left: float
) -> list[float]:
    a, b = keep
    return [
        _rounded(values[start] * a * left + score, 1e4, 4),
        _rounded(values[start + 1] * a * left + 1.0 - score, 1e4, 4),
        _rounded(values[start + 2] * b * left + score, 1e4, 4),
        _rounded(values[start + 3] * b * left + 1.0 - score, 1e4, 4),
    ]


def _share(won: float, lost: float, left: float) -> float:
    """Share of successes minus the usual one; 0 without evidence, and back towards 0 as the evidence fades."""
    won, lost = won * left, lost * left
    return (won + _NEUTRAL_WEIGHT * _NEUTRAL) / (won + lost + _NEUTRAL_WEIGHT) - _NEUTRAL


def _practised(
    s: Sequence[float] | None,
    score: float,
    rating: float,
    surprise: float,
    order: int,
    now: int,
    memory: Sequence[float] = FSRS_6_DEFAULTS,
) -> list[float]:
    """A skill's list after one more attempt; `rating` is the one before it, already faded. memory: of FSRS-6."""
    stars = rating_of(score)
    if s is None:
        s = [0] * 16
        hours, left = 0, 1.0
        stability, hardness = first_memory(stars, memory)
    else:
        hours = now // 3600 - s[_AT] // 3600
        left = math.exp(_FADE_RECENT * hours) if hours else 1.0
        days = (now - s[_AT]) / SECONDS_PER_DAY
        stability, hardness = next_memory(s[_STABILITY], s[_HARDNESS], days, stars, memory)
    return [
        s[_N] + 1,
        order,
        now,
        *_with_score(s, 3, score, hours),
        *_recent_with_score(s, 9, score, _SKILL_KEEP, left),
        round(rating + surprise / (1.0 + _RATE_SLOWING * s[_N]), 4) + 0.0,
        round(stability, 3),
        round(hardness, 3),
    ]


def _forget_oldest(table: dict[str, list[float]], place: int, keep: int) -> None:
    """Drop the least recent entries; ties (several skills of one attempt) by id, whatever the order of the keys."""
    for key in sorted(table, key=lambda k: (table[k][place], int(k)))[: len(table) - keep]:
        del table[key]
