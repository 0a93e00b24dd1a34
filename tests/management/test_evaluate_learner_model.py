"""The command, without a database: these tests have no mark that would let them open one."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.backends.learner_model.histories import history

ROOT = Path(__file__).parents[2]
NAME = "evaluate_learner_model"


def write_log(path: Path, learners: range, *, fold: bool = False) -> Path:
    lines = ["learner,item,skills,correct,position" + (",fold" if fold else "")]
    for learner in learners:
        for position, o in enumerate(history(learner, 30)):
            skills = ";".join(map(str, o.item.skill_ids))
            end = f",{learner % 4}" if fold else ""
            lines.append(f"{learner},{o.item.id},{skills},{int(o.score >= 0.5)},{position}{end}")
    path.write_text("\n".join(lines) + "\n")
    return path


def run(*arguments) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(NAME, *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("model", ["pfa-forgetting", "bkt", "pfa", "best-lr"])
def test_train_and_test_files_give_a_report(tmp_path, model):
    train, test = write_log(tmp_path / "a.csv", range(20)), write_log(tmp_path / "b.csv", range(20, 25))
    target = tmp_path / "report.json"
    out, err = run(train, test, "--report", target, "--model", model, "--seed", "7")
    report = json.loads(target.read_text())
    assert report["protocol"] == "KT-1" and report["model"] == model and report["seed"] == 7
    assert report["n_rows"] == 150 and report["n_learners"] == 5 and 0 < report["auc"] < 1
    assert out.startswith(f"{model}: auc 0.") and str(target) in out
    assert "600 rows of 20 learners" in err and "Beware" not in err


def test_folds_of_one_file(tmp_path):
    log = write_log(tmp_path / "a.csv", range(16), fold=True)
    run(log, "--folds", "--report", tmp_path / "r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    assert [one["fold"] for one in report["folds"]] == ["0", "1", "2", "3"] and report["n_rows"] == 480


def test_learners_in_both_files_are_said_aloud(tmp_path):
    train, test = write_log(tmp_path / "a.csv", range(9)), write_log(tmp_path / "b.csv", range(7, 12))
    _, err = run(train, test, "--report", tmp_path / "r.json")
    assert "2 learners are in both files" in err
    assert json.loads((tmp_path / "r.json").read_text())["n_learners_in_both"] == 2


def test_items_and_skills_only_in_the_test_file_are_predicted(tmp_path):
    train, test = write_log(tmp_path / "a.csv", range(9)), tmp_path / "b.csv"
    test.write_text("learner,item,skills,correct,position\nz,new,never;seen,1,0\nz,new,,0,1\n")
    run(train, test, "--report", tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["n_rows"] == 2


def test_bad_input_ends_with_one_sentence_and_no_report(tmp_path):
    good, bad = write_log(tmp_path / "a.csv", range(5)), tmp_path / "bad.csv"
    bad.write_text("learner,item,skills,correct,position\n1,2,3,1,0\n1,2,3,NaN,1\n")
    with pytest.raises(CommandError, match=r"bad\.csv, row 3, has correct = 'NaN'"):
        run(good, bad, "--report", tmp_path / "r.json")
    bad.write_text("learner,item,skills,correct,position\n1,2,3,1,0\n1,2,3,1,1\n")
    with pytest.raises(CommandError, match=r"bad\.csv has only correct answers in its 2 rows"):
        run(bad, good, "--report", tmp_path / "r.json")
    assert not (tmp_path / "r.json").exists()


def test_a_report_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        run("no-log.csv", "no-log.csv", "--report", tmp_path / "no" / "folder.json")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["{log}", "--report", "{report}"], 2),
        (["{log}", "{log}", "--folds", "--report", "{report}"], 2),
        (["{log}", "--folds"], 2),
        (["{log}", "--folds", "--report", "{report}", "--model", "magic"], 2),
        (["{missing}", "--folds", "--report", "{report}"], 1),
        (["{log}", "--folds", "--report", "{report}"], 0),
    ],
)
def test_exit_codes_from_a_shell_without_a_database_server(tmp_path, arguments, code):
    names = {"log": write_log(tmp_path / "a.csv", range(10)), "report": tmp_path / "r", "missing": tmp_path / "none"}
    done = subprocess.run(
        [sys.executable, "manage.py", NAME, *(part.format(**names) for part in arguments)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
