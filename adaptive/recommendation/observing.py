"""What a learner's clicks, ratings and dismissals say of what they prefer: read for the page; a slate reads them with
all else that was said (see situation)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from adaptive.catalog.models import Course
from adaptive.learners.models import Learner
from adaptive.recommendation.models import ImpressionEvent, Slate
from adaptive.recommendation.preferences import LATELY, Lean, Signal, base_of, observed_leans

RECENT = 300
Type = ImpressionEvent.Type
TYPES = (Type.CLICK, Type.COMPLETE, Type.RATE, Type.DISMISS)
CHOSEN = (Slate.Purpose.FEED, Slate.Purpose.CATALOGUE)  # elsewhere one goes where one is led, which says little
# Names of the columns of a row. Of several events of one place the most telling counts.
FIELDS = {
    "impression": F("impression_id"),
    "purpose": F("impression__slate__purpose"),
    "query": F("impression__slate__query"),
    "kind": F("impression__resource__kind"),
    "minutes": F("impression__resource__duration_minutes"),
    "language": F("impression__resource__language"),
}
CLICKED, DONE, PUT_AWAY = 0.4, 0.6, -1.0
TELLING = (Type.RATE, Type.DISMISS, Type.COMPLETE, Type.CLICK)


def signals_of(rows: Iterable[Mapping[str, Any]], *, at: datetime, course_language: str) -> list[Signal]:
    """rows: FIELDS, type, rating, created_at; the latest first."""
    by_place: dict[int, Mapping[str, Any]] = {}
    for row in rows:
        if row["type"] not in TYPES:
            continue
        if row["type"] in (Type.CLICK, Type.COMPLETE) and row["purpose"] not in CHOSEN and not row["query"]:
            continue
        held = by_place.get(row["impression"])
        if held is None or TELLING.index(row["type"]) < TELLING.index(held["type"]):
            by_place[row["impression"]] = row
    return [
        Signal(
            kind=row["kind"],
            minutes=row["minutes"],
            language=base_of(row["language"] or course_language),
            value=_value(row["type"], row["rating"]),
            days_ago=max((at - row["created_at"]).total_seconds() / 86_400, 0.0),
        )
        for row in by_place.values()
    ]


def _value(type_: str, rating: int | None) -> float:
    if type_ == Type.RATE:
        return ((rating or 3) - 3) / 2
    return {Type.CLICK: CLICKED, Type.COMPLETE: DONE, Type.DISMISS: PUT_AWAY}[type_]


def observed(*, learner: Learner, course: Course, at: datetime) -> tuple[Lean, ...]:
    """What the last weeks say. One query."""
    rows = (
        ImpressionEvent.objects.filter(
            impression__slate__learner=learner,
            impression__slate__course=course,
            type__in=TYPES,
            created_at__gte=at - timedelta(days=LATELY),
        )
        .annotate(**{f"of_{name}": path for name, path in FIELDS.items()})
        .order_by("-created_at", "-pk")
        .values("type", "rating", "created_at", *(f"of_{name}" for name in FIELDS))[:RECENT]
    )
    plain = [{key.removeprefix("of_"): value for key, value in row.items()} for row in rows]
    return observed_leans(signals_of(plain, at=at, course_language=course.language))
