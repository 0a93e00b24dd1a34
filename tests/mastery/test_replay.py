"""Live update and replay are the same: whatever happened, in whatever order, and after a change of the exercises."""

import random
from datetime import timedelta

import pytest

from adaptive.catalog.services import resource_put
from adaptive.common.clock import now
from adaptive.mastery.models import LearnerState, MasteryChange, SkillMastery
from adaptive.mastery.selectors import evidence, mastery_of, mastery_status, predictions
from adaptive.mastery.services import state_check, state_rebuild
from adaptive.practice.replaying import states_replay
from adaptive.practice.services import answer_submit
from tests.factories import EXERCISES, cast_make


@pytest.fixture
def cast(db):
    return cast_make()


@pytest.fixture
def history(cast):
    """Forty answers at odd times, some delivered late."""
    rng = random.Random(5)
    start = now() - timedelta(days=60)
    for number in range(40):
        answer_submit(
            tenant=cast.tenant,
            learner=cast.alice,
            course=cast.course,
            resource=cast.exercises[rng.choice(list(EXERCISES))],
            score=rng.choice([0.0, 0.5, 1.0]),
            submitted_at=start + timedelta(hours=number * rng.uniform(0, 30)),
            n_hints=rng.choice([0, 0, 2]),
            source="rest",
        )


def everything():
    return LearnerState.objects.get().state, list(SkillMastery.objects.order_by("skill").values("skill", "p_mastery"))


def test_live_equals_replay(cast, history):
    assert LearnerState.objects.get().n_applied == 40
    assert state_check(learner=cast.alice, course=cast.course) == []


def test_a_rebuild_changes_nothing_that_is_right(cast, history):
    before = (
        LearnerState.objects.get().state,
        list(SkillMastery.objects.order_by("skill").values("skill", "p_mastery")),
    )
    n_changes = MasteryChange.objects.count()
    state_rebuild(learner=cast.alice, course=cast.course)
    after = (
        LearnerState.objects.get().state,
        list(SkillMastery.objects.order_by("skill").values("skill", "p_mastery")),
    )
    assert before == after and MasteryChange.objects.count() == n_changes


def test_the_check_finds_every_kind_of_damage(cast, history):
    SkillMastery.objects.update(p_mastery=0.123)
    MasteryChange.objects.first().delete()
    what = {difference.what for difference in state_check(learner=cast.alice, course=cast.course)}
    assert "evidence" in what and any(w.startswith("p_mastery of skill") for w in what)


def test_retagged_exercises_are_taken_in_anew_by_the_sweeper(cast, history):
    exercise = cast.exercises["choice"]
    data = {
        **{name: getattr(exercise, name) for name in ("kind", "title", "body", "response_format", "choices", "answer")},
        "skills": ["adding"],
    }
    resource_put(course=cast.course, external_id=exercise.external_id, data=data)
    assert states_replay(cast.course.pk) == 1
    cast.course.refresh_from_db()
    assert state_check(learner=cast.alice, course=cast.course) == []
    assert states_replay(cast.course.pk) == 0


def test_every_skill_of_the_course_has_a_belief(cast, django_assert_num_queries):
    with django_assert_num_queries(3):
        views = mastery_of(learner=cast.bob, course=cast.course, at=now())
    assert [view.skill.external_id for view in views] == ["meaning", "equivalent", "adding"]
    assert all(0 < view.p_mastery < 1 and view.n_attempts == 0 and view.status == "not_started" for view in views)


def test_predictions_follow_what_happened(cast):
    exercise = cast.exercises["numeric"]
    before = predictions(learner=cast.alice, course=cast.course, resources=[exercise], at=now())[exercise.pk]
    for _ in range(4):
        answer_submit(
            tenant=cast.tenant,
            learner=cast.alice,
            course=cast.course,
            resource=exercise,
            response={"value": "0.75"},
            source="rest",
        )
    after = predictions(learner=cast.alice, course=cast.course, resources=[exercise], at=now())[exercise.pk]
    assert before < after < 1


def test_evidence_names_the_attempts_newest_first(cast, history):
    skill = cast.skills[0]
    found = evidence(learner=cast.alice, skill=skill, limit=5)
    assert len(found) == 5
    assert [e.attempt_id for e in found] == sorted((e.attempt_id for e in found), reverse=True)


@pytest.mark.parametrize(
    ("p_mastery", "n_attempts", "status"),
    [(0.9, 0, "not_started"), (0.9, 1, "started"), (0.9, 5, "mastered"), (0.3, 5, "needs_help"), (0.7, 5, "started")],
)
def test_one_vocabulary(p_mastery, n_attempts, status):
    assert mastery_status(p_mastery=p_mastery, n_attempts=n_attempts) == status
