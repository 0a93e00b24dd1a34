"""Texts, videos and worked examples: what is in it, to mark as done, to rate, to put away."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from adaptive.catalog.models import Resource
from adaptive.common.clock import now
from adaptive.common.errors import InvalidInput
from adaptive.explanation.personal import in_it_for_you
from adaptive.pages.access import Visit, in_course, signed_in, to
from adaptive.pages.markdown import plain_text, render_block
from adaptive.pages.picks import pick_seen
from adaptive.pages.presenters.wording import kind_name, minutes
from adaptive.pages.rendering import page
from adaptive.pages.selectors import impression_in, skills_of_resource
from adaptive.recommendation.models import Impression
from adaptive.recommendation.observing import CHOSEN
from adaptive.recommendation.services import impression_event

RATINGS = ("1", "2", "3", "4", "5")


def reading_page(
    request: HttpRequest, visit: Visit, resource: Resource, impression: Impression | None = None
) -> HttpResponse:
    resource.course, skills = visit.course, skills_of_resource(resource)
    rated = [event for event in impression.events.all() if event.type == "rate"] if impression else []
    context = {
        "resource": resource,
        "title": plain_text(resource.title),
        "body": render_block(resource.body),
        "kind_name": kind_name(resource.kind),
        "minutes": minutes(resource.duration_minutes),
        "skills": skills,
        "in_it": in_it_for_you(learner=visit.learner, resource=resource, skills=skills, at=now()),
        "ratings": RATINGS,
        "rated": max(rated, key=lambda event: event.pk).rating if rated else None,
        "impression": impression,
        "url": resource.url if resource.url.startswith(("https://", "http://")) else "",
    }
    return page(request, visit, "adaptive/learner/reading.html", context)


@require_POST
@signed_in
def rate(request: HttpRequest, visit: Visit, slate_id: UUID, position: int) -> HttpResponse:
    """How useful it was, from 1 to 5. The latest word counts."""
    impression = impression_in(learner=visit.learner, slate_id=slate_id, position=position)
    visit = in_course(visit, impression.slate.course_id, "learner")
    given = request.POST.get("rating", "")
    try:
        rating = RATINGS.index(given) + 1 if given in RATINGS else None
        impression_event(slate=impression.slate, position=position, type="rate", rating=rating)
        messages.success(request, _("Noted: %(n)s of 5. It counts for what you are offered next.") % {"n": given})
    except InvalidInput as error:
        messages.warning(request, error.detail)
    return to(request, reverse("adaptive:pick", args=[slate_id, position]))


@require_POST
@signed_in
def put_away(request: HttpRequest, visit: Visit, slate_id: UUID, position: int) -> HttpResponse:
    """Not for me: it stays away for a week, and the slate that it stood in is made anew."""
    impression = impression_in(learner=visit.learner, slate_id=slate_id, position=position)
    visit = in_course(visit, impression.slate.course_id, "learner")
    pick_seen(impression, "dismiss")
    messages.success(request, _("Put away: %(title)s.") % {"title": plain_text(impression.resource.title)})
    purpose = impression.slate.purpose
    return to(request, reverse(f"adaptive:{purpose if purpose in CHOSEN else 'course'}", args=[visit.course.pk]))


@require_POST
@signed_in
def done(request: HttpRequest, visit: Visit, slate_id: UUID, position: int) -> HttpResponse:
    """Read: it leaves the slate, and the next thing comes."""
    impression = impression_in(learner=visit.learner, slate_id=slate_id, position=position)
    visit = in_course(visit, impression.slate.course_id, "learner")
    pick_seen(impression, "complete")
    messages.success(request, _("Done: %(title)s.") % {"title": plain_text(impression.resource.title)})
    purpose = impression.slate.purpose
    return to(request, reverse(f"adaptive:{purpose if purpose in CHOSEN else 'practice'}", args=[visit.course.pk]))
