"""The worker's side: one claim at a time, one effect, failures that back off, poison that is set aside."""

import pytest
from django.db import connection

from adaptive.assessment.models import Assessment
from adaptive.assessment.types import AssessorUnavailable, Verdict
from adaptive.audit.models import AuditEntry
from adaptive.mastery.models import LearnerState
from adaptive.mastery.services import state_check
from adaptive.practice import outbox, services
from adaptive.practice.effects import LeaseLost, effect_write
from adaptive.practice.services import answer_submit, attempt_contest, attempt_mark, attempt_work
from adaptive.practice.sweeping import sweep
from adaptive.recommendation.models import SlateHint
from tests.factories import cast_make, right

GOOD = Verdict(score=1.0, label="correct", confidence=0.95, feedback="Yes.", assessor_kind="llm", model="m")
HALF = Verdict(
    score=0.5,
    label="partially_correct",
    confidence=0.9,
    feedback="Almost.",
    missing="equal parts",
    assessor_kind="llm",
    model="m",
)
UNSURE = Verdict(score=1.0, label="correct", confidence=0.6, feedback="Yes?", assessor_kind="llm", model="m")


@pytest.fixture
def cast(db):
    return cast_make()


@pytest.fixture(autouse=True)
def told(monkeypatch, settings):
    # What the trust gate lets through is measured in test_gate; here the confidence alone decides.
    settings.ADAPTIVE = {**settings.ADAPTIVE, "RELEASE_ERROR_LIMIT": 1.0}
    ids: list[int] = []
    monkeypatch.setattr(outbox, "publish", lambda attempt_id: ids.append(attempt_id) or True)
    return ids


@pytest.fixture
def reader(monkeypatch):
    """Sets what the assessor of words says: a verdict, or an exception to raise."""

    def says(outcome):
        def read_words(attempt, **models):
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome, [0.1] * 384 if outcome.missing else None

        monkeypatch.setattr(services, "read_words", read_words)

    return says


@pytest.fixture
def waiting(cast):
    return answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises["short_text"],
        response=right("short_text"),
        source="rest",
    ).attempt


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def let_lease_run_out(attempt):
    sql("UPDATE adaptive_attempt SET lease_until = clock_timestamp() - interval '1 s' WHERE id = %s", attempt.pk)


def make_due(attempt):
    sql("UPDATE adaptive_attempt SET next_at = clock_timestamp() - interval '1 s' WHERE id = %s", attempt.pk)


def test_a_read_answer_counts_and_leaves_a_hint(waiting, reader):
    reader(HALF)
    assert attempt_work(waiting.pk) == "assessed"
    assert Assessment.objects.get().score == 0.5
    assert LearnerState.objects.get().n_applied == 1
    assert SlateHint.objects.get().missing == "equal parts"


def test_the_job_again_does_nothing(waiting, reader):
    reader(GOOD)
    assert [attempt_work(waiting.pk) for _ in range(3)] == ["assessed", "not to be had", "not to be had"]
    assert Assessment.objects.count() == 1 and LearnerState.objects.get().n_applied == 1


def test_only_one_worker_has_it(waiting):
    assert outbox.claim(waiting.pk)
    assert outbox.claim(waiting.pk) is None


def test_a_worker_whose_lease_went_to_another_writes_nothing(waiting):
    slow = outbox.claim(waiting.pk)
    let_lease_run_out(waiting)
    fast = outbox.claim(waiting.pk)
    effect_write(attempt_id=waiting.pk, token=fast.token, verdict=GOOD)
    with pytest.raises(LeaseLost):
        effect_write(attempt_id=waiting.pk, token=slow.token, verdict=HALF)
    assert Assessment.objects.get().score == 1


def test_an_unsure_mark_waits_for_a_teacher_and_counts_for_nothing(waiting, reader):
    reader(UNSURE)
    assert attempt_work(waiting.pk) == "needs_review"
    assert not Assessment.objects.get().is_released
    assert not LearnerState.objects.exists()


def test_failures_back_off_and_the_fourth_is_put_before_a_teacher(waiting, reader, settings):
    reader(RuntimeError("boom"))
    seen = []
    for _ in range(4):
        make_due(waiting)
        seen.append(attempt_work(waiting.pk))
        waiting.refresh_from_db()
    assert seen == ["tried", "tried", "tried", "set aside"]
    assert waiting.state == "needs_review" and "boom" in waiting.last_error


def test_after_a_failure_it_is_not_due_at_once(waiting, reader):
    reader(RuntimeError("boom"))
    attempt_work(waiting.pk)
    assert attempt_work(waiting.pk) == "not to be had"


def test_a_model_that_is_away_costs_no_try(waiting, reader):
    reader(AssessorUnavailable("no model"))
    for _ in range(6):
        make_due(waiting)
        assert attempt_work(waiting.pk) == "waits"
    waiting.refresh_from_db()
    assert (waiting.state, waiting.n_tries) == ("queued", 0)
    reader(GOOD)
    make_due(waiting)
    assert attempt_work(waiting.pk) == "assessed"


def test_poison_is_set_aside_after_two_dead_workers(waiting, reader):
    reader(GOOD)
    for _ in range(2):
        assert outbox.claim(waiting.pk)
        let_lease_run_out(waiting)
    assert attempt_work(waiting.pk) == "set aside"
    waiting.refresh_from_db()
    assert waiting.state == "needs_review"


def test_the_sweeper_tells_again_of_what_was_forgotten_once(waiting, told):
    told.clear()
    assert sweep()["republished"] == 0  # told of it just now
    sql("UPDATE adaptive_attempt SET published_at = clock_timestamp() - interval '1 minute'")
    assert sweep()["republished"] == 1
    assert told == [waiting.pk]
    assert sweep()["republished"] == 0


def test_the_sweeper_leaves_alone_what_is_in_hand(waiting):
    sql("UPDATE adaptive_attempt SET published_at = clock_timestamp() - interval '1 minute'")
    outbox.claim(waiting.pk)
    assert sweep()["republished"] == 0
    let_lease_run_out(waiting)
    assert sweep()["republished"] == 1


def test_an_answer_that_the_request_could_not_decide_is_decided_by_the_worker(cast, monkeypatch, told):
    def broken(**_):
        raise RuntimeError("the request's process is in trouble")

    with monkeypatch.context() as trouble:
        trouble.setattr(services, "effect_write", broken)
        attempt = answer_submit(
            tenant=cast.tenant,
            learner=cast.alice,
            course=cast.course,
            resource=cast.exercises["numeric"],
            response={"value": "3/4"},
            source="rest",
        ).attempt
    assert attempt.state == "queued"
    assert attempt_work(attempt.pk) == "assessed"


def test_a_teachers_mark_wins_and_all_that_followed_is_computed_anew(cast, waiting, reader):
    reader(HALF)
    attempt_work(waiting.pk)
    answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises["short_text"],
        score=1.0,
        source="rest",
    )
    before = LearnerState.objects.get().state
    attempt_mark(attempt=waiting, teacher="charlie", score=1.0, feedback="Good.")
    row = LearnerState.objects.get()
    assert row.state != before and row.n_applied == 2
    assert state_check(learner=cast.alice, course=cast.course) == []
    current = Assessment.objects.get(attempt=waiting, is_current=True)
    assert (current.assessor_kind, current.assessed_by) == ("teacher", "charlie")
    assert Assessment.objects.filter(attempt=waiting).count() == 2
    assert not SlateHint.objects.filter(attempt=waiting).exists()
    assert AuditEntry.objects.get(action="attempt_mark").inputs["before"]["score"] == 0.5


def test_a_teachers_mark_on_a_held_answer_counts_from_then_on(cast, waiting, reader):
    reader(UNSURE)
    attempt_work(waiting.pk)
    attempt_mark(attempt=waiting, teacher="charlie", score=0.0)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.applied_seq) == ("assessed", 1)
    assert state_check(learner=cast.alice, course=cast.course) == []


def test_a_contested_mark_stands_until_the_teacher_has_looked(cast, waiting, reader):
    reader(HALF)
    attempt_work(waiting.pk)
    attempt_contest(attempt=waiting, reason="I said it in other words.")
    waiting.refresh_from_db()
    assert waiting.state == "needs_review"
    assert LearnerState.objects.get().n_applied == 1
    attempt_mark(attempt=waiting, teacher="charlie", score=1.0)
    assert state_check(learner=cast.alice, course=cast.course) == []
