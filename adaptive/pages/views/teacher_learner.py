"""One learner's page, for the teachers of the course."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from adaptive.assessment.selectors import assessments_current
from adaptive.catalog.selectors import prerequisites_of
from adaptive.common.clock import now
from adaptive.learners.selectors import learners_in
from adaptive.mastery.selectors import evidence, mastery_of, strongest_evidence
from adaptive.pages import report as reading
from adaptive.pages.access import Visit, teacher_page
from adaptive.pages.presenters.learner import answer_row, shown_slates
from adaptive.pages.presenters.performance import attempt_ids, performance_card
from adaptive.pages.presenters.report import ErrorCount, misconception_name, misconceptions_by_id
from adaptive.pages.presenters.skills import skill_map, skill_page, skill_rows
from adaptive.pages.rendering import page
from adaptive.pages.selectors import attempts_by_id, results_query, slates_shown
from adaptive.performance.selectors import performance_for_teacher

ANSWERS_PER_PAGE = 20
MOST_EVIDENCE = 30
SESSIONS = 3


@require_GET
@teacher_page
def learner(request: HttpRequest, visit: Visit, learner_id: int) -> HttpResponse:
    course, at = visit.course, now()
    found = learners_in(course=course).filter(pk=learner_id).first()
    if found is None:
        raise Http404
    known = misconceptions_by_id(course.misconceptions)
    errors = reading.errors_of_learner(course=course, learner=found)
    pages = Paginator(results_query(learner=found, course=course), ANSWERS_PER_PAGE).get_page(request.GET.get("page"))
    assessed = list(performance_for_teacher(learner=found, course=course, limit=SESSIONS))
    behind = attempts_by_id(learner=found, ids=attempt_ids(assessed))
    skills = skill_map(mastery_of(learner=found, course=course, at=at), prerequisites_of(course=course), at=at)
    context = {
        "learner": found,
        "skills": skills,
        "skill_rows": skill_rows(skills.cards, course_id=course.pk, learner_id=found.pk, at=at),
        "errors": [ErrorCount(misconception_name(known, code), n) for code, n in errors[:4]],
        "pages": pages,
        "answers": [answer_row(attempt) for attempt in pages],
        "cards": [performance_card(one, behind) for one in assessed],
        "slates": shown_slates(slates_shown(learner=found, course=course)),
    }
    return page(request, visit, "adaptive/teacher/learner.html", context)


@require_GET
@teacher_page
def skill(request: HttpRequest, visit: Visit, learner_id: int, skill_id: int) -> HttpResponse:
    """What is believed about one skill of one learner, and from which answers."""
    course, at = visit.course, now()
    who = learners_in(course=course).filter(pk=learner_id).first()
    if who is None:
        raise Http404
    masteries = {view.skill.pk: view for view in mastery_of(learner=who, course=course, at=at)}
    if skill_id not in masteries:
        raise Http404
    found = masteries[skill_id].skill
    moved = evidence(learner=who, skill=found, limit=MOST_EVIDENCE)
    strongest = strongest_evidence(learner=who, skills=[found])[found.pk]
    view = skill_page(
        masteries,
        skill_id,
        evidence=moved,
        strongest=strongest,
        assessments=assessments_current(attempts=[change.attempt for change in (*moved, *strongest)]),
        resources=[],
        prerequisites={},
        at=at,
    )
    return page(request, visit, "adaptive/teacher/learner_skill.html", {"learner": who, "skill": view})
