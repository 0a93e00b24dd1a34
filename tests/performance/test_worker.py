"""A real Celery worker over the real broker: a session is noticed, assessed, and its gap embedded by the real model."""

import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection

from adaptive.common.clock import now
from adaptive.performance.models import PerformanceAssessment
from adaptive.recommendation.models import GapQuery
from tests.factories import cast_make
from tests.real_models import real_model_dir

from .conftest import session_make


@pytest.fixture
def worker(transactional_db, tmp_path):
    """A worker on the test's database and broker, ended afterwards."""
    environ = {
        **os.environ,
        "ADAPTIVE_MODEL_DIR": real_model_dir(),
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
@pytest.mark.timeout(300)
def test_from_the_last_answer_to_a_query_vector(worker):
    cast = cast_make()
    session_make(cast, at=now() - timedelta(hours=1), scores=(1.0, 0.0, 1.0, 1.0, 1.0, 0.0), misconception="swaps")
    current_app.send_task("adaptive.performance_sweep")
    until = time.monotonic() + 240
    while not GapQuery.objects.filter(vector__isnull=False).exists() and time.monotonic() < until:
        time.sleep(0.3)
    found = PerformanceAssessment.objects.get()
    assert found.state == "ready" and "There is a gap in “Adding fractions”" in found.text, found.last_error
    gap = GapQuery.objects.get()
    assert len(gap.vector) == 384 and gap.embedding_model
