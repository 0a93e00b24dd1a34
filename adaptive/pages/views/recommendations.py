"""What is recommended, for review: the list, one pick with all choices, many at once, and taking it back."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from adaptive.common.clock import now
from adaptive.common.errors import InvalidInput
from adaptive.pages.access import Visit, teacher_page, to
from adaptive.pages.presenters import recommendations as present
from adaptive.pages.rendering import page
from adaptive.pages.selectors import resource_in
from adaptive.recommendation import review_list as reading
from adaptive.recommendation.models import Impression, Ruling
from adaptive.recommendation.reviewing import MAX_NOTE, review_record, reviews_approve, reviews_undo, ruling_end

ROWS = 20
RULINGS = 50
UNDO_WITHIN = timedelta(minutes=15)  # for so long the page offers to take the last decision back


def _state(values: dict) -> str:
    state = values.get("state", reading.NEW)
    return state if state in reading.STATES else reading.NEW


def _back(request: HttpRequest, visit: Visit) -> str:
    """The list as it was, with its filter and page."""
    values = {"state": _state(request.POST)}
    if (number := request.POST.get("page", "")).isdecimal() and len(number) < 6:
        values["page"] = number
    return f"{reverse('adaptive:picks', args=[visit.course.pk])}?{urlencode(values)}"


def _rows(visit: Visit, found: Sequence[Impression]) -> list[present.PickRow]:
    cohorts = reading.cohorts_of(course=visit.course, learner_ids=[row.slate.learner_id for row in found])
    policies = reading.new_policies(course=visit.course, at=now())
    return [present.pick_row(row, cohorts=cohorts, policies=policies) for row in found]


@require_GET
@teacher_page
def waiting(request: HttpRequest, visit: Visit) -> HttpResponse:
    at, state = now(), _state(request.GET)
    keys = reading.keys_to_review(course=visit.course, state=state, at=at)
    pages = Paginator(keys, ROWS).get_page(request.GET.get("page"))
    last = reading.last_batch(course=visit.course, teacher=visit.learner, at=at, within=UNDO_WITHIN)
    rulings = reading.rulings_in_force(course=visit.course, at=at)[: RULINGS + 1]
    context = {
        "rows": _rows(visit, reading.rows_of(list(pages))),
        "pages": pages,
        "state": state,
        "filters": present.FILTERS.items(),
        "nothing": present.NOTHING[state],
        "last": last[0] if last else None,
        "last_words": present.batch_words(last),
        "rulings": [present.ruling_line(ruling) for ruling in rulings[:RULINGS]],
        "has_more_rulings": len(rulings) > RULINGS,
    }
    return page(request, visit, "adaptive/teacher/recommendations.html", context)


def _row_in(visit: Visit, slate_id: UUID, position: int) -> Impression:
    found = reading.review_row(course=visit.course, slate_id=slate_id, position=position)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@teacher_page
def one(request: HttpRequest, visit: Visit, slate_id: UUID, position: int) -> HttpResponse:
    """One pick with every choice; a POST decides."""
    found = _row_in(visit, slate_id, position)
    return _decide(request, visit, found) if request.method == "POST" else _choices(request, visit, found)


def _choices(
    request: HttpRequest, visit: Visit, found: Impression, *, error: str = "", status: int = 200
) -> HttpResponse:
    (row,) = _rows(visit, [found])
    context = {
        "row": row,
        "options": present.options(found),
        "state": _state(request.POST if request.method == "POST" else request.GET),
        "error": error,
        "max_note": MAX_NOTE,
        "chosen": request.POST,
    }
    return page(request, visit, "adaptive/teacher/recommendation.html", context, status=status)


def _decide(request: HttpRequest, visit: Visit, found: Impression) -> HttpResponse:
    decision = request.POST.get("decision", "")
    instead = request.POST.get("with", "") if decision == "swap" else ""
    try:
        if instead and not (instead.isascii() and instead.isdigit() and len(instead) < 19):
            raise Http404
        review_record(
            slate=found.slate,
            position=found.position,
            decision=decision,
            teacher=visit.learner,
            scope=request.POST.get("scope", "") if decision in ("pin", "never") else "",
            instead=resource_in(course=visit.course, resource_id=int(instead)) if instead else None,
            note=request.POST.get("note", ""),
        )
    except InvalidInput as refused:
        error = _("Choose what to do.") if not decision else refused.detail
        if request.htmx:
            return _fragment(request, visit, found, error=error, status=422)
        return _choices(request, visit, found, error=error, status=422)
    if request.htmx:
        return _fragment(request, visit, _row_in(visit, found.slate_id, found.position))
    return to(request, _back(request, visit))


def _fragment(
    request: HttpRequest, visit: Visit, found: Impression, *, error: str = "", said: str = "", status: int = 200
) -> HttpResponse:
    (row,) = _rows(visit, [found])
    context = {"row": row, "state": _state(request.POST), "error": error, "said": said or row.decided}
    return page(request, visit, "adaptive/teacher/_pick_answer.html", context, status=status)


@require_POST
@teacher_page
def approve(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Approves what was ticked, or all that was shown."""
    keys = request.POST.getlist("shown" if request.POST.get("which") == "all" else "place")
    places = [place for place in map(present.place_of, keys[: 4 * ROWS]) if place is not None]
    if not places:
        messages.warning(request, _("Nothing was ticked."))
        return to(request, _back(request, visit))
    _batch, n = reviews_approve(course=visit.course, places=places, teacher=visit.learner)
    if not n:
        messages.warning(request, _("Those have been decided already."))
    return to(request, _back(request, visit))


@require_POST
@teacher_page
def undo(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Takes back what was decided in one go."""
    try:
        batch = UUID(request.POST.get("batch", ""))
    except ValueError as error:
        raise Http404 from error
    taken_back = reviews_undo(course=visit.course, batch=batch, teacher=visit.learner)
    if request.htmx and len(taken_back) == 1:
        place = taken_back[0].impression
        found = _row_in(visit, place.slate_id, place.position)
        return _fragment(request, visit, found, said=_("Taken back. The pick is open again."))
    if taken_back:
        n = len(taken_back)
        said = ngettext("Taken back: %(n)d decision.", "Taken back: %(n)d decisions.", n) % {"n": n}
        messages.success(request, said)
    else:
        messages.warning(request, _("That had been taken back already."))
    return to(request, _back(request, visit))


@require_POST
@teacher_page
def end_ruling(request: HttpRequest, visit: Visit, ruling_id: int) -> HttpResponse:
    found = Ruling.objects.select_related("course").filter(course=visit.course, pk=ruling_id).first()
    if found is None:
        raise Http404
    if ruling_end(ruling=found, teacher=visit.learner):
        messages.success(request, _("Taken back. It counts from each learner's next pick on."))
    else:
        messages.warning(request, _("That had been taken back already."))
    return to(request, _back(request, visit))
