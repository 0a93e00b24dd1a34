"""Attempts of the past, stored in bulk: what is believed after them is what living through them gives."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from adaptive.assessment.models import Assessment
from adaptive.assessment.types import Verdict
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.models import LearnerState, MasteryChange, SkillMastery
from adaptive.mastery.services import attempt_apply, state_check, state_rebuild
from adaptive.practice.bulk import PastAttempt, attempts_load
from tests.factories import NOON, Cast, attempt_make, cast_make, right, wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return cast_make()


def verdict(score: float, **values: Any) -> Verdict:
    label = "correct" if score == 1 else "partially_correct" if score else "incorrect"
    return Verdict(**{"score": score, "label": label, "confidence": 1.0, "feedback": "", **values})


def history(cast: Cast, learner: Learner, scores: str = "10110") -> list[PastAttempt]:
    """One attempt an hour, walking through the exercises of all formats."""
    exercises = list(cast.exercises.items())
    made = []
    for n, score in enumerate(scores):
        name, exercise = exercises[n % len(exercises)]
        made.append(
            PastAttempt(
                learner_id=learner.pk,
                resource_id=exercise.pk,
                submitted_at=NOON + timedelta(hours=n),
                response=right(name) if score == "1" else wrong(name),
                verdict=verdict(float(score)),
                n_hints=n % 2,
                latency_ms=1000 * n,
                idempotency_key=f"{learner.external_id}:{n}",
            )
        )
    return made


def load(cast: Cast, attempts: list[PastAttempt], **values: Any) -> Any:
    return attempts_load(course=cast.course, attempts=attempts, source=Attempt.Source.IMPORT, **values)


def believed(learner: Learner) -> tuple[Any, ...]:
    state = LearnerState.objects.get(learner=learner)
    return (
        state.state,
        state.n_applied,
        state.model,
        list(SkillMastery.objects.filter(learner=learner).order_by("skill_id").values_list("skill_id", "p_mastery")),
        list(
            MasteryChange.objects.filter(learner=learner)
            .order_by("attempt__applied_seq", "skill_id")
            .values_list("attempt__applied_seq", "skill_id", "before", "after")
        ),
    )


def test_it_is_believed_what_living_through_it_gives(cast: Cast) -> None:
    load(cast, history(cast, cast.alice))
    for past in history(cast, cast.bob):
        resource = next(found for found in cast.exercises.values() if found.pk == past.resource_id)
        attempt = attempt_make(
            cast.bob, resource, score=past.verdict.score, submitted_at=past.submitted_at, n_hints=past.n_hints
        )
        attempt_apply(attempt=attempt, score=past.verdict.score)
    assert believed(cast.alice) == believed(cast.bob)


def test_a_replay_finds_no_difference(cast: Cast) -> None:
    alices, bobs = history(cast, cast.alice), history(cast, cast.bob, "011")
    load(cast, [one for pair in zip(alices, bobs, strict=False) for one in pair] + alices[3:])
    for learner in (cast.alice, cast.bob):
        assert state_check(learner=learner, course=cast.course) == []
        before = believed(learner)
        state_rebuild(learner=learner, course=cast.course)
        assert believed(learner) == before


def test_every_column_arrives(cast: Cast) -> None:
    past = PastAttempt(
        learner_id=cast.alice.pk,
        resource_id=cast.exercises["short_text"].pk,
        submitted_at=NOON,
        started_at=NOON - timedelta(seconds=90),
        latency_ms=90_000,
        n_hints=2,
        response={"text": "tab\t, line\n, back\\slash, \\N, “quotes”, 🍕"},
        idempotency_key="k",
        verdict=verdict(
            0.5, feedback="a\tb\\n", misconception="m", missing="equal", assessor_kind="teacher", details={"a": [1]}
        ),
        assessed_by="charlie",
        assessed_after=timedelta(hours=1),
    )
    loaded = load(cast, [past])
    attempt = Attempt.objects.get()
    assert (loaded.n_attempts, loaded.n_applied, loaded.n_learners, loaded.n_changes) == (1, 1, 1, 1)
    assert (attempt.state, attempt.source, attempt.applied_seq, attempt.tenant) == (
        "assessed",
        "import",
        1,
        cast.tenant,
    )
    assert (attempt.response, attempt.given_score) == (past.response, None)
    assert (attempt.started_at, attempt.submitted_at) == (past.started_at, past.submitted_at)
    assert (attempt.latency_ms, attempt.n_hints, attempt.idempotency_key) == (90_000, 2, "k")
    assessment = Assessment.objects.get()
    assert (assessment.score, assessment.label, assessment.feedback) == (0.5, "partially_correct", "a\tb\\n")
    assert (assessment.misconception, assessment.missing, assessment.details) == ("m", "equal", {"a": [1]})
    assert (assessment.assessor_kind, assessment.assessed_by) == ("teacher", "charlie")
    assert assessment.is_current and assessment.is_released
    assert assessment.created_at == NOON + timedelta(hours=1)


def test_what_nobody_has_assessed_waits_for_a_teacher_and_counts_for_nothing(cast: Cast) -> None:
    waiting = PastAttempt(
        learner_id=cast.alice.pk,
        resource_id=cast.exercises["long_text"].pk,
        submitted_at=NOON,
        response=wrong("long_text"),
        verdict=None,
        waits_because="Nobody has read it.",
    )
    loaded = load(cast, [waiting, *history(cast, cast.alice, "1")])
    attempt = Attempt.objects.get(idempotency_key=None)
    assert (attempt.state, attempt.applied_seq, attempt.last_error) == ("needs_review", None, "Nobody has read it.")
    assert not attempt.assessments.exists()
    assert loaded.n_applied == 1 and LearnerState.objects.get().n_applied == 1


def test_only_waiting_attempts_leave_an_empty_belief(cast: Cast) -> None:
    load(cast, [PastAttempt(cast.alice.pk, cast.exercises["choice"].pk, NOON, None, response=right("choice"))])
    assert state_check(learner=cast.alice, course=cast.course) == []


def test_who_has_attempts_already_keeps_them_and_the_new_ones_follow(cast: Cast) -> None:
    whole, first = history(cast, cast.bob, "10110"), history(cast, cast.alice, "10110")
    load(cast, whole)
    load(cast, first[:2])
    load(cast, first[2:])
    assert believed(cast.alice) == believed(cast.bob)
    assert state_check(learner=cast.alice, course=cast.course) == []


def test_a_belief_made_by_another_model_is_rebuilt_first(cast: Cast) -> None:
    load(cast, history(cast, cast.alice, "101"))
    LearnerState.objects.update(model="older/1 v0 items0", state={"nonsense": 1})
    load(cast, history(cast, cast.alice, "10110")[3:])
    load(cast, history(cast, cast.bob, "10110"))
    assert believed(cast.alice) == believed(cast.bob)


def test_one_bad_row_and_nothing_is_stored(cast: Cast) -> None:
    twice = history(cast, cast.alice, "11")
    with pytest.raises(IntegrityError, match="attempt_idempotency_key_once"):
        load(cast, [*twice, twice[0]])
    assert not Attempt.objects.exists() and not LearnerState.objects.exists() and not MasteryChange.objects.exists()


def test_nothing_to_load_is_no_error(cast: Cast) -> None:
    assert load(cast, []).n_attempts == 0


def test_progress_ends_at_the_total(cast: Cast) -> None:
    seen: list[tuple[int, int]] = []
    load(cast, [*history(cast, cast.alice), *history(cast, cast.bob)], progress=lambda *at: seen.append(at))
    assert seen == [(5, 10), (10, 10)]


def test_the_number_of_queries_does_not_grow_with_the_attempts(cast: Cast, django_assert_max_num_queries: Any) -> None:
    load(cast, history(cast, cast.alice, "1"))
    with django_assert_max_num_queries(20):
        load(cast, history(cast, cast.bob, "10" * 200))
