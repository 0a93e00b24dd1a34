"""Putting courses, skills and resources: created, changed, refused whole."""

from typing import Any

import pytest
from django.contrib.postgres.search import SearchQuery

from adaptive.catalog.models import Course, Resource, Skill, SkillPrerequisite
from adaptive.catalog.selectors import course_get, prerequisites_of, resource_get, resources_of, skill_ids_of
from adaptive.catalog.services import content_text, course_put, resource_put, skill_put
from adaptive.common.errors import InvalidInput, NotFound
from tests.factories import EXERCISES, course_make, skill_make, tenant_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return course_make(tenant_make(), "fractions")


def exercise(**changes: Any) -> dict[str, Any]:
    base = {"kind": "exercise", "response_format": "choice", "skills": ["meaning"], **EXERCISES["choice"][0]}
    return {**base, **changes}


def test_a_course_is_created_once_and_then_changed() -> None:
    tenant = tenant_make()
    first, created = course_put(tenant=tenant, external_id="c", title="One", description="Why.")
    again, created_again = course_put(tenant=tenant, external_id="c", title="Two")
    assert (created, created_again, first.pk) == (True, False, again.pk)
    again.refresh_from_db()
    assert (again.title, again.description) == ("Two", "Why.")


def test_the_same_id_in_two_tenants_is_two_courses() -> None:
    one, other = tenant_make(), tenant_make()
    course_put(tenant=one, external_id="c", title="One")
    course_put(tenant=other, external_id="c", title="Other")
    assert course_get(tenant=one, course="c").title == "One"
    with pytest.raises(NotFound):
        course_get(tenant=tenant_make(), course="c")


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"external_id": ""}, "/course"),
        ({"external_id": "a/b"}, "/course"),
        ({"title": ""}, "/title"),
        ({"title": "x" * 256}, "/title"),
        ({"title": ["x"]}, "/title"),
        ({"language": "x" * 36}, "/language"),
        ({"description": "a\x00"}, "/description"),
    ],
)
def test_a_course_that_cannot_be_stored_is_pointed_at(values: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        course_put(**{"tenant": tenant_make(), "external_id": "c", "title": "C", **values})
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert not Course.objects.exists()


def test_skills_keep_their_order_and_their_prerequisites(course: Course) -> None:
    for name, needs in (("a", []), ("b", ["a"]), ("c", ["b", "a", "a"])):
        skill_put(course=course, external_id=name, name=name.upper(), prerequisites=needs)
    assert [skill.external_id for skill in Skill.objects.filter(course=course)] == ["a", "b", "c"]
    ids = dict(Skill.objects.values_list("external_id", "pk"))
    assert {skill: set(needs) for skill, needs in prerequisites_of(course=course).items()} == {
        ids["b"]: {ids["a"]},
        ids["c"]: {ids["a"], ids["b"]},
    }
    skill_put(course=course, external_id="c", name="C", prerequisites=["a"])
    assert prerequisites_of(course=course)[ids["c"]] == [ids["a"]]


def test_a_cycle_is_refused_with_the_way_round_it(course: Course) -> None:
    for name, needs in (("a", []), ("b", ["a"]), ("c", ["b"])):
        skill_put(course=course, external_id=name, name=name, prerequisites=needs)
    with pytest.raises(InvalidInput, match="a → c → b → a") as refused:
        skill_put(course=course, external_id="a", name="changed", prerequisites=["c"])
    assert [error.pointer for error in refused.value.errors] == ["/prerequisites"]
    assert Skill.objects.get(external_id="a").name == "a", "nothing of it is stored"
    assert SkillPrerequisite.objects.count() == 2


def test_a_skill_cannot_need_itself_or_one_that_is_not_there(course: Course) -> None:
    with pytest.raises(InvalidInput, match="cycle"):
        skill_put(course=course, external_id="a", name="A", prerequisites=["a"])
    with pytest.raises(InvalidInput, match="no skill “z”"):
        skill_put(course=course, external_id="a", name="A", prerequisites=["z"])
    skill_make(course_make(course.tenant, "other"), "z")
    with pytest.raises(InvalidInput, match="no skill “z”"):
        skill_put(course=course, external_id="a", name="A", prerequisites=["z"])
    assert not Skill.objects.filter(course=course).exists()


def test_a_resource_is_created_with_its_skills_in_order_and_then_replaced(course: Course) -> None:
    meaning, equivalent = skill_make(course, "meaning"), skill_make(course, "equivalent")
    _, created = resource_put(course=course, external_id="e1", data=exercise(skills=["equivalent", "meaning"]))
    resource = resource_get(course=course, resource="e1")
    assert created and skill_ids_of(resources=[resource.pk])[resource.pk] == [equivalent.pk, meaning.pk]
    data = exercise(skills=["meaning"], title="Changed")
    _, created = resource_put(course=course, external_id="e1", data=data)
    resource.refresh_from_db()
    assert not created and resource.title == "Changed"
    assert skill_ids_of(resources=[resource.pk])[resource.pk] == [meaning.pk]


def test_putting_replaces_what_is_not_given_any_more(course: Course) -> None:
    skill_make(course, "meaning")
    resource_put(course=course, external_id="e1", data=exercise(hints=["Look."], rubric="- x", authored_difficulty=0.4))
    resource_put(course=course, external_id="e1", data=exercise())
    resource = resource_get(course=course, resource="e1")
    assert (resource.hints, resource.rubric, resource.authored_difficulty) == ([], "", None)


def test_an_unknown_skill_is_pointed_at_and_nothing_is_stored(course: Course) -> None:
    skill_make(course, "meaning")
    with pytest.raises(InvalidInput) as refused:
        resource_put(course=course, external_id="e1", data=exercise(skills=["meaning", "x"]))
    assert [error.pointer for error in refused.value.errors] == ["/skills/1"]
    assert not Resource.objects.exists()


def test_what_the_learner_model_sees_of_an_exercise_carries_a_version(course: Course) -> None:
    skill_make(course, "meaning"), skill_make(course, "equivalent")

    def version_after(**changes: Any) -> int:
        resource_put(course=course, external_id="e1", data=exercise(**changes))
        course.refresh_from_db()
        return course.item_version

    assert version_after(authored_difficulty=0.4) == 0
    assert version_after(authored_difficulty=0.4, title="Another title") == 0
    assert version_after(authored_difficulty=0.5) == 1
    assert version_after(authored_difficulty=0.5, skills=["equivalent"]) == 2


def test_a_retired_resource_comes_back_when_it_is_put_again(course: Course) -> None:
    skill_make(course, "meaning")
    resource, _ = resource_put(course=course, external_id="e1", data=exercise())
    Resource.objects.update(is_retired=True)
    assert not resources_of(course=course)
    resource_put(course=course, external_id="e1", data=exercise())
    assert [found.pk for found in resources_of(course=course)] == [resource.pk]


def test_changed_words_are_embedded_again_and_unchanged_ones_are_not(course: Course) -> None:
    skill_make(course, "meaning")
    first, _ = resource_put(course=course, external_id="e1", data=exercise())
    same, _ = resource_put(course=course, external_id="e1", data=exercise(hints=["Look."]))
    other, _ = resource_put(course=course, external_id="e1", data=exercise(title="Other"))
    assert first.content_hash == same.content_hash != other.content_hash
    assert "Count all pieces" not in content_text(first), "feedback gives the answer away"


def test_words_are_found_after_they_were_put(course: Course) -> None:
    skill_make(course, "meaning")
    resource_put(course=course, external_id="e1", data=exercise(title="Chocolate bars"))
    found = Resource.objects.filter(search=SearchQuery("chocolates", config="english"))
    assert [resource.external_id for resource in found] == ["e1"]
