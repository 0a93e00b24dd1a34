"""One answer and what became of it: as a page, and as the fragment that arrives without a reload."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from adaptive.common.clock import now
from adaptive.common.errors import AdaptiveError
from adaptive.events.models import Attempt
from adaptive.mastery.selectors import MASTERED
from adaptive.pages.access import Visit, learner_page, to
from adaptive.pages.hints import answer_shown, hint_open, hints_seen
from adaptive.pages.markdown import plain_text
from adaptive.pages.picks import picks_now
from adaptive.pages.presenters.exercise import question_html
from adaptive.pages.presenters.feedback import AWAY_AFTER, poll_delay, result
from adaptive.pages.presenters.picks import pick_card
from adaptive.pages.presenters.wording import percent
from adaptive.pages.rendering import page
from adaptive.pages.selectors import attempt_in, helpers_for, misses, newly_mastered, skills_of_resource, tries
from adaptive.practice.selectors import feedback_of
from adaptive.practice.services import attempt_contest

MAX_REASON = 1_000
RECENT_SECONDS = 3_600


def _url(name: str, visit: Visit, attempt_id: int) -> str:
    return reverse(f"adaptive:{name}", args=[visit.course.pk, attempt_id])


def _context(request: HttpRequest, visit: Visit, attempt: Attempt) -> dict[str, Any]:
    at = now()
    exercise = attempt.resource
    past = tries(learner=visit.learner, resource=exercise)
    n_misses = misses(one for one in past if (one.submitted_at, one.pk) <= (attempt.submitted_at, attempt.pk))
    is_fresh = (at - attempt.submitted_at).total_seconds() < RECENT_SECONDS
    feedback = feedback_of(attempt=attempt)
    view = result(
        feedback,
        misconceptions=visit.course.misconceptions,
        n_misses=n_misses,
        mastered_now=newly_mastered(learner=visit.learner, changes=feedback.changes) if is_fresh else (),
        is_revealed=hints_seen(request, exercise) >= answer_shown(exercise),
        at=at,
    )
    if view.right_lines and not view.may_reveal:
        hint_open(request, exercise, answer_shown(exercise), at=at)  # from here on the answer is known
    skills = skills_of_resource(exercise)
    return {
        "result": view,
        "resource": exercise,
        "title": plain_text(exercise.title),
        "body": question_html(exercise),
        "threshold_text": percent(MASTERED),
        "helpers": helpers_for(course=visit.course, skills=skills) if view.n_misses > 1 and skills else [],
        **(_next(visit, at) if is_fresh and not view.is_waiting else {}),
    }


def _next(visit: Visit, at: datetime) -> dict[str, Any]:
    """What comes next, and why: after a fresh answer only. An old result is to be read, not to be gone on from."""
    picks = picks_now(learner=visit.learner, course=visit.course, at=at)
    return {"next": pick_card(picks.first) if picks.first else None, "why_empty": picks.why_empty}


@require_GET
@learner_page
def attempt(request: HttpRequest, visit: Visit, attempt_id: int) -> HttpResponse:
    found = attempt_in(course=visit.course, attempt_id=attempt_id, learner=visit.learner)
    context = _context(request, visit, found)
    return page(request, visit, "adaptive/learner/attempt.html", {**context, **_poll(visit, found, 0)})


def _poll(visit: Visit, attempt: Attempt, n: int) -> dict[str, Any]:
    """Where and when to look next. `away` in the address remembers what the page says already."""
    away = int(now() - attempt.submitted_at > AWAY_AFTER)
    url = f"{_url('attempt-state', visit, attempt.pk)}?n={n + 1}&away={away}"
    return {"poll_url": url, "poll_delay": poll_delay(n)}


def result_fragment(request: HttpRequest, visit: Visit, attempt_id: int) -> HttpResponse:
    """The result in place of the form, right after the answer."""
    found = attempt_in(course=visit.course, attempt_id=attempt_id, learner=visit.learner)
    context = {**_context(request, visit, found), **_poll(visit, found, 0), "is_answer": True}
    response = page(request, visit, "adaptive/learner/_result.html", context)
    response["HX-Push-Url"] = _url("attempt", visit, attempt_id)
    return response


@require_GET
@learner_page
def attempt_state(request: HttpRequest, visit: Visit, attempt_id: int) -> HttpResponse:
    """Look n at an answer that is being read. Only news replaces the result and tells the live region."""
    found = attempt_in(course=visit.course, attempt_id=attempt_id, learner=visit.learner)
    asked = request.GET.get("n", "")
    poll = _poll(visit, found, int(asked) if asked.isdecimal() and len(asked) < 6 else 0)
    is_waiting = found.state == Attempt.State.QUEUED
    if is_waiting and poll["poll_url"].endswith("away=1") == (request.GET.get("away") == "1"):
        return page(request, visit, "adaptive/learner/_poll.html", poll)
    context = {**_context(request, visit, found), **poll, "is_look": True, "is_news": True}
    response = page(request, visit, "adaptive/learner/_result.html", context)
    response["HX-Retarget"], response["HX-Reswap"] = "#practice", "outerHTML"
    return response


@require_POST
@learner_page
def reveal(request: HttpRequest, visit: Visit, attempt_id: int) -> HttpResponse:
    """Shows the answer after a miss. It counts like all hints together for the next try at this exercise."""
    found = attempt_in(course=visit.course, attempt_id=attempt_id, learner=visit.learner)
    hint_open(request, found.resource, answer_shown(found.resource), at=now())
    return to(request, _url("attempt", visit, attempt_id))


@require_POST
@learner_page
def contest(request: HttpRequest, visit: Visit, attempt_id: int) -> HttpResponse:
    """Asks a teacher to look at a mark."""
    found = attempt_in(course=visit.course, attempt_id=attempt_id, learner=visit.learner)
    try:
        attempt_contest(attempt=found, reason=request.POST.get("reason", "")[:MAX_REASON])
        messages.success(request, _("Your teacher will look at it. Until then the mark stands."))
    except AdaptiveError as error:
        messages.warning(request, error.detail)
    return to(request, _url("attempt", visit, attempt_id))
