"""finetune as an operator meets it: learning from marks, keeping what is better, taking it back, in the background."""

import uuid
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adaptive.assessment.agreement import PairedMark, decisions
from adaptive.assessment.models import Agreement, AssessorFit, AssessorVersion
from adaptive.assessment.trust import calibrator
from adaptive.audit.models import AuditEntry
from adaptive.catalog.models import Course
from adaptive.common.errors import Conflict, InvalidInput
from adaptive.practice.finetuning import jobs, learning
from adaptive.practice.leases import MAX_TRIES
from adaptive.tasks import finetune_job
from tests.factories import Cast, cast_make, exercise_make
from tests.practice.marking import marked, read, says

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    ids: list[int] = []
    monkeypatch.setattr(jobs, "publish", lambda fit_id: ids.append(fit_id) or True)
    return ids


@pytest.fixture
def cast() -> Cast:
    cast = cast_make()
    Course.objects.filter(pk=cast.other_course.pk).update(external_id="others")
    return cast


def exercises_of(cast: Cast) -> list[Any]:
    return [exercise_make(cast.course, cast.skills[:1], "short_text") for _ in range(4)]


def boastful(cast: Cast, exercises: list[Any], n: int = 40, seed: int = 0) -> None:
    """Marks of a machine that says "right" far too surely: where it says .9 every second answer is right."""
    rng = np.random.default_rng(seed)
    for exercise in exercises:
        p = rng.uniform(0.55, 0.97, n)
        marked(cast, exercise, [(round(float(x), 4), bool(rng.random() < x - 0.35)) for x in p])


def versions_make(course: Course, *, base: str, n: int) -> None:
    """Versions that were learned by the program as it is now, on top of the assessor `base`."""
    figures = {"log_loss": 0.5}
    for seed in range(n):
        AssessorVersion.objects.create(
            course=course,
            kind=AssessorVersion.Kind.CALIBRATOR,
            kind_version=calibrator.VERSION,
            base=base,
            params={},
            data={"n_marks": 30, "n_exercises": 2},
            figures={"questions_left_out": figures, "shipped": figures},
            seed=seed,
        )


def run(*args: Any) -> list[str]:
    out = StringIO()
    call_command("finetune", "--task", "assess", "--course", "fractions", *args, stdout=out, stderr=out)
    return out.getvalue().splitlines()


def refused(*args: Any) -> str:
    with pytest.raises(CommandError) as caught:
        run(*args)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_nothing_one_mark_and_one_exercise_are_too_little(cast):
    assert "has 0 marks on 0 exercises" in refused()
    marked(cast, cast.exercises["short_text"], [(0.9, True)])
    assert "has 1 mark on 1 exercise" in refused()
    marked(cast, cast.exercises["short_text"], [(0.9, True)] * 60)
    assert "61 marks on 1 exercise" in refused() and not AssessorVersion.objects.exists()


def test_it_is_stored_with_its_card_and_changes_nothing_yet(cast):
    boastful(cast, exercises_of(cast))
    *progress, last = run("--seed", "3")
    assert any("learners left out" in line for line in progress)
    assert last.startswith("Version ") and last.endswith("It is stored, not in use yet.")
    version = AssessorVersion.objects.get()
    assert (version.seed, version.is_active, version.base, version.kind) == (3, False, "reader 1", "calibrator")
    assert version.data["n_marks"] == 160 and version.data["n_exercises"] == 4 and len(version.data["hash"]) == 64
    for name in ("questions_left_out", "learners_left_out", "shipped"):
        assert version.figures[name]["n"] == 160 and version.figures[name]["log_loss"] > 0
    assert version.figures["questions_left_out"]["log_loss"] < version.figures["shipped"]["log_loss"]
    assert Agreement.objects.get(resource=None).version is None


def test_activate_corrects_new_answers_and_the_figures_follow(cast):
    exercises = exercises_of(cast)
    boastful(cast, exercises)
    assert run("--activate")[-1].endswith("It is in use now.")
    version = AssessorVersion.objects.get(is_active=True)
    assert Agreement.objects.get(resource=None).version == version
    attempt = read(cast.alice, exercises[0], says(0.9))
    assessment = attempt.assessments.get()
    assert assessment.version == version and assessment.confidence < 0.85
    assert assessment.details["p"]["correct"] == 0.9, "what the shipped assessor said is kept"
    assert assessment.details["calibrated"]["version"] == version.pk
    turned = read(cast.alice, exercises[0], says(0.55)).assessments.get()
    assert turned.label != "correct" and turned.score < 0.5, "label and score follow"
    held = read(cast.alice, exercises[0], says(0.9, needs_review=True)).assessments.get()
    assert held.version is None, "what a rule holds back stays as it is"
    entry = AuditEntry.objects.get(action="assessor_version_activate")
    assert entry.outcome == {"in_use": version.pk} and entry.actor.startswith("command line")


@pytest.mark.parametrize("p", [1.0, 0.9999, 0.73, 0.5, 0.0])
def test_what_is_released_is_what_was_measured(cast, p):
    exercises = exercises_of(cast)
    boastful(cast, exercises)
    run("--activate")
    version = AssessorVersion.objects.get()
    assessment = read(cast.alice, exercises[0], says(p)).assessments.get()
    mark = PairedMark(0, exercises[0].pk, cast.alice.pk, 10**9, p, 0.5, True, True, "")
    measured = decisions([mark], version)
    assert assessment.confidence == pytest.approx(measured.confidence[0], abs=1e-4)
    assert (assessment.label == "correct") != measured.wrong[0]


def test_the_same_again_is_the_same_version(cast):
    boastful(cast, exercises_of(cast))
    run("--activate")
    assert "was learned before from the same 160 marks" in run("--activate")[-1]
    assert AssessorVersion.objects.count() == 1 and AuditEntry.objects.filter(action__contains="assessor").count() == 1


def test_what_is_not_better_is_stored_and_not_used(cast):
    rng = np.random.default_rng(1)
    for exercise in exercises_of(cast):  # a machine whose probabilities are right leaves nothing to learn
        p = rng.uniform(0.02, 0.98, 100)
        marked(cast, exercise, [(round(float(x), 4), bool(rng.random() < x)) for x in p])
    fitted = learning.learn(learning.Order(cast.course))
    worse = {**fitted.figures, "questions_left_out": {**fitted.figures["shipped"]}}
    assert "not lower than" in learning.why_held_back(worse)
    stored = learning.version_store(
        learning.Fitted(fitted.order, fitted.base, fitted.params, fitted.data, worse, 0.1), activate=True
    )
    assert stored.held_back and not stored.version.is_active
    assert "It is stored but not in use." in learning.sentence_of(stored)


def test_a_later_version_has_to_beat_the_one_in_use(cast):
    exercises = exercises_of(cast)
    boastful(cast, exercises)
    run("--activate")
    first = AssessorVersion.objects.get()
    boastful(cast, exercises, n=5, seed=2)
    run("--activate")
    second = AssessorVersion.objects.order_by("pk").last()
    assert second.figures["in_use"]["version"] == first.pk and second.figures["in_use"]["rows"] == "all"
    boastful(cast, exercises, n=20, seed=3)
    run("--activate")
    third = AssessorVersion.objects.order_by("pk").last()
    assert third.figures["in_use"]["rows"] == "later" and third.figures["in_use"]["n"] >= 80


def test_rolling_back_and_forth(cast):
    boastful(cast, exercises_of(cast))
    run("--activate")
    number = AssessorVersion.objects.get().pk
    assert run("--use", "0") == ["The assessor as it ships is in use for course “fractions”."]
    assert Agreement.objects.get(resource=None).version is None
    assert f"* version {number}" not in "\n".join(run("--list"))
    assert f"Version {number}, calibrator, is in use" in run("--use", str(number))[-1]
    assert run("--list")[0].startswith(f"* version {number}: calibrator, ")
    assert run("--list")[-1].startswith("1 version; * is in use")
    assert "There is no version 99999" in refused("--use", "99999")


def test_a_version_of_another_assessor_is_not_used(cast):
    exercises = exercises_of(cast)
    boastful(cast, exercises)
    run("--activate")
    version = AssessorVersion.objects.get()
    attempt = read(cast.alice, exercises[0], says(0.9, model="reader 2"))
    assert attempt.assessments.get().version is None
    assert "corrects the assessor “reader 1”, and “reader 2” is in use" in refused("--use", str(version.pk))


def test_a_long_list_costs_no_more_queries_than_a_short_one(cast):
    versions_make(cast.course, base="", n=1)
    with CaptureQueriesContext(connection) as of_one:
        assert run("--list")[-1].startswith("1 version;")
    versions_make(cast.course, base="reader 0", n=5)
    with CaptureQueriesContext(connection) as of_many:
        lines = run("--list")
    assert len(lines) == 7 and sum("“reader 0”, and “” is in use" in line for line in lines) == 5
    assert len(of_many) == len(of_one)


def test_wrong_usage(cast):
    with pytest.raises(CommandError) as caught:
        run("--list", "--activate")
    assert caught.value.returncode == 2
    with pytest.raises(CommandError, match="no course “nothing”"):
        call_command("finetune", "--course", "nothing")


class TestBackground:
    def test_a_worker_does_it_and_again_does_nothing(self, cast, told, django_capture_on_commit_callbacks):
        boastful(cast, exercises_of(cast))
        with django_capture_on_commit_callbacks(execute=True):
            assert "is asked for" in run("--background", "--activate")[-1]
        asked = AssessorFit.objects.get()
        assert told == [asked.pk]
        assert jobs.finetune_work(asked.pk) == "done"
        asked.refresh_from_db()
        assert asked.status == "done" and asked.version.is_active and asked.done_share == 1.0
        assert "It is in use now." in run("--list")[-2]
        assert jobs.finetune_work(asked.pk) == "not to be had" and AssessorVersion.objects.count() == 1

    def test_it_has_the_queue_of_what_nobody_waits_for(self, cast, settings):
        asked = jobs.finetune_ask(course=cast.course)
        assert settings.CELERY_TASK_ROUTES[jobs.JOB] == {"queue": "slow"}
        assert finetune_job.name == jobs.JOB and finetune_job(asked.pk) == "failed"

    def test_one_at_a_time(self, cast):
        jobs.finetune_ask(course=cast.course)
        with pytest.raises(Conflict, match="at work already"):
            jobs.finetune_ask(course=cast.course)
        with pytest.raises(InvalidInput, match="nothing that can be learned"):
            jobs.finetune_ask(course=cast.course, kind="magic")

    def test_too_little_fails_with_a_sentence(self, cast):
        asked = jobs.finetune_ask(course=cast.course)
        assert jobs.finetune_work(asked.pk) == "failed"
        asked.refresh_from_db()
        assert "too little to learn from" in asked.error and asked.status == "failed"

    def test_a_lost_lease_writes_nothing(self, cast, monkeypatch):
        boastful(cast, exercises_of(cast))
        asked = jobs.finetune_ask(course=cast.course)
        learn = learning.learn

        def stolen(order, *, progress):
            fitted = learn(order, progress=progress)
            AssessorFit.objects.filter(pk=asked.pk).update(lease_token=uuid.uuid4())
            return fitted

        monkeypatch.setattr(jobs, "learn", stolen)
        assert jobs.finetune_work(asked.pk) == "lost" and not AssessorVersion.objects.exists()

    def test_a_dead_worker_is_found_and_the_third_is_the_last(self, cast, told):
        asked = jobs.finetune_ask(course=cast.course)
        for n_lost in range(MAX_TRIES):
            assert jobs.claim(asked.pk).n_lost == n_lost
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE adaptive_assessorfit SET lease_until = now() - interval '1 hour', "
                    "published_at = now() - interval '1 hour'"
                )
            assert jobs.sweep() == 1 and told[-1] == asked.pk
        assert jobs.finetune_work(asked.pk) == "failed"

    def test_a_failure_is_tried_again_later(self, cast, monkeypatch):
        asked = jobs.finetune_ask(course=cast.course)

        def broken(order, *, progress):
            raise RuntimeError("out of luck")

        monkeypatch.setattr(jobs, "learn", broken)
        assert jobs.finetune_work(asked.pk) == "tried"
        assert jobs.finetune_work(asked.pk) == "not to be had", "not due yet"
        asked.refresh_from_db()
        assert (asked.n_tries, asked.status) == (1, "queued") and "out of luck" in asked.error
