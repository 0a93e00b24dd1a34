"""A request in words: the box, and the page of what came of it."""

from collections.abc import Sequence
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from adaptive.pages.access import SeeOther, Visit, learner_page
from adaptive.pages.presenters.ask import asked as asked_view
from adaptive.pages.rendering import page
from adaptive.pages.selectors import impressions_open
from adaptive.practice.services import slate_next
from adaptive.recommendation.models import Slate
from adaptive.recommendation.selectors import understood_of
from adaptive.recommendation.services import TAKEN_BACK, impressions_shown, query_clean
from adaptive.recommendation.wishes.types import Wish

COUNT = 8


@require_http_methods(["GET", "HEAD", "POST"])
@learner_page
def ask(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The box alone; handed in, a slate that answers it. Its page can be read again and shared with nobody."""
    if request.method != "POST":
        return page(request, visit, "adaptive/learner/ask.html", {"query": query_clean(request.GET.get("q", ""))})
    query = query_clean(request.POST.get("q", ""))
    if not query:
        context = {"query": "", "error": _("Say in a few words what you would like.")}
        return page(request, visit, "adaptive/learner/ask.html", context, status=422)
    without = set(request.POST.getlist("without")) | {request.POST.get("drop", "")}
    without -= {request.POST.get("restore", "")}
    slate = slate_asked(visit, query=query, without=[code for code in TAKEN_BACK if code in without])
    place = place_of(slate)
    if not request.htmx:
        return SeeOther(place)
    response = _results(request, visit, slate)
    response["HX-Push-Url"] = place
    return response


@require_GET
@learner_page
def asked(request: HttpRequest, visit: Visit, slate_id: UUID) -> HttpResponse:
    """What came of a request of the learner's own."""
    slate = Slate.objects.filter(pk=slate_id, learner=visit.learner, course=visit.course).first()
    if slate is None:
        raise Http404
    if not slate.query:
        return redirect("adaptive:ask", course_id=visit.course.pk)
    return _results(request, visit, slate)


def slate_asked(visit: Visit, *, query: str, without: Sequence[str]) -> Slate:
    return slate_next(learner=visit.learner, course=visit.course, count=COUNT, query=query, without=without)


def place_of(slate: Slate) -> str:
    return reverse("adaptive:asked", args=[slate.course_id, slate.pk])


def _results(request: HttpRequest, visit: Visit, slate: Slate) -> HttpResponse:
    impressions = impressions_open(slate=slate)
    impressions_shown(impressions=impressions)
    view = asked_view(slate=slate, understood=understood_of(slate=slate), impressions=impressions)
    template = "adaptive/learner/_asked.html" if request.htmx else "adaptive/learner/ask.html"
    return page(request, visit, template, {"query": slate.query, "asked": view})


def slate_asked_again(visit: Visit, slate: Slate) -> Slate:
    """The same request anew, after something was said that changes what fits."""
    wish = Wish.from_json(slate.context["wish"])
    return slate_asked(visit, query=slate.query, without=wish.taken_back)
