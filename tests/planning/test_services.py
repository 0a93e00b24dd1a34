"""A plan from wish to sessions, made again after missed days, and kept up with what is believed."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adaptive.common.clock import now as real_now
from adaptive.common.errors import InvalidInput
from adaptive.mastery.models import LearnerModelVersion
from adaptive.mastery.services import attempt_apply
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.planning.selectors import items_ahead, sessions_of
from adaptive.planning.services import (
    forecast_refresh,
    plan_delete,
    plan_renew,
    plan_set,
    plan_skip,
    plan_without,
    planned_up_to,
    target_within_reach,
)
from adaptive.recommendation.models import Ruling
from tests.factories import attempt_make, exercise_make
from tests.planning.conftest import MONDAY


def make(cast, **values) -> StudyPlan:
    wanted = {
        "learner": cast.alice,
        "course": cast.course,
        "exam_at": MONDAY + timedelta(days=12),
        "target": 0.7,
        "minutes_per_weekday": [20, 20, 20, 20, 20, 0, 0],
        **values,
    }
    return plan_set(**wanted)


@pytest.fixture
def course(cast):
    for number in range(18):
        exercise_make(cast.course, [cast.skills[number % 3]], "choice", external_id=f"more{number}")
    return cast


def answer(cast, at, *, name="choice", score=1.0, learner=None):
    attempt = attempt_make(learner or cast.alice, cast.exercises[name], score=score, submitted_at=at)
    attempt_apply(attempt=attempt, score=score)
    return attempt


def days(plan) -> list[int]:
    return [session.day.day for session in plan.sessions.all()]


def test_dated_sessions_on_the_days_that_have_time(course, clock):
    plan = make(course)
    assert days(plan) == [2, 3, 4, 5, 6, 9, 10, 11, 12, 13]
    assert all(session.minutes <= 20 for session in plan.sessions.all())
    assert [session.kind for session in plan.sessions.all()].count("mock") == 1
    assert 0 < plan.forecast["low"] < plan.forecast["expected"] < plan.forecast["high"] < 1
    assert plan.versions["learner_model"].startswith("pfa-forgetting/")


def test_saving_again_changes_the_one_plan_and_leaves_what_is_the_same_untouched(course, clock):
    plan = make(course)
    before = {s.day: (s.sequence, s.changed_at) for s in plan.sessions.all()}
    again = make(course)
    assert again.pk == plan.pk and again.uid == plan.uid
    assert {s.day: (s.sequence, s.changed_at) for s in again.sessions.all()} == before
    clock.on(0.1)
    shorter = make(course, minutes_per_weekday=[20, 9, 20, 20, 20, 0, 0])
    changed = {s.day.day for s in shorter.sessions.all() if s.sequence == 1}
    assert 3 in changed and StudyPlan.objects.count() == 1


def test_two_learners_have_plans_of_their_own(course, clock):
    a, b = make(course), make(course, learner=course.bob)
    assert a.pk != b.pk and days(a) == days(b)


def test_what_was_missed_is_left_behind_not_piled_up(course, clock):
    plan = make(course)
    answer(course, MONDAY + timedelta(hours=9))
    at = clock.on(3)
    views = sessions_of(plan=plan, at=at)
    assert [view.status for view in views][:5] == ["partly", "missed", "missed", "today", "ahead"]
    renewed = plan_renew(plan=plan)
    assert days(renewed) == [2, 5, 6, 9, 10, 11, 12, 13], "the day that was worked on stays"
    assert all(session.minutes <= 20 for session in renewed.sessions.all())


def test_done_is_read_off_the_attempts_whatever_was_answered(course, clock):
    plan = make(course)
    for name in ("choice", "numeric", "cloze", "matching"):
        answer(course, MONDAY + timedelta(hours=2), name=name)
    answer(course, MONDAY + timedelta(hours=2), learner=course.bob, name="ordering")
    view = sessions_of(plan=plan, at=clock.at)[0]
    assert view.status == "done" and view.work.minutes == 12
    assert items_ahead([view], at=clock.at) == []


def test_a_day_off_is_taken_and_the_rest_planned_again(course, clock):
    plan = make(course)
    skipped = plan_skip(plan=plan, day=date(2026, 3, 5))
    assert 5 not in days(skipped) and skipped.days_off == ["2026-03-05"]


def test_what_if_i_skip_thursday_stores_nothing(course, clock):
    plan = make(course)
    before = list(StudySession.objects.values()), StudyPlan.objects.values().get()
    found = plan_without(plan=plan, day=date(2026, 3, 5))
    assert (list(StudySession.objects.values()), StudyPlan.objects.values().get()) == before
    assert date(2026, 3, 5) in {s.day for s in found.before.sessions}
    assert date(2026, 3, 5) not in {s.day for s in found.after.sessions}
    assert found.after.forecast.n_answers < found.before.forecast.n_answers
    assert found.after.forecast.expected <= found.before.forecast.expected + 0.002


def test_skipping_the_only_day_or_a_day_without_plan(course, clock):
    plan = make(course, exam_at=MONDAY + timedelta(days=1))
    assert plan_without(plan=plan, day=date(2026, 3, 2)).after is None
    for day in (date(2026, 3, 1), date(2026, 3, 3), date(2099, 1, 1)):
        with pytest.raises(InvalidInput, match="nothing is planned"):
            plan_without(plan=plan, day=day)
    with pytest.raises(InvalidInput):
        plan_skip(plan=plan, day=date(2026, 3, 2))
    assert StudyPlan.objects.get().days_off == [] and StudySession.objects.count() == 1


def test_a_target_beyond_the_plan_is_told_with_what_can_be_had(course, clock):
    plan = make(course, target=0.99)
    short = plan.shortfall
    assert short["reachable"] == pytest.approx(plan.forecast["expected"], abs=1e-4) and not short["more"]["is_enough"]
    within = target_within_reach(plan)
    assert within <= plan.forecast["expected"] < 0.99
    modest = make(course, target=within)
    assert modest.shortfall is None


def test_more_time_that_would_be_enough_is_named(course, clock):
    least = make(course, target=0.5, minutes_per_weekday=[6, 0, 0, 0, 0, 0, 0]).forecast["expected"]
    most = make(course, target=0.5, minutes_per_weekday=[18, 0, 0, 0, 0, 0, 0]).forecast["expected"]
    assert most > least
    plan = make(course, target=(least + most) / 2, minutes_per_weekday=[6, 0, 0, 0, 0, 0, 0])
    more = plan.shortfall["more"]
    assert more["is_enough"] and more["expected"] >= plan.target and more["minutes"] > plan.shortfall["minutes"]


def test_an_exam_tomorrow_has_today(course, clock):
    assert days(make(course, exam_at=MONDAY + timedelta(days=1))) == [2]


def test_nothing_is_half_stored_where_it_cannot_be_planned(course, clock):
    with pytest.raises(InvalidInput):
        make(course, minutes_per_weekday=[0] * 7)
    assert not StudyPlan.objects.exists()
    plan = make(course)
    clock.on(13)
    with pytest.raises(InvalidInput, match="has passed"):
        plan_renew(plan=plan)
    assert StudySession.objects.count() == 10


def test_a_course_without_exercises_says_so(cast, clock):
    with pytest.raises(InvalidInput, match="no exercises yet"):
        make(cast, learner=cast.mallory, course=cast.other_course)


def test_retired_exercises_are_not_planned_and_planned_ones_that_retire_do_no_harm(course, clock):
    plan = make(course)
    gone = plan.sessions.first().resource_ids[-1]
    course.course.resources.filter(pk=gone).update(is_retired=True)
    views = sessions_of(plan=plan, at=clock.at)
    assert forecast_refresh(plan=plan, views=views, at=clock.at + timedelta(days=1)).forecast["expected"] > 0
    assert gone not in {pk for session in plan_renew(plan=plan).sessions.all() for pk in session.resource_ids}


def test_what_a_teacher_rules_out_is_not_planned(course, clock):
    gone = {pk for session in make(course).sessions.all() for pk in session.resource_ids}
    kept = gone.pop()
    for pk in gone:
        Ruling.objects.create(course=course.course, resource_id=pk, kind="never")
    Ruling.objects.create(course=course.course, resource_id=kept, kind="never", learner=course.bob)
    left = {pk for session in make(course).sessions.all() for pk in session.resource_ids}
    assert kept in left and not left & gone


def test_an_answer_moves_the_forecast_and_nothing_new_leaves_it(course, clock):
    plan = make(course)
    views = sessions_of(plan=plan, at=clock.at)
    stored = StudyPlan.objects.values().get()
    forecast_refresh(plan=plan, views=views, at=clock.at)
    assert StudyPlan.objects.values().get() == stored
    for name in ("choice", "matching", "multiple_choice"):
        answer(course, MONDAY + timedelta(hours=2), name=name, score=0.0)
    forecast_refresh(plan=plan, views=sessions_of(plan=plan, at=clock.at), at=clock.at)
    assert plan.forecast["now"] < stored["forecast"]["now"] - 0.02
    assert StudyPlan.objects.get().forecast == plan.forecast


def test_days_that_go_by_unused_lower_what_is_expected(course, clock):
    plan = make(course)
    before = plan.forecast["expected"]
    at = clock.on(9)
    forecast_refresh(plan=plan, views=sessions_of(plan=plan, at=at), at=at)
    assert plan.forecast["expected"] < before and plan.forecast["n_answers"] < 30


def test_after_the_exam_the_forecast_stays_as_it_was(course, clock):
    plan = make(course)
    before = plan.forecast
    at = clock.on(20)
    assert forecast_refresh(plan=plan, views=sessions_of(plan=plan, at=at), at=at).forecast == before


def test_a_fitted_learner_model_brings_its_own_band(course, clock, monkeypatch):
    from adaptive.planning import services

    version = LearnerModelVersion.objects.create(
        name="pfa-forgetting",
        backend="adaptive.backends.learner_model.pfa.PfaForgetting",
        model_version="1",
        course=course.course,
        params=None,
        is_active=True,
    )
    kinds = []
    monkeypatch.setattr(services, "kind_of", lambda belief: kinds.append(belief.in_use.version_id) or "fitted")
    make(course)
    assert kinds and set(kinds) == {version.pk}


def test_a_plan_that_ends_long_before_the_exam_says_until_when_it_reaches(course, clock, monkeypatch):
    from adaptive.planning import planner

    plan = make(course)
    assert planned_up_to(plan, sessions_of(plan=plan, at=clock.at), at=clock.at) is None
    monkeypatch.setattr(planner, "MOST_ANSWERS", 10)
    plan = make(course, exam_at=MONDAY + timedelta(days=40))
    last = plan.sessions.last().day
    assert planned_up_to(plan, sessions_of(plan=plan, at=clock.at), at=clock.at) == last


def test_a_deleted_plan_is_gone_with_its_sessions(course, clock):
    plan_delete(plan=make(course))
    assert not StudyPlan.objects.exists() and not StudySession.objects.exists()


def test_queries_do_not_grow_with_the_course_or_the_answers(course, clock):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            make(course, exam_at=real_now() + timedelta(days=300), minutes_per_weekday=[60] * 7)
        return len(queries)

    clock.at = real_now()
    make(course, exam_at=real_now() + timedelta(days=10))
    before = count()
    for number in range(20):
        exercise_make(course.course, [course.skills[number % 3]], "numeric", external_id=f"even-more{number}")
        answer(course, clock.at - timedelta(days=1))
    assert count() <= before + 3
