"""A fit as a background job: whoever dies, it is done once, and everybody can see how far it is."""

import os
import signal
import subprocess
import sys
import time
import uuid

import psutil
import pytest
from django.db import connection

from adaptive.common.errors import Conflict
from adaptive.mastery.models import LearnerModelVersion, LearnerState
from adaptive.mastery.services import state_check
from adaptive.practice import replaying
from adaptive.practice.effects import LeaseLost
from adaptive.practice.fitting import jobs
from adaptive.practice.fitting.fitting import fit
from adaptive.practice.leases import MAX_TRIES
from adaptive.practice.sweeping import sweep
from tests.factories import cast_make
from tests.practice.terms import term_make

PFA = "adaptive.backends.learner_model.pfa.PfaForgetting"
SLEEPER = "tests.practice.slow_model.SlowModel"


@pytest.fixture(autouse=True)
def told(monkeypatch):
    ids = []
    monkeypatch.setattr(jobs, "publish", lambda fit_id: ids.append(fit_id) or True)
    monkeypatch.setattr(replaying, "publish", lambda course_id: True)
    return ids


@pytest.fixture
def cast(transactional_db):
    cast = cast_make()
    term_make(cast)
    return cast


@pytest.fixture
def own_process(cast, child_environ, monkeypatch):
    """Lets the fit's process, and a worker's, work on the test's database."""
    for name, value in child_environ.items():
        monkeypatch.setenv(name, value)
    return child_environ


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def due():
    sql("UPDATE adaptive_learnermodelfit SET next_at = clock_timestamp() - interval '1 s'")


def lease_ends():
    sql("UPDATE adaptive_learnermodelfit SET lease_until = clock_timestamp() - interval '1 s'")


def asked(cast, backend=PFA, **options):
    return jobs.fit_ask(course=cast.course, backend=backend, asked_by="olga", **options)


def test_the_job_fits_stores_and_activates_in_a_process_of_its_own(cast, own_process):
    row = asked(cast, activate=True, seed=4)
    assert jobs.fit_work(row.pk) == "done"
    row.refresh_from_db()
    version = LearnerModelVersion.objects.get()
    assert (row.status, row.version, row.done_share, row.error) == ("done", version, 1.0, "")
    assert version.is_active and version.seed == 4 and version.course == cast.course
    assert row.outcome.startswith(f"Version {version.pk}, pfa-forgetting, is fitted on 450 answers of 15 learners")
    assert row.started_at <= row.ended_at and row.lease_token is None
    assert jobs.fit_work(row.pk) == "not to be had" and LearnerModelVersion.objects.count() == 1
    assert replaying.states_replay(cast.course.pk) == 15
    learner = LearnerState.objects.select_related("learner").first().learner
    assert state_check(learner=learner, course=cast.course) == []


def test_what_cannot_be_fitted_is_said_in_words_and_not_tried_again(cast, own_process, tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("learner,item,skills,correct,position\na,item1,meaning,2,1\n")
    row = asked(cast, path=log)
    assert jobs.fit_work(row.pk) == "failed"
    row.refresh_from_db()
    assert row.status == "failed" and "row 2, has correct = '2', which is no number between 0 and 1" in row.error
    log.write_text("learner,item,skills,correct,position\na,item1,meaning,1,1\n")
    row = asked(cast, path=log)
    log.write_text("learner,item,skills,correct,position\na,item1,meaning,0,1\n")
    assert jobs.fit_work(row.pk) == "failed"
    row.refresh_from_db()
    assert row.error.endswith("has changed since the fit was asked for: ask again.")


def test_one_fit_of_a_course_at_a_time(cast):
    first = asked(cast)
    with pytest.raises(Conflict, match=f"Fit {first.pk} of course “fractions” is at work already"):
        asked(cast)
    everywhere = jobs.fit_ask(course=None, backend=PFA)
    assert jobs.claim(first.pk)
    assert jobs.claim(everywhere.pk) is None, "two at once would only take each other's memory"
    assert jobs.fit_cancel(first.pk)
    assert jobs.claim(everywhere.pk)


def test_the_sweeper_finds_a_lost_message_and_a_dead_worker(cast, told):
    row = asked(cast)
    told.clear()
    assert sweep()["fits"] == 0, "told of it just now"
    sql("UPDATE adaptive_learnermodelfit SET published_at = clock_timestamp() - interval '1 minute'")
    assert sweep()["fits"] == 1 and told == [row.pk]
    assert jobs.claim(row.pk)
    sql("UPDATE adaptive_learnermodelfit SET published_at = clock_timestamp() - interval '1 minute'")
    assert sweep()["fits"] == 0, "it is in hand"
    lease_ends()
    assert sweep()["fits"] == 1


def test_after_three_dead_processes_it_is_given_up_in_words(cast):
    row = asked(cast)
    for _ in range(MAX_TRIES):
        assert jobs.claim(row.pk)
        lease_ends()
    assert jobs.fit_work(row.pk) == "failed"
    row.refresh_from_db()
    assert row.error == "The process that fitted died, 3 times by now (out of memory, perhaps)."


def test_a_failure_is_tried_again_later_and_at_most_three_times(cast, own_process):
    row = asked(cast, backend="tests.practice.slow_model.BrokenModel")
    seen = []
    for _ in range(MAX_TRIES):
        seen.append(jobs.fit_work(row.pk))
        assert jobs.fit_work(row.pk) == "not to be had", "not at once"
        due()
    row.refresh_from_db()
    assert seen == ["tried", "tried", "failed"] and row.status == "failed"
    assert row.error == "RuntimeError: the gradients are gone"


def test_a_process_whose_lease_went_to_another_stores_nothing(cast):
    row = asked(cast)
    slow = jobs.claim(row.pk)
    lease_ends()
    fast = jobs.claim(row.pk)
    fitted = fit(jobs.order_of(row), progress=lambda share, words: None)
    with pytest.raises(LeaseLost):
        jobs.fit_finish(fit_id=row.pk, token=slow.token, fitted=fitted)
    with pytest.raises(LeaseLost):
        jobs.fit_finish(fit_id=row.pk, token=uuid.uuid4(), fitted=fitted)
    jobs.fit_finish(fit_id=row.pk, token=fast.token, fitted=fitted)
    with pytest.raises(LeaseLost):
        jobs.fit_finish(fit_id=row.pk, token=fast.token, fitted=fitted)
    assert LearnerModelVersion.objects.count() == 1


def working_process(seconds=60.0):
    """The process that fits, below any process of this test's."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for process in psutil.Process().children(recursive=True):
            try:
                if {"fit_learner_model", "--work"} <= set(process.cmdline()):
                    return process
            except psutil.Error:
                continue
        time.sleep(0.05)
    raise AssertionError("no process fits")


def wait_for(what, seconds=60.0):
    until = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.1)
    assert found, "it did not come"
    return found


@pytest.fixture
def work_elsewhere(own_process):
    """Starts a worker's job on a fit in another process; returns it."""
    made = []

    def start(fit_id):
        code = (
            f"import django; django.setup(); from adaptive.practice.fitting import jobs; print(jobs.fit_work({fit_id}))"
        )
        process = subprocess.Popen([sys.executable, "-c", code], env=own_process, stdout=subprocess.PIPE, text=True)
        made.append(process)
        return process

    yield start
    for process in made:
        if process.poll() is None:
            process.kill()
        process.communicate()


def is_slow(row):
    row.refresh_from_db()
    return row.status == "running" and row.progress.endswith("slowly")


def test_its_progress_is_seen_and_cancelling_ends_the_process(cast, work_elsewhere):
    row = asked(cast, backend=SLEEPER)
    worker = work_elsewhere(row.pk)
    process = working_process()
    wait_for(lambda: is_slow(row))
    assert row.progress == "slow without the 3 learners held out: slowly" and 0 < row.done_share < 0.45
    assert process.nice() >= 15
    assert jobs.fit_cancel(row.pk)
    assert worker.communicate(timeout=30)[0].strip() == "lost"
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    row.refresh_from_db()
    assert row.status == "cancelled" and not LearnerModelVersion.objects.exists()


def test_a_worker_killed_in_the_middle_takes_its_process_along_and_the_next_one_finishes(
    cast, work_elsewhere, monkeypatch, tmp_path
):
    row = asked(cast, backend=SLEEPER)
    worker = work_elsewhere(row.pk)
    process = working_process()
    wait_for(lambda: is_slow(row))
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    wait_for(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, 15)
    assert jobs.fit_work(row.pk) == "not to be had", "its lease still counts"
    lease_ends()
    monkeypatch.setenv("SLOW_MODEL_SECONDS", "0")
    assert jobs.fit_work(row.pk) == "done"
    row.refresh_from_db()
    assert (row.status, row.n_lost) == ("done", 1) and LearnerModelVersion.objects.count() == 1


def test_a_stopped_worker_gives_the_fit_back_and_that_is_no_failure(cast, work_elsewhere):
    row = asked(cast, backend=SLEEPER)
    worker = work_elsewhere(row.pk)
    working_process().terminate()  # as tasks.fits_stop does
    assert worker.communicate(timeout=30)[0].strip() == "waits"
    row.refresh_from_db()
    assert (row.status, row.n_tries, row.n_lost) == ("queued", 0, 0)


def test_a_killed_process_is_a_failure_in_words(cast, work_elsewhere):
    row = asked(cast, backend=SLEEPER)
    worker = work_elsewhere(row.pk)
    os.kill(working_process().pid, signal.SIGKILL)
    assert worker.communicate(timeout=30)[0].strip() == "tried"
    row.refresh_from_db()
    assert (row.status, row.n_tries) == ("queued", 1)
    assert row.error == "The process that fitted ended: killed by signal 9 (out of memory, perhaps)."


def test_a_replay_killed_in_the_middle_is_swept_and_finished(cast, own_process):
    jobs.fit_work(asked(cast, activate=True).pk)
    code = (
        "import django; django.setup()\n"
        "from adaptive.practice import replaying\n"
        "from adaptive.mastery import services\n"
        "real, n = services._replace, []\n"
        "def replace(**given):\n"
        "    n.append(1)\n"
        "    real(**given)\n"
        "    if len(n) == 6:\n"  # in the middle of the sixth learner's transaction
        "        import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"
        "services._replace = replace\n"
        f"replaying.states_replay({cast.course.pk})\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], env=own_process, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert LearnerState.objects.exclude(version=None).count() == 5
    for row in LearnerState.objects.select_related("learner"):
        assert state_check(learner=row.learner, course=cast.course) == []
    assert sweep()["states_waiting"] == 10
    wait_for(lambda: replaying.states_replay(cast.course.pk) == 10, 15)  # the dead one's hold ends with its connection
    assert sweep()["states_waiting"] == 0 and LearnerState.objects.filter(version=None).count() == 0
    for row in LearnerState.objects.select_related("learner"):
        assert state_check(learner=row.learner, course=cast.course) == []
