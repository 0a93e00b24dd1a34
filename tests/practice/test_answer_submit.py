"""An answer comes in: stored once, decided by key or queued, whatever is sent and however often."""

import threading

import pytest
from django.db import DatabaseError, connections, transaction

from adaptive.common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from adaptive.events.models import Attempt
from adaptive.mastery.models import LearnerState
from adaptive.practice import outbox
from adaptive.practice.selectors import feedback_of
from adaptive.practice.services import answer_submit
from tests.factories import EXERCISES, cast_make, right, wrong

WORDS = ("short_text", "long_text")
CLOSED = [name for name in EXERCISES if name not in WORDS]


@pytest.fixture
def cast(db):
    return cast_make()


@pytest.fixture
def told(monkeypatch):
    """Ids of the attempts that workers were told of."""
    ids: list[int] = []
    monkeypatch.setattr(outbox, "publish", lambda attempt_id: ids.append(attempt_id) or True)
    return ids


def submit(cast, response_format, response, *, learner=None, **values):
    return answer_submit(
        tenant=cast.tenant,
        learner=learner or cast.alice,
        course=cast.course,
        resource=cast.exercises[response_format],
        response=response,
        source="rest",
        **values,
    )


@pytest.mark.parametrize("response_format", CLOSED)
def test_a_closed_answer_is_assessed_at_once_and_moves_what_is_believed(cast, response_format):
    good = submit(cast, response_format, right(response_format)).attempt
    bad = submit(cast, response_format, wrong(response_format)).attempt
    good_said, bad_said = feedback_of(attempt=good), feedback_of(attempt=bad)
    assert good_said.state == bad_said.state == "assessed"
    assert good_said.assessment.score == 1 and good_said.assessment.label == "correct"
    assert bad_said.assessment.score < 1
    assert [c.after > c.before for c in good_said.changes] == [True]
    assert [c.after < c.before for c in bad_said.changes] == [True]
    assert good_said.explanation


@pytest.mark.parametrize("response_format", WORDS)
def test_words_wait_for_the_reader_who_is_told_after_the_commit(
    cast, told, response_format, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        attempt = submit(cast, response_format, right(response_format)).attempt
        assert told == []
    assert attempt.state == "queued"
    assert told == [attempt.pk]


def test_an_accepted_text_needs_no_reader(cast):
    exercise = cast.exercises["short_text"]
    exercise.answer["accepted"] = ["They are not equal."]
    exercise.save()
    assert submit(cast, "short_text", {"text": " they are NOT equal "}).attempt.state == "assessed"


@pytest.mark.parametrize("who_says_no", ["learner", "course", "installation"])
def test_without_consent_no_model_reads_it_and_a_teacher_does(cast, told, settings, who_says_no):
    if who_says_no == "learner":
        cast.alice.ai_consent = False
        cast.alice.save()
    elif who_says_no == "course":
        cast.course.is_ai_enabled = False
        cast.course.save()
    else:
        settings.ADAPTIVE = {**settings.ADAPTIVE, "AI_ENABLED": False}
    attempt = submit(cast, "short_text", right("short_text")).attempt
    assert attempt.state == "needs_review" and attempt.last_error
    assert told == []


def test_the_same_key_gives_the_first_attempt_and_another_body_a_conflict(cast):
    first = submit(cast, "numeric", {"value": "3/4"}, idempotency_key="k")
    again = submit(cast, "numeric", {"value": "3/4"}, idempotency_key="k")
    assert first.created and not again.created
    assert first.attempt.pk == again.attempt.pk
    assert again.attempt.state == "assessed"
    with pytest.raises(Conflict):
        submit(cast, "numeric", {"value": "1/4"}, idempotency_key="k")
    assert Attempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("response_format", ["numeric", "short_text"])
def test_two_submits_at_once_make_one_attempt(transactional_db, told, response_format):
    cast = cast_make()
    found, start = [], threading.Barrier(4)

    def one():
        try:
            start.wait()
            found.append(submit(cast, response_format, right(response_format), idempotency_key="once"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(found) == 4 and len({s.attempt.pk for s in found}) == 1
    assert sum(s.created for s in found) == 1
    assert Attempt.objects.count() == 1
    if response_format == "numeric":
        assert {s.attempt.state for s in found} == {"assessed"}
        assert LearnerState.objects.get().n_applied == 1
    else:
        assert len(told) == 1


@pytest.mark.parametrize(
    ("response_format", "response", "pointer"),
    [
        ("choice", {"choice": 7}, "/response/choice"),
        ("choice", {"choice": "zz"}, "/response/choice"),
        ("choice", {"text": "b"}, "/response/choice"),
        ("choice", {"choice": "b", "score": 1}, "/response/score"),
        ("choice", [], "/response"),
        ("multiple_choice", {"choices": []}, "/response/choices"),
        ("multiple_choice", {"choices": ["a", {"x": 1}]}, "/response/choices/1"),
        ("numeric", {"value": "three"}, "/response/value"),
        ("numeric", {"value": "1/0"}, "/response/value"),
        ("numeric", {"value": float("nan")}, "/response/value"),
        ("numeric", {"value": "9" * 10_000}, "/response/value"),
        ("numeric", {"value": True}, "/response/value"),
        ("short_text", {"text": ""}, "/response/text"),
        ("short_text", {"text": "x" * 1_000_000}, "/response/text"),
        ("short_text", {"text": "a\x00b"}, "/response/text"),
        ("short_text", {"text": "a\ud800b"}, "/response/text"),
        ("short_text", {"text": ["a"]}, "/response/text"),
        ("ordering", {"order": ["x", "y"]}, "/response/order"),
        ("ordering", {"order": ["x", "x", "y"]}, "/response/order"),
        ("matching", {"pairs": {"r1": "l1"}}, "/response/pairs/r1"),
        ("matching", {"pairs": {"l1": ["r1"]}}, "/response/pairs/l1"),
        ("cloze", {"gaps": ["a"]}, "/response/gaps"),
        ("cloze", {"gaps": ["", " "]}, "/response/gaps"),
    ],
)
def test_a_response_of_the_wrong_shape_is_refused_by_name_and_nothing_is_stored(
    cast, response_format, response, pointer
):
    with pytest.raises(InvalidInput) as refused:
        submit(cast, response_format, response)
    assert refused.value.errors[0].pointer == pointer
    assert refused.value.detail.endswith(".")
    assert not Attempt.objects.exists()


def test_right_to_left_marks_are_kept_and_change_no_number(cast):
    assert submit(cast, "cloze", {"gaps": ["\u200f4/9\u200e", "\u202b5/9\u202c"]}).attempt.state == "assessed"


@pytest.mark.parametrize("score", [-0.1, 1.1, "1", True, float("nan")])
def test_a_score_outside_zero_to_one_is_refused(cast, score):
    with pytest.raises(InvalidInput):
        submit(cast, "numeric", None, score=score)
    assert not Attempt.objects.exists()


def test_a_score_of_the_lms_counts(cast):
    said = feedback_of(attempt=submit(cast, "short_text", None, score=0.5).attempt)
    assert (said.assessment.assessor_kind, said.assessment.label) == ("lms", "partially_correct")


def test_who_is_not_enrolled_cannot_answer(cast):
    cast.alice.enrolments.all().delete()
    with pytest.raises(NotAllowed):
        submit(cast, "numeric", {"value": "3/4"})


def test_another_tenants_learner_is_not_found(cast):
    with pytest.raises(NotFound):
        submit(cast, "numeric", {"value": "3/4"}, learner=cast.mallory)


def test_a_reading_cannot_be_answered(cast):
    with pytest.raises(InvalidInput):
        answer_submit(
            tenant=cast.tenant,
            learner=cast.alice,
            course=cast.course,
            resource=cast.reading,
            response={"text": "x"},
            source="rest",
        )


def test_what_happened_is_never_changed_or_deleted(cast):
    attempt = submit(cast, "numeric", {"value": "3/4"}).attempt
    for change in (
        lambda: Attempt.objects.filter(pk=attempt.pk).update(response={"value": "1"}),
        lambda: Attempt.objects.filter(pk=attempt.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
