"""The choice of a language: a plain form in the foot of every page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.views.decorators.http import require_POST

from adaptive.common.errors import InvalidInput
from adaptive.learners.models import Learner
from adaptive.pages.access import SeeOther, safe_path
from adaptive.pages.languages import choose, remember


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keeps the choice and goes back to the page that it was made on. An unknown one changes nothing and is told."""
    back = safe_path(request, request.POST.get("next", ""))
    learner = Learner.objects.filter(user=request.user.pk).first() if request.user.is_authenticated else None
    response = SeeOther(back or resolve_url("adaptive:home"))
    chosen = request.POST.get("language", "")
    try:
        choose(request, learner, chosen)
    except InvalidInput as error:
        messages.warning(request, error.detail)
        return response
    remember(response, chosen)
    return response
