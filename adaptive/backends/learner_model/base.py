"""The learner model: what a learner is believed to know, as a pure function of state, observation and time.

No Django, no clock, no torch: live update in the web process, replay in a job and batch evaluation run this same code.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

State = dict[str, Any]
"""What is kept of one learner: JSON-able, at most MAX_STATE_BYTES as JSON, the same after a JSON round trip.

Only the model that wrote a state may read it; nobody else looks inside. A model must not depend on the order of its
keys, because a jsonb column does not keep it.
"""

Params = dict[str, Any]
"""JSON-able parameters of a model, as `fit` returns them and the constructor takes them."""

MAX_STATE_BYTES = 64 * 1024
SECONDS_PER_DAY = 86_400.0
LATEST = 1e11  # epoch seconds, the year 5138: what lies beyond is another unit


@dataclass(frozen=True, slots=True)
class Item:
    """An exercise as the model sees it; its skills come out sorted, each once.

    `difficulty` is a prior in logits (higher is harder, 0 is average), None where unknown. Parameters fitted for this
    id overrule it.
    """

    id: int
    skill_ids: tuple[int, ...]
    difficulty: float | None = None
    response_format: str = ""

    def __post_init__(self) -> None:
        # One order for all: sums over skills must not differ in the last bit between two readings of one exercise.
        if len(self.skill_ids) > 1:
            object.__setattr__(self, "skill_ids", tuple(sorted(set(self.skill_ids))))


@dataclass(frozen=True, slots=True)
class Observation:
    """One assessed attempt: score in [0, 1], `at` in epoch seconds (UTC), hints taken before the answer.

    elapsed_seconds: how long the answer took, None where nobody knows. It is known only after the answer, so it may
    speak for later answers and never for its own.
    """

    item: Item
    score: float
    at: float
    n_hints: int = 0
    elapsed_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SkillView:
    """What is believed about one skill of one learner at one moment.

    `p_mastery` = P(correct on a typical exercise of that skill now). `retrievability` = P(recalled now) of the
    forgetting curve, `stability_days` = days until it falls to .9, `due_at` = the moment of that (epoch seconds).
    The last four are None for a skill never practised, or by a model that knows no forgetting.
    """

    skill_id: int
    p_mastery: float
    n_attempts: int
    last_at: float | None
    retrievability: float | None
    stability_days: float | None
    due_at: float | None


@dataclass(frozen=True, slots=True)
class Contribution:
    """How far one attempt moved p_mastery of a skill: `p_after` - `p_before`, both seen from the same later moment."""

    index: int
    observation: Observation
    p_before: float
    p_after: float

    @property
    def delta(self) -> float:
        return self.p_after - self.p_before


class LearnerModel(ABC):
    """P(next response correct) and mastery per skill, from one learner's attempts.

    `name` and `version` are stored with every state; a state of another name or version has to be replayed.
    Ids are database keys; a model must do with items and skills it never met in fitting.
    """

    name: ClassVar[str]
    version: ClassVar[str]

    def __init__(self, params: Params | None = None) -> None:
        """`params` as `fit` returned them; None = the shipped defaults."""
        self.params: Params = {} if params is None else params

    @abstractmethod
    def empty(self) -> State:
        """The state of a learner without any attempt."""

    @abstractmethod
    def predict(self, state: State, item: Item, at: float) -> float:
        """P(the next response to `item` is correct), in (0, 1), without hints."""

    @abstractmethod
    def skill(self, state: State, skill_id: int, at: float) -> SkillView:
        """The belief about one skill; the prior for a skill never practised."""

    def views(self, state: State, skill_ids: Sequence[int], at: float) -> list[SkillView]:
        """`skill` of each, in their order; a model may be quicker about all of a course's skills together."""
        return [self.skill(state, skill_id, at) for skill_id in skill_ids]

    @abstractmethod
    def skills(self, state: State, at: float) -> list[SkillView]:
        """All skills met so far (as far as the state still holds them), in order of id."""

    @abstractmethod
    def _copy(self, state: State) -> State:
        """A copy that `_step` may change without `state` noticing."""

    @abstractmethod
    def _step(self, state: State, observation: Observation) -> None:
        """Take in one valid observation, changing `state`. Bounded time and bounded growth."""

    def update(self, state: State, observation: Observation) -> State:
        """The state after one more attempt; the argument stays as it was.

        `at` may lie before the latest attempt (a late delivery): it then counts as of the latest. ValueError on a score
        outside [0, 1], a negative number of hints or a time that is no number.
        """
        check_observation(observation)
        new = self._copy(state)
        self._step(new, observation)
        return new

    def walk(self, state: State | None = None) -> "Walk":
        """From `state` (None: no attempt yet) through many attempts, quicker than one `update` after the other."""
        return StateWalk(self, self.empty() if state is None else state)

    def replay(self, observations: Iterable[Observation]) -> State:
        """The state after all `observations` in this order: exactly what `update` gives one after the other."""
        walk = self.walk()
        for observation in observations:
            walk.take(observation)
        return walk.state()

    def predict_then_step(self, state: State, observation: Observation) -> float:
        """P(correct) before the attempt, then take it in, changing `state`. For many attempts a walk is quicker."""
        check_observation(observation)
        p = self.predict(state, observation.item, observation.at)
        self._step(state, observation)
        return p

    @classmethod
    def fit(
        cls,
        histories: Mapping[str, Sequence[Observation]],
        seed: int,
        *,
        on_progress: Callable[[str], None] | None = None,
    ) -> Params:
        """Parameters from whole histories, by learner. Offline, may take minutes and may load torch.

        `on_progress` gets a few words at each stage. Same histories and seed, same parameters.
        """
        raise NotImplementedError(f"The learner model {cls.__name__} has nothing to fit.")


class Walk(ABC):
    """One learner's attempts one after the other, with everything at hand in memory: replay and batch evaluation.

    Figures and states are exactly those of the model's `predict`, `skill` and `update`, which go one step at a time.
    """

    @abstractmethod
    def take(self, observation: Observation) -> None:
        """Take in one more attempt; ValueError where it cannot be true, which leaves the walk as it was."""

    @abstractmethod
    def predict(self, item: Item, at: float) -> float:
        """P(the next response to `item` is correct)."""

    @abstractmethod
    def predict_then_take(self, observation: Observation) -> float:
        """P(correct) before the attempt, which is then taken in: the inner loop of evaluation."""

    @abstractmethod
    def skill(self, skill_id: int, at: float) -> SkillView:
        """The belief about one skill now."""

    @abstractmethod
    def state(self) -> State:
        """The state after all attempts so far; going on changes nothing in it."""


class StateWalk(Walk):
    """The walk of a model that works on the state itself."""

    def __init__(self, model: LearnerModel, state: State) -> None:
        self._model, self._state = model, model._copy(state)

    def take(self, observation: Observation) -> None:
        check_observation(observation)
        self._model._step(self._state, observation)

    def predict(self, item: Item, at: float) -> float:
        return self._model.predict(self._state, item, at)

    def predict_then_take(self, observation: Observation) -> float:
        return self._model.predict_then_step(self._state, observation)

    def skill(self, skill_id: int, at: float) -> SkillView:
        return self._model.skill(self._state, skill_id, at)

    def state(self) -> State:
        return self._model._copy(self._state)


def check_observation(observation: Observation) -> None:
    """ValueError with one sentence where an observation cannot be true."""
    score = observation.score
    if not 0.0 <= score <= 1.0:  # also catches NaN
        raise ValueError(f"A score must lie between 0 and 1, not {score!r} (item {observation.item.id}).")
    if not -LATEST < observation.at < LATEST:
        raise ValueError(
            f"The time of an attempt must be in seconds since 1970, not {observation.at!r} (milliseconds, perhaps)."
        )
    if observation.n_hints < 0:
        raise ValueError(f"The number of hints cannot be negative, not {observation.n_hints!r}.")
    elapsed = observation.elapsed_seconds
    if elapsed is not None and not 0.0 <= elapsed < LATEST:  # also catches NaN
        raise ValueError(f"The seconds an answer took cannot be {elapsed!r} (item {observation.item.id}).")


def contributions(
    model: LearnerModel, observations: Sequence[Observation], skill_id: int, at: float
) -> list[Contribution]:
    """Which attempts the belief about a skill is based on.

    The belief is rebuilt attempt by attempt and looked at each time from the moment `at`, so that the deltas add up to
    p_mastery at `at` minus the prior. Only attempts that moved it are returned, in order of time; attempts at other
    skills are among them where they say something about the learner's ability.
    """
    moved = []
    state = model.empty()
    p_before = model.skill(state, skill_id, at).p_mastery
    for index, observation in enumerate(observations):
        state = model.update(state, observation)
        p_after = model.skill(state, skill_id, at).p_mastery
        if p_after != p_before:
            moved.append(Contribution(index=index, observation=observation, p_before=p_before, p_after=p_after))
        p_before = p_after
    return moved
