"""What others went on to and did well, and what a course is working on: counted, bounded, and nobody recognised."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adaptive.common.clock import now
from adaptive.explanation.services import slate_explain
from adaptive.recommendation import co_practice
from adaptive.recommendation.co_practice import co_practice_count, co_practice_sweep
from adaptive.recommendation.models import CoPractice
from adaptive.recommendation.services import impression_event, slate_create
from adaptive.tasks import co_practice_job
from tests.factories import (
    Cast,
    attempt_make,
    cast_make,
    course_make,
    enrol,
    exercise_make,
    learner_make,
    resource_make,
    skill_make,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


@pytest.fixture
def cast() -> Cast:
    return cast_make()


def walk(cast: Cast, n: int, *steps: tuple[str, float], days: float = 1.0, gap: float = 1.0, start: int = 0) -> None:
    """n learners answer these one after the other, `gap` minutes apart, the first one `days` ago."""
    for k in range(start, start + n):
        learner = learner_make(cast.tenant, f"walker{k}", login=False)
        enrol(learner, cast.course)
        for place, (name, score) in enumerate(steps):
            at = now() - timedelta(days=days) + timedelta(minutes=gap * place)
            attempt_make(learner, cast.exercises[name], score=score, submitted_at=at)


def pairs(cast: Cast) -> dict[tuple[str, str], tuple[int, int]]:
    names = {resource.pk: name for name, resource in cast.exercises.items()}
    rows = CoPractice.objects.filter(course=cast.course).values_list("before", "after", "n_learners", "n_right")
    return {(names.get(b, b), names.get(a, a)): (n, n_right) for b, a, n, n_right in rows}


def test_who_went_on_to_what_and_did_well_there(cast):
    walk(cast, 4, ("choice", 0.0), ("numeric", 1.0))
    walk(cast, 1, ("choice", 1.0), ("numeric", 0.2), start=10)
    walk(cast, 3, ("choice", 1.0), ("cloze", 0.0), start=20)
    assert co_practice_count(course_id=cast.course.pk) == 1
    assert pairs(cast) == {("choice", "numeric"): (5, 4)}, "a way on which nobody did well leads nowhere"
    assert CoPractice.objects.get().strength == pytest.approx(4 / 8)


def test_two_learners_are_no_way_and_a_learner_counts_once(cast):
    walk(cast, 2, ("choice", 1.0), ("numeric", 1.0))
    assert co_practice_count(course_id=cast.course.pk) == 0
    for _ in range(5):
        walk_again = [("choice", 1.0), ("numeric", 1.0)]
        for place, (name, score) in enumerate(walk_again):
            attempt_make(cast.bob, cast.exercises[name], score=score, submitted_at=now() + timedelta(minutes=place))
    co_practice_count(course_id=cast.course.pk)
    assert pairs(cast)[("choice", "numeric")] == (3, 3)


def test_the_same_again_a_week_later_and_unread_answers_are_no_next_step(cast):
    walk(cast, 3, ("choice", 0.0), ("choice", 1.0))
    walk(cast, 3, ("matching", 1.0), ("ordering", 1.0), days=20, gap=7 * 24 * 60, start=10)
    for k in range(3):
        learner = learner_make(cast.tenant, f"unread{k}", login=False)
        attempt_make(learner, cast.exercises["cloze"], score=1.0, submitted_at=now() - timedelta(hours=1))
        attempt_make(learner, cast.exercises["short_text"], submitted_at=now())
    co_practice_count(course_id=cast.course.pk)
    assert pairs(cast) == {}


def test_a_text_went_well_where_the_next_answer_did(cast):
    for k in range(3):
        learner = learner_make(cast.tenant, f"reader{k}", login=False)
        enrol(learner, cast.course)
        attempt_make(learner, cast.exercises["choice"], score=0.0, submitted_at=now() - timedelta(minutes=5))
        slate = slate_create(learner=learner, course=cast.course, kinds=["reading"])
        impression_event(slate=slate, position=1, type="complete")
        attempt_make(learner, cast.exercises["numeric"], score=1.0, submitted_at=now() + timedelta(minutes=5))
    co_practice_count(course_id=cast.course.pk)
    assert pairs(cast) == {("choice", cast.reading.pk): (3, 3), (cast.reading.pk, "numeric"): (3, 3)}


def test_counted_anew_what_was_is_gone(cast):
    walk(cast, 3, ("choice", 1.0), ("numeric", 1.0))
    assert co_practice_job() == {"courses": 1, "pairs": 1}
    assert co_practice_job()["courses"] == 0, "nothing new"
    walk(cast, 3, ("cloze", 1.0), ("matching", 1.0), start=10)
    assert co_practice_job()["courses"] == 0, "once an hour is enough"
    cast.exercises["numeric"].is_retired = True
    cast.exercises["numeric"].save()
    assert co_practice_sweep(at=now() + timedelta(hours=2)) == {"courses": 1, "pairs": 1}
    assert pairs(cast) == {("cloze", "matching"): (3, 3)}


def test_only_the_latest_steps_and_the_best_ways_are_kept(cast, monkeypatch):
    walk(cast, 3, ("choice", 1.0), ("numeric", 1.0), days=5)
    walk(cast, 4, ("choice", 1.0), ("cloze", 1.0), days=4, start=10)
    monkeypatch.setattr(co_practice, "KEPT", 1)
    co_practice_count(course_id=cast.course.pk)
    assert pairs(cast) == {("choice", "cloze"): (4, 4)}
    co_practice_count(course_id=cast.course.pk, recent=4)
    assert pairs(cast) == {}


def test_the_feed_follows_and_says_so_in_checked_words(cast):
    walk(cast, 5, ("choice", 1.0), ("numeric", 1.0))
    attempt_make(cast.alice, cast.exercises["choice"], score=0.0, submitted_at=now() - timedelta(hours=1))
    co_practice_count(course_id=cast.course.pk)
    slate = slate_create(learner=cast.alice, course=cast.course, purpose="feed", kinds=["exercise"])
    found = {row["resource"]: row["found"].get("co_practised") for row in slate.candidates}
    assert found[cast.exercises["numeric"].pk] == {
        "after": "A bar of chocolate",
        "n_learners": 5,
        "n_right": 5,
        "strength": 0.625,
    }
    texts = [fact["text"] for one in slate_explain(slate=slate) for fact in one.facts]
    line = "5 learners went on to it after “A bar of chocolate”; for 5 of them it went well."
    sentence = "Others went on to this after “A bar of chocolate”, and did well."
    assert {line, sentence} & set(texts)


def test_other_courses_lead_nowhere(cast):
    walk(cast, 3, ("choice", 1.0), ("numeric", 1.0))
    co_practice_count(course_id=cast.course.pk)
    twin = course_make(cast.tenant, "twin")
    enrol(cast.alice, twin)
    exercise = exercise_make(twin, [skill_make(twin, "s")], "choice")
    attempt_make(cast.alice, exercise, score=1.0, submitted_at=now())
    CoPractice.objects.create(
        course=twin, before=exercise, after=cast.exercises["cloze"], n_learners=9, n_right=9, strength=0.9
    )
    slate = slate_create(learner=cast.alice, course=twin, purpose="feed")
    assert not any(row["found"].get("co_practised") for row in slate.candidates)
    assert co_practice_count(course_id=10**9) == 0


def test_what_the_course_works_on_this_week(cast):
    walk(cast, 3, ("cloze", 0.0), days=2)
    walk(cast, 3, ("choice", 0.0), days=9, start=10)
    text = resource_make(cast.course, [cast.exercises["cloze"].skills.get()], title="New words", body="Some words.")
    slate = slate_create(learner=cast.alice, course=cast.course, purpose="feed")
    found = {row["resource"]: row["found"].get("timely") for row in slate.candidates}
    skill = cast.exercises["cloze"].skills.get().name
    assert found[text.pk] == {"skill": skill, "n_learners": 3, "days": 7, "timeliness": 1.0}
    assert not found.get(cast.exercises["choice"].pk) or found[cast.exercises["choice"].pk]["skill"] == skill
    texts = [fact["text"] for one in slate_explain(slate=slate) for fact in one.facts]
    sentence = f"Your course is working on “{skill}” right now."
    line = f"3 other learners answered something on “{skill}” in the last 7 days."
    assert {sentence, line} & set(texts)


def test_two_others_are_no_course_at_work(cast):
    walk(cast, 2, ("cloze", 0.0), days=2)
    slate = slate_create(learner=cast.alice, course=cast.course, purpose="feed")
    assert not any(row["found"].get("timely") for row in slate.candidates)


def test_practice_stays_as_it_was_measured(cast):
    walk(cast, 5, ("choice", 1.0), ("numeric", 1.0))
    attempt_make(cast.alice, cast.exercises["choice"], score=0.0, submitted_at=now() - timedelta(hours=1))
    co_practice_count(course_id=cast.course.pk)
    slate = slate_create(learner=cast.alice, course=cast.course)
    assert not any({"co_practised", "timely"} & set(row["found"]) for row in slate.candidates)


def test_the_feed_costs_as_many_queries_for_many(cast):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            slate_create(learner=cast.alice, course=cast.course, purpose="feed")
        return len(queries)

    attempt_make(cast.alice, cast.exercises["choice"], score=0.0, submitted_at=now() - timedelta(hours=1))
    walk(cast, 3, ("choice", 1.0), ("numeric", 1.0))
    co_practice_count(course_id=cast.course.pk)
    before = cost()
    walk(cast, 20, ("choice", 1.0), ("cloze", 1.0), ("matching", 1.0), start=10)
    co_practice_count(course_id=cast.course.pk)
    assert cost() <= before
