"""The class report and what it drills down to: a skill, an exercise, the whole map."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from adaptive.catalog.selectors import skills_of
from adaptive.common.clock import now
from adaptive.learners.models import Learner
from adaptive.learners.selectors import learners_in
from adaptive.mastery.difficulty_view import difficulty_of
from adaptive.mastery.selectors import MASTERED, model_standing
from adaptive.pages import report as reading
from adaptive.pages.access import Visit, teacher_page
from adaptive.pages.markdown import plain_text, render_inline
from adaptive.pages.presenters import report as present
from adaptive.pages.presenters.answers import right_answer_lines
from adaptive.pages.presenters.bars import stack
from adaptive.pages.presenters.difficulty import difficulty_line
from adaptive.pages.presenters.exercise import question_html
from adaptive.pages.presenters.learner_model import model_line
from adaptive.pages.presenters.skills import resource_line
from adaptive.pages.presenters.standing import STANDINGS
from adaptive.pages.presenters.wording import percent
from adaptive.pages.rendering import page
from adaptive.pages.selectors import resource_in, resources_on

MOST_NEEDING_HELP = 10
MAP_ROWS = 25
MOST_SKILLS = 60  # of more, those that need most help come first, and the rest on request


@require_GET
@teacher_page
def report(request: HttpRequest, visit: Visit) -> HttpResponse:
    course, at = visit.course, now()
    known = present.misconceptions_by_id(course.misconceptions)
    n_learners = learners_in(course=course).count()
    in_need = reading.learners_in_need(course=course)
    shown = reading.with_last_answers(in_need[:MOST_NEEDING_HELP], course=course)
    ids = [row.learner_id for row in shown]
    recent = reading.recent_answers(course=course)
    found = reading.misconceptions_of_class(recent)
    skills = list(skills_of(course=course))
    statuses = reading.statuses_by_skill(course=course)
    foremost = skills if "all" in request.GET else present.foremost(skills, statuses, most=MOST_SKILLS)
    view = present.Report(
        figures=reading.class_figures(course=course, n_learners=n_learners, at=at),
        needs_help=present.needs_help_rows(
            shown,
            Learner.objects.in_bulk(ids),
            reading.weak_skills_of(course=course, learner_ids=ids),
            {skill.pk: skill for skill in skills},
            reading.errors_of(recent, learner_ids=ids),
            known,
        ),
        n_need_help=len(in_need),
        misconceptions=present.misconception_rows(found, reading.quotes_of(found), known),
        skills=present.skill_rows(foremost, statuses, n_learners, course_id=course.pk),
        hard=present.hard_rows(reading.difficult_exercises(recent)),
    )
    return page(
        request,
        visit,
        "adaptive/teacher/report.html",
        {
            "report": view,
            "model": model_line(model_standing(course=course)),
            "mastered_from": percent(MASTERED),
            "n_lately": reading.RECENT_ANSWERS,
            "n_skills": len(skills),
            "n_skills_shown": len(foremost),
        },
    )


@require_GET
@teacher_page
def skill_map(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Skill by learner, a page of learners at a time, those in need of help first."""
    course = visit.course
    pages = Paginator(reading.learners_by_need(course=course), MAP_ROWS).get_page(request.GET.get("page"))
    learners = Learner.objects.in_bulk(list(pages))
    skills = list(skills_of(course=course))
    cells = reading.cells_of(course=course, learner_ids=list(pages))
    context = {
        "rows": present.map_rows([learners[pk] for pk in pages if pk in learners], skills, cells),
        "skills": skills,
        "pages": pages,
        "legend": list(STANDINGS.values()),
    }
    return page(request, visit, "adaptive/teacher/map.html", context)


@require_GET
@teacher_page
def skill(request: HttpRequest, visit: Visit, skill_id: int) -> HttpResponse:
    """One skill: who stands where, and what the course has on it."""
    course = visit.course
    found = skills_of(course=course).filter(pk=skill_id).first()
    if found is None:
        raise Http404
    learners = reading.class_learners(course=course)
    rows = present.learners_on_skill_rows(reading.learners_on_skill(course=course, skill=found), learners)
    statuses: dict[str, int] = {}
    for row in rows:
        statuses[row.standing.code] = statuses.get(row.standing.code, 0) + 1
    counts = present.class_counts(statuses, len(learners))
    context = {
        "skill": found,
        "rows": Paginator(rows, 50).get_page(request.GET.get("page")),
        "counts": counts,
        "segments": stack(counts),
        "resources": [resource_line(resource) for resource in resources_on(course=course, skill=found)],
    }
    return page(request, visit, "adaptive/teacher/skill.html", context)


@require_GET
@teacher_page
def exercise(request: HttpRequest, visit: Visit, resource_id: int) -> HttpResponse:
    """One exercise as its author sees it, and the answers that it got."""
    course = visit.course
    found = resource_in(course=course, resource_id=resource_id)
    attempts = reading.answers_to(course=course, resource=found) if found.is_exercise else []
    known = present.misconceptions_by_id(course.misconceptions)
    context = {
        "resource": found,
        "title": plain_text(found.title),
        "body": question_html(found),
        "choices": [render_inline(choice["text"]) for choice in found.choices],
        "right": right_answer_lines(found) if found.is_exercise else [],
        "difficulty": difficulty_line(difficulty_of(exercise=found, course=course, at=now()))
        if found.is_exercise
        else "",
        "groups": present.answer_groups(attempts, found, known),
        "n_waiting": sum(not attempt.current for attempt in attempts),
        "n_answers": len(attempts),
        "attempts": attempts[:20],
    }
    return page(request, visit, "adaptive/teacher/exercise.html", context)
