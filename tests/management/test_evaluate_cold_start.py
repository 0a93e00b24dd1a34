"""The figures of a course that nobody has fitted a model on."""

import json
import random

import pytest
from django.core.management import CommandError, call_command

from adaptive.common.probability import sigmoid


@pytest.fixture
def log(tmp_path):
    """Sixty learners, twenty exercises from very easy to very hard."""
    rng = random.Random(4)
    lines = ["learner,item,skills,correct,position"]
    for learner in range(60):
        for place in range(20):
            item = rng.randrange(20)
            right = int(rng.random() < sigmoid((10 - item) * 0.4))
            lines.append(f"l{learner},i{item},s{item % 3},{right},{place}")
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_more_learners_have_answered_the_better_the_next_are_predicted(log, tmp_path, capsys):
    report = tmp_path / "report.json"
    call_command("evaluate_cold_start", str(log), report=str(report), learners=[0, 10, 1000])
    none, ten, everybody = json.loads(report.read_text())["after"]
    assert [none["n_learners"], ten["n_learners"], everybody["n_learners"]] == [0, 10, 48]
    assert none["auc"] + 0.05 < ten["auc"] < everybody["auc"]
    assert everybody["log_loss"] < ten["log_loss"] < none["log_loss"]
    assert f"{everybody['auc']:.4f} after 48. Report: " in capsys.readouterr().out


def test_too_small_a_log_and_a_missing_one_are_refused_in_words(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("learner,item,skills,correct,position\na,1,1,1,1\n")
    with pytest.raises(CommandError, match="The log has 1 learners; at least 10 are needed"):
        call_command("evaluate_cold_start", str(path), report=str(tmp_path / "r.json"))
    with pytest.raises(CommandError, match=r"none\.csv"):
        call_command("evaluate_cold_start", str(tmp_path / "none.csv"), report=str(tmp_path / "r.json"))
