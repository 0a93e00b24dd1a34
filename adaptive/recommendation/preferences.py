"""How much a learner's preferences weigh for a resource: those they state, else those that can be observed. Pure.

    multiplier = preferred_factor ^ (lean_kind + lean_length + lean_language + lean_pace), within 1 / preference_most
    and preference_most

A lean lies in [-1, 1]. What was stated about kinds, length or language is a lean of 1 and silences what was observed
about the same; pace, which is only stated, leans an exercise by where in the success window it lies.

Observed: every place of a slate that the learner opened by choice, did, rated or put away is one signal in [-1, 1]
that halves in HALF_LIFE days. The lean of a facet is its mean above the learner's own mean of all signals, both shrunk
as if PRIOR further signals had said nothing:

    mean = sum(w * v) / (sum(w) + PRIOR)        over all signals
    lean = sum(w * (v - mean)) / (sum(w) + PRIOR)   over those of the facet

so that who opens everything prefers nothing, and three clicks are not a taste. Nothing is said of kinds, lengths or
languages as long as only one of them was met: without a choice there is no preference. What is shown more is also
opened more: this tells what somebody reacted to, not what they would have liked.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adaptive.common.probability import clamp

if TYPE_CHECKING:
    from .types import Candidate, Context

SHORT_UP_TO, LONG_FROM = 5.0, 12.0  # minutes
HALF_LIFE = 14.0  # days
LATELY = 42.0  # days that are looked back
PRIOR = 6.0  # signals
LEAST_SIGNALS = 3  # of a facet, before anything is said of it
LEAST_LEAN = 0.05  # and smaller leans are none
KIND, LENGTH, LANGUAGE, PACE = "kind", "length", "language", "pace"


@dataclass(frozen=True, slots=True)
class Preferences:
    """`kinds` stand in Context.preferred_kinds. `course_language`: of resources that name none of their own.
    `leans`: facet ("kind:video", "length:short", "language:de") -> observed lean, {} where the learner wants none."""

    length: str = ""
    pace: str = ""
    language: str = ""
    course_language: str = ""
    leans: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"leans": dict(self.leans)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Preferences":
        return cls(**{name: data[name] for name in cls.__slots__ if name in data})


NONE = Preferences()


@dataclass(frozen=True, slots=True)
class Signal:
    """What a learner made of one place. `value` in [-1, 1]; `language` without its region."""

    kind: str
    minutes: float
    language: str
    value: float
    days_ago: float

    @property
    def facets(self) -> dict[str, str]:
        return {KIND: self.kind, LENGTH: length_of(self.minutes), LANGUAGE: self.language}


@dataclass(frozen=True, slots=True)
class Lean:
    """`n`: signals behind it, `n_for` of them above 0, `n_against` below."""

    facet: str
    lean: float
    n: int
    n_for: int
    n_against: int


def length_of(minutes: float) -> str:
    """ "short", "long" or, between them, ""."""
    return "short" if minutes <= SHORT_UP_TO else "long" if minutes >= LONG_FROM else ""


def base_of(language: str) -> str:
    return language.split("-")[0].lower()


def observed_leans(signals: Iterable[Signal]) -> tuple[Lean, ...]:
    """Of facets with LEAST_SIGNALS signals and a lean worth telling; the strongest first."""
    weighed = [(0.5 ** (s.days_ago / HALF_LIFE), s) for s in signals if 0 <= s.days_ago <= LATELY]
    mean = sum(w * s.value for w, s in weighed) / (sum(w for w, _ in weighed) + PRIOR)
    groups: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for weight, signal in weighed:
        for facet in signal.facets.items():
            groups.setdefault(facet, []).append((weight, signal.value))
    met = Counter(name for name, _ in groups)
    found = []
    for (name, which), rows in groups.items():
        if not which or met[name] < 2:
            continue
        lean = sum(w * (v - mean) for w, v in rows) / (sum(w for w, _ in rows) + PRIOR)
        lean = round(clamp(lean, -1.0, 1.0), 4)
        if len(rows) >= LEAST_SIGNALS and abs(lean) >= LEAST_LEAN:
            n_for, n_against = sum(v > 0 for _, v in rows), sum(v < 0 for _, v in rows)
            found.append(Lean(f"{name}:{which}", lean, len(rows), n_for, n_against))
    return tuple(sorted(found, key=lambda one: (-abs(one.lean), one.facet)))


def leans_for(context: "Context", candidate: "Candidate", p_felt: float | None) -> dict[str, tuple[float, bool]]:
    """KIND, LENGTH, LANGUAGE, PACE -> (lean, was it stated?), those that are not 0."""
    said, leans = context.preferences, context.preferences.leans
    length = length_of(candidate.minutes)
    language = base_of(candidate.language or said.course_language)
    found: dict[str, tuple[float, bool]] = {}
    if context.preferred_kinds:
        found[KIND] = (float(candidate.kind in context.preferred_kinds), True)
    else:
        found[KIND] = (leans.get(f"{KIND}:{candidate.kind}", 0.0), False)
    if said.length:
        found[LENGTH] = (0.0 if not length else 1.0 if length == said.length else -1.0, True)
    else:
        found[LENGTH] = (leans.get(f"{LENGTH}:{length}", 0.0), False)
    if said.language:
        found[LANGUAGE] = (float(language == base_of(said.language)), True)
    else:
        found[LANGUAGE] = (leans.get(f"{LANGUAGE}:{language}", 0.0), False)
    if said.pace and p_felt is not None and context.zpd_high > context.zpd_low:
        place = 2.0 * (p_felt - context.zpd_low) / (context.zpd_high - context.zpd_low) - 1.0
        place = clamp(place, -1.0, 1.0)
        found[PACE] = (place if said.pace == "gentle" else -place, True)
    return {name: value for name, value in found.items() if value[0]}


def preference_of(context: "Context", candidate: "Candidate", p_felt: float | None) -> float:
    """The multiplier, within the policy's bounds; 1 where nothing is known."""
    policy = context.policy
    lean = sum(value for value, _ in leans_for(context, candidate, p_felt).values())
    if not lean:
        return 1.0
    most = max(policy.preference_most, 1.0)
    return clamp(policy.preferred_factor**lean, 1.0 / most, most)
