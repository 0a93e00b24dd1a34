"""What a learner's answers so far look like from the next exercise: counts and surprises on several time scales.

A surprise is score - P(correct by the exercise's difficulty alone), so that a right answer to a hard item says more
than one to an easy item. Fading means over the last 1-60 attempts hold most of what there is to know; the counts are
those of Best-LR (Gervet et al. 2020), the ratings Elo (Pelanek 2016).

State (short keys; numbers packed in single precision): n attempts, t latest time (epoch seconds), o overall, k by skill
id, i by item id, l = [item id, skill ids] of the latest attempt. The least recent skills and items are forgotten first.

While attempts are taken in it is a `Counts`: read from a state once and written once. In between every number is
rounded as if it had been packed, so that the way through a text after each attempt changes nothing.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adaptive.common.probability import sigmoid

from .base import Item, State
from .packing import in_single, pack_floats, unpack_floats

MAX_SKILLS, KEEP_SKILLS = 150, 140  # above the first, cut down to the second: sorting then happens rarely
MAX_ITEMS, KEEP_ITEMS = 180, 160

_KEEP_ALL = tuple(0.5 ** (1.0 / half) for half in (2.0, 6.0, 20.0, 60.0))  # half-lives in attempts
_KEEP_SKILL = tuple(0.5 ** (1.0 / half) for half in (1.0, 3.0, 10.0))
_PRIOR_ANSWERS = 20  # a difficulty given with an item that was never fitted counts as if that many had answered it
_NEVER = 1.5  # stands for "log(attempts since) / 4" where there was none

# Places in a skill's numbers, after 3 x surprise and 3 x weight.
_N, _WON, _LAST, _STREAK, _ORDER, _RATING, _SURPRISE = 6, 7, 8, 9, 10, 11, 12
_N_SKILL, _N_ITEM, _N_ALL = 13, 6, 17

FEATURES: tuple[str, ...] = (
    *("ease", "skill_ease", "item_answers", "item_unseen", "extra_skills"),
    *("n", "surprise", "won", "lost", "recent_2", "recent_6", "recent_20", "recent_60"),
    *("last_1", "last_2", "last_3", "streak"),
    *("skill_won", "skill_lost", "skill_recent_1", "skill_recent_3", "skill_recent_10", "skill_last", "skill_streak"),
    *("skill_rating", "skill_new", "skill_since", "skill_surprise", "any_skill_new", "weakest_skill"),
    *("item_seen", "item_won", "item_lost", "item_last", "item_since", "same_item", "item_misses", "item_surprise"),
    *("same_skills", "pause", "has_pause", "last_elapsed"),
)


@dataclass(slots=True)
class Eases:
    """How easy items and skills are, in logits above `base`; `items`: id -> (ease, log(1 + answers) / 5)."""

    base: float
    items: dict[int, tuple[float, float]] = field(default_factory=dict)
    skills: dict[int, float] = field(default_factory=dict)

    def skill_ease(self, skill_ids: tuple[int, ...]) -> float:
        known = [self.skills[s] for s in skill_ids if s in self.skills]
        return sum(known) / len(known) if known else 0.0

    def of(self, item: Item) -> tuple[float, float]:
        """(ease, how well known): fitted, else the item's own prior, else the mean of its skills."""
        found = self.items.get(item.id)
        if found is not None:
            return found
        if item.difficulty is not None:
            return -min(max(item.difficulty, -6.0), 6.0), math.log1p(_PRIOR_ANSWERS) / 5.0
        return self.skill_ease(item.skill_ids), 0.0


def eases_of(rows: Iterable[tuple[Item, float]], *, strength: float = 5.0) -> Eases:
    """From (item, score) pairs: shares of right answers, items shrunk to their skills and skills to the whole.

    strength: the number of imagined answers at the mean. What is left of the learners' abilities in it is small beside
    what the models put on top.
    """
    n_item: dict[int, int] = {}
    sum_item: dict[int, float] = {}
    skills_of: dict[int, tuple[int, ...]] = {}
    n_skill: dict[int, float] = {}
    sum_skill: dict[int, float] = {}
    n, total = 0, 0.0
    for item, score in rows:
        n_item[item.id] = n_item.get(item.id, 0) + 1
        sum_item[item.id] = sum_item.get(item.id, 0.0) + score
        skills_of[item.id] = item.skill_ids
        n, total = n + 1, total + score
        for skill_id in item.skill_ids:
            part = 1.0 / len(item.skill_ids)
            n_skill[skill_id] = n_skill.get(skill_id, 0.0) + part
            sum_skill[skill_id] = sum_skill.get(skill_id, 0.0) + part * score
    mean = min(max(total / n, 0.02), 0.98) if n else 0.5
    base = math.log(mean / (1.0 - mean))
    p_skill = {s: (sum_skill[s] + strength * mean) / (n_skill[s] + strength) for s in n_skill}
    eases = Eases(base, skills={s: math.log(p / (1.0 - p)) - base for s, p in p_skill.items()})
    for item_id, count in n_item.items():
        of_skills = [p_skill[s] for s in skills_of[item_id]] or [mean]
        prior = sum(of_skills) / len(of_skills)
        p = (sum_item[item_id] + strength * prior) / (count + strength)
        eases.items[item_id] = (math.log(p / (1.0 - p)) - base, math.log1p(count) / 5.0)
    return eases


@dataclass(slots=True)
class Look:
    """One exercise seen from one state: the features and what `take` needs again."""

    features: list[float]
    p_item: float
    ease: float
    overall: list[float]
    skills: list[list[float] | None]
    item: list[float] | None
    at: float


Table = dict[str, list[float] | str]
"""By id; what has not been needed yet is still packed, because one attempt touches few of hundreds."""


@dataclass(slots=True)
class Counts:
    """The state in memory. `take` changes it, and no part of it belongs to the state it was read from."""

    n: int
    at: float
    overall: list[float]
    skills: Table
    items: Table
    last_item: int | None
    last_skills: list[int]


def empty() -> State:
    return {"n": 0, "t": 0.0, "o": pack_floats([0.0] * _N_ALL), "k": {}, "i": {}, "l": [None, []]}


def read(state: Mapping[str, Any]) -> Counts:
    last_item, last_skills = state["l"]
    overall = unpack_floats(state["o"], _N_ALL)
    return Counts(state["n"], state["t"], overall, dict(state["k"]), dict(state["i"]), last_item, last_skills)


def write(counts: Counts) -> State:
    return {
        "n": counts.n,
        "t": counts.at,
        "o": pack_floats(counts.overall),
        "k": {key: a if isinstance(a, str) else pack_floats(a) for key, a in counts.skills.items()},
        "i": {key: a if isinstance(a, str) else pack_floats(a) for key, a in counts.items.items()},
        "l": [counts.last_item, list(counts.last_skills)],
    }


def _of(table: Table, key: str, n: int) -> list[float] | None:
    """The n numbers of an entry, unpacked from now on; None where there is none."""
    found = table.get(key)
    if isinstance(found, str):
        found = table[key] = unpack_floats(found, n)
    return found


def _signed_log(streak: float) -> float:
    return math.copysign(math.log1p(abs(streak)), streak)


def look(counts: Counts, eases: Eases, item: Item, at: float) -> Look:
    """The features of FEATURES, in their order, before the answer."""
    n = counts.n
    if n and at < counts.at:
        at = counts.at  # one that arrives late counts as of the latest
    ease, known = eases.of(item)
    skill_ease = eases.skill_ease(item.skill_ids)
    o = counts.overall  # 4 x surprise, 4 x weight, surprise, won, 3 x last, streak, elapsed, .., ..
    features = [ease, skill_ease, known, 0.0 if known else 1.0, len(item.skill_ids) - 1.0]
    features += (math.log1p(n) / 4.0, o[8] / (n + 5.0), math.log1p(o[9]) / 4.0, math.log1p(max(n - o[9], 0.0)) / 4.0)
    features += (o[0] / (o[4] + 1.0), o[1] / (o[5] + 1.0), o[2] / (o[6] + 1.0), o[3] / (o[7] + 1.0))
    features += (o[10], o[11], o[12], _signed_log(o[13]) / 2.0)

    won = lost = r1 = r3 = r10 = last = streak = rating = new = since = surprise = 0.0
    weakest, any_new = 9.0, 0.0
    table = counts.skills
    skills: list[list[float] | None] = []
    for skill_id in item.skill_ids:
        a = _of(table, str(skill_id), _N_SKILL)
        if a is None:
            skills.append(None)
            new += 1.0
            since += _NEVER
            any_new = 1.0
            weakest = min(weakest, 0.0)
            continue
        skills.append(a)
        won += math.log1p(a[_WON])
        lost += math.log1p(max(a[_N] - a[_WON], 0.0))
        recent = a[1] / (a[4] + 1.0)
        r1 += a[0] / (a[3] + 0.5)
        r3 += recent
        r10 += a[2] / (a[5] + 1.0)
        last += a[_LAST]
        streak += _signed_log(a[_STREAK])
        rating += a[_RATING]
        since += math.log1p(max(n - a[_ORDER], 0.0)) / 4.0
        surprise += a[_SURPRISE] / (a[_N] + 3.0)
        weakest = min(weakest, recent)
    if skills:
        m = len(skills)
        features += (won / m, lost / m, r1 / m, r3 / m, r10 / m, last / m, streak / m)
        features += (rating / m, new / m, since / m, surprise / m, any_new, weakest)
    else:
        features += (0.0,) * 13

    i = _of(counts.items, str(item.id), _N_ITEM)
    last_item, last_skills = counts.last_item, counts.last_skills
    if i is None:
        features += (0.0, 0.0, 0.0, 0.0, _NEVER, 0.0, 0.0, 0.0)
    else:
        features += (1.0, math.log1p(i[1]), math.log1p(max(i[0] - i[1], 0.0)), i[2] - 0.5)
        features += (math.log1p(max(n - i[3], 0.0)) / 4.0, 1.0 if last_item == item.id else 0.0)
        features += (math.log1p(i[4]), i[5] / (i[0] + 1.0))
    own = list(item.skill_ids)
    features.append(1.0 if own == last_skills else 0.5 if not set(own).isdisjoint(last_skills) else 0.0)
    if n:
        features += (math.log1p(max(at - counts.at - o[14], 0.0)) / 10.0, 1.0, math.log1p(o[14]) / 5.0)
    else:
        features += (0.0, 0.0, 0.0)
    return Look(features, sigmoid(eases.base + ease), ease, o, skills, i, at)


def take(counts: Counts, eases: Eases, item: Item, seen: Look, score: float, elapsed_seconds: float) -> None:
    """Take in the answer to what was looked at last, changing `counts`; `score` with the hints already counted."""
    n = counts.n
    o, surprise, is_right = seen.overall, score - seen.p_item, score >= 0.5
    ratings = [a[_RATING] if a is not None else 0.0 for a in seen.skills]
    rating = sum(ratings) / len(ratings) if ratings else 0.0
    rated = score - sigmoid(eases.base + seen.ease + 2.0 * o[8] / (n + 5.0) + rating)
    table = counts.skills
    for skill_id, before in zip(item.skill_ids, seen.skills, strict=True):
        a = before if before is not None else [0.0] * _N_SKILL
        for place, keep in enumerate(_KEEP_SKILL):
            a[place] = a[place] * keep + surprise
            a[3 + place] = a[3 + place] * keep + 1.0
        a[_N] += 1.0
        a[_WON] += score
        a[_LAST] = score - 0.5
        a[_STREAK] = max(a[_STREAK], 0.0) + 1.0 if is_right else min(a[_STREAK], 0.0) - 1.0
        a[_ORDER] = n
        a[_RATING] += rated / (1.0 + 0.05 * a[_N])
        a[_SURPRISE] += surprise
        table[str(skill_id)] = in_single(a)
    if len(table) > MAX_SKILLS:
        _forget_oldest(table, _ORDER, _N_SKILL, KEEP_SKILLS)

    i = seen.item if seen.item is not None else [0.0] * _N_ITEM
    items = counts.items
    items[str(item.id)] = in_single(
        (i[0] + 1.0, i[1] + score, score, n, 0.0 if is_right else i[4] + 1.0, i[5] + surprise)
    )
    if len(items) > MAX_ITEMS:
        _forget_oldest(items, 3, _N_ITEM, KEEP_ITEMS)

    for place, keep in enumerate(_KEEP_ALL):
        o[place] = o[place] * keep + surprise
        o[4 + place] = o[4 + place] * keep + 1.0
    o[8] += surprise
    o[9] += score
    o[10], o[11], o[12] = score - 0.5, o[10], o[11]
    o[13] = max(o[13], 0.0) + 1.0 if is_right else min(o[13], 0.0) - 1.0
    o[14] = elapsed_seconds
    counts.overall = in_single(o)
    counts.last_item, counts.last_skills = item.id, list(item.skill_ids)
    counts.n, counts.at = n + 1, seen.at


def _forget_oldest(table: Table, place: int, n: int, keep: int) -> None:
    """Drop the least recent entries; ties (several skills of one attempt) by id, whatever the order of the keys."""
    order = {key: ((unpack_floats(a, n) if isinstance(a, str) else a)[place], int(key)) for key, a in table.items()}
    for key in sorted(table, key=order.__getitem__)[: len(table) - keep]:
        del table[key]
