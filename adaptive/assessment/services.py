from adaptive.assessment.models import Assessment
from adaptive.assessment.types import Verdict
from adaptive.events.models import Attempt


def assessment_record(
    *, attempt: Attempt, verdict: Verdict, is_released: bool = True, is_audit: bool = False, assessed_by: str = ""
) -> Assessment:
    """Writes the verdict as the attempt's current assessment; what was current before is kept, superseded.

    Call it inside the transaction that holds the attempt's row. A second machine assessment is refused by the
    database (IntegrityError): that is the last line of the fence.
    """
    Assessment.objects.filter(attempt=attempt, is_current=True).update(is_current=False)
    return Assessment.objects.create(
        attempt=attempt,
        is_released=is_released,
        score=verdict.score,
        label=verdict.label,
        feedback=verdict.feedback,
        misconception=verdict.misconception,
        missing=verdict.missing,
        confidence=verdict.confidence,
        assessor_kind=verdict.assessor_kind,
        model=verdict.model,
        prompt_version=verdict.prompt_version,
        version_id=verdict.version,
        is_audit=is_audit,
        assessed_by=assessed_by,
        details=verdict.details,
    )
