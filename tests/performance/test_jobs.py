"""When an assessment is due and who makes it: once, by one, after every loss, and never of who was erased."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from adaptive.assessment.models import Assessment
from adaptive.assessment.services import assessment_record
from adaptive.assessment.types import Verdict
from adaptive.events.models import Attempt
from adaptive.performance import jobs, services
from adaptive.performance.models import PerformanceAssessment
from adaptive.performance.selectors import week_of
from adaptive.practice.privacy import ERASED_ID, learner_erase
from adaptive.recommendation.models import GapQuery
from tests.exports import learner_export
from tests.factories import NOON, attempt_make, cast_make, enrol, learner_make

from .conftest import session_make

LATER = NOON + timedelta(hours=1)
pytestmark = pytest.mark.django_db


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def noted(at=LATER) -> PerformanceAssessment:
    assert jobs.sessions_note(at=at) == 1
    return PerformanceAssessment.objects.latest("pk")


def let_lease_run_out(assessment):
    sql(
        "UPDATE adaptive_performanceassessment SET lease_until = clock_timestamp() - interval '1 s' WHERE id = %s",
        assessment.pk,
    )


# When


def test_a_session_is_over_after_half_an_hour_of_silence(cast, told):
    session_make(cast)
    assert jobs.sweep(at=NOON + timedelta(minutes=32)) == {"sessions": 0, "told": 0}
    assert jobs.sweep(at=NOON + timedelta(minutes=34)) == {"sessions": 1, "told": 1}
    found = PerformanceAssessment.objects.get()
    assert (found.period, found.state, found.learner) == ("session", "pending", cast.alice)
    assert (found.starts_at, found.ends_at) == (NOON, NOON + timedelta(minutes=3))


def test_it_is_noted_once_however_often_one_looks(cast):
    session_make(cast)
    assert [jobs.sessions_note(at=LATER) for _ in range(3)] == [1, 0, 0]


def test_a_silence_cuts_two_sessions(cast):
    session_make(cast)
    session_make(cast, at=NOON + timedelta(minutes=60))
    session_make(cast, cast.bob, at=NOON + timedelta(minutes=10))
    assert jobs.sessions_note(at=NOON + timedelta(hours=3)) == 3
    alices = PerformanceAssessment.objects.filter(learner=cast.alice).order_by("starts_at")
    assert [one.starts_at for one in alices] == [NOON, NOON + timedelta(minutes=60)]


def test_who_goes_on_is_not_assessed_yet_but_the_session_before_is(cast):
    session_make(cast)
    session_make(cast, at=NOON + timedelta(hours=2))
    assert jobs.sessions_note(at=NOON + timedelta(hours=2, minutes=10)) == 1
    assert PerformanceAssessment.objects.get().starts_at == NOON


def test_answers_that_are_being_read_are_waited_for_but_not_for_ever(cast):
    waiting = attempt_make(cast.alice, cast.exercises["short_text"], submitted_at=NOON)
    session_make(cast, at=NOON + timedelta(hours=2))
    # The later session waits as well, else the earlier one would be passed over.
    assert jobs.sessions_note(at=NOON + timedelta(hours=4)) == 0
    assert waiting.state == "queued"
    assert jobs.sessions_note(at=NOON + timedelta(hours=6, minutes=1)) == 2


def test_an_answer_that_a_teacher_must_mark_is_not_waited_for(cast):
    session_make(cast, scores=(1.0,))
    attempt_make(cast.alice, cast.exercises["long_text"], state="needs_review", submitted_at=NOON)
    assert jobs.sessions_note(at=LATER) == 1


def test_imported_pasts_teachers_and_the_erased_have_no_sessions(cast):
    session_make(cast, source=Attempt.Source.IMPORT)
    session_make(cast, cast.charlie)
    nobody = learner_make(cast.tenant, ERASED_ID, login=False)
    session_make(cast, nobody)
    session_make(cast, at=NOON - timedelta(days=10))  # long ago
    session_make(cast, at=NOON + timedelta(days=1))  # a clock that is ahead
    assert jobs.sessions_note(at=LATER) == 0
    assert jobs.weeks_note(at=NOON - timedelta(days=8)) == 0


def test_a_late_answer_within_an_assessed_session_makes_no_second_one(cast):
    session_make(cast)
    noted()
    attempt_make(cast.alice, cast.exercises["cloze"], score=1.0, submitted_at=NOON + timedelta(seconds=30))
    assert jobs.sessions_note(at=LATER) == 0


def test_one_per_learner_course_and_period(cast):
    values = {"learner": cast.alice, "course": cast.course, "period": "week", "starts_at": NOON, "ends_at": NOON}
    PerformanceAssessment.objects.create(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        PerformanceAssessment.objects.create(**values)


def test_weeks_run_from_monday_in_the_installations_time():
    berlin = ZoneInfo("Europe/Berlin")
    # The clock goes forward on 29 March 2026.
    starts, ends = week_of(datetime(2026, 3, 29, 21, 59, tzinfo=UTC), zone=berlin)
    assert (starts.isoformat(), ends.isoformat()) == ("2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00")
    assert week_of(datetime(2026, 3, 29, 22, 0, tzinfo=UTC), zone=berlin)[0] == ends


def test_a_week_is_assessed_once_it_is_over(cast):
    starts, ends = week_of(NOON)
    session_make(cast)
    session_make(cast, at=NOON + timedelta(days=2))
    session_make(cast, at=ends + timedelta(minutes=1))
    assert jobs.weeks_note(at=ends - timedelta(minutes=1)) == 0
    assert [jobs.weeks_note(at=ends + timedelta(minutes=5)) for _ in range(2)] == [1, 0]
    found = PerformanceAssessment.objects.get()
    assert (found.starts_at, found.ends_at) == (starts, ends)
    assert jobs.performance_work(found.pk) == "made"
    found.refresh_from_db()
    assert (found.facts["n_attempts"], found.facts["n_days"]) == (8, 2)
    assert found.text.startswith("You gave 8 answers on 2 days; 4 of them right.")


# The work


def test_the_work_writes_facts_words_and_gaps(cast, told):
    attempts = session_make(cast, scores=(1.0, 0.0, 0.0, 1.0, 1.0, 0.0), misconception="swaps")
    found = noted()
    assert jobs.performance_work(found.pk) == "made"
    found.refresh_from_db()
    assert found.state == "ready" and found.lease_token is None and found.made_at
    assert found.facts["attempts"] == [one.pk for one in attempts]
    assert found.grounding == {"is_checked": True, "is_grounded": True, "offending": []}
    assert found.text == found.plain_text and "3 of 3 right" in found.text
    assert found.versions == {"builder": "performance-1", "assessors": ["key"], "language": "en"}
    gaps = GapQuery.objects.filter(assessment=found).order_by("pk")
    assert [gap.text for gap in gaps] == [
        "Adding fractions. Swaps numerator and denominator",
        "Equivalent fractions. Swaps numerator and denominator",
    ]
    assert all(gap.vector is None for gap in gaps) and told == [(jobs.EMBED_JOB,)]
    assert jobs.performance_work(found.pk) == "not to be had"


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_one_answer(cast, told, score):
    session_make(cast, scores=(score,))
    found = noted()
    assert jobs.performance_work(found.pk) == "made"
    found.refresh_from_db()
    assert found.facts["n_attempts"] == 1 and not GapQuery.objects.exists() and told == []


def test_all_that_there_is_waits_for_a_mark(cast, told):
    attempt_make(cast.alice, cast.exercises["long_text"], state="needs_review")
    held = attempt_make(cast.alice, cast.exercises["short_text"], state="needs_review", score=0.0)
    Assessment.objects.filter(attempt=held).update(is_released=False, missing="a secret", misconception="swaps")
    found = noted()
    assert jobs.performance_work(found.pk) == "made"
    found.refresh_from_db()
    assert found.text.startswith("You gave 2 answers; they still wait for their marks.")
    assert "secret" not in str(found.facts) and "swaps" not in str(found.facts)


def test_a_period_without_an_answer_leaves_no_assessment(cast):
    found = PerformanceAssessment.objects.create(
        learner=cast.alice, course=cast.course, period="session", starts_at=NOON, ends_at=NOON
    )
    assert jobs.performance_work(found.pk) == "nothing to assess"
    assert not PerformanceAssessment.objects.exists()


def test_a_course_in_another_language_is_assessed_without_the_english_check(cast):
    cast.alice.language = "de"
    cast.alice.save()
    session_make(cast)
    found = noted()
    assert jobs.performance_work(found.pk) == "made"
    found.refresh_from_db()
    assert found.grounding["is_checked"] is False and found.versions["language"] == "de"


def test_a_mark_that_changes_later_makes_it_again(cast, told):
    attempts = session_make(cast)
    found = noted()
    jobs.performance_work(found.pk)
    sql("UPDATE adaptive_performanceassessment SET made_at = made_at - interval '10 minutes'")
    sql("UPDATE adaptive_assessment SET created_at = created_at - interval '20 minutes'")
    assert jobs.stale_note(at=LATER) == 0
    verdict = Verdict(score=1.0, label="correct", confidence=1.0, feedback="", assessor_kind="teacher")
    assessment_record(attempt=attempts[-1], verdict=verdict, assessed_by="charlie")
    told.clear()
    assert jobs.weeks_sweep(at=LATER)["stale"] == 1
    found.refresh_from_db()
    assert found.state == "pending" and "2 of them right" in found.text, "what was made before stays in sight"
    assert jobs.performance_work(found.pk) == "made"
    found.refresh_from_db()
    assert "3 of them right" in found.text and found.versions["assessors"] == ["key", "teacher"]


# Losses


def test_a_lost_message_is_found_by_the_sweeper(cast, told, django_capture_on_commit_callbacks):
    session_make(cast)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.sweep(at=LATER) == {"sessions": 1, "told": 1}
    found = PerformanceAssessment.objects.get()
    assert told == [(jobs.JOB, found.pk)]
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.sweep(at=LATER)["told"] == 0, "told of it just now"
    sql("UPDATE adaptive_performanceassessment SET published_at = clock_timestamp() - interval '2 minutes'")
    jobs.claim(found.pk)
    assert jobs.waiting_publish() == 0, "in somebody's hands"
    let_lease_run_out(found)
    assert jobs.waiting_publish() == 1
    assert jobs.performance_work(found.pk) == "made"


def test_a_broker_that_is_away_loses_nothing(cast, monkeypatch, django_capture_on_commit_callbacks):
    session_make(cast)
    monkeypatch.setattr(jobs.current_app, "send_task", lambda *a, **k: 1 / 0)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.sweep(at=LATER)["sessions"] == 1
    assert jobs.performance_work(PerformanceAssessment.objects.get().pk) == "made"


def test_a_worker_whose_lease_went_to_another_writes_nothing(cast):
    session_make(cast)
    found = noted()
    slow = jobs.claim(found.pk)
    let_lease_run_out(found)
    fast = jobs.claim(found.pk)
    with pytest.raises(services.Gone):
        services.performance_make(assessment_id=found.pk, token=slow)
    assert services.performance_make(assessment_id=found.pk, token=fast).state == "ready"


def test_failures_back_off_and_the_fourth_is_left_alone(cast, monkeypatch):
    session_make(cast)
    found = noted()
    monkeypatch.setattr(services, "rows_of", lambda assessment: 1 / 0)
    seen = []
    for _ in range(5):
        sql("UPDATE adaptive_performanceassessment SET next_at = clock_timestamp()")
        seen.append(jobs.performance_work(found.pk))
    found.refresh_from_db()
    assert seen == ["tried"] * 4 + ["not to be had"]
    assert found.state == "failed" and "ZeroDivisionError" in found.last_error


def test_who_is_erased_while_the_job_runs_leaves_nothing(cast, monkeypatch):
    session_make(cast)
    found = noted()

    def erased_meanwhile(assessment, read=services.rows_of):
        rows = read(assessment)
        learner_erase(learner=cast.alice)
        return rows

    monkeypatch.setattr(services, "rows_of", erased_meanwhile)
    assert jobs.performance_work(found.pk) == "gone"
    assert not PerformanceAssessment.objects.exists() and not GapQuery.objects.exists()
    assert jobs.sweep(at=LATER)["sessions"] == 0 and jobs.performance_work(found.pk) == "not to be had"


def test_export_and_erasure_hold_it(cast):
    session_make(cast)
    found = noted()
    jobs.performance_work(found.pk)
    data = learner_export(learner=cast.alice)
    (row,) = data["performance_assessments"]
    assert row["course"] == "fractions" and row["facts"]["n_attempts"] == 4 and row["text"]
    assert data["learner"]["shares_performance"] is False
    learner_erase(learner=cast.alice)
    assert not PerformanceAssessment.objects.exists() and not GapQuery.objects.exists()


def at_once(n: int, do) -> list:
    """What `do` returns in n threads that start together, each with a connection of its own."""
    barrier, results = threading.Barrier(n), []

    def run():
        try:
            barrier.wait(timeout=10)
            results.append(do())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one(told):
    cast = cast_make()
    dora = learner_make(cast.tenant, "dora", login=False)
    enrol(dora, cast.course)
    session_make(cast)
    session_make(cast, dora)
    at_once(4, lambda: jobs.sweep(at=LATER))
    assert PerformanceAssessment.objects.count() == 2
    for found in PerformanceAssessment.objects.all():
        results = at_once(4, lambda pk=found.pk: jobs.performance_work(pk))
        assert sorted(results) == ["made", *["not to be had"] * 3]
    assert sorted(args for job, *args in told if job == jobs.JOB) == sorted(
        [pk] for pk in PerformanceAssessment.objects.values_list("pk", flat=True)
    )
