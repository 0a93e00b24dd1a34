"""Sessions from belief, prerequisites, forgetting and time."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptive.planning.planner import MOST_REPEATS, plan_sessions
from adaptive.planning.types import LEARN, MOCK, MOCK_SESSION, REVIEW, Material, PlanResource
from tests.planning.builders import MODEL, answered, item, material, slots


def plan(course: Material, some_slots, *, state=None, target=0.8):
    walk = MODEL.walk(MODEL.empty() if state is None else state)
    return plan_sessions(walk, material=course, slots=some_slots, target=target)


def skills_in(sessions, purpose) -> list[int]:
    return [block.skill_id for session in sessions for block in session.blocks if block.purpose == purpose]


def test_new_skills_come_after_those_they_rest_on_and_begin_with_reading():
    sessions = plan(material(4), slots(12))
    first_met = list(dict.fromkeys(skills_in(sessions, LEARN)))
    assert first_met == [1, 2, 3, 4]
    begins = {}
    for session in sessions:
        for block in session.blocks:
            begins.setdefault(block.skill_id, block.resource_ids[0])
    assert begins == {skill: 1000 + skill for skill in (1, 2, 3, 4)}


def test_the_order_is_that_of_prerequisites_not_of_the_course():
    course = material(3, chain=False)
    turned = Material(course.skills, course.resources, {1: (3,), 2: (3,)})
    assert skills_in(plan(turned, slots(6)), LEARN)[0] == 3


def test_what_is_due_is_reviewed_first_and_most_forgotten_first():
    state = answered(*[(1, 1.0, 30)] * 4, *[(2, 1.0, 60)] * 4)
    session = plan(material(4), slots(5), state=state)[0]
    assert [(block.purpose, block.skill_id) for block in session.blocks][:2] == [(REVIEW, 2), (REVIEW, 1)]
    assert session.blocks[-1].purpose == LEARN


def test_reviews_leave_half_of_the_time_to_what_is_new():
    course = material(12, chain=False)
    state = answered(*[(skill, 1.0, 40) for skill in range(1, 11) for _ in range(4)])
    session = plan(course, slots(4, 40), state=state)[0]
    review = sum(block.minutes for block in session.blocks if block.purpose == REVIEW)
    assert 20 <= review <= 26 and any(block.purpose == LEARN for block in session.blocks)


def test_what_was_begun_is_finished_before_something_new():
    state = answered((2, 0.0, 0.1))
    assert skills_in(plan(material(3, chain=False), slots(4), state=state), LEARN)[0] == 2


def test_the_last_but_one_is_a_mock_of_all_skills():
    sessions = plan(material(5), slots(6, 30))
    mock = sessions[-2]
    assert mock.kind == MOCK_SESSION and {block.purpose for block in mock.blocks} == {MOCK}
    assert {block.skill_id for block in mock.blocks} == {1, 2, 3, 4, 5}
    assert [session.kind for session in sessions].count(MOCK_SESSION) == 1


@pytest.mark.parametrize(("n", "n_mocks"), [(1, 0), (2, 0), (3, 1), (4, 1)])
def test_with_hardly_any_day_left_the_time_goes_to_practice(n, n_mocks):
    assert [session.kind for session in plan(material(3), slots(n))].count(MOCK_SESSION) == n_mocks


def test_nobody_who_knows_it_all_is_kept_busy():
    state = answered(*[(skill, 1.0, 0.01) for skill in (1, 2, 3) for _ in range(30)])
    sessions = plan(material(3), slots(3), state=state)
    assert [session.kind for session in sessions] == [MOCK_SESSION], "nothing is open, nothing is due tomorrow"


def test_nobody_sits_down_for_one_exercise():
    state = answered(*[(skill, 1.0, 0.01) for skill in range(1, 7) for _ in range(12)], (1, 0.0, 20), (1, 0.0, 19))
    sessions = plan(material(6, minutes=1.5), slots(10), state=state, target=0.92)
    short = [s for s in sessions if s.kind != MOCK_SESSION]
    assert short and all(s.minutes >= 6 for s in short), [s.minutes for s in short]


def test_a_high_target_asks_for_more_than_mastery():
    state = answered(*[(skill, 1.0, 0.01) for skill in (1, 2, 3) for _ in range(12)])
    modest = plan(material(3), slots(3), state=state, target=0.6)
    ambitious = plan(material(3), slots(3), state=state, target=1.0)
    assert sum(s.minutes for s in ambitious) > sum(s.minutes for s in modest)


def test_unseen_exercises_come_before_those_done_already():
    resources = tuple(PlanResource(100 + k, 1, 3.0, item(100 + k, 1), n_done=int(k < 4)) for k in range(8))
    first = plan(Material((1,), resources), slots(1, 12))[0]
    assert set(first.resource_ids) == {104, 105, 106, 107}


def test_easy_before_hard():
    resources = tuple(PlanResource(100 + k, 1, 3.0, item(100 + k, 1, 2.0 - k)) for k in range(4))
    assert plan(Material((1,), resources), slots(1, 6))[0].resource_ids == (103, 102)


def test_a_day_too_short_for_anything_gets_the_shortest_or_nothing():
    assert [s.minutes for s in plan(material(1, minutes=3.0), slots(1, 2))] == [3]
    assert plan(material(1, minutes=30.0), slots(3, 2)) == []


def test_nothing_new_is_begun_in_the_last_three_minutes():
    for session in plan(material(6), slots(8, 25)):
        for block in session.blocks[1:]:
            begins_new = block.purpose == LEARN and block.resource_ids[0] == 1000 + block.skill_id
            assert not begins_new or len(block.resource_ids) >= 3


def test_without_exercises_there_is_no_plan_and_a_cycle_does_no_harm():
    assert plan(Material((1, 2), ()), slots(3)) == []
    course = material(2, chain=False)
    cycle = Material(course.skills, course.resources, {1: (2,), 2: (1,)})
    assert plan(cycle, slots(3))


def test_the_same_belief_gives_the_same_plan():
    state = answered((1, 1.0, 3), (2, 0.0, 2))
    assert plan(material(5), slots(10), state=state) == plan(material(5), slots(10), state=state)


def test_a_year_of_long_days_stays_within_what_the_course_has():
    sessions = plan(material(4, 10), slots(365, 720))
    times = Counter(pk for session in sessions for pk in session.resource_ids)
    assert max(times.values()) <= MOST_REPEATS


@settings(max_examples=40, deadline=None)
@given(
    n_skills=st.integers(1, 6),
    n_exercises=st.integers(1, 6),
    minutes=st.integers(1, 60),
    n_days=st.integers(0, 14),
    target=st.floats(0.01, 1.0),
    answers=st.lists(st.tuples(st.integers(1, 6), st.sampled_from([0.0, 0.5, 1.0]), st.floats(0.0, 90.0)), max_size=12),
)
def test_whatever_is_believed_the_plan_keeps_to_the_time(n_skills, n_exercises, minutes, n_days, target, answers):
    course = material(n_skills, n_exercises)
    known = {resource.id for resource in course.resources}
    some_slots = slots(n_days, minutes)
    sessions = plan(course, some_slots, state=answered(*answers), target=target)
    assert [s.day for s in sessions] == sorted({s.day for s in sessions})
    assert {s.day for s in sessions} <= {slot.day for slot in some_slots}
    for session in sessions:
        assert len(session.resource_ids) >= 1 and set(session.resource_ids) <= known
        assert len(set(session.resource_ids)) == len(session.resource_ids), "none twice a day"
        total = sum(block.minutes for block in session.blocks)
        assert total <= minutes or (len(session.resource_ids) == 1 and total <= 2 * minutes)
