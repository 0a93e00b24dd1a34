"""Readings and worked examples: to read, and to mark as done."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from adaptive.catalog.models import Resource
from adaptive.pages.access import Visit, in_course, signed_in, to
from adaptive.pages.markdown import plain_text, render_block
from adaptive.pages.picks import pick_seen
from adaptive.pages.presenters.wording import kind_name, minutes
from adaptive.pages.rendering import page
from adaptive.pages.selectors import impression_in, skills_of_resource
from adaptive.recommendation.models import Impression


def reading_page(
    request: HttpRequest, visit: Visit, resource: Resource, impression: Impression | None = None
) -> HttpResponse:
    context = {
        "resource": resource,
        "title": plain_text(resource.title),
        "body": render_block(resource.body),
        "kind_name": kind_name(resource.kind),
        "minutes": minutes(resource.duration_minutes),
        "skills": skills_of_resource(resource),
        "impression": impression,
        "url": resource.url if resource.url.startswith(("https://", "http://")) else "",
    }
    return page(request, visit, "adaptive/learner/reading.html", context)


@require_POST
@signed_in
def done(request: HttpRequest, visit: Visit, slate_id: UUID, position: int) -> HttpResponse:
    """Read: it leaves the slate, and the next thing comes."""
    impression = impression_in(learner=visit.learner, slate_id=slate_id, position=position)
    visit = in_course(visit, impression.slate.course_id, "learner")
    pick_seen(impression, "complete")
    messages.success(request, _("Done: %(title)s.") % {"title": plain_text(impression.resource.title)})
    return to(request, reverse("adaptive:practice", args=[visit.course.pk]))
