"""Attempt logs from elsewhere: in whole, in order, once; or refused with the file and the row."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adaptive.assessment.models import Assessment
from adaptive.common.errors import InvalidInput
from adaptive.events.models import Attempt
from adaptive.learners.models import Enrolment, Learner
from adaptive.mastery.models import LearnerState
from adaptive.mastery.services import state_check
from adaptive.practice.log_import import LogImported, attempt_log_import
from tests.factories import Cast, cast_make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
HEADER = "learner,item,skills,correct,position"
ROWS = [
    "1501,exercise-choice,1,0,0",
    "1502,exercise-cloze,2;3,1,0",
    "1501,exercise-choice,1,1,1",
    "1501,exercise-numeric,1,0.5,7",
]


@pytest.fixture
def cast() -> Cast:
    return cast_make()


def log(folder: Path, rows: list[str], header: str = HEADER, name: str = "log.csv") -> Path:
    path = folder / name
    text = "\n".join([header, *rows]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def bring_in(cast: Cast, path: Path, **values: Any) -> LogImported:
    return attempt_log_import(course=cast.course, path=path, now=NOW, **values)


def test_learners_enrolments_attempts_and_beliefs(cast: Cast, tmp_path: Path) -> None:
    done = bring_in(cast, log(tmp_path, ROWS))
    assert (done.is_new, done.n_attempts, done.n_learners, done.n_items) == (True, 4, 2, 3)
    learner = Learner.objects.get(external_id="1501")
    assert (learner.display_name, learner.is_simulated, learner.tenant) == ("Learner 1501", False, cast.tenant)
    assert Enrolment.objects.get(learner=learner).course == cast.course
    attempts = Attempt.objects.filter(learner=learner).order_by("applied_seq")
    assert [attempt.given_score for attempt in attempts] == [0.0, 1.0, 0.5]
    assert [attempt.applied_seq for attempt in attempts] == [1, 2, 3]
    assert {(attempt.source, attempt.state) for attempt in attempts} == {("import", "assessed")}
    labels = Assessment.objects.filter(attempt__learner=learner).order_by("attempt__applied_seq")
    assert [found.label for found in labels] == ["incorrect", "correct", "partially_correct"]
    assert {found.assessor_kind for found in labels} == {"lms"}
    assert LearnerState.objects.get(learner=learner).n_applied == 3
    assert state_check(learner=learner, course=cast.course) == []


def test_the_same_log_again_changes_nothing_packed_or_not(cast: Cast, tmp_path: Path) -> None:
    bring_in(cast, log(tmp_path, ROWS))
    for path in (log(tmp_path, ROWS), log(tmp_path, ROWS, name="again.csv.gz")):
        assert bring_in(cast, path).is_new is False
    assert Attempt.objects.count() == 4


def test_another_log_of_the_same_learners_follows_the_first(cast: Cast, tmp_path: Path) -> None:
    bring_in(cast, log(tmp_path, ROWS))
    bring_in(cast, log(tmp_path, ["1501,exercise-ordering,2,1,8"], name="second.csv"))
    learner = Learner.objects.get(external_id="1501")
    assert LearnerState.objects.get(learner=learner).n_applied == 4
    assert state_check(learner=learner, course=cast.course) == []


def test_a_learner_who_is_there_already_keeps_their_name(cast: Cast, tmp_path: Path) -> None:
    bring_in(cast, log(tmp_path, ["alice,exercise-choice,1,1,0"]))
    cast.alice.refresh_from_db()
    assert cast.alice.display_name == "Alice" and cast.alice.attempts.count() == 1


def test_times_of_the_file_are_kept(cast: Cast, tmp_path: Path) -> None:
    rows = ["1,exercise-choice,1,1,0,2026-01-31T12:00:00Z", "1,exercise-choice,1,1,1,1769947200"]
    done = bring_in(cast, log(tmp_path, rows, header=HEADER + ",timestamp"))
    assert done.times == "The times are those of the file."
    assert [attempt.submitted_at for attempt in Attempt.objects.order_by("applied_seq")] == [
        datetime(2026, 1, 31, 12, tzinfo=UTC),
        datetime(2026, 2, 1, 12, tzinfo=UTC),
    ]


def test_times_that_the_file_lacks_are_said_to_be_made_up(cast: Cast, tmp_path: Path) -> None:
    done = bring_in(cast, log(tmp_path, ROWS))
    assert "no timestamps" in done.times and "one attempt a minute" in done.times
    last = Attempt.objects.filter(learner__external_id="1501").latest("applied_seq")
    assert last.submitted_at == datetime(2026, 3, 3, 18, tzinfo=UTC)


def test_buckets_give_the_time_that_an_answer_took(cast: Cast, tmp_path: Path) -> None:
    header = HEADER + ",elapsed_bucket_s,lag_bucket_s"
    done = bring_in(cast, log(tmp_path, ["1,exercise-choice,1,1,0,30-40,", "1,exercise-choice,1,1,1,120+,2-4"], header))
    assert "buckets" in done.times
    first, second = Attempt.objects.order_by("applied_seq")
    assert (first.latency_ms, first.submitted_at - first.started_at) == (35_000, timedelta(seconds=35))
    assert (second.latency_ms, second.started_at) == (None, None), "longer than 120 s says no number"


@pytest.mark.parametrize(
    ("rows", "header", "sentence"),
    [
        ([], HEADER, "log.csv has no rows below its header."),
        ([], "learner,item", "log.csv, row 1, lacks the columns skills, correct, position."),
        (["1,exercise-choice,1,2,0"], HEADER, "log.csv, row 2, has correct = '2'"),
        (["1,exercise-choice,1,nan,0"], HEADER, "log.csv, row 2, has correct = 'nan'"),
        (["1,exercise-choice,1,1"], HEADER, "log.csv, row 2, has 4 fields where the header has 5"),
        ([",exercise-choice,1,1,0"], HEADER, "log.csv, row 2, has no learner"),
        ([*ROWS, "1501,exercise-choice,1,1,3"], HEADER, "log.csv, row 6, is out of order"),
        ([*ROWS, "9,nowhere,1,1,0"], HEADER, "log.csv has items that are no exercises of course “fractions”"),
        (["9,reading,1,1,0"], HEADER, "are no exercises of course “fractions”: reading (row 2)."),
        ([f"9,x{n},1,1,{n}" for n in range(8)], HEADER, "x4 (row 6) and 3 more."),
        (["9\x01,exercise-choice,1,1,0"], HEADER, "log.csv, row 2, has a learner that is no id"),
        (["x" * 300 + ",exercise-choice,1,1,0"], HEADER, "log.csv, row 2, has a learner that is no id"),
        (["1,exercise-choice,1,1,0,2030-01-01"], HEADER + ",timestamp", "row 2, has a timestamp in the future"),
        (["1,exercise-choice,1,1,0,-5"], HEADER + ",timestamp", "row 2, has a timestamp in the future, or before 1990"),
        (["1,exercise-choice,1,1,0,noon"], HEADER + ",timestamp", "row 2, has timestamp = 'noon'"),
    ],
)
def test_what_cannot_be_right_is_named_and_nothing_is_stored(
    cast: Cast, tmp_path: Path, rows: list[str], header: str, sentence: str
) -> None:
    n_learners = Learner.objects.count()
    with pytest.raises(InvalidInput) as refused:
        bring_in(cast, log(tmp_path, rows, header))
    assert sentence in refused.value.detail and refused.value.detail.endswith(".")
    assert not Attempt.objects.exists() and Learner.objects.count() == n_learners


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08 broken", b"\xff\xfe\x00\x01", b'learner,item\n"open'])
def test_what_is_no_log_at_all_is_refused(cast: Cast, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"log\.csv"):
        bring_in(cast, path)


def test_an_exercise_of_another_course_is_unknown_here(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no exercises of course"):
        attempt_log_import(course=cast.other_course, path=log(tmp_path, ROWS), now=NOW)
