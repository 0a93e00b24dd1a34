from django.db.models import Prefetch, QuerySet

from adaptive.catalog.models import Course, Resource
from adaptive.common.errors import NotFound
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.tenants.models import Tenant


def attempt_get(*, tenant: Tenant, attempt_id: int | str) -> Attempt:
    """The attempt by its id, with learner, course and resource. Raises NotFound."""
    digits = str(attempt_id)
    found = None
    if digits.isascii() and digits.isdigit() and len(digits) < 19:
        found = (
            Attempt.objects.select_related("learner", "course", "resource", "tenant")
            .defer("resource__embedding", "resource__search")
            .filter(tenant=tenant, pk=int(digits))
            .first()
        )
    if found is None:
        raise NotFound(f"There is no attempt “{digits[:40]}”.")
    return found


def attempts_of(*, learner: Learner, course: Course, limit: int = 50) -> QuerySet[Attempt]:
    """The learner's latest attempts in the course, newest first, with their resources. Two queries."""
    resources = Resource.objects.defer("embedding", "search")
    return (
        Attempt.objects.filter(learner=learner, course=course)
        .prefetch_related(Prefetch("resource", queryset=resources))
        .order_by("-submitted_at", "-pk")[:limit]
    )


def attempts_waiting(*, course: Course, state: str = Attempt.State.NEEDS_REVIEW, limit: int = 100) -> QuerySet[Attempt]:
    """Attempts of the course in this state, the oldest first, with learner and resource."""
    return (
        Attempt.objects.filter(course=course, state=state)
        .select_related("learner", "resource")
        .defer("resource__embedding", "resource__search")
        .order_by("submitted_at", "pk")[:limit]
    )
