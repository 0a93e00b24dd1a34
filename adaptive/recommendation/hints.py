"""What an assessment tells the next slate."""

from collections.abc import Sequence

from adaptive.events.models import Attempt
from adaptive.recommendation.models import SlateHint

NOTHING_MISSING = 0.999


def slate_hint_record(
    *,
    attempt: Attempt,
    score: float,
    missing: str = "",
    misconception: str = "",
    vector: Sequence[float] | None = None,
) -> SlateHint | None:
    """Notes what was missed, for retrieval; a full answer leaves no hint. Replaces the attempt's earlier hint.

    vector: the place of `missing` in embedding space (384 numbers), None where only the exercise itself is known.
    """
    SlateHint.objects.filter(attempt=attempt).delete()
    if score >= NOTHING_MISSING:
        return None
    return SlateHint.objects.create(
        attempt=attempt,
        learner_id=attempt.learner_id,
        course_id=attempt.course_id,
        resource_id=attempt.resource_id,
        score=score,
        missing=missing,
        misconception=misconception,
        vector=None if vector is None else list(vector),
    )
