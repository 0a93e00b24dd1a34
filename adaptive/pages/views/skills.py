"""What is believed about the learner, skill by skill, and from which answers."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from adaptive.assessment.selectors import assessments_current
from adaptive.catalog.selectors import prerequisites_of
from adaptive.common.clock import now
from adaptive.mastery.selectors import evidence, mastery_of, strongest_evidence
from adaptive.pages.access import Visit, learner_page
from adaptive.pages.presenters.skills import skill_map, skill_page
from adaptive.pages.rendering import page
from adaptive.pages.selectors import resources_on

MOST_EVIDENCE = 30


@require_GET
@learner_page
def skills(request: HttpRequest, visit: Visit) -> HttpResponse:
    at = now()
    masteries = mastery_of(learner=visit.learner, course=visit.course, at=at)
    view = skill_map(masteries, prerequisites_of(course=visit.course), at=at)
    return page(request, visit, "adaptive/learner/skills.html", {"skills": view})


@require_GET
@learner_page
def skill(request: HttpRequest, visit: Visit, skill_id: int) -> HttpResponse:
    at = now()
    masteries = {v.skill.pk: v for v in mastery_of(learner=visit.learner, course=visit.course, at=at)}
    if skill_id not in masteries:
        raise Http404
    found = masteries[skill_id].skill
    moved = evidence(learner=visit.learner, skill=found, limit=MOST_EVIDENCE)
    strongest = strongest_evidence(learner=visit.learner, skills=[found])[found.pk]
    view = skill_page(
        masteries,
        skill_id,
        evidence=moved,
        strongest=strongest,
        assessments=assessments_current(attempts=[change.attempt for change in (*moved, *strongest)]),
        resources=list(resources_on(course=visit.course, skill=found)),
        prerequisites=prerequisites_of(course=visit.course),
        at=at,
    )
    return page(request, visit, "adaptive/learner/skill.html", {"skill": view})
