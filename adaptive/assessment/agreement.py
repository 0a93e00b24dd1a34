"""How machine and teachers agree, measured on the marks of a course, and what follows for what is released alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import MD5, Coalesce, Lower, Trim

from adaptive.assessment.models import Agreement, Assessment, AssessorVersion
from adaptive.assessment.trust import prior
from adaptive.assessment.trust.calibrator import VERSION, Calibrator, fold_of, shifted
from adaptive.assessment.trust.risk import COURSE_STRENGTH, DELTA, EXERCISE_STRENGTH, Level, Marks, level
from adaptive.catalog.models import Course
from adaptive.common.clock import now
from adaptive.conf import settings

MOST_MARKS = 5_000  # the latest; older ones are of other classes, and a mark must not wait for a long sum
LOCK = 0x7A057
UNSURE = "low_confidence"  # the only doubt that a higher confidence would have lifted


@dataclass(frozen=True, slots=True)
class PairedMark:
    """An answer that the machine assessed and a teacher marked; the teacher's latest mark is the one that counts.

    p: the shipped assessor's P(right), before any version; None where it was not stored. confidence, said_right: the
    machine's decision as it stood. marked_id: key of the teacher's assessment.
    """

    attempt_id: int
    exercise: int
    learner: int
    marked_id: int
    p: float | None
    confidence: float
    said_right: bool
    is_right: bool
    text: str
    shift: tuple[int, float] | None = None  # version of adapters that moved P(right) when it was read, by what logits


_FIGURES = [field.name for field in Agreement._meta.fields]


def limit_of(course: Course) -> float:
    """The largest share of wrong marks that the course allows among those released alone."""
    own = course.release_error_limit
    return settings().release_error_limit if own is None else own


def floor_of(course: Course) -> float:
    """The confidence below which the course wants a teacher to look first, whatever was measured."""
    own = course.release_confidence
    return settings().release_confidence if own is None else own


def _readings(course: Course | OuterRef) -> QuerySet[Assessment]:
    read = Assessment.objects.filter(attempt__course=course, assessor_kind=Assessment.AssessorKind.LLM)
    return read.order_by("-pk").values_list("model", flat=True)


def model_of(course: Course) -> str:
    """The assessor that read the latest answer of the course; "" before there is one."""
    return _readings(course).first() or ""


def with_model_in_use(versions: QuerySet[AssessorVersion]) -> QuerySet[AssessorVersion]:
    """Each version with `model_in_use`, the `model_of` its course, in the one query that reads them."""
    return versions.annotate(model_in_use=Coalesce(Subquery(_readings(OuterRef("course"))[:1]), Value("")))


def paired_marks(*, course: Course, model: str) -> list[PairedMark]:
    """The latest marks, the oldest of them first, without what would mislead:

    what a rule held back (no confidence would have released it), and released marks that were not drawn for the sample
    but contested or looked up (they were chosen for seeming wrong). One query.
    """
    rows = (
        Assessment.objects.filter(attempt__course=course, assessor_kind=Assessment.AssessorKind.LLM, model=model)
        .filter(Q(is_released=False) | Q(is_audit=True))
        .annotate(
            mark=FilteredRelation(
                "attempt__assessments",
                condition=Q(attempt__assessments__assessor_kind="teacher", attempt__assessments__is_current=True),
            )
        )
        .filter(mark__isnull=False)
        .annotate(
            p=F("details__p__correct"),
            why=F("details__why"),
            marked=F("mark__pk"),
            marked_label=F("mark__label"),
            adapted=F("details__adapted"),
            text=MD5(Lower(Trim(KeyTextTransform("text", "attempt__response")))),
        )
        .order_by("-mark__pk")
        .values_list(
            *("attempt_id", "attempt__resource_id", "attempt__learner_id", "marked"),
            *("p", "why", "confidence", "label", "marked_label", "text", "adapted"),
        )[:MOST_MARKS]
    )
    found = []
    for attempt_id, exercise, learner, marked, p, why, confidence, label, marked_label, text, adapted in rows:
        if set(why or ()) <= {UNSURE}:
            is_number = isinstance(p, int | float) and not isinstance(p, bool) and 0 <= p <= 1
            found.append(
                PairedMark(
                    attempt_id=attempt_id,
                    exercise=exercise,
                    learner=learner,
                    marked_id=marked,
                    p=float(p) if is_number else None,
                    confidence=confidence,
                    said_right=label == Assessment.Label.CORRECT,
                    is_right=marked_label == Assessment.Label.CORRECT,
                    text=text or "",
                    shift=(adapted["version"], float(adapted["shift"])) if adapted else None,
                )
            )
    found.reverse()
    return found


def active_version(course: Course, *, model: str) -> AssessorVersion | None:
    """The version in use for what this assessor says; None: it has the last word itself."""
    return AssessorVersion.objects.filter(course=course, is_active=True, base=model, kind_version=VERSION).first()


def shift_of(mark: PairedMark, version: AssessorVersion) -> float | None:
    """Logits by which the version's adapters move an answer's P(right); 0 without adapters, None where not known."""
    if version.kind != AssessorVersion.Kind.ADAPTER:
        return 0.0
    known = version.params["shifts"].get(str(mark.attempt_id))
    if known is None and mark.shift is not None and mark.shift[0] == version.pk:
        known = mark.shift[1]
    return None if known is None else float(known)


def decisions(marks: Iterable[PairedMark], version: AssessorVersion | None) -> Marks:
    """What the assessor with this version would have decided on the marked answers, with its errors.

    Answers that the version was learned from are judged by its calibrators that were learned without their learners,
    else it would seem better than it is (cross-calibration). Of adapters, answers that they have neither read nor been
    learned from say nothing and are passed over.
    """
    confidence, wrong = [], []
    if version is not None:
        calibrator = Calibrator.from_json(version.params["calibrator"])
        by_fold = {int(key): Calibrator.from_json(value) for key, value in version.params["by_fold"].items()}
        seen_until = version.data["until_mark"]
    for mark in marks:
        if version is None or mark.p is None:
            sure, said_right = mark.confidence, mark.said_right
            if mark.p is not None:
                # Not as it was stored: another version may have had the last word then.
                sure, said_right = max(mark.p, 1 - mark.p), mark.p >= 0.5
        else:
            used = calibrator
            if mark.marked_id <= seen_until:
                used = by_fold.get(fold_of("learner", mark.learner, seed=version.seed), calibrator)
            shift = shift_of(mark, version)
            if shift is None:
                continue
            p = float(used.p_right(shifted(mark.p, shift), mark.exercise))
            sure, said_right = max(p, 1 - p), p >= 0.5
        confidence.append(sure)
        wrong.append(said_right != mark.is_right)
    return Marks.of(confidence, wrong)


def _contradictory(marks: list[PairedMark]) -> int:
    """Marks of a text that a teacher has marked otherwise elsewhere in the same exercise."""
    said: dict[tuple[int, str], list[bool]] = {}
    for mark in marks:
        if mark.text:
            said.setdefault((mark.exercise, mark.text), []).append(mark.is_right)
    return sum(min(sum(each), len(each) - sum(each)) for each in said.values())


@transaction.atomic
def agreement_refresh(*, course: Course, model: str | None = None) -> Agreement:
    """Measures the course and each of its exercises with marks anew, and stores that. Returns the course's row.

    model: whose marks; None: those of the assessor that is in use. Call it last in a transaction: it lets one at a time
    through, per course.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, course.pk % 2**31])
    model = model_of(course) if model is None else model
    limit, floor, version = limit_of(course), floor_of(course), active_version(course, model=model)
    marks = paired_marks(course=course, model=model)
    by_exercise: dict[int, list[PairedMark]] = {}
    for mark in marks:
        by_exercise.setdefault(mark.exercise, []).append(mark)
    whole = level(
        decisions(marks, version),
        parent=prior.shipped(model, limit),
        strength=COURSE_STRENGTH,
        limit=limit,
        floor=floor,
    )
    rows = [_row(course, None, model, version, limit, whole, marks)]
    for exercise, own in by_exercise.items():
        found = level(
            decisions(own, version),
            parent=whole.curve,
            strength=EXERCISE_STRENGTH,
            limit=limit,
            floor=floor,
            is_parent=False,
        )
        rows.append(_row(course, exercise, model, version, limit, found, own))
    Agreement.objects.filter(course=course).exclude(resource=None).exclude(resource__in=by_exercise).delete()
    values = [field.name for field in Agreement._meta.fields if field.name not in {"id", "course", "resource"}]
    Agreement.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["course", "resource"], update_fields=values, batch_size=500
    )
    return rows[0]


def _row(
    course: Course,
    exercise: int | None,
    model: str,
    version: AssessorVersion | None,
    limit: float,
    found: Level,
    marks: list[PairedMark],
) -> Agreement:
    return Agreement(
        course=course,
        resource_id=exercise,
        model=model,
        version=version,
        limit=limit,
        delta=DELTA,
        n_marked=found.n_marked,
        n_agreed=found.n_agreed,
        n_contradictory=_contradictory(marks),
        threshold=found.threshold,
        source=found.source,
        n_released=found.n_released,
        n_wrong=found.n_wrong,
        upper=found.upper,
        computed_at=now(),
    )


def agreement_fresh(*, course: Course, model: str) -> None:
    """Measures anew where the limit or the assessor has changed since. Call it outside of any transaction."""
    row = Agreement.objects.filter(course=course, resource=None).first()
    if row is not None and (row.limit != limit_of(course) or row.model != model):
        agreement_refresh(course=course, model=model)


def threshold_for(*, course: Course, resource_id: int, model: str, version_id: int | None) -> tuple[float | None, str]:
    """(confidence from which a mark of this exercise is released alone, what that rests on); None: never.

    Figures of another assessor, version or limit say nothing; before there are any, the shipped ones count. One query.
    """
    limit = limit_of(course)
    if limit in (0.0, 1.0):
        return (0.0 if limit else None), "limit"
    rows = Agreement.objects.filter(Q(resource=None) | Q(resource=resource_id), course=course)
    found = {row.resource_id: row for row in rows}
    whole = found.get(None)
    if whole is None:
        # A version is never in use without figures.
        return (prior.shipped(model, limit).threshold if version_id is None else None), "shipped"
    if (whole.model, whole.version_id, whole.limit) != (model, version_id, limit):
        return None, "stale"
    row = found.get(resource_id)
    return (whole.threshold, f"course, {whole.source}") if row is None else (row.threshold, f"exercise, {row.source}")


def agreements_of(*, course: Course) -> tuple[Agreement | None, dict[int, Agreement]]:
    """(the course's figures, those of its exercises by key, with their titles read). One query."""
    rows = (
        Agreement.objects.filter(course=course)
        .select_related("resource")
        .only(*_FIGURES, "resource__title", "resource__external_id")
    )
    found: dict[int | None, Agreement] = {row.resource_id: row for row in rows}
    return found.pop(None, None), found  # type: ignore[return-value]


def facts_of(row: Agreement) -> dict[str, Any]:
    """The figures as plain data, shares rounded to four places."""
    return {
        "n_marked": row.n_marked,
        "n_agreed": row.n_agreed,
        "agreement": round(row.n_agreed / row.n_marked, 4) if row.n_marked else None,
        "n_contradictory": row.n_contradictory,
        "threshold": row.threshold,
        "source": row.source,
        "n_released": row.n_released,
        "n_wrong_released": row.n_wrong,
        "error_released": round(row.n_wrong / row.n_released, 4) if row.n_released else None,
        "error_upper_bound": round(row.upper, 4),
    }
