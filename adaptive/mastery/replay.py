"""From attempts to belief. Live update and replay run `take_in_all`, so they cannot differ."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from adaptive.backends.learner_model.base import Item, LearnerModel, Observation, SkillView, State
from adaptive.events.models import Attempt
from adaptive.mastery.items import items_of


@dataclass(frozen=True, slots=True)
class Taken:
    """One attempt as the learner model takes it in."""

    attempt_id: int
    observation: Observation


@dataclass(slots=True)
class Belief:
    """All that is derived of one learner in one course."""

    state: State
    n_applied: int = 0
    views: dict[int, tuple[SkillView, float]] = field(default_factory=dict)  # skill id -> (view, as of: epoch seconds)
    changes: list[tuple[int, int, float, float]] = field(default_factory=list)  # attempt, skill, before, after


def take_in(model: LearnerModel, belief: Belief, taken: Taken) -> None:
    """One more attempt: the state moves, and what it moved is noted. Changes `belief`."""
    take_in_all(model, belief, (taken,))


def take_in_all(model: LearnerModel, belief: Belief, history: Iterable[Taken]) -> None:
    """Attempt after attempt, the state read once and written once. Changes `belief`."""
    walk = model.walk(belief.state)
    for taken in history:
        observation = taken.observation
        skill_ids, at = observation.item.skill_ids, observation.at
        before = [walk.skill(skill_id, at).p_mastery for skill_id in skill_ids]
        walk.take(observation)
        belief.n_applied += 1
        for skill_id, p_before in zip(skill_ids, before, strict=True):
            view = walk.skill(skill_id, at)
            belief.views[skill_id] = (view, at)
            belief.changes.append((taken.attempt_id, skill_id, p_before, view.p_mastery))
    belief.state = walk.state()


def replay(model: LearnerModel, history: Iterable[Taken]) -> Belief:
    """The belief after the whole history."""
    belief = Belief(model.empty())
    take_in_all(model, belief, history)
    return belief


def observation_of(
    *, item: Item, score: float, submitted_at: float, n_hints: int, latency_ms: int | None
) -> Observation:
    seconds = None if latency_ms is None else latency_ms / 1000
    return Observation(item=item, score=score, at=submitted_at, n_hints=n_hints, elapsed_seconds=seconds)


def history_of(*, learner_id: int, course_id: int, items: dict[int, Item], after: int = 0) -> Iterator[Taken]:
    """The learner's applied attempts with their scores as they count now, in the order in which they were applied.

    after: only those whose place in the order lies behind it.
    """
    rows = (
        Attempt.objects.filter(
            learner_id=learner_id, course_id=course_id, applied_seq__gt=after, assessments__is_current=True
        )
        .order_by("applied_seq")
        .values_list("pk", "resource_id", "assessments__score", "submitted_at", "n_hints", "latency_ms")
    )
    for pk, resource_id, score, submitted_at, n_hints, latency_ms in rows.iterator(chunk_size=5000):
        yield Taken(
            pk,
            observation_of(
                item=items[resource_id],
                score=score,
                submitted_at=submitted_at.timestamp(),
                n_hints=n_hints,
                latency_ms=latency_ms,
            ),
        )


def items_answered(*, learner_id: int, course_id: int) -> dict[int, Item]:
    """The items of the learner's applied attempts."""
    applied = Attempt.objects.filter(learner_id=learner_id, course_id=course_id, applied_seq__isnull=False)
    return items_of(applied.values_list("resource_id", flat=True).distinct())


def replay_of(*, model: LearnerModel, learner_id: int, course_id: int) -> Belief:
    """The belief that the learner's attempts in the course lead to."""
    items = items_answered(learner_id=learner_id, course_id=course_id)
    return replay(model, history_of(learner_id=learner_id, course_id=course_id, items=items))
