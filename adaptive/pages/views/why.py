"""Why this? The facts behind a pick, what would change it, and the learner's right to disagree."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from adaptive.common.clock import now
from adaptive.common.errors import InvalidInput
from adaptive.pages.access import Visit, in_course, signed_in, to
from adaptive.pages.markdown import plain_text
from adaptive.pages.picks import picks_now
from adaptive.pages.presenters.why import DISAGREE_REPLIES, why
from adaptive.pages.rendering import page
from adaptive.pages.selectors import impression_in
from adaptive.pages.views.ask import place_of, slate_asked_again
from adaptive.recommendation.services import impression_event

CHOOSING = ("feed", "catalogue")
PLACES = ("home", "ask", *CHOOSING)  # where else than at the exercise the drawer was opened


@require_GET
@signed_in
def drawer(request: HttpRequest, visit: Visit, slate_id: UUID, position: int) -> HttpResponse:
    """The drawer's content for HTMX; the same as a page of its own without it."""
    impression = impression_in(learner=visit.learner, slate_id=slate_id, position=position)
    visit = in_course(visit, impression.slate.course_id, "learner")
    place = request.GET.get("from", "") if request.GET.get("from") in PLACES else "practice"
    context = {"why": why(impression), "place": place}
    if request.htmx:
        return page(request, visit, "adaptive/learner/_why.html", {**context, "top": 2, "below": 3})
    return page(request, visit, "adaptive/learner/why.html", {**context, "top": 1, "below": 2})


@require_POST
@signed_in
def disagree(request: HttpRequest, visit: Visit, slate_id: UUID, position: int) -> HttpResponse:
    """Notes what the learner says, and picks anew at once."""
    impression = impression_in(learner=visit.learner, slate_id=slate_id, position=position)
    visit = in_course(visit, impression.slate.course_id, "learner")
    reason = request.POST.get("reason", "")
    try:
        if ("disagree", reason) not in {(event.type, event.reason) for event in impression.events.all()}:
            impression_event(slate=impression.slate, position=position, type="disagree", reason=reason)
    except InvalidInput as error:
        messages.warning(request, error.detail)
        return to(request, reverse("adaptive:pick", args=[slate_id, position]))
    said = DISAGREE_REPLIES[reason]
    if request.POST.get("from") == "ask" and impression.slate.query:
        messages.success(request, str(said))
        return to(request, place_of(slate_asked_again(visit, impression.slate)))
    if request.POST.get("from") in CHOOSING:
        messages.success(request, str(said))
        return to(request, reverse(f"adaptive:{request.POST['from']}", args=[visit.course.pk]))
    picks = picks_now(learner=visit.learner, course=visit.course, at=now())
    if picks.first is None:
        messages.success(request, str(said))
        return to(request, reverse("adaptive:practice", args=[visit.course.pk]))
    new = plain_text(picks.first.resource.title)
    messages.success(request, _("%(said)s Now: %(title)s.") % {"said": said, "title": new})
    if request.POST.get("from") == "home":
        return to(request, reverse("adaptive:course", args=[visit.course.pk]))
    return to(request, reverse("adaptive:pick", args=[picks.first.slate_id, picks.first.position]))
