import shutil
import tempfile
from pathlib import Path

import pytest

from tests.chaos.drill import drill


@pytest.mark.worker
@pytest.mark.timeout(900)  # how long it takes is the machine's; `python -m tests.chaos` says it
def test_nothing_is_lost_or_doubled_while_everything_is_killed_in_turn():
    """900 answers, 15 kills with -9 of web, workers, Redis and PostgreSQL, Redis once without its data."""
    folder = Path(tempfile.mkdtemp(prefix="adaptive-drill-"))
    report = drill(folder)
    assert report.problems == [], f"{report}\nThe logs are in {folder}."
    assert report.n_accepted == report.n_submitted == 900
    assert len(report.kills) == 15
    shutil.rmtree(folder)
