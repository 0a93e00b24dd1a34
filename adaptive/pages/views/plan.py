"""The study plan: wishes in, days out; what if, again from today, and its calendar."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from adaptive.catalog.selectors import skills_of
from adaptive.common.clock import now
from adaptive.common.errors import AdaptiveError, InvalidInput
from adaptive.pages.access import Visit, learner_page, to
from adaptive.pages.drafts import plan_draft_take
from adaptive.pages.plan_form import PlanForm, form_new, form_typed, lists_of, wishes_read
from adaptive.pages.presenters.plan import plan_view, what_if_view
from adaptive.pages.rendering import page
from adaptive.planning.calendar import feed_close, feed_of, feed_open, feed_token, plan_of_token
from adaptive.planning.models import StudyPlan
from adaptive.planning.selectors import plan_find, resources_planned, sessions_of, today_of, zone_here
from adaptive.planning.services import (
    forecast_refresh,
    plan_delete,
    plan_renew,
    plan_set,
    plan_skip,
    plan_without,
    wishes_of,
)
from adaptive.planning.wishes import wishes_check

TEMPLATE = "adaptive/learner/plan.html"


def _here(visit: Visit) -> str:
    return reverse("adaptive:plan", args=[visit.course.pk])


def _plan_page(
    request: HttpRequest,
    visit: Visit,
    *,
    form: PlanForm | None = None,
    skip: str = "",
    is_draft: bool = False,
    status: int = 200,
) -> HttpResponse:
    at = now()
    plan = plan_find(learner=visit.learner, course=visit.course)
    context: dict[str, Any] = {
        "plan": None,
        "form": form or form_new(today=today_of(at), plan=plan),
        "is_draft": is_draft,
    }
    if plan is not None:
        views = sessions_of(plan=plan, at=at)
        forecast_refresh(plan=plan, views=views, at=at)
        skills = {skill.pk: skill for skill in skills_of(course=visit.course)}
        context["plan"] = plan_view(plan, views, resources=resources_planned(views), skills=skills, at=at)
        context["feed"] = _feed_address(request, plan)
        if skip:
            context |= _what_if(plan, skip)
    return page(request, visit, TEMPLATE, context, status=status)


def _feed_address(request: HttpRequest, plan: StudyPlan) -> str:
    token = feed_token(plan)
    return request.build_absolute_uri(reverse("adaptive:calendar", args=[token])) if token else ""


def _what_if(plan: StudyPlan, skip: str) -> dict[str, Any]:
    try:
        return {"what_if": what_if_view(plan_without(plan=plan, day=_day(skip)))}
    except InvalidInput as error:
        return {"what_if_error": error.detail}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise InvalidInput(_("That is no day.")) from None


@require_GET
@learner_page
def plan(request: HttpRequest, visit: Visit) -> HttpResponse:
    draft = plan_draft_take(request, course_id=visit.course.pk, learner_id=visit.learner.pk)
    form = form_typed(draft, today=today_of(now())) if draft else None
    return _plan_page(request, visit, form=form, skip=request.GET.get("skip", ""), is_draft=form is not None)


@require_POST
@learner_page
def save(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Everything typed comes back where something cannot be planned."""
    form = form_typed(lists_of(request.POST), today=today_of(now()))
    wishes = wishes_read(form, plan=plan_find(learner=visit.learner, course=visit.course))
    try:
        if form.errors:  # all that is wrong is told at once
            wishes_check(**wishes, now=now(), zone=zone_here())
        else:
            plan_set(learner=visit.learner, course=visit.course, **wishes)
    except InvalidInput as error:
        form.add(error)
    if form.errors:
        return _plan_page(request, visit, form=form, status=422)
    messages.success(request, _("Your plan is ready."))
    return to(request, _here(visit))


@require_POST
@learner_page
def change(request: HttpRequest, visit: Visit) -> HttpResponse:
    """One press: again from today, a day off, a target within reach, the calendar's address, or no plan any more."""
    found = plan_find(learner=visit.learner, course=visit.course)
    if found is None:
        messages.warning(request, _("There is no plan any more; make a new one here."))
        return to(request, _here(visit))
    if request.POST.get("do") not in CHANGES:
        raise Http404
    try:
        messages.success(request, CHANGES[request.POST["do"]](found, request))
    except AdaptiveError as error:
        messages.warning(request, error.detail)
    return to(request, _here(visit))


def _renew(plan: StudyPlan, request: HttpRequest) -> str:
    plan_renew(plan=plan)
    return _("Your plan starts afresh from today, with what you know now.")


def _skip(plan: StudyPlan, request: HttpRequest) -> str:
    plan_skip(plan=plan, day=_day(request.POST.get("day", "")))
    return _("That day is off, and the rest is planned again.")


def _target(plan: StudyPlan, request: HttpRequest) -> str:
    text = request.POST.get("target", "")
    wishes = wishes_of(plan)
    plan_set(
        learner=plan.learner,
        course=plan.course,
        exam_at=wishes.exam_at,
        target=int(text) / 100 if text.isdecimal() and len(text) < 4 else 0.0,
        minutes_per_weekday=wishes.minutes_per_weekday,
        days_off=wishes.days_off,
        start_time=wishes.start_time,
    )
    return _("Your target is %(n)s %% now.") % {"n": text}


def _feed_open(plan: StudyPlan, request: HttpRequest) -> str:
    had_one = bool(plan.feed_key)
    feed_open(plan=plan)
    if had_one:
        return _("Your calendar has a new address. The former one does not work any more.")
    return _("Your plan has a calendar address now.")


def _feed_close(plan: StudyPlan, request: HttpRequest) -> str:
    feed_close(plan=plan)
    return _("The calendar's address does not work any more.")


def _delete(plan: StudyPlan, request: HttpRequest) -> str:
    plan_delete(plan=plan)
    return _("Your plan is deleted. What you answered stays.")


CHANGES = {
    "renew": _renew,
    "skip": _skip,
    "target": _target,
    "feed-open": _feed_open,
    "feed-close": _feed_close,
    "delete": _delete,
}


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The feed, for calendar programs: they have no login, so the address is the secret."""
    found = plan_of_token(token)
    if found is None:
        raise Http404
    response = HttpResponse(feed_of(found), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="study-plan.ics"'
    response["Cache-Control"] = "private, max-age=900"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
