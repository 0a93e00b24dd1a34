"""A real Celery worker with the real small models reads an answer, over the real broker, as it does for a student."""

import os
import subprocess
import sys
import time

import pytest
from django.db import connection

from adaptive.mastery.models import LearnerState
from adaptive.mastery.services import state_check
from adaptive.practice.services import answer_submit
from tests.factories import cast_make, right
from tests.real_models import real_model_dir


@pytest.fixture
def worker(transactional_db, tmp_path):
    """A worker on the test's database and broker, ended afterwards."""
    environ = {
        **os.environ,
        "ADAPTIVE_MODEL_DIR": real_model_dir(),
        "ADAPTIVE_PRELOAD_MODELS": "1",
        "ADAPTIVE_TEST_DATABASE": connection.settings_dict["NAME"],
        "DJANGO_SETTINGS_MODULE": "tests.practice.worker_settings",
    }
    command = [sys.executable, "-m", "celery", "-A", "lms_project", "worker", "-Q", "model,quick", "-c", "1"]
    log = (tmp_path / "worker.log").open("w")
    process = subprocess.Popen([*command, "--without-gossip", "--without-mingle"], env=environ, stdout=log, stderr=log)
    yield process
    process.terminate()
    process.wait(timeout=30)


@pytest.mark.worker
@pytest.mark.models
@pytest.mark.timeout(600)  # on a fresh machine the worker converts the model first
def test_an_answer_in_words_comes_back_read(worker):
    cast = cast_make()
    attempt = answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises["short_text"],
        response=right("short_text"),
        source="page",
    ).attempt
    assert attempt.state == "queued"
    until = time.monotonic() + 400
    while attempt.state == "queued" and time.monotonic() < until:
        time.sleep(0.3)
        attempt.refresh_from_db()
    assert attempt.state in {"assessed", "needs_review"}, attempt.last_error
    assessment = attempt.assessments.get()
    assert assessment.assessor_kind == "llm" and assessment.model
    if attempt.state == "assessed":
        assert LearnerState.objects.get().n_applied == 1
    assert state_check(learner=cast.alice, course=cast.course) == []
