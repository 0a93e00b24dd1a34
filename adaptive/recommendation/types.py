"""The words of the pipeline as plain data: what is known of the learner, candidates, features, scores, picks.

Everything here survives a JSON round trip unchanged (numbers are rounded when they come in, not when they go out), so
that a stored slate can be decided again, exactly, years later. No Django, no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from adaptive.backends.learner_model.practice_effects import NO_PRACTICE, Mass, PracticeEffects

from .preferences import NONE, Preferences
from .wishes.types import Wish

DIGITS = 4  # of every number that takes part in a decision
HORIZON_DAYS = 7.0  # where no exam says otherwise


def rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), DIGITS)


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of the rule. An experiment's variant may replace any of them; the slate keeps those in force.

    Shares are in [0, 1]; weights are in units of a typical gain (see gain), except the multipliers (`*_factor`).
    """

    name: str = "gain-2"
    mastered_at: float = 0.85  # p_mastery from which a practised skill needs no practice but reviews
    mastered_attempts: int = 3  # and on how many attempts; both as in mastery's own words
    ready_at: float = 0.70  # p_mastery of every prerequisite from which a skill is ready to learn
    unpractised_factor: float = 0.7  # readiness left by a prerequisite without any attempt
    due_below: float = 0.90  # retrievability below which a skill is due for review
    window_slope: float = 0.10  # how fast the window's value falls outside of it, in P(correct)
    unlock_tries: float = 2.0  # tries at a waiting skill that a prerequisite is credited with
    teaches_low: float = 0.4  # success between these teaches fully
    teaches_high: float = 0.9
    minutes_power: float = 1.0  # 1: gain per minute; 0: gain per exercise, where exercises are counted out
    forgetting_weight: float = 0.6  # in a review; see ranking
    hint_weight: float = 0.3
    popular_weight: float = 0.05
    fresh_weight: float = 0.02
    minutes_overhead: float = 1.0  # of every resource: opening it, reading the task
    repeat_factor: float = 0.6  # value left of an exercise for each time it was answered right
    preferred_factor: float = 1.25
    preference_most: float = 1.5  # what all preferences together multiply or divide by at most
    rested_factor: float = 0.3  # of a skill that the learner wants to leave alone for now
    same_skill_factor: float = 0.6  # for each earlier place of the slate with the same main skill
    same_kind_factor: float = 0.9
    same_format_factor: float = 0.9
    exploration: float = 0.05
    explore_within: float = 0.5  # explore only among candidates of at least this share of the best score
    explore_at_most: int = 8
    right_rest_days: float = 3.0  # an exercise answered right is not offered again before
    review_rest_days: float = 0.5  # the same where its skill is due for review
    tried_rest_minutes: float = 10.0  # nor one that was just missed
    stated_logits: float = 0.7  # what one "too easy" or "too hard" moves the expected success by
    max_candidates: int = 80
    exposure_cap: float = 1.0  # largest share of the course's slates of a day that one resource stands in; 1: no cap

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "name":
                if not isinstance(value, str) or not 1 <= len(value) <= 64:
                    raise ValueError("A policy's name is a text of 1 to 64 characters.")
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1000:
                raise ValueError(f"{f.name} of a policy must be a number from 0 to 1000, not {value!r}.")
            if f.name not in _UNBOUNDED and value > 1:
                raise ValueError(f"{f.name} of a policy must lie in [0, 1], not {value!r}.")
        if self.window_slope <= 0 or int(self.explore_at_most) < 1 or int(self.max_candidates) < 1:
            raise ValueError("window_slope, explore_at_most and max_candidates of a policy must be above 0.")
        for name in ("explore_at_most", "max_candidates", "mastered_attempts"):
            object.__setattr__(self, name, int(getattr(self, name)))

    def with_changes(self, changes: Mapping[str, Any]) -> "Policy":
        """This policy with some numbers replaced. Raises ValueError for an unknown name or a bad value."""
        unknown = sorted(set(changes) - {f.name for f in fields(self)})
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no number of a policy.")
        return replace(self, **changes)


_UNBOUNDED = {
    *("unlock_tries", "minutes_overhead", "preferred_factor", "explore_at_most", "stated_logits", "max_candidates"),
    "preference_most",
    *("right_rest_days", "review_rest_days", "tried_rest_minutes", "mastered_attempts"),
}


@dataclass(frozen=True, slots=True)
class SkillState:
    """What is believed about one skill of the learner now. `due_in_days` is negative when the review is overdue.

    `practice`: tries so far, as they have faded until now (see practice_effects). `stability_days`: of the forgetting
    curve; `days_since` the latest practice. `known`: P(known) as traced from the answers, where skills of the course
    were found to be known or not, and `known_new` the part of it learnt by these (see backends/learner_model/tracing).
    """

    id: int
    name: str
    p_mastery: float
    n_attempts: int = 0
    retrievability: float | None = None
    due_in_days: float | None = None
    prerequisites: tuple[int, ...] = ()
    practice: Mass = NO_PRACTICE
    stability_days: float | None = None
    days_since: float | None = None
    known: float | None = None
    known_new: float = 0.0


@dataclass(frozen=True, slots=True)
class Tried:
    """The learner's recent history with one exercise. `last_score` None: the answer has not been assessed yet."""

    n: int
    n_right: int
    last_score: float | None
    minutes_ago: float


@dataclass(frozen=True, slots=True)
class Pin:
    """A teacher wants this resource first. `place`: among the pins, from 0. `scope`: learner, cohort or course."""

    place: int
    scope: str
    days: float  # since


@dataclass(frozen=True, slots=True)
class Context:
    """All that a decision rests on besides its candidates.

    `purpose` is the one in force; `asked_purpose` differs where it fell back, then `fallback` says why.
    `set_aside`: resource id -> why the learner does not want it (a code of filtering). `stated`: skill id -> logits
    by which the learner says to be better (+) or worse (-) than believed. `rested`: skills to leave alone for now.
    `query`: a request in words, `wish` what was understood of it.
    `effects`: what practice does in this course. `goal`: skill id -> weight; none: every skill counts the same.
    `horizon_days`: days until what is learnt has to be there. `course_age_days`: None in slates of before it was kept.
    `pins`: what a teacher wants first. `ruled_out`: what a teacher does not want (a code of filtering). `shown`: share
    of the course's slates of the last day, read only where the policy caps it. All by resource id.
    """

    purpose: str
    count: int
    course_id: int
    seed: int
    zpd_low: float
    zpd_high: float
    policy: Policy = field(default_factory=Policy)
    asked_purpose: str = ""
    fallback: str = ""
    query: str = ""
    wish: Wish | None = None
    kinds: tuple[str, ...] = ()
    preferred_kinds: tuple[str, ...] = ()
    preferences: Preferences = NONE
    n_attempts: int = 0
    skills: Mapping[int, SkillState] = field(default_factory=dict)
    tried: Mapping[int, Tried] = field(default_factory=dict)
    set_aside: Mapping[int, str] = field(default_factory=dict)
    stated: Mapping[int, float] = field(default_factory=dict)
    rested: frozenset[int] = frozenset()
    effects: PracticeEffects = field(default_factory=PracticeEffects)
    goal: Mapping[int, float] = field(default_factory=dict)
    horizon_days: float = HORIZON_DAYS
    course_age_days: float | None = None
    pins: Mapping[int, Pin] = field(default_factory=dict)
    ruled_out: Mapping[int, str] = field(default_factory=dict)
    shown: Mapping[int, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        data = {f.name: getattr(self, f.name) for f in fields(self)}
        data["policy"] = _plain(self.policy)
        data["skills"] = [_plain(skill) for skill in self.skills.values()]
        data["tried"] = {str(key): _plain(value) for key, value in self.tried.items()}
        data["set_aside"] = {str(key): value for key, value in self.set_aside.items()}
        data["stated"] = {str(key): value for key, value in self.stated.items()}
        data["rested"] = sorted(self.rested)
        data["effects"] = self.effects.to_json()
        data["goal"] = {str(key): value for key, value in self.goal.items()}
        data["kinds"], data["preferred_kinds"] = list(self.kinds), list(self.preferred_kinds)
        data["preferences"] = self.preferences.to_json()
        data["wish"] = self.wish.to_json() if self.wish else None
        data["pins"] = {str(key): _plain(pin) for key, pin in self.pins.items()}
        data["ruled_out"] = {str(key): code for key, code in self.ruled_out.items()}
        data["shown"] = {str(key): share for key, share in self.shown.items()}
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Context":
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        values["policy"] = Policy(**data["policy"])
        skills = [_skill_from(row) for row in data["skills"]]
        values["skills"] = {skill.id: skill for skill in skills}
        values["tried"] = {int(key): Tried(**row) for key, row in data["tried"].items()}
        values["set_aside"] = {int(key): value for key, value in data["set_aside"].items()}
        values["stated"] = {int(key): value for key, value in data["stated"].items()}
        values["rested"] = frozenset(data["rested"])
        values["effects"] = PracticeEffects.from_json(data.get("effects", {}))
        values["goal"] = {int(key): value for key, value in data.get("goal", {}).items()}
        values["kinds"], values["preferred_kinds"] = tuple(data["kinds"]), tuple(data["preferred_kinds"])
        values["preferences"] = Preferences.from_json(data.get("preferences", {}))
        values["wish"] = Wish.from_json(data["wish"]) if data.get("wish") else None
        values["pins"] = {int(key): Pin(**row) for key, row in data.get("pins", {}).items()}
        values["ruled_out"] = {int(key): code for key, code in data.get("ruled_out", {}).items()}
        values["shown"] = {int(key): share for key, share in data.get("shown", {}).items()}
        return cls(**values)


def _plain(row: Any) -> dict[str, Any]:
    """A flat row's fields. dataclasses.asdict copies every value as well, which takes ten times as long."""
    return {name: getattr(row, name) for name in row.__slots__}


def _skill_from(row: Mapping[str, Any]) -> SkillState:
    tuples = {"prerequisites": tuple(row["prerequisites"]), "practice": tuple(row.get("practice", NO_PRACTICE))}
    return SkillState(**{**row, **tuples})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A resource that a generator found, with what is known of it before ranking.

    `skills`: ids, the main one first. `p_correct`: None where nothing is answered. `found`: generator's name -> the
    facts it found it by (JSON-able). `course_id` and `is_retired` are checked once more by the filter, as is what a
    request in words asks for: `difficulty` (share of wrong answers expected, None where unknown) and `has_pictures`.
    """

    id: int
    kind: str
    title: str
    skills: tuple[int, ...] = ()
    minutes: float = 3.0
    response_format: str = ""
    p_correct: float | None = None
    age_days: float = 0.0
    course_id: int = 0
    is_retired: bool = False
    difficulty: float | None = None
    has_pictures: bool = False
    language: str = ""  # the course's where it names none
    n_answers: int = 0  # of others, as far as they are counted; see mastery.ItemDifficulty
    forecast: Mapping[str, float] = field(default_factory=dict)  # logits that words moved it by, see text_blending
    found: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def main_skill(self) -> int | None:
        return self.skills[0] if self.skills else None

    def to_json(self) -> dict[str, Any]:
        return {
            "resource": self.id,
            "kind": self.kind,
            "title": self.title,
            "skills": list(self.skills),
            "minutes": self.minutes,
            "format": self.response_format,
            "p_correct": self.p_correct,
            "age_days": self.age_days,
            "course": self.course_id,
            "is_retired": self.is_retired,
            "difficulty": self.difficulty,
            "has_pictures": self.has_pictures,
            "language": self.language,
            "n_answers": self.n_answers,
            **({"forecast": dict(self.forecast)} if self.forecast else {}),
            "found": {name: dict(facts) for name, facts in self.found.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Candidate":
        return cls(
            id=data["resource"],
            kind=data["kind"],
            title=data["title"],
            skills=tuple(data["skills"]),
            minutes=data["minutes"],
            response_format=data["format"],
            p_correct=data["p_correct"],
            age_days=data["age_days"],
            course_id=data["course"],
            is_retired=data["is_retired"],
            difficulty=data.get("difficulty"),
            has_pictures=data.get("has_pictures", False),
            language=data.get("language", ""),
            n_answers=data.get("n_answers", 0),
            forecast=data.get("forecast", {}),
            found=data["found"],
        )


@dataclass(frozen=True, slots=True)
class Features:
    """Every term of the score (see ranking). None: does not apply to this resource."""

    gain: float  # what a try adds to the goal, in typical gains (see gain)
    room: float  # 1 - p_mastery, averaged over its skills with weights 1, 1/2, 1/3...
    readiness: float  # 1: all prerequisites are known well enough
    forgetting: float  # 1 - retrievability of its most forgotten practised skill
    window: float  # 1 where p_felt lies in the success window, falling outside
    p_felt: float | None  # p_correct, moved by what the learner said about its skill
    hint: float  # likeness to what was missed lately
    match: float  # to the query in words
    popularity: float  # what others of the course say of it, see features.OTHERS
    freshness: float
    repeat: float  # multiplier for exercises answered right before
    preference: float  # multiplier
    words: float  # multiplier, by what the language model expects from the words alone
    rest: float  # multiplier
    kind_weight: float  # multiplier of the purpose
    minutes: float  # that the value is divided by

    def to_json(self) -> dict[str, float | None]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Scored:
    candidate: Candidate
    features: Features
    score: float


@dataclass(frozen=True, slots=True)
class Pick:
    """A place of the slate. `propensity`: the chance that this candidate had for this place, given the places before.

    `pool`: ids of the candidates that could have been drawn instead. `is_exploration`: drawn though not the best.
    """

    position: int
    scored: Scored
    propensity: float
    is_exploration: bool
    pool: tuple[int, ...]

    @property
    def id(self) -> int:
        return self.scored.candidate.id


@dataclass(frozen=True, slots=True)
class Decision:
    """What the pure part made of the candidates: who was dropped and why, all scores, the slate in order."""

    dropped: Mapping[int, str]
    scored: tuple[Scored, ...]
    picks: tuple[Pick, ...]
