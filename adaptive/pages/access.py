"""Who asks, and for which course. What is not theirs does not exist for them: 404, never 403."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from adaptive.catalog.models import Course
from adaptive.learners.models import Enrolment, Learner
from adaptive.learners.selectors import enrolments_of
from adaptive.pages.drafts import draft_keep, homework_draft_keep, plan_draft_keep, tutor_draft_keep
from adaptive.pages.languages import speak

LEARNER, TEACHER = Enrolment.Role.LEARNER, Enrolment.Role.TEACHER


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is here. `learner` is None for a login that no learner belongs to (an administrator's)."""

    learner: Learner | None
    enrolments: list[Enrolment]
    enrolment: Enrolment | None = None

    @property
    def course(self) -> Course:
        """The course of the page. Raises Http404 where the page has none."""
        if self.enrolment is None:
            raise Http404
        return self.enrolment.course

    @property
    def is_teacher(self) -> bool:
        return self.enrolment is not None and self.enrolment.role == TEACHER

    @property
    def is_learner(self) -> bool:
        return self.enrolment is not None and self.enrolment.role == LEARNER


def visit_of(request: HttpRequest) -> Visit:
    """Two queries: the learner of the login, and their courses. From here on the page speaks their language."""
    learner = Learner.objects.select_related("tenant").filter(user=request.user.pk).first()
    speak(request, learner)
    return Visit(learner, list(enrolments_of(learner=learner)) if learner else [])


def in_course(visit: Visit, course_id: int, role: str) -> Visit:
    """The visit in this course. Raises Http404 for who is not enrolled there in this role."""
    for enrolment in visit.enrolments:
        if enrolment.course_id == course_id and enrolment.role == role:
            return Visit(visit.learner, visit.enrolments, enrolment)
    raise Http404


def login_first(request: HttpRequest) -> HttpResponse:
    """To the login and back. What was typed into a form is kept on the way."""
    back = request.get_full_path()
    if request.method != "GET":
        draft_keep(request)
        plan_draft_keep(request)
        tutor_draft_keep(request)
        homework_draft_keep(request)
        back = safe_path(request, request.POST.get("back", "")) or resolve_url("adaptive:home")
    elif request.htmx and request.htmx.current_url_abs_path:
        back = request.htmx.current_url_abs_path
    response = redirect_to_login(back, resolve_url("adaptive:login"))
    if request.htmx:
        return to(request, response["Location"])
    return response


def safe_path(request: HttpRequest, path: str) -> str:
    """The path if it leads to a page of this site, else ""."""
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, {request.get_host()})
    return path if is_ours else ""


class SeeOther(HttpResponseRedirect):
    """Go there with GET, whatever this was."""

    status_code = 303


def to(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect after a POST: 303 for browsers, HX-Redirect for HTMX, so that the whole page changes."""
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return SeeOther(url)


View = Callable[Concatenate[HttpRequest, Visit, ...], HttpResponse]


def signed_in(view: View) -> Callable[..., HttpResponse]:
    """For pages of no course in particular: calls view(request, visit, ...)."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return login_first(request)
        return view(request, visit_of(request), *args, **kwargs)

    return inner


def _in_role(role: str) -> Callable[[View], Callable[..., HttpResponse]]:
    def decorate(view: View) -> Callable[..., HttpResponse]:
        @wraps(view)
        def inner(request: HttpRequest, course_id: int, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return login_first(request)
            return view(request, in_course(visit_of(request), course_id, role), **kwargs)

        return inner

    return decorate


learner_page = _in_role(LEARNER)
teacher_page = _in_role(TEACHER)
