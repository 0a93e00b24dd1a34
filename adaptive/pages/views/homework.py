"""What a teacher gave: the list, one of them learner by learner, the form that gives, and taking it back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from adaptive.catalog.models import Resource
from adaptive.catalog.selectors import skills_of
from adaptive.common.clock import now
from adaptive.common.errors import InvalidInput
from adaptive.learners.models import Cohort
from adaptive.pages.access import Visit, teacher_page, to
from adaptive.pages.drafts import homework_draft_take
from adaptive.pages.homework_form import HomeworkForm
from adaptive.pages.markdown import plain_text
from adaptive.pages.presenters.homework import exercise_counts, homework_card, learner_rows, learner_ticks
from adaptive.pages.rendering import page
from adaptive.pages.report import class_learners
from adaptive.recommendation.homework import MAX_AHEAD, MAX_EXERCISES, MAX_TITLE, homework_end, homework_give
from adaptive.recommendation.homework_progress import (
    counted,
    counts_of,
    exercises_in,
    given_to,
    homework_of_course,
    progress_of,
)
from adaptive.recommendation.models import Homework

ROWS = 20
LEARNER_ROWS = 50
OFFERED = 100  # exercises of one skill that are offered to tick


def _one(visit: Visit, homework_id: int) -> Homework:
    found = homework_of_course(course=visit.course).filter(pk=homework_id).first()
    if found is None:
        raise Http404
    return found


@require_GET
@teacher_page
def given(request: HttpRequest, visit: Visit) -> HttpResponse:
    at = now()
    pages = Paginator(homework_of_course(course=visit.course), ROWS).get_page(request.GET.get("page"))
    rows = list(pages)
    counts, whom = counts_of(homework=rows), given_to(homework=rows)
    cards = [homework_card(one, counts[one.pk], whom.get(one.pk), at=at) for one in rows]
    return page(request, visit, "adaptive/teacher/homework.html", {"cards": cards, "pages": pages})


@require_GET
@teacher_page
def one(request: HttpRequest, visit: Visit, homework_id: int) -> HttpResponse:
    at = now()
    found = _one(visit, homework_id)
    progress = progress_of(homework=[found])[found.pk]
    rows = learner_rows(progress, class_learners(course=visit.course))
    exercises = exercise_counts(progress, exercises_in(homework=[found]))
    context = {
        "card": homework_card(found, counted(progress), given_to(homework=[found]).get(found.pk), at=at),
        "exercises": exercises,
        "pages": Paginator(rows, LEARNER_ROWS).get_page(request.GET.get("page")),
    }
    return page(request, visit, "adaptive/teacher/homework_one.html", context)


@require_http_methods(["GET", "POST"])
@teacher_page
def new(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The form, with exercises of one skill to tick; a POST gives, or (`show`) offers those of another skill."""
    if request.method == "GET":
        draft = homework_draft_take(request, course_id=visit.course.pk, learner_id=visit.learner.pk)
        return _form(request, visit, draft or HomeworkForm.read(request.GET), is_draft=draft is not None)
    form = HomeworkForm.read(request.POST)
    if "show" in request.POST:
        return _form(request, visit, form)
    try:
        homework, is_new = homework_give(course=visit.course, teacher=visit.learner, **form.wishes(course=visit.course))
    except InvalidInput as refused:
        form.error = refused.detail
        return _form(request, visit, form, status=422)
    if is_new:
        messages.success(
            request,
            _("Assigned: “%(title)s”. It comes first from each learner's next pick on.") % {"title": homework.title},
        )
    else:
        messages.info(request, _("That was assigned already, so nothing was assigned twice."))
    name = "adaptive:lesson" if form.is_from_lesson else "adaptive:homework"
    return to(request, reverse(name, args=[visit.course.pk]))


def _form(
    request: HttpRequest, visit: Visit, form: HomeworkForm, *, status: int = 200, is_draft: bool = False
) -> HttpResponse:
    course = visit.course
    skills = list(skills_of(course=course))
    rows = Resource.objects.filter(course=course, kind=Resource.Kind.EXERCISE, is_retired=False)
    rows = rows.only("pk", "title", "duration_minutes", "authored_difficulty")
    chosen = rows.in_bulk(form.exercises[: 4 * MAX_EXERCISES])
    skill = next((one for one in skills if one.pk == form.skill), None)
    if skill is None and not chosen:
        skill = skills[0] if skills else None
    offered = rows.filter(skill_links__skill=skill, skill_links__position=0) if skill else rows.none()
    offered = offered.exclude(pk__in=list(chosen)).order_by("authored_difficulty", "pk")[: OFFERED + 1]
    lines = [(one.pk, plain_text(one.title), True) for pk in form.exercises if (one := chosen.get(pk))]
    more = [(one.pk, plain_text(one.title), False) for one in offered]
    today = localdate()
    context = {
        "form": form,
        "is_draft": is_draft,
        "chosen": lines,
        "offered": more[:OFFERED],
        "has_more": len(more) > OFFERED,
        "skills": skills,
        "skill": skill,
        "cohorts": [(f"cohort-{one.pk}", one.name) for one in Cohort.objects.filter(course=course).order_by("name")],
        "learners": learner_ticks(class_learners(course=course).values(), set(form.learners)),
        "first_day": today,
        "last_day": today + MAX_AHEAD,
        "max_title": MAX_TITLE,
        "most": _("%(n)d at most") % {"n": MAX_EXERCISES},
    }
    return page(request, visit, "adaptive/teacher/homework_new.html", context, status=status)


@require_POST
@teacher_page
def end(request: HttpRequest, visit: Visit, homework_id: int) -> HttpResponse:
    """Takes it back, from whichever page."""
    found = _one(visit, homework_id)
    if homework_end(homework=found, teacher=visit.learner):
        messages.success(request, _("Taken back: “%(title)s”. What was answered stays.") % {"title": found.title})
    else:
        messages.warning(request, _("That had been taken back already."))
    name = "adaptive:lesson" if request.POST.get("from") == "lesson" else "adaptive:homework"
    return to(request, reverse(name, args=[visit.course.pk]))
