from collections import defaultdict

from django.db import connection
from django.db.models import QuerySet

from adaptive.catalog.formats import Exercise
from adaptive.catalog.models import Course, Resource, Skill, SkillPrerequisite
from adaptive.common.errors import NotFound
from adaptive.tenants.models import Tenant


def course_get(*, tenant: Tenant, course: str) -> Course:
    """The course by the LMS's own id. Raises NotFound."""
    found = Course.objects.select_related("tenant").filter(tenant=tenant, external_id=course).first()
    if found is None:
        raise NotFound(f"There is no course “{course[:60]}”.")
    return found


def resource_get(*, course: Course, resource: str) -> Resource:
    """The resource by the LMS's own id. Raises NotFound."""
    found = Resource.objects.filter(course=course, external_id=resource).defer("embedding", "search").first()
    if found is None:
        raise NotFound(f"There is no resource “{resource[:60]}” in “{course.external_id}”.")
    found.course = course
    return found


def skills_of(*, course: Course) -> QuerySet[Skill]:
    return Skill.objects.filter(course=course)


def resources_of(*, course: Course, kinds: list[str] | None = None) -> QuerySet[Resource]:
    """The course's resources that are not retired, in the order in which they were made."""
    found = Resource.objects.filter(course=course, is_retired=False).defer("embedding", "search").order_by("id")
    return found.filter(kind__in=kinds) if kinds else found


def resources_named(*, course: Course, resources: list[str]) -> dict[str, Resource]:
    """The LMS's own id -> resource, for those of `resources` that the course has. One query."""
    found = Resource.objects.filter(course=course, external_id__in=resources).defer("embedding", "search")
    return {resource.external_id: resource for resource in found}


def prerequisites_of(*, course: Course) -> dict[int, list[int]]:
    """Skill id -> ids of its direct prerequisites; skills without any are left out."""
    links: dict[int, list[int]] = defaultdict(list)
    for skill_id, prerequisite_id in SkillPrerequisite.objects.filter(skill__course=course).values_list(
        "skill_id", "prerequisite_id"
    ):
        links[skill_id].append(prerequisite_id)
    return dict(links)


SKILLS_SQL = """
SELECT s.id, s.name, l.prerequisite_id
FROM adaptive_skill s LEFT JOIN adaptive_skillprerequisite l ON l.skill_id = s.id
WHERE s.course_id = %s ORDER BY s.position, s.id, l.prerequisite_id
"""


def skills_named(*, course: Course) -> dict[int, tuple[str, tuple[int, ...]]]:
    """Skill id -> (name, ids of its direct prerequisites sorted), in the course's order. One query, no model objects:
    a slate asks for all of a course's skills each time."""
    with connection.cursor() as cursor:
        cursor.execute(SKILLS_SQL, [course.pk])
        rows = cursor.fetchall()
    found: dict[int, tuple[str, tuple[int, ...]]] = {}
    for pk, name, prerequisite in rows:
        if prerequisite is None:
            found[pk] = (name, ())
        else:
            found[pk] = (name, (*found[pk][1], prerequisite) if pk in found else (prerequisite,))
    return found


def skill_ids_of(*, resources: list[int]) -> dict[int, list[int]]:
    """Resource id -> ids of its skills, the main one first. One query."""
    found: dict[int, list[int]] = {resource: [] for resource in resources}
    through = Resource.skills.through.objects.filter(resource__in=resources).order_by("resource_id", "position", "id")
    for resource_id, skill_id in through.values_list("resource_id", "skill_id"):
        found[resource_id].append(skill_id)
    return found


def exercise_of(resource: Resource) -> Exercise:
    """The parts of the resource that assessing needs, as plain data."""
    return Exercise(
        response_format=resource.response_format,
        body=resource.body,
        choices=tuple(resource.choices),
        answer=resource.answer,
    )
