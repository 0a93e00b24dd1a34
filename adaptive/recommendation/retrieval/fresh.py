"""What came into the course last."""

from adaptive.catalog.models import Resource

from .base import Found, Request

NAME = "fresh"


def find(request: Request) -> list[Found]:
    newest = (
        Resource.objects.filter(course_id=request.course_id, is_retired=False, kind__in=request.kinds)
        .exclude(id__in=request.new_only)
        .order_by("-id")
        .values_list("id", flat=True)[: request.limit]
    )
    return [Found(pk) for pk in newest]
