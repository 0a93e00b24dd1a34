"""A learner's own data: to see, to agree to, to take along, to have deleted."""

from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth import logout as end_session
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from adaptive.audit.models import AuditEntry
from adaptive.audit.selectors import sent_texts_of
from adaptive.common.clock import now
from adaptive.conf import settings
from adaptive.learners.consents import PURPOSES, consent_set
from adaptive.learners.services import performance_sharing_set
from adaptive.mastery.selectors import mastery_of
from adaptive.pages.access import LEARNER, TEACHER, Visit, signed_in, to
from adaptive.pages.presenters.my_data import SHARING, believed, consents, sent_line, stored_lines
from adaptive.pages.rendering import page
from adaptive.practice.exporting import export_response
from adaptive.practice.privacy import learner_erase, learner_stored, n_statistics

MOST_SENT = 20
MOST_COURSES = 12
MOST_COUNTED = 1_000  # marks that stay: each is looked up in two tables; nobody decides by the exact number


def _own(visit: Visit) -> Visit:
    """Whoever is here as nobody's learner (an administrator) has no data of this kind."""
    if visit.learner is None:
        raise Http404
    return visit


@require_GET
@signed_in
def my_data(request: HttpRequest, visit: Visit) -> HttpResponse:
    learner, at = _own(visit).learner, now()
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isdecimal() and len(asked) < 19 else None
    sent = sent_texts_of(learner=learner, before=before, limit=MOST_SENT + 1)
    own = [enrolment.course for enrolment in visit.enrolments if enrolment.role == LEARNER]
    context = {
        "believed": [
            believed(course, mastery_of(learner=learner, course=course, at=at), at=at) for course in own[:MOST_COURSES]
        ],
        "consents": consents(learner),
        "is_ai_on": settings().ai_enabled,
        "sent": [sent_line(row) for row in sent[:MOST_SENT]],
        "older": sent[MOST_SENT - 1].pk if len(sent) > MOST_SENT else None,
        "is_newest": before is None,
        "stored": stored_lines(learner_stored(learner=learner)),
    }
    return page(request, visit, "adaptive/learner/my_data.html", context)


@require_POST
@signed_in
def consent(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The button names what it does, so that pressing it twice does no harm."""
    learner, purpose = _own(visit).learner, request.POST.get("purpose", "")
    is_given = request.POST.get("given") == "yes"
    if purpose == SHARING:
        performance_sharing_set(learner=learner, shares=is_given)
    elif purpose in PURPOSES:
        consent_set(learner=learner, purpose=purpose, is_given=is_given)
    else:
        raise Http404
    if is_given:
        messages.success(request, _("You agreed. You can take that back here at any time."))
    else:
        messages.success(request, _("Taken back. It counts from now on, also for what is waiting."))
    return to(request, reverse("adaptive:my-data") + "#consent")


@require_GET
@signed_in
def export(request: HttpRequest, visit: Visit) -> HttpResponse:
    """All that is stored, as a file: what an LMS gets over REST."""
    response = export_response(learner=_own(visit).learner)
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What will go and what stays; then, with the learner's word and password, it goes."""
    learner, error = _own(visit).learner, ""
    teaches = [enrolment.course for enrolment in visit.enrolments if enrolment.role == TEACHER]
    has_password = request.user.has_usable_password()
    if request.method == "POST" and not teaches:
        error = _refused(request, has_password=has_password)
        if not error:
            learner_erase(learner=learner, actor_kind=AuditEntry.ActorKind.PERSON)
            end_session(request)
            messages.success(request, _("Your data is deleted, and so is your login."))
            return to(request, reverse("adaptive:login"))
    n_kept = n_statistics(learner=learner, most=MOST_COUNTED)
    context = {
        "stored": stored_lines(learner_stored(learner=learner)),
        "n_kept": min(n_kept, MOST_COUNTED),
        "keeps_more": n_kept > MOST_COUNTED,
        "teaches": teaches,
        "has_password": has_password,
        "error": error,
        "is_sure": "sure" in request.POST,
    }
    status = 422 if error else 200
    return page(request, visit, "adaptive/learner/my_data_delete.html", context, status=status)


def _refused(request: HttpRequest, *, has_password: bool) -> str:
    """Why nothing is deleted yet; "" where it may be."""
    if request.POST.get("sure") != "yes":
        return _("Nothing is deleted yet: tick the box to say that you are sure.")
    if has_password:
        # By the door's own way, so that guessing is slowed down here, too.
        name, password = request.user.get_username(), request.POST.get("password", "")[:4096]
        if authenticate(request, username=name, password=password) != request.user:
            return _("Nothing is deleted yet: that is not your password.")
    return ""
