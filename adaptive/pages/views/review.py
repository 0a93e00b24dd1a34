"""What waits for a person: the list, and one answer with the form to mark it."""

from typing import Any

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from adaptive.assessment.agreement import agreements_of, limit_of
from adaptive.common.clock import now
from adaptive.common.errors import InvalidInput
from adaptive.events.models import Attempt
from adaptive.pages.access import Visit, teacher_page, to
from adaptive.pages.presenters.agreement import agreement_view
from adaptive.pages.presenters.review import LABELS, MARKS, ReviewCard, review_card
from adaptive.pages.rendering import page
from adaptive.pages.report import all_current_assessments, class_figures, review_queue, review_sample
from adaptive.pages.selectors import attempt_in
from adaptive.practice.reviewing import reasons_of, teaching_first
from adaptive.practice.services import attempt_mark

MAX_FEEDBACK = 4_000


def marks() -> list[tuple[str, Any]]:
    return [(label, LABELS[label]) for label, _score in MARKS]


@require_GET
@teacher_page
def waiting(request: HttpRequest, visit: Visit) -> HttpResponse:
    figures = class_figures(course=visit.course, n_learners=0, at=now())
    whole, measured = agreements_of(course=visit.course)
    first = teaching_first(course=visit.course, agreements=measured, whole=whole)

    queue = review_queue(course=visit.course, first=first)
    reasons = reasons_of(attempts=queue)

    def card(attempt: Attempt) -> ReviewCard:
        return review_card(
            attempt,
            measured=measured.get(attempt.resource_id),
            teaches=attempt.pk in first,
            asked=reasons.get(attempt.pk, ""),
        )

    context = {
        "cards": [card(attempt) for attempt in queue],
        "sample": [card(attempt) for attempt in review_sample(course=visit.course)],
        "figures": figures,
        "agreement": agreement_view(whole, measured, limit=limit_of(visit.course)),
        "marks": marks(),
    }
    return page(request, visit, "adaptive/teacher/review.html", context)


@require_http_methods(["GET", "POST"])
@teacher_page
def one(request: HttpRequest, visit: Visit, attempt_id: int) -> HttpResponse:
    """One answer; a POST marks it. A person's mark always wins, so an answer that is marked already can be, too."""
    found = attempt_in(course=visit.course, attempt_id=attempt_id)
    if request.method == "POST":
        return _mark(request, visit, found)
    return _card(request, visit, found)


def _card(request: HttpRequest, visit: Visit, attempt: Attempt, *, error: str = "", status: int = 200) -> HttpResponse:
    prefetch_related_objects([attempt], all_current_assessments())
    _whole, measured = agreements_of(course=visit.course)
    context = {
        "card": review_card(
            attempt,
            measured=measured.get(attempt.resource_id),
            asked=reasons_of(attempts=[attempt]).get(attempt.pk, ""),
        ),
        "marks": marks(),
        "error": error,
        "chosen": request.POST.get("label", ""),
        "feedback": request.POST.get("feedback", ""),
    }
    template = "adaptive/teacher/_review_card.html" if request.htmx else "adaptive/teacher/review_one.html"
    return page(request, visit, template, context, status=status)


def _mark(request: HttpRequest, visit: Visit, attempt: Attempt) -> HttpResponse:
    label, feedback = request.POST.get("label", ""), request.POST.get("feedback", "").strip()
    scores = dict(MARKS)
    if label not in scores:
        return _card(request, visit, attempt, error=_("Choose a mark."), status=422)
    if len(feedback) > MAX_FEEDBACK:
        too_long = _("The feedback may have %(most)d characters at most.") % {"most": MAX_FEEDBACK}
        return _card(request, visit, attempt, error=too_long, status=422)
    try:
        attempt_mark(
            attempt=attempt,
            teacher=str(visit.learner.external_id),
            score=scores[label],
            label=label,
            feedback=feedback,
        )
    except InvalidInput as error:
        return _card(request, visit, attempt, error=error.detail, status=422)
    if request.htmx:
        context = {"attempt": attempt, "label": LABELS[label]}
        return page(request, visit, "adaptive/teacher/_marked.html", context)
    messages.success(
        request,
        _("Marked: %(label)s, for %(learner)s.") % {"label": LABELS[label], "learner": attempt.learner},
    )
    return to(request, reverse("adaptive:review", args=[visit.course.pk]))
