"""Finding what was forgotten: answers nobody was told of, beliefs made by a model that is no longer in use."""

from adaptive.catalog.models import Course
from adaptive.mastery.models import LearnerState
from adaptive.mastery.services import state_rebuild
from adaptive.mastery.versions import model_in_use
from adaptive.practice import outbox

REBUILD_LIMIT = 100


def stale_states_rebuild(*, limit: int = REBUILD_LIMIT) -> int:
    """Replays learners whose state another model (or another version of the exercises) made. Returns how many."""
    n_rebuilt = 0
    for course in Course.objects.all().iterator():
        stale = (
            LearnerState.objects.filter(course=course, n_applied__gt=0)
            .exclude(model=model_in_use(course).tag)
            .select_related("learner")[: limit - n_rebuilt]
        )
        for row in stale:
            state_rebuild(learner=row.learner, course=course)
            n_rebuilt += 1
        if n_rebuilt >= limit:
            break
    return n_rebuilt


def sweep() -> dict[str, int]:
    """One round. Returns what was found."""
    return {"republished": outbox.sweep(), "rebuilt": stale_states_rebuild()}
