"""How far it is to mastery, asked of the learner model itself: what would it believe after n right answers more?"""

from dataclasses import dataclass

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.mastery.selectors import LearnerBelief, mastery_status

MOST = 8
SECONDS_BETWEEN = 60


@dataclass(frozen=True, slots=True)
class Goal:
    """`n_right`: right answers, without hints, until the skill counts as mastered; 0: it does; None: more than MOST."""

    status: str
    p_mastery: float
    n_attempts: int
    n_right: int | None


def goal_of(belief: LearnerBelief, *, item: Item, skill_id: int, at: float) -> Goal:
    """The goal of practising this item for this skill. `at`: epoch seconds."""
    model, state = belief.in_use.model, belief.state
    view = model.skill(state, skill_id, at)
    status = mastery_status(p_mastery=view.p_mastery, n_attempts=view.n_attempts)
    n_right: int | None = 0 if status == "mastered" else None
    if n_right is None:
        for n in range(1, MOST + 1):
            at += SECONDS_BETWEEN
            state = model.update(state, Observation(item=item, score=1.0, at=at))
            after = model.skill(state, skill_id, at)
            if mastery_status(p_mastery=after.p_mastery, n_attempts=after.n_attempts) == "mastered":
                n_right = n
                break
    return Goal(status, view.p_mastery, view.n_attempts, n_right)
