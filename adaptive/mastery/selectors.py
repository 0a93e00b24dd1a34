from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adaptive.backends.learner_model.base import State
from adaptive.catalog.models import Course, Resource, Skill
from adaptive.catalog.selectors import skills_of
from adaptive.common.clock import from_epoch
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.items import items_of
from adaptive.mastery.models import LearnerState, MasteryChange
from adaptive.mastery.versions import ModelInUse, model_in_use

MASTERED = 0.85
NEEDS_HELP = 0.5


@dataclass(frozen=True, slots=True)
class SkillMasteryView:
    """What is believed about one skill of one learner at one moment. Probabilities in (0, 1)."""

    skill: Skill
    p_mastery: float
    n_attempts: int
    last_attempt_at: datetime | None
    retrievability: float | None
    due_at: datetime | None

    @property
    def status(self) -> str:
        return mastery_status(p_mastery=self.p_mastery, n_attempts=self.n_attempts)


def mastery_status(*, p_mastery: float, n_attempts: int) -> str:
    """The four words that every page and report uses: not_started, started, needs_help, mastered.

    Needs help: believed more likely wrong than right after at least three attempts. Mastered: above .85 after three.
    """
    if n_attempts == 0:
        return "not_started"
    if n_attempts >= 3 and p_mastery >= MASTERED:
        return "mastered"
    if n_attempts >= 3 and p_mastery < NEEDS_HELP:
        return "needs_help"
    return "started"


@dataclass(frozen=True, slots=True)
class LearnerBelief:
    """A learner's state with the model that reads it."""

    in_use: ModelInUse
    state: State


def learner_state(*, learner: Learner, course: Course) -> LearnerBelief:
    """The learner's state and its model; the empty state for who has not answered yet, or whose state must be rebuilt
    under another model (the sweeper does that within seconds)."""
    in_use = model_in_use(course)
    row = LearnerState.objects.filter(learner=learner, course=course).first()
    readable = row and row.state and row.model.split(" ")[0] == in_use.tag.split(" ")[0]
    return LearnerBelief(in_use, row.state if readable else in_use.model.empty())


def mastery_of(
    *, learner: Learner, course: Course, at: datetime, belief: LearnerBelief | None = None
) -> list[SkillMasteryView]:
    """Every skill of the course, in the course's order; skills never met with the model's prior and 0 attempts."""
    belief = belief or learner_state(learner=learner, course=course)
    epoch = at.timestamp()
    views = []
    for skill in skills_of(course=course):
        view = belief.in_use.model.skill(belief.state, skill.pk, epoch)
        views.append(
            SkillMasteryView(
                skill=skill,
                p_mastery=view.p_mastery,
                n_attempts=view.n_attempts,
                last_attempt_at=None if view.last_at is None else from_epoch(view.last_at),
                retrievability=view.retrievability,
                due_at=None if view.due_at is None else from_epoch(view.due_at),
            )
        )
    return views


def predictions(
    *,
    learner: Learner,
    course: Course,
    resources: Iterable[Resource] | Sequence[int],
    at: datetime,
    belief: LearnerBelief | None = None,
) -> dict[int, float]:
    """Resource id -> P(the learner's next response to it is correct). Two queries beside the state's."""
    belief = belief or learner_state(learner=learner, course=course)
    ids = [getattr(resource, "pk", resource) for resource in resources]
    epoch, model = at.timestamp(), belief.in_use.model
    return {pk: model.predict(belief.state, item, epoch) for pk, item in items_of(ids).items()}


def changes_of(*, attempt: Attempt) -> list[MasteryChange]:
    """What the attempt changed, in the order of the course's skills."""
    return list(attempt.mastery_changes.select_related("skill").order_by("skill__position", "skill_id"))


def evidence(*, learner: Learner, skill: Skill, limit: int = 20) -> list[MasteryChange]:
    """The latest attempts that moved the belief about the skill, newest first, with attempt and resource."""
    return list(
        MasteryChange.objects.filter(learner=learner, skill=skill)
        .select_related("attempt", "attempt__resource")
        .defer("attempt__resource__embedding", "attempt__resource__search")
        .order_by("-attempt_id")[:limit]
    )
