"""The tutor: a conversation about one course. A form and its answer; the rest arrives by itself where it can."""

from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from adaptive.catalog.models import Resource
from adaptive.common.errors import Conflict, InvalidInput, NotFound
from adaptive.conversation.models import Conversation, TutorMessage
from adaptive.conversation.selectors import conversation_get, conversation_latest, messages_of, resources_cited
from adaptive.conversation.services import conversation_start, message_post, message_stop
from adaptive.explanation.rewording import may_reword_for
from adaptive.learners.consents import TUTOR
from adaptive.pages.access import Visit, learner_page, to
from adaptive.pages.drafts import tutor_draft_take
from adaptive.pages.presenters.tutor import MOST_LOOKS, limits, poll_seconds, source_of, turn, turns
from adaptive.pages.rendering import page
from adaptive.pages.selectors import resource_in

PAGE, PART, TURN = "adaptive/learner/tutor.html", "adaptive/learner/_tutor.html", "adaptive/learner/_tutor_turn.html"


def _here(visit: Visit) -> str:
    return reverse("adaptive:tutor", args=[visit.course.pk])


def _conversation(visit: Visit, text: str) -> Conversation | None:
    """The learner's own conversation in this course; None where the form names none. Raises Http404."""
    if not text:
        return None
    try:
        found = conversation_get(tenant=visit.learner.tenant, conversation_id=text, learner=visit.learner)
    except NotFound:
        raise Http404 from None
    if found.course_id != visit.course.pk:
        raise Http404
    return found


def _exercise(visit: Visit, text: str) -> Resource | None:
    """The exercise that the tutor was opened beside."""
    if not (text.isdecimal() and len(text) < 19):
        return None
    found = resource_in(course=visit.course, resource_id=int(text))
    return found if found.is_exercise else None


def _context(visit: Visit, talk: Conversation | None, exercise: Resource | None = None) -> dict[str, Any]:
    said = list(messages_of(conversation=talk)) if talk else []
    resources = resources_cited(course=visit.course, messages=said)
    beside = exercise or (talk.exercise if talk else None)
    return {
        "talk": talk,
        "turns": turns(said, resources),
        "exercise": source_of(beside) if beside else None,
        "key": uuid4().hex,
        "choice_key": uuid4().hex,
        "limits": limits(),
        "may_reword": may_reword_for(learner=visit.learner, course=visit.course, purpose=TUTOR),
        "poll": _poll(visit, said[-1], 0) if said else None,
    }


def _poll(visit: Visit, message: TutorMessage, n: int) -> dict[str, Any] | None:
    if message.state != TutorMessage.State.PENDING or n >= MOST_LOOKS:
        return None
    url = reverse("adaptive:tutor-state", args=[visit.course.pk, message.pk])
    return {"url": f"{url}?n={n + 1}", "delay": poll_seconds(n)}


@require_GET
@learner_page
def tutor(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The latest conversation; a new one beside an exercise where `?exercise=` names one."""
    exercise = _exercise(visit, request.GET.get("exercise", ""))
    talk = conversation_latest(learner=visit.learner, course=visit.course)
    if exercise is not None and talk is not None and talk.exercise_id != exercise.pk:
        talk = None
    context = _context(visit, talk, exercise)
    context["typed"] = tutor_draft_take(request, course_id=visit.course.pk, learner_id=visit.learner.pk)
    response = page(request, visit, PAGE, context)
    # What was said since came without a new address: the back button must not show the page as it was first.
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@learner_page
def say(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What was typed comes back where it cannot be sent."""
    text = request.POST.get("choice") or request.POST.get("text", "")
    exercise = _exercise(visit, request.POST.get("exercise", ""))
    talk = _conversation(visit, request.POST.get("talk", ""))
    error, status = "", 200
    try:
        if talk is None:
            talk = conversation_start(learner=visit.learner, course=visit.course, exercise=exercise)
        message_post(conversation=talk, text=text, key=request.POST.get("key", ""))
    except (InvalidInput, Conflict) as refused:
        error, status = refused.detail, 422
    if not error and not request.htmx:
        return to(request, f"{_here(visit)}#latest")
    context = {
        **_context(visit, talk, exercise),
        "error": error,
        "typed": text if error else "",
        "is_answer": not error,
    }
    return page(request, visit, PART if request.htmx else PAGE, context, status=status)


def _message(visit: Visit, message_id: int) -> TutorMessage:
    found = TutorMessage.objects.select_related("conversation").filter(
        pk=message_id,
        role=TutorMessage.Role.TUTOR,
        conversation__learner=visit.learner,
        conversation__course=visit.course,
    )
    talk = next((one.conversation for one in found), None)
    if talk is None:
        raise Http404
    talk.course, talk.learner = visit.course, visit.learner
    return messages_of(conversation=talk).get(pk=message_id)


@require_GET
@learner_page
def state(request: HttpRequest, visit: Visit, message_id: int) -> HttpResponse:
    """Look n at a reply that a model puts into simpler words: the checked sentences so far."""
    asked = request.GET.get("n", "")
    n = int(asked) if asked.isdecimal() and len(asked) < 4 else 0
    return _turn(request, visit, _message(visit, message_id), n)


@require_POST
@learner_page
def stop(request: HttpRequest, visit: Visit, message_id: int) -> HttpResponse:
    message_stop(message=_message(visit, message_id))
    if not request.htmx:
        return to(request, f"{_here(visit)}#latest")
    return _turn(request, visit, _message(visit, message_id), MOST_LOOKS)


def _turn(request: HttpRequest, visit: Visit, message: TutorMessage, n: int) -> HttpResponse:
    resources = resources_cited(course=visit.course, messages=[message])
    poll = _poll(visit, message, n)
    context = {"turn": turn(message, resources), "poll": poll, "is_latest": True, "is_news": poll is None}
    return page(request, visit, TURN, context)


@require_POST
@learner_page
def new(request: HttpRequest, visit: Visit) -> HttpResponse:
    """An empty page; what was said before stays in the learner's data."""
    exercise = _exercise(visit, request.POST.get("exercise", ""))
    conversation_start(learner=visit.learner, course=visit.course, exercise=exercise)
    return to(request, _here(visit))
