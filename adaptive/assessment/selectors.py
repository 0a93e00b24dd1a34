from collections.abc import Iterable

from adaptive.assessment.models import Assessment
from adaptive.events.models import Attempt


def assessment_current(*, attempt: Attempt) -> Assessment | None:
    """The assessment that counts now; None while the attempt waits."""
    return Assessment.objects.filter(attempt=attempt, is_current=True).first()


def assessments_current(*, attempts: Iterable[Attempt]) -> dict[int, Assessment]:
    """Attempt id -> its current assessment. One query."""
    found = Assessment.objects.filter(attempt__in=[attempt.pk for attempt in attempts], is_current=True)
    return {assessment.attempt_id: assessment for assessment in found}
