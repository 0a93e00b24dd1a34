"""What was typed into an answer and has not been handed in yet: kept in the session across a hint asked for without
JavaScript, an error, or a login in between. Never handed to anybody but the learner who typed it.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest

from adaptive.pages.homework_form import HomeworkForm
from adaptive.pages.plan_form import lists_of as plan_lists
from adaptive.pages.responses import form_lists, typed

SESSION_KEY = "drafts"
MOST = 4  # exercises with a draft at once; the oldest goes first


@dataclass(frozen=True, slots=True)
class Draft:
    """`key`: the idempotency key of the form, so that the same form stays the same form."""

    values: dict[str, list[str]]
    key: str


def draft_keep(request: HttpRequest) -> None:
    """Keeps the answer's inputs of this POST under its exercise; nothing where it is no answer's form."""
    resource, who = request.POST.get("resource", ""), request.POST.get("who", "")
    values = typed(form_lists(request.POST))
    if not (values and resource.isdecimal() and who.isdecimal() and len(resource) < 19 and len(who) < 19):
        return
    drafts: dict[str, Any] = request.session.get(SESSION_KEY, {})
    drafts.pop(resource, None)
    drafts[resource] = {"who": who, "key": request.POST.get("key", "")[:80], "values": values}
    request.session[SESSION_KEY] = dict(list(drafts.items())[-MOST:])


def draft_take(request: HttpRequest, *, resource_id: int, learner_id: int) -> Draft | None:
    """The learner's draft for this exercise, once: it is gone from the session then."""
    drafts = request.session.get(SESSION_KEY, {})
    found = drafts.get(str(resource_id))
    if not found:
        return None
    del drafts[str(resource_id)]
    request.session[SESSION_KEY] = drafts
    return Draft(found["values"], found["key"]) if found["who"] == str(learner_id) else None


PLAN_KEY = "plan_draft"


def plan_draft_keep(request: HttpRequest) -> None:
    """The same for the study plan's form: one at a time, nothing where this POST is another form."""
    course, who = request.POST.get("plan-of", ""), request.POST.get("who", "")
    if not (course.isdecimal() and who.isdecimal() and len(course) < 19 and len(who) < 19):
        return
    typed_in = {name: [text[:40] for text in values[:400]] for name, values in plan_lists(request.POST).items()}
    request.session[PLAN_KEY] = {"course": course, "who": who, "values": typed_in}


def plan_draft_take(request: HttpRequest, *, course_id: int, learner_id: int) -> dict[str, list[str]] | None:
    """What this learner typed into the plan of this course, once."""
    found = request.session.get(PLAN_KEY)
    if not found or found["course"] != str(course_id):
        return None
    del request.session[PLAN_KEY]
    return found["values"] if found["who"] == str(learner_id) else None


TUTOR_KEY = "tutor_draft"
MOST_TYPED = 20_000  # characters


def tutor_draft_keep(request: HttpRequest) -> None:
    """The same for a message to the tutor."""
    course, who = request.POST.get("tutor-of", ""), request.POST.get("who", "")
    text = request.POST.get("text", "")[:MOST_TYPED]
    if text and course.isdecimal() and who.isdecimal() and len(course) < 19 and len(who) < 19:
        request.session[TUTOR_KEY] = {"course": course, "who": who, "text": text}


def tutor_draft_take(request: HttpRequest, *, course_id: int, learner_id: int) -> str:
    """What this learner typed to the tutor of this course, once; "" where there is nothing."""
    found = request.session.get(TUTOR_KEY)
    if not found or found["course"] != str(course_id):
        return ""
    del request.session[TUTOR_KEY]
    return found["text"] if found["who"] == str(learner_id) else ""


HOMEWORK_KEY = "homework_draft"


def homework_draft_keep(request: HttpRequest) -> None:
    """The same for the form that assigns exercises, as far as it reads what was sent."""
    course, who = request.POST.get("homework-of", ""), request.POST.get("who", "")
    if course.isdecimal() and who.isdecimal() and len(course) < 19 and len(who) < 19:
        form = asdict(HomeworkForm.read(request.POST))
        request.session[HOMEWORK_KEY] = {"course": course, "who": who, "form": form}


def homework_draft_take(request: HttpRequest, *, course_id: int, learner_id: int) -> HomeworkForm | None:
    """What this teacher chose and typed for this course, once."""
    found = request.session.get(HOMEWORK_KEY)
    if not found or found["course"] != str(course_id):
        return None
    del request.session[HOMEWORK_KEY]
    return HomeworkForm(**found["form"]) if found["who"] == str(learner_id) else None
