"""What ranking looks at, computed from context and candidate alone. Pure."""

import math
from collections.abc import Mapping

from adaptive.common.probability import clamp, logit, sigmoid

from .gain import Gains, teaching_of
from .preferences import preference_of
from .skills import skills_of
from .text_weights import favour_of
from .types import DIGITS, Candidate, Context, Features

KIND_WEIGHTS = {
    "practice": {"exercise": 1.0, "worked_example": 0.7, "reading": 0.6, "video": 0.6},
    "review": {"exercise": 1.0, "worked_example": 0.4, "reading": 0.4, "video": 0.4},
    "feed": {"exercise": 0.2, "worked_example": 1.0, "reading": 1.0, "video": 1.0},
    "catalogue": {"exercise": 0.3, "worked_example": 0.9, "reading": 1.0, "video": 1.0},
}
# What moves with p_mastery and p_correct, and the rest.
MOVING = ("gain", "room", "readiness", "window", "p_felt", "preference")
STAYING = tuple(name for name in Features.__slots__ if name not in MOVING)
LIKENESS = ("similar_content", "what_was_missing")  # the generators that look for what was missed
# What the course's other learners say of a resource, each in [0, 1]: the strongest counts.
OTHERS = (("popular", "popularity"), ("co_practised", "strength"), ("timely", "timeliness"))
SIMILARITY_FLOOR = 0.25  # cosine from which texts have something to do with each other
ROOM_WITHOUT_SKILLS = 0.3
NEED_OF_KNOWN = 0.4  # what a text to read is worth on a skill already practised without a miss
HARD_COUNTS, EVEN = 0.7, 0.5  # what is left of the window's rule at all_or_none 1; from which all_or_none on it yields
FRESH_DAYS = 14.0
CAME_WITH_IT_DAYS = 1.0  # what is in a course within a day of its own is no news in it
LONG_MINUTES = 6.0  # from here on the catalogue counts a resource as one to take up


def window_value(p: float, low: float, high: float, slope: float) -> float:
    """1 inside [low, high]; outside exp(-(distance / slope)^2)."""
    distance = max(low - p, p - high, 0.0)
    return math.exp(-((distance / slope) ** 2))


def features_of(
    context: Context,
    candidate: Candidate,
    ready: Mapping[int, float],
    gains: Gains,
    *,
    before: Features | None = None,
) -> Features:
    """`ready`: readiness by skill id (see skills.readiness_of); both computed once for all candidates.

    before: this candidate's features in a context and with data that differ in nothing but p_mastery of skills and its
    own p_correct: what does not depend on these is taken from there.
    """
    policy = context.policy
    skills = skills_of(context, candidate)
    weights = [1.0 / (place + 1) for place in range(len(skills))]
    room = (
        sum(w * (1.0 - s.p_mastery) for w, s in zip(weights, skills, strict=True)) / sum(weights)
        if skills
        else ROOM_WITHOUT_SKILLS
    )
    is_hint_kept = before is not None and candidate.p_correct is not None
    hint = before.hint if is_hint_kept else max(likeness_of(candidate, name) for name in LIKENESS)
    main = candidate.main_skill
    p_felt = None
    if candidate.p_correct is not None:
        stated = context.stated.get(main, 0.0) if main is not None else 0.0
        p_felt = sigmoid(logit(candidate.p_correct) + stated) if stated else candidate.p_correct
        # Where skills turned out to be known or not, nobody gets there without exercises that are hard until then.
        floor = HARD_COUNTS * clamp((context.effects.all_or_none - EVEN) / (1.0 - EVEN), 0.0, 1.0)
        window = floor + (1.0 - floor) * window_value(p_felt, context.zpd_low, context.zpd_high, policy.window_slope)
    else:
        is_new = not skills or skills[0].n_attempts == 0
        window = 1.0 if is_new or hint > 0 else NEED_OF_KNOWN
    teaching = teaching_of(p_felt, policy.teaches_low, policy.teaches_high, policy.window_slope)
    moving = {
        "gain": _r(gains.of_try(skills, teaching) if skills else ROOM_WITHOUT_SKILLS),
        "room": _r(room),
        "readiness": _r(min((ready.get(s.id, 1.0) for s in skills), default=1.0)),
        "window": _r(window),
        "p_felt": None if p_felt is None else _r(p_felt),
        "preference": _r(preference_of(context, candidate, p_felt)),
    }
    if before:
        return Features(**{name: getattr(before, name) for name in STAYING}, **moving)
    forgetting = max(
        (1.0 - s.retrievability for s in skills if s.n_attempts > 0 and s.retrievability is not None), default=0.0
    )
    tried = context.tried.get(candidate.id)
    kind_weight = KIND_WEIGHTS[context.purpose].get(candidate.kind, 0.5)
    minutes = candidate.minutes + policy.minutes_overhead
    if context.purpose == "catalogue":
        kind_weight *= clamp(candidate.minutes / LONG_MINUTES, 0.2, 1.0)
    if context.purpose == "catalogue" or context.query:
        minutes = 1.0  # asked for by name or to take up for long: the shortest is not the best
    return Features(
        **moving,
        forgetting=_r(forgetting),
        hint=_r(hint),
        match=_r(float(candidate.found.get("query_words", {}).get("match", 0.0))),
        popularity=_r(max(float(candidate.found.get(name, {}).get(key, 0.0)) for name, key in OTHERS)),
        freshness=_r(freshness_of(context, candidate)),
        repeat=_r(policy.repeat_factor ** (tried.n_right if tried else 0)),
        words=_r(favour_of(candidate)),
        rest=policy.rested_factor if main in context.rested else 1.0,
        kind_weight=_r(kind_weight),
        minutes=_r(max(minutes, 0.1) ** policy.minutes_power),
    )


def freshness_of(context: Context, candidate: Candidate) -> float:
    """From 1 today, falling by e in FRESH_DAYS; 0 of what came with the course itself, where nothing is old yet."""
    if context.course_age_days is not None and context.course_age_days - candidate.age_days < CAME_WITH_IT_DAYS:
        return 0.0
    return math.exp(-max(candidate.age_days, 0.0) / FRESH_DAYS)


def likeness_of(candidate: Candidate, generator: str) -> float:
    """Likeness to what was missed, from 0 at SIMILARITY_FLOOR to 1 at the same text, less where less was missed.

    generator: one of LIKENESS.
    """
    found = candidate.found.get(generator)
    if not found:
        return 0.0
    likeness = clamp((float(found["similarity"]) - SIMILARITY_FLOOR) / (1.0 - SIMILARITY_FLOOR), 0.0, 1.0)
    return likeness * (1.0 - clamp(float(found.get("score", 0.0)), 0.0, 1.0))


def _r(value: float) -> float:
    return round(value, DIGITS)
