"""The resources of skills come off an index; what it says is what the resources themselves say, whatever changes."""

import random

import pytest
from django.db import connection
from django.utils import timezone

from adaptive.backends.learner_model.difficulty import AVERAGE_SHARE_WRONG
from adaptive.catalog.models import Resource, ResourceSkill
from adaptive.common.probability import logit, sigmoid
from adaptive.mastery.models import ItemDifficulty
from adaptive.recommendation.retrieval.base import Request
from adaptive.recommendation.retrieval.of_skills import TYPICAL_DIFFICULTY, resources_of_skills, target_difficulty
from adaptive.recommendation.types import Context, SkillState
from tests.factories import course_make, exercise_make, resource_make, skill_make, tenant_make

pytestmark = pytest.mark.django_db


def difficulty_make(resource, used):
    return ItemDifficulty.objects.create(
        resource=resource,
        source="author",
        seen_updated_at=resource.updated_at,
        computed_at=timezone.now(),
        prior_mean=0.0,
        prior_variance=1.0,
        mean=0.0,
        variance=1.0,
        used=used,
    )


def request_of(course, **values) -> Request:
    context = Context(purpose="practice", count=5, course_id=course.pk, seed=1, zpd_low=0.55, zpd_high=0.9)
    values.setdefault("kinds", tuple(Resource.Kind.values))
    return Request(
        context=context,
        learner_id=0,
        course_id=course.pk,
        language="en",
        at=timezone.now(),
        limit=0,
        **values,
    )


def state(skill, p=0.6) -> SkillState:
    return SkillState(id=skill.pk, name=skill.name, p_mastery=p)


def by_hand(request, skills, *, per_skill, exclude) -> list[tuple[int, int]]:
    """The same from the resources, one by one."""
    found = []
    for skill in skills:
        target = target_difficulty(skill, request.context)
        rows = []
        links = ResourceSkill.objects.filter(skill=skill.id, resource__course=request.course_id)
        for link in links.select_related("resource"):
            resource = link.resource
            used = ItemDifficulty.objects.filter(resource=resource).values_list("used", flat=True).first()
            share = resource.authored_difficulty
            if used is not None:
                share = sigmoid(used + logit(AVERAGE_SHARE_WRONG))
            share = TYPICAL_DIFFICULTY if share is None else share
            if not resource.is_retired and resource.kind in request.kinds and resource.pk not in exclude:
                rows.append((link.position > 0, round(abs(share - target), 9), resource.pk))
        found += [(skill.id, pk) for _, _, pk in sorted(rows)[:per_skill]]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_nearest_in_difficulty_come_as_if_all_had_been_looked_at(seed):
    rng = random.Random(seed)
    course = course_make(tenant_make())
    skills = [skill_make(course, f"s{n}") for n in range(3)]
    made = []
    for n in range(60):
        own = rng.sample(skills, rng.randint(1, 3))
        values = {"authored_difficulty": rng.choice([None, 0.2, 0.4, 0.4, rng.random()])}
        if rng.random() < 0.6:
            made.append(exercise_make(course, own, "choice", title=f"E {n}", **values))
        else:
            made.append(resource_make(course, own, kind=rng.choice(["reading", "video"]), **values))
    for resource in rng.sample(made, 20):
        difficulty_make(resource, rng.choice([None, rng.uniform(-2, 2)]))
    Resource.objects.filter(pk__in=[r.pk for r in rng.sample(made, 10)]).update(is_retired=True)
    states = [state(skill, rng.random()) for skill in skills]
    exclude = [r.pk for r in rng.sample(made, 8)]
    for kinds in (tuple(Resource.Kind.values), ("exercise",), ("video",), ("worked_example",)):
        request = request_of(course, kinds=kinds)
        for per_skill in (1, 4, 100):
            args = {"per_skill": per_skill, "exclude": exclude}
            assert resources_of_skills(request, states, **args) == by_hand(request, states, **args)


def test_every_change_of_a_resource_is_seen_at_once():
    course, other = course_make(tenant_make()), course_make(tenant_make())
    skill, second = skill_make(course, "one"), skill_make(course, "two")
    first = exercise_make(course, [skill], "choice", authored_difficulty=0.4)
    last = exercise_make(course, [skill], "choice", authored_difficulty=0.9)

    def offered(**values):
        found = resources_of_skills(request_of(course, **values), [state(skill)], per_skill=9, exclude=[])
        return [pk for _, pk in found]

    assert offered() == [first.pk, last.pk]
    row = difficulty_make(last, target_logit := logit(0.4) - logit(AVERAGE_SHARE_WRONG))
    Resource.objects.filter(pk=first.pk).update(authored_difficulty=0.8)
    assert offered() == [last.pk, first.pk]
    ItemDifficulty.objects.filter(pk=row.pk).update(used=target_logit + 4)
    assert offered() == [first.pk, last.pk]
    ItemDifficulty.objects.filter(pk=row.pk).delete()
    assert offered() == [first.pk, last.pk]
    Resource.objects.filter(pk=first.pk).update(is_retired=True)
    assert offered() == [last.pk]
    Resource.objects.filter(pk=first.pk).update(is_retired=False, kind="video")
    assert offered(kinds=("video",)) == [first.pk]
    Resource.objects.filter(pk=first.pk).update(course=other)
    assert offered() == [last.pk]
    Resource.objects.filter(pk=first.pk).update(course=course)
    ResourceSkill.objects.filter(resource=last).delete()
    assert offered() == [first.pk]
    ResourceSkill.objects.bulk_create(
        [ResourceSkill(resource=last, skill=second), ResourceSkill(resource=last, skill=skill, position=1)]
    )
    assert offered() == [first.pk, last.pk]  # a second skill comes after, however near


def test_no_difficulty_is_too_extreme_to_be_written():
    course = course_make(tenant_make())
    skill = skill_make(course, "one")
    for used in (-1e6, 1e6):
        difficulty_make(exercise_make(course, [skill], "choice"), used)
    found = resources_of_skills(request_of(course), [state(skill)], per_skill=9, exclude=[])
    assert len(found) == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(share_wrong) >= 0, max(share_wrong) <= 1 FROM adaptive_resourceskill")
        assert cursor.fetchone() == (True, True)
