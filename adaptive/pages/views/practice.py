"""Practising: the next exercise, one exercise as a form, a hint, an answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from adaptive.catalog.models import Resource
from adaptive.common.clock import now
from adaptive.common.errors import Conflict, InvalidInput
from adaptive.conf import settings
from adaptive.events.models import Attempt
from adaptive.learners.consents import MARKING, agrees
from adaptive.mastery.items import items_of
from adaptive.mastery.selectors import learner_state
from adaptive.pages.access import Visit, in_course, learner_page, safe_path, signed_in, to
from adaptive.pages.drafts import Draft, draft_keep, draft_take
from adaptive.pages.goals import goal_of
from adaptive.pages.hints import answer_shown, example_shown, hint_open, hints_seen
from adaptive.pages.picks import pick_seen, picks_now
from adaptive.pages.presenters.answers import GIVEN_UP
from adaptive.pages.presenters.exercise import exercise_form
from adaptive.pages.presenters.practice import HintLadder, Practice, hint_ladder, practice, skill_goal
from adaptive.pages.rendering import page
from adaptive.pages.responses import form_lists, response_from_form, typed
from adaptive.pages.selectors import (
    impression_in,
    is_right,
    last_right_at,
    marks_on,
    misses,
    resource_in,
    skills_of_resource,
    tries,
)
from adaptive.pages.views.attempt import result_fragment
from adaptive.pages.views.reading import reading_page
from adaptive.practice.services import answer_submit
from adaptive.practice.similar import similar_problem
from adaptive.recommendation.models import Impression
from adaptive.recommendation.observing import CHOSEN


@require_GET
@learner_page
def start(request: HttpRequest, visit: Visit) -> HttpResponse:
    """To the best of what waits; with nothing left, a page that says why."""
    picks = picks_now(learner=visit.learner, course=visit.course, at=now())
    if picks.first is None:
        return page(request, visit, "adaptive/learner/nothing_left.html", {"why_empty": picks.why_empty})
    return redirect("adaptive:pick", slate_id=picks.first.slate_id, position=picks.first.position)


@require_GET
@signed_in
def pick(request: HttpRequest, visit: Visit, slate_id: UUID, position: int) -> HttpResponse:
    """A place of the learner's own slate: an exercise to answer, or something to read."""
    impression = impression_in(learner=visit.learner, slate_id=slate_id, position=position)
    visit = in_course(visit, impression.slate.course_id, "learner")
    # Where one goes where one is led, opening it says nothing of what one likes.
    is_chosen = impression.slate.purpose in CHOSEN or impression.slate.query
    pick_seen(impression, "impression", *(["click"] if is_chosen else []), "start")
    if not impression.resource.is_exercise:
        return reading_page(request, visit, impression.resource, impression)
    return exercise_page(request, visit, impression.resource, impression)


@require_GET
@learner_page
def resource(request: HttpRequest, visit: Visit, resource_id: int) -> HttpResponse:
    """A resource that the learner chose, outside of any slate."""
    found = resource_in(course=visit.course, resource_id=resource_id)
    return exercise_page(request, visit, found) if found.is_exercise else reading_page(request, visit, found)


@dataclass(frozen=True, slots=True)
class Tried:
    """The learner's own past with the exercise, and the hints that count for the next answer."""

    attempts: list[Attempt]
    n_hints: int


def tried(request: HttpRequest, visit: Visit, exercise: Resource, *, before: datetime | None = None) -> Tried:
    """`before`: when the form was drawn. What was handed in since then does not count: the same form sent twice is
    the same answer, to the last hint."""
    attempts = tries(learner=visit.learner, resource=exercise)
    if before is not None:
        attempts = [attempt for attempt in attempts if attempt.submitted_at < before]
    return Tried(attempts, hints_seen(request, exercise, since=last_right_at(attempts)))


def exercise_page(
    request: HttpRequest,
    visit: Visit,
    exercise: Resource,
    impression: Impression | None = None,
    *,
    draft: Draft | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """The exercise as a form; its fragment alone where HTMX asks for what is wrong."""
    at = now()
    draft = draft or draft_take(request, resource_id=exercise.pk, learner_id=visit.learner.pk)
    past = tried(request, visit, exercise)
    view = _practice(visit, exercise, impression, past, draft, at, error)
    template = "adaptive/learner/_work.html" if request.htmx and status == 422 else "adaptive/learner/practice.html"
    return page(request, visit, template, {"practice": view}, status=status)


def _practice(
    visit: Visit,
    exercise: Resource,
    impression: Impression | None,
    past: Tried,
    draft: Draft | None,
    at: datetime,
    error: str,
) -> Practice:
    skills = skills_of_resource(exercise)
    goal = None
    if skills:
        belief = learner_state(learner=visit.learner, course=visit.course)
        item = items_of([exercise.pk])[exercise.pk]
        goal = skill_goal(skills[0], goal_of(belief, item=item, skill_id=skills[0].pk, at=at.timestamp()))
    return practice(
        resource=exercise,
        form=exercise_form(exercise, draft.values if draft else None),
        ladder=ladder_of(visit, exercise, past, past.n_hints),
        goal=goal,
        marks=marks_on(learner=visit.learner, skill=skills[0]) if skills else past.attempts,
        started=at.isoformat(),
        back=place_of(visit, exercise, impression),
        key=draft.key if draft else "",
        impression=impression,
        error=error,
        n_misses=misses(past.attempts),
        is_read_by_ai=settings().ai_enabled
        and visit.course.is_ai_enabled
        and exercise.is_ai_enabled
        and agrees(visit.learner, MARKING),
    )


def place_of(visit: Visit, exercise: Resource, impression: Impression | None) -> str:
    """Where this exercise stands for this learner."""
    if impression is not None:
        return reverse("adaptive:pick", args=[impression.slate_id, impression.position])
    return reverse("adaptive:resource", args=[visit.course.pk, exercise.pk])


def _impression(request: HttpRequest, visit: Visit, exercise: Resource) -> Impression | None:
    """The place that the form names, if it is one of the learner's own and holds this exercise."""
    try:
        slate_id, position = UUID(request.POST.get("slate", "")), int(request.POST.get("position", ""))
    except ValueError:
        return None
    found = impression_in(learner=visit.learner, slate_id=slate_id, position=min(max(position, 0), 32_000))
    return found if found.resource_id == exercise.pk else None


def _started(request: HttpRequest, at: datetime) -> datetime | None:
    """When the form was drawn, as it says; None where that cannot be."""
    try:
        started = parse_datetime(request.POST.get("started", ""))
    except ValueError:
        return None
    return started if started and started.tzinfo and started <= at else None


def _exercise(visit: Visit, resource_id: int) -> Resource:
    found = resource_in(course=visit.course, resource_id=resource_id)
    if not found.is_exercise:
        raise Http404
    return found


def ladder_of(visit: Visit, exercise: Resource, past: Tried, n: int) -> HintLadder:
    """The ladder down to rung n. A similar problem is looked for only where the author's hints are all seen."""
    is_near = len(exercise.hints) <= n <= example_shown(exercise)
    similar = similar_problem(learner=visit.learner, exercise=exercise) if is_near else None
    return hint_ladder(exercise, n, similar=similar.resource if similar else None, error=_last_error(visit, past))


def _last_error(visit: Visit, past: Tried) -> str:
    """The name of the error behind the last answer, if that was not right."""
    current = getattr(past.attempts[-1], "current", []) if past.attempts else []
    if not current or is_right(current[0]):
        return ""
    return next((m.get("name", "") for m in visit.course.misconceptions if m.get("id") == current[0].misconception), "")


@require_POST
@learner_page
def hint(request: HttpRequest, visit: Visit, resource_id: int) -> HttpResponse:
    """Shows the ladder down to the rung that the button named; naming it makes a second click harmless."""
    exercise = _exercise(visit, resource_id)
    past = tried(request, visit, exercise)
    asked = request.POST.get("hint", "")
    wanted = int(asked) if asked.isdecimal() and len(asked) < 4 else 1
    n = max(past.n_hints, min(wanted, example_shown(exercise)))
    ladder = ladder_of(visit, exercise, past, n)
    if n == example_shown(exercise) and ladder.example is None:
        n = max(past.n_hints, len(exercise.hints))  # the course has no similar problem
    _open(request, visit, exercise, n)
    if request.htmx:
        context = {"ladder": ladder, "resource": exercise, "is_fresh": True}
        return page(request, visit, "adaptive/learner/_hints.html", context)
    draft_keep(request)
    return to(request, safe_path(request, request.POST.get("back", "")) or place_of(visit, exercise, None))


def _open(request: HttpRequest, visit: Visit, exercise: Resource, n: int) -> None:
    """Notes the rungs that are shown. An unsolved exercise that is shown with its solution is no test any more."""
    if n == example_shown(exercise):
        similar = similar_problem(learner=visit.learner, exercise=exercise)
        if similar and similar.resource.is_exercise and not similar.is_solved:
            hint_open(request, similar.resource, answer_shown(similar.resource), at=now())
    hint_open(request, exercise, n, at=now())


@require_POST
@learner_page
def give_up(request: HttpRequest, visit: Visit, resource_id: int) -> HttpResponse:
    """The last rung: shows the answer, which ends the try as one that was not right. What was typed is kept."""
    exercise = _exercise(visit, resource_id)
    impression = _impression(request, visit, exercise)
    past = tried(request, visit, exercise)
    back = safe_path(request, request.POST.get("back", "")) or place_of(visit, exercise, impression)
    if not ladder_of(visit, exercise, past, past.n_hints).may_show_answer:
        if past.attempts and past.n_hints >= answer_shown(exercise):
            back = reverse("adaptive:attempt", args=[visit.course.pk, past.attempts[-1].pk])
        return to(request, back)
    key = request.POST.get("key", "")[:80] or uuid4().hex
    submission = answer_submit(
        tenant=visit.learner.tenant,
        learner=visit.learner,
        course=visit.course,
        resource=exercise,
        score=0.0,
        started_at=_started(request, now()),
        n_hints=answer_shown(exercise),
        source=Attempt.Source.PAGE,
        idempotency_key=f"page:{visit.learner.pk}:{exercise.pk}:{key}{GIVEN_UP}",
        impression_id=impression.pk if impression else None,
    )
    draft_keep(request)
    hint_open(request, exercise, answer_shown(exercise), at=now())
    if request.htmx:
        return result_fragment(request, visit, submission.attempt.pk)
    return to(request, reverse("adaptive:attempt", args=[visit.course.pk, submission.attempt.pk]))


@require_POST
@learner_page
def answer(request: HttpRequest, visit: Visit, resource_id: int) -> HttpResponse:
    """Hands in an answer: to its result, or back to the form with what is wrong and all that was typed."""
    exercise = _exercise(visit, resource_id)
    impression = _impression(request, visit, exercise)
    given = form_lists(request.POST)
    key = request.POST.get("key", "")[:80]
    started = _started(request, now())
    try:
        submission = answer_submit(
            tenant=visit.learner.tenant,
            learner=visit.learner,
            course=visit.course,
            resource=exercise,
            response=response_from_form(exercise, given),
            started_at=started,
            n_hints=tried(request, visit, exercise, before=started).n_hints,
            source=Attempt.Source.PAGE,
            idempotency_key=f"page:{visit.learner.pk}:{exercise.pk}:{key}" if key else None,
            impression_id=impression.pk if impression else None,
        )
    except InvalidInput as error:
        draft = Draft(typed(given), key)
        return exercise_page(request, visit, exercise, impression, draft=draft, error=error.detail, status=422)
    except Conflict:
        # The back button: the form was sent before, with another answer. That one is kept; this is a new try.
        draft = Draft(typed(given), "")
        sent = _("You have sent an answer from this page before, and it is kept. Send this one as another try?")
        return exercise_page(request, visit, exercise, impression, draft=draft, error=sent, status=422)
    if request.htmx:
        return result_fragment(request, visit, submission.attempt.pk)
    return to(request, reverse("adaptive:attempt", args=[visit.course.pk, submission.attempt.pk]))
