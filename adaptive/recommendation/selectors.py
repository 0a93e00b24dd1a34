import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet

from adaptive.catalog.models import Course, Resource
from adaptive.common.errors import NotFound
from adaptive.recommendation.deciding import from_receipt
from adaptive.recommendation.models import Impression, Slate
from adaptive.recommendation.types import Candidate, Context
from adaptive.tenants.models import Tenant


def _with_items(slates: QuerySet[Slate]) -> QuerySet[Slate]:
    resources = Resource.objects.defer("embedding", "search", "body")
    return slates.select_related("learner", "course", "experiment").prefetch_related(
        Prefetch("impressions", queryset=Impression.objects.select_related("explanation").order_by("position")),
        Prefetch("impressions__resource", queryset=resources),
    )


def slate_get(*, tenant: Tenant, slate_id: uuid.UUID | str) -> Slate:
    """The slate with its impressions, resources and explanations, three queries. Raises NotFound."""
    try:
        key = slate_id if isinstance(slate_id, uuid.UUID) else uuid.UUID(str(slate_id))
    except ValueError:
        key = None
    found = _with_items(Slate.objects.filter(tenant=tenant, pk=key)).first() if key else None
    if found is None:
        raise NotFound(f"There is no recommendation “{str(slate_id)[:40]}”.")
    return found


def slates_of_course(*, course: Course, limit: int = 50) -> QuerySet[Slate]:
    """The latest slates of the course with their items, for review; the large receipt columns left out."""
    slates = Slate.objects.filter(course=course).defer("context", "candidates").order_by("-created_at", "-pk")
    return _with_items(slates)[:limit]


def receipt_of(*, slate: Slate) -> tuple[Context, tuple[Candidate, ...]]:
    """What the slate was decided from; `deciding.decide` makes the same slate of it again."""
    return from_receipt(slate.context, slate.candidates)


def candidate_row(*, slate: Slate, resource_id: int) -> Mapping[str, Any] | None:
    """The receipt's row of a resource: features, score, or why it was dropped; None where it was never found."""
    return next((row for row in slate.candidates if row["resource"] == resource_id), None)
