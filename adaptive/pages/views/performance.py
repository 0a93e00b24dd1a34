"""How the learner's sessions and weeks went, for the learner; and their word on whether teachers may see it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from adaptive.learners.services import performance_sharing_set
from adaptive.pages.access import Visit, learner_page, to
from adaptive.pages.presenters.performance import attempt_ids, performance_card
from adaptive.pages.rendering import page
from adaptive.pages.selectors import attempts_by_id
from adaptive.performance.selectors import performance_of

MOST = 10


@require_GET
@learner_page
def performance(request: HttpRequest, visit: Visit) -> HttpResponse:
    found = list(performance_of(learner=visit.learner, course=visit.course, limit=MOST))
    attempts = attempts_by_id(learner=visit.learner, ids=attempt_ids(found))
    cards = [performance_card(one, attempts) for one in found]
    return page(request, visit, "adaptive/learner/performance.html", {"cards": cards})


@require_POST
@learner_page
def sharing(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The button names what it does, so that pressing it twice does no harm."""
    shares = request.POST.get("shares") == "yes"
    performance_sharing_set(learner=visit.learner, shares=shares)
    if shares:
        messages.success(request, _("Your teachers can see how your practice went from now on."))
    else:
        messages.success(request, _("Your teachers do not see how your practice went any more."))
    return to(request, reverse("adaptive:performance", args=[visit.course.pk]))
