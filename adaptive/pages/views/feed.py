"""What is new, and what to take up next: the feed, the catalogue with its courses, and what the learner prefers."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from adaptive.common.clock import now
from adaptive.common.errors import InvalidInput, NotAllowed
from adaptive.learners.preferences import preferences_set, stated_of
from adaptive.pages.access import Visit, in_course, learner_page, signed_in, to
from adaptive.pages.picks import picks_now
from adaptive.pages.presenters.feed import feed_cards, offer_cards
from adaptive.pages.presenters.preferences import preferences_form
from adaptive.pages.rendering import page
from adaptive.pages.selectors import offer_in, skills_at_a_glance
from adaptive.recommendation.models import Slate
from adaptive.recommendation.observing import observed
from adaptive.recommendation.offering import offer_put_away, offer_take_up, offers_open, offers_shown
from adaptive.recommendation.services import impressions_shown

COUNT = 8


@require_GET
@learner_page
def feed(request: HttpRequest, visit: Visit) -> HttpResponse:
    at = now()
    purpose = Slate.Purpose.FEED
    picks = picks_now(learner=visit.learner, course=visit.course, at=at, purpose=purpose, count=COUNT)
    impressions_shown(impressions=picks.waiting)
    context = {"cards": feed_cards(picks.waiting, course=visit.course, at=at), "why_empty": picks.why_empty}
    return page(request, visit, "adaptive/learner/feed.html", context)


@require_GET
@learner_page
def catalogue(request: HttpRequest, visit: Visit) -> HttpResponse:
    at = now()
    purpose = Slate.Purpose.CATALOGUE
    picks = picks_now(learner=visit.learner, course=visit.course, at=at, purpose=purpose, count=COUNT)
    impressions_shown(impressions=picks.waiting)
    offers = offers_open(slate=picks.slate)
    offers_shown(offers=offers)
    skills = skills_at_a_glance(courses=[offer.course_id for offer in offers])
    context = {
        "cards": feed_cards(picks.waiting, course=visit.course, at=at),
        "offers": offer_cards(offers, skills=skills),
        "why_empty": picks.why_empty,
    }
    return page(request, visit, "adaptive/learner/catalogue.html", context)


@require_POST
@signed_in
def offer(request: HttpRequest, visit: Visit, slate_id: UUID, position: int) -> HttpResponse:
    """A course of the catalogue is taken up, once however often it is sent, or put away."""
    found = offer_in(learner=visit.learner, slate_id=slate_id, position=position)
    in_course(visit, found.slate.course_id, "learner")
    back = reverse("adaptive:catalogue", args=[found.slate.course_id])
    title = {"title": found.course.title}
    if request.POST.get("do") == "put-away":
        offer_put_away(offer=found)
        messages.success(request, _("Put away: %(title)s.") % title)
        return to(request, back)
    if request.POST.get("do") != "enrol":
        raise Http404
    try:
        enrolment, is_new = offer_take_up(offer=found)
    except NotAllowed:
        messages.warning(request, _("“%(title)s” does not let learners enrol themselves: ask a teacher of it.") % title)
        return to(request, back)
    said = _("You are in “%(title)s” now.") if is_new else _("You are in “%(title)s” already.")
    messages.success(request, said % title)
    name = "report" if enrolment.role == "teacher" else "course"
    return to(request, reverse(f"adaptive:{name}", args=[found.course_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@learner_page
def preferences(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What the learner says they like to use, and what their choices say of it. Not a "learning style"."""
    stated, error = stated_of(visit.learner.preferences), ""
    if request.method == "POST":
        try:
            preferences_set(
                learner=visit.learner,
                kinds=request.POST.getlist("kinds"),
                length=request.POST.get("length", ""),
                pace=request.POST.get("pace", ""),
                language=request.POST.get("language", ""),
                is_observed=request.POST.get("observe") == "on",
            )
        except InvalidInput as refused:
            error = refused.detail
        else:
            messages.success(request, _("Noted. What you are offered follows from now on."))
            return to(request, reverse("adaptive:preferences", args=[visit.course.pk]))
    leans = observed(learner=visit.learner, course=visit.course, at=now()) if stated.is_observed else ()
    courses = [enrolment.course for enrolment in visit.enrolments]
    form = preferences_form(stated, leans, courses=courses, sent=request.POST if error else None)
    context = {"form": form, "error": error}
    return page(request, visit, "adaptive/learner/preferences.html", context, status=422 if error else 200)
