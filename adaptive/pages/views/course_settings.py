"""What teachers set in their course; installation-wide values stand where a field is left empty."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from adaptive.catalog.models import WORDS_FORMATS, Course, Resource
from adaptive.common.errors import InvalidInput
from adaptive.conf import settings
from adaptive.pages.access import Visit, teacher_page, to
from adaptive.pages.markdown import plain_text
from adaptive.pages.rendering import page
from adaptive.pages.selectors import resource_in
from adaptive.practice.course_settings import course_settings_set, exercise_ai_set

ROWS = 50
FIELDS = ("zpd_low", "zpd_high", "release_error_limit")
MAX_TYPED = 40
_NUMBER = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    label: str
    value: str  # as typed
    usual: str  # the installation's own value, in percent


def _percent(share: float | None) -> str:
    """ "55", "4.5" in the language's own way; "" for None."""
    return "" if share is None else number_format(Decimal(f"{share * 100:.2f}").normalize() + 0)


def _share(text: str) -> float | None:
    """What was typed as a share; None for nothing. Raises InvalidInput."""
    text = text.strip().removesuffix("%").strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise InvalidInput(_("“%(text)s” cannot be used: write percent, such as 55.") % {"text": text})
    return round(float(text.replace(",", ".")) / 100, 6)


def _fields(typed: dict[str, str]) -> list[Field]:
    labels = {
        "zpd_low": _("The window begins at, in %"),
        "zpd_high": _("The window ends at, in %"),
        "release_error_limit": _("Wrong marks among those released without a person, in % at most"),
    }
    return [Field(name, labels[name], typed.get(name, ""), _percent(getattr(settings(), name))) for name in FIELDS]


def _page(
    request: HttpRequest,
    visit: Visit,
    *,
    typed: dict[str, str],
    is_ai_enabled: bool,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    rows = Resource.objects.filter(course=visit.course, response_format__in=WORDS_FORMATS, is_retired=False)
    rows = rows.only("pk", "title", "is_ai_enabled").order_by("title", "pk")
    pages = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "fields": _fields(typed),
        "is_ai_enabled": is_ai_enabled,
        "has_ai": settings().ai_enabled,
        "pages": pages,
        "exercises": [(one, plain_text(one.title)) for one in pages],
        "error": error,
    }
    return page(request, visit, "adaptive/teacher/settings.html", context, status=status)


def _stored(course: Course) -> dict[str, str]:
    return {name: _percent(getattr(course, name)) for name in FIELDS}


@require_http_methods(["GET", "POST"])
@teacher_page
def course_settings(request: HttpRequest, visit: Visit) -> HttpResponse:
    course = visit.course
    if request.method == "GET":
        return _page(request, visit, typed=_stored(course), is_ai_enabled=course.is_ai_enabled)
    typed = {name: request.POST.get(name, "")[:MAX_TYPED] for name in FIELDS}
    is_ai_enabled = request.POST.get("is_ai_enabled") == "on"
    try:
        shares = {name: _share(text) for name, text in typed.items()}
        changed = course_settings_set(course=course, teacher=visit.learner, is_ai_enabled=is_ai_enabled, **shares)
    except InvalidInput as refused:
        return _page(request, visit, typed=typed, is_ai_enabled=is_ai_enabled, error=refused.detail, status=422)
    messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
    return to(request, reverse("adaptive:settings", args=[course.pk]))


@require_POST
@teacher_page
def exercise_ai(request: HttpRequest, visit: Visit, resource_id: int) -> HttpResponse:
    """Switches the AI on or off for one exercise that is answered in words."""
    found = resource_in(course=visit.course, resource_id=resource_id)
    wanted = request.POST.get("ai", "")
    if not found.is_words or wanted not in ("on", "off"):
        raise Http404
    exercise_ai_set(exercise=found, teacher=visit.learner, is_ai_enabled=wanted == "on")
    title = {"title": plain_text(found.title)}
    if wanted == "on":
        messages.success(request, _("From the next answer on the AI may mark “%(title)s” again.") % title)
    else:
        messages.success(request, _("From the next answer on “%(title)s” is marked by you alone.") % title)
    if request.POST.get("from") == "exercise":
        return to(request, reverse("adaptive:report-exercise", args=[visit.course.pk, found.pk]))
    return to(request, reverse("adaptive:settings", args=[visit.course.pk]))
