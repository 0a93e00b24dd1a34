"""In which order answers come before a teacher, what learners wrote who ask for a look, the sample to measure on."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from django.db.models import Case, Exists, F, IntegerField, OuterRef, QuerySet, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import MD5, Cast, Lower, Trim

from adaptive.assessment.agreement import floor_of
from adaptive.assessment.models import Agreement, Assessment
from adaptive.assessment.trust.teaching import FIRST, Waiting, teach_most
from adaptive.audit.models import AuditEntry
from adaptive.catalog.models import Course
from adaptive.events.models import Attempt

LOOKED_AT = 300  # of those that have waited longest: so many are compared with one another
SAMPLE = 3  # drawn answers that are shown at a time


def teaching_first(*, course: Course, agreements: dict[int, Agreement], whole: Agreement | None) -> list[int]:
    """Keys of the attempts in review, five at most, whose marks would teach the most, that one first. One query.

    agreements, whole: as `agreements_of` gives them.
    """
    rows = (
        Attempt.objects.filter(course=course, state=Attempt.State.NEEDS_REVIEW)
        .filter(
            assessments__is_current=True,
            assessments__is_released=False,
            assessments__assessor_kind=Assessment.AssessorKind.LLM,
        )
        .annotate(text=MD5(Lower(Trim(KeyTextTransform("text", "response")))), sure=F("assessments__confidence"))
        # As written: numpy reads three hundred of these in a tenth of the time that the field takes.
        .annotate(written=Cast("vector__embedding", TextField()))
        .order_by("submitted_at", "pk")
        .values_list("pk", "resource_id", "sure", "text", "written", "vector__model")[:LOOKED_AT]
    )
    found = list(rows)
    # Vectors of different models must never be compared.
    models = Counter(model for *_, model in found if model)
    usual = models.most_common(1)[0][0] if models else None
    floor = floor_of(course)
    waiting = []
    for pk, resource_id, sure, text, written, model in found:
        own = agreements.get(resource_id)
        standing = own or whole
        waiting.append(
            Waiting(
                key=pk,
                exercise=resource_id,
                confidence=sure,
                threshold=None if standing is None or standing.threshold is None else max(standing.threshold, floor),
                n_marked=own.n_marked if own else 0,
                vector=np.fromstring(written[1:-1], sep=",") if written and model == usual else None,
                text=text or "",
            )
        )
    return teach_most(waiting, most=FIRST)


def in_review(*, course: Course, first: Sequence[int]) -> QuerySet[Attempt]:
    """What waits for a person: marks that a learner asks about, then `first` in their order, then the oldest first."""
    counts = Assessment.objects.filter(attempt=OuterRef("pk"), is_current=True, is_released=True)
    waiting = Attempt.objects.filter(course=course, state=Attempt.State.NEEDS_REVIEW)
    waiting = waiting.annotate(is_contested=Exists(counts))
    if not first:
        return waiting.order_by("-is_contested", "submitted_at", "pk")
    places = [When(pk=pk, then=Value(place)) for place, pk in enumerate(first)]
    place = Case(*places, default=Value(len(first)), output_field=IntegerField())
    return waiting.annotate(place=place).order_by("-is_contested", "place", "submitted_at", "pk")


def drawn(*, course: Course) -> QuerySet[Attempt]:
    """Released marks that were drawn to be measured and that no teacher has marked yet, the oldest first."""
    audits = Assessment.objects.filter(attempt=OuterRef("pk"), is_audit=True, is_current=True)
    assessed = Attempt.objects.filter(course=course, state=Attempt.State.ASSESSED)
    return assessed.filter(Exists(audits)).order_by("submitted_at", "pk")


def reasons_of(*, attempts: Sequence[Attempt]) -> dict[int, str]:
    """Attempt id -> what its learner wrote when they asked a teacher to look at the mark, the latest. One query."""
    rows = AuditEntry.objects.filter(
        action="attempt_contest", subject_kind="attempt", subject_id__in=[str(one.pk) for one in attempts]
    )
    found = rows.order_by("at", "pk").values_list("subject_id", "inputs")
    return {int(pk): str(inputs.get("reason", "")).strip() for pk, inputs in found}
