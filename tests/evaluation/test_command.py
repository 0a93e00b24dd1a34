"""manage.py evaluate_recommender, as its user meets it."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.evaluation.test_next_item import log_in_order


def run(*args: str, **options: Any) -> str:
    out = StringIO()
    call_command("evaluate_recommender", *args, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_a_table_a_last_line_and_a_report(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    args = ["--learners", "12", "--sessions", "2", "--per-session", "3", "--worlds", "additive", "null"]
    out = run(*args, "--policies", "ours", "mastery", "--report", str(report))
    table = out.split("null:")[0]
    for name in ("random", "mastery", "ours", "oracle"):
        assert name in table
    assert "greedy" not in table
    last = out.strip().splitlines()[-1]
    assert last.startswith("ours, share of the way from random to the oracle: additive ")
    assert "null a tie of all" in last and last.endswith(str(report))
    found = json.loads(report.read_text())
    assert found["worlds"]["null"]["is_tie"] and not found["worlds"]["additive"]["is_tie"]
    figures = found["worlds"]["additive"]["policies"]
    assert figures["random"]["fraction"] == 0 and figures["oracle"]["fraction"] == pytest.approx(1)
    assert figures["ours"]["over"]["mastery"][1] <= figures["ours"]["over"]["mastery"][2]
    assert found["order"]["n_learners"] == 12 and "12 learners" in found["protocol"]


def test_learners_who_came_before_are_learnt_from() -> None:
    args = ["--learners", "5", "--sessions", "1", "--per-session", "2", "--worlds", "window", "--policies", "greedy"]
    assert "greedy" in run(*args, "--fit-on-history")


def test_through_services_nothing_stays(db: None) -> None:
    from adaptive.recommendation.models import Slate

    args = ["--learners", "2", "--sessions", "1", "--per-session", "2", "--worlds", "additive", "--policies", "ours"]
    assert "additive" in run(*args, "--through", "services").splitlines()[-1]
    assert not Slate.objects.exists()


def test_a_log(tmp_path: Path) -> None:
    rows = ["learner,item,skills,correct,position\n"]
    for name, history in log_in_order().items():
        rows += [f"{name},{o.item.id},{o.item.skill_ids[0]},{int(o.score)},{n}\n" for n, o in enumerate(history)]
    (tmp_path / "log.csv").write_text("".join(rows))
    out = run("--log", str(tmp_path / "log.csv"), "--learners", "2", "--report", str(tmp_path / "r.json"))
    assert "came_next" in out and "mrr" in out.strip().splitlines()[-1]
    assert json.loads((tmp_path / "r.json").read_text())["n_test_learners"] == 2


def test_blind_paths(tmp_path: Path) -> None:
    out = run("--exploits", "--learners", "10", "--worlds", "additive", "null", "--sessions", "1")
    assert "additive: best of" in out and "null" not in out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--learners", "0"], "--learners"),
        (["--learners", "-3"], "--learners"),
        (["--learners", "999999999"], "--learners"),
        (["--sessions", "0"], "--sessions"),
        (["--per-session", "0"], "--per-session"),
        (["--processes", "0"], "--processes"),
        (["--seed", "-1"], "--seed"),
        (["--slope-spread", "-1"], "--slope-spread"),
        (["--slope-spread", "nan"], "--slope-spread"),
        (["--worlds", "flat"], "invalid choice"),
        (["--policies", "best"], "invalid choice"),
        (["--through", "rest", "--fit-on-history"], "cold"),
        (["--log", "/nowhere/log.csv"], "nowhere"),
        (["--report", "/nowhere/report.json"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(args: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(*args)
