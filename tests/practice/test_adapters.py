"""Adapters of the cross-encoder that a course learns from its own marks: fitted, judged, in use, taken back."""

from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from adaptive.assessment.agreement import decisions, paired_marks, shift_of
from adaptive.assessment.models import Assessment, AssessorVersion
from adaptive.assessment.trust import calibrator
from adaptive.backends.cross_encoder import correcting
from adaptive.backends.cross_encoder.correcting import Correction, Read
from adaptive.backends.cross_encoder.marker import Marker
from adaptive.backends.cross_encoder.triples import Triple
from adaptive.backends.llm.base import ModelUnavailable
from adaptive.practice.finetuning import adapting
from tests.factories import Cast, cast_make, exercise_make
from tests.practice.marking import MODEL, marked, read, says
from tests.real_models import real_model_dir

SHORT = np.zeros((2, 3), dtype=np.float32)


# What a correction is


def test_a_correction_is_the_same_after_it_was_kept():
    rng = np.random.default_rng(0)
    one = Correction({"x": (rng.normal(size=(4, 6)).astype(np.float16), rng.normal(size=(5, 4)).astype(np.float16))})
    back = Correction.from_json(one.to_json())
    assert all(np.array_equal(a, b) for a, b in zip(one.adapters["x"], back.adapters["x"], strict=True))


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {"x": None},
        {"x": [{}, {}]},
        {"x": [{"shape": [2, 2], "half": "!"}, {"shape": [2, 2], "half": "!"}]},
        {"x": [{"shape": [9, 9], "half": "AAA="}, {"shape": [1], "half": "AAA="}]},
        Correction({"x": (SHORT, SHORT)}).to_json(),
        Correction({"x": (SHORT * np.nan, SHORT.T)}).to_json(),
    ],
)
def test_what_is_no_correction_is_refused(content):
    with pytest.raises(ValueError, match="adapters"):
        Correction.from_json(content)


# What follows for figures and gate


@pytest.fixture
def cast(db) -> Cast:
    return cast_make()


def version_make(cast: Cast, shifts: dict[str, float], **params: Any) -> AssessorVersion:
    plain = {"slope": 1.0, "bias": 0.0, "intercepts": {}}
    return AssessorVersion.objects.create(
        course=cast.course,
        kind=AssessorVersion.Kind.ADAPTER,
        kind_version=calibrator.VERSION,
        base=MODEL,
        params={"calibrator": plain, "by_fold": {}, "spread": 0.0, "shifts": shifts, "adapters": {}, **params},
        data={"until_mark": 10**9},
        is_active=True,
    )


def test_answers_are_judged_by_what_adapters_made_of_them_and_others_passed_over(cast):
    exercise = cast.exercises["short_text"]
    marked(cast, exercise, [(0.6, False), (0.6, True), (0.6, False)])
    marks = paired_marks(course=cast.course, model=MODEL)
    version = version_make(cast, {str(marks[0].attempt_id): -2.0, str(marks[1].attempt_id): 2.0})
    assert [shift_of(mark, version) for mark in marks] == [-2.0, 2.0, None]
    found = decisions(marks, version)
    assert len(found.wrong) == 2 and not any(found.wrong)
    # The third was read with the version since.
    details = {**says(0.6).details, "adapted": {"version": version.pk, "shift": -3.0}}
    Assessment.objects.filter(attempt=marks[2].attempt_id, assessor_kind="llm").update(details=details)
    found = decisions(paired_marks(course=cast.course, model=MODEL), version)
    assert len(found.wrong) == 3 and not any(found.wrong)
    # What another version's adapters moved says nothing of this one's.
    details["adapted"]["version"] += 1
    Assessment.objects.filter(attempt=marks[2].attempt_id, assessor_kind="llm").update(details=details)
    assert len(decisions(paired_marks(course=cast.course, model=MODEL), version).wrong) == 2


def test_where_the_adapters_cannot_be_asked_a_person_looks(cast):
    version_make(cast, {})
    assessment = read(cast.alice, cast.exercises["short_text"], says(0.97)).assessments.get()
    assert assessment.version is None and not assessment.is_released


def finetune(cast: Cast, *args: str) -> list[str]:
    out = StringIO()
    call_command(
        "finetune", "--task", "assess", "--course", "fractions", "--tenant", "demo", *args, stdout=out, stderr=out
    )
    return out.getvalue().splitlines()


def test_marks_of_another_reader_have_nothing_to_teach_it(cast):
    exercises = [exercise_make(cast.course, cast.skills[:1], "short_text") for _ in range(2)]
    for exercise in exercises:
        marked(cast, exercise, [(0.9, n % 2 == 0) for n in range(20)])
    with pytest.raises(CommandError, match="cross-encoder"):
        finetune(cast, "--kind", "adapter")
    assert not AssessorVersion.objects.exists()
    assert "calibrator" in finetune(cast, "--kind", "best")[-1], "what cannot be learned is passed over"


# With the real one


@pytest.fixture(scope="module")
def marker() -> Marker:
    marker = Marker(model_dir=real_model_dir(), threads=1)
    if not marker.is_available():
        pytest.skip("the cross-encoder is not installed")
    return marker


TRIPLES = [
    Triple("Why do plants need light?", ("They make food with it.",), words)
    for words in ("To make food.", "They drink it.", "It is green.", "For making their food " * 9)
]


@pytest.mark.models
def test_reading_halfway_and_finishing_is_reading(marker):
    logits = marker.logits(TRIPLES)
    whole = logits[:, 0] - np.logaddexp(logits[:, 1], logits[:, 2])
    assert Read(marker, TRIPLES).margins() == pytest.approx(whole, abs=2e-2)


@pytest.mark.models
def test_a_fit_learns_its_answers_and_leaves_the_marker_as_it_was(marker):
    read_ = Read(marker, TRIPLES * 4)
    without = read_.margins()
    right = np.array([False, True, False, True] * 4)
    fitted = read_.fit(offset=without.clip(-2, 2), right=right, without=without, seen=np.ones(16, dtype=bool), seed=1)
    moved = read_.shifts(fitted, without)
    assert moved[right].mean() > 0 > moved[~right].mean()
    assert read_.margins() == pytest.approx(without)
    with pytest.raises(ModelUnavailable, match="another marker"):
        read_.margins(Correction({"encoder.layer.99.x": (SHORT, SHORT.T)}))


@pytest.mark.models
def test_a_course_learns_what_its_teacher_counts_as_right(cast, marker, monkeypatch):
    """Here what names a unit is right, whatever it says: the marker that ships does not know that."""
    monkeypatch.setattr(adapting, "get_marker", lambda: marker)
    monkeypatch.setattr(correcting, "RATE", 3e-3)
    base = f"{marker.name} {marker.version}+x"
    exercises = [exercise_make(cast.course, cast.skills[:1], "short_text") for _ in range(3)]
    for exercise in exercises:
        marked(cast, exercise, [(0.5, n // 2 % 2 == 0) for n in range(12)], words="it is {place}{end}")
    Assessment.objects.filter(model=MODEL).update(model=base)
    last = finetune(cast, "--kind", "best", "--activate")[-1]
    version = AssessorVersion.objects.get()
    assert version.kind == "adapter" and "It is in use now" in last, last
    figures = version.figures
    assert figures["questions_left_out"]["log_loss"] < figures["log_loss_of_calibrator"]
    one = read(cast.alice, exercises[0], says(0.5, model=base), text="it is 77 metres").assessments.get()
    other = read(cast.alice, exercises[0], says(0.5, model=base), text="it is 77").assessments.get()
    assert one.version == other.version == version
    assert one.details["calibrated"]["p_correct"] > other.details["calibrated"]["p_correct"]
    assert finetune(cast, "--use", "0")[-1].startswith("The assessor as it ships")


@pytest.mark.models
def test_answers_of_who_does_not_agree_are_not_read_again(cast, marker, monkeypatch):
    monkeypatch.setattr(adapting, "get_marker", lambda: marker)
    for exercise in [exercise_make(cast.course, cast.skills[:1], "short_text") for _ in range(2)]:
        marked(cast, exercise, [(0.5, n % 2 == 0) for n in range(20)])
    Assessment.objects.filter(model=MODEL).update(model=f"{marker.name} {marker.version}+x")
    type(cast.bob).objects.filter(pk=cast.bob.pk).update(consents={"marking": False})
    with pytest.raises(CommandError, match="20 marked answers may be read again"):
        finetune(cast, "--kind", "adapter")
