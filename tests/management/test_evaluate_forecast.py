"""The forecast's honesty, counted from plain files."""

import json
import random

import pytest
from django.core.management import CommandError, call_command

from adaptive.common.probability import sigmoid
from adaptive.planning import forecast
from adaptive.planning.forecast import FITTED, SHIPPED


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """160 learners with sixty answers on eight skills."""
    rng = random.Random(4)
    lines = ["learner,item,skills,correct,position"]
    for learner in range(160):
        ability = rng.gauss(0.8, 0.9)
        for place in range(60):
            skill = place // 6 % 8
            right = int(rng.random() < sigmoid(ability - 0.2 * (skill - 4)))
            lines.append(f"l{learner},i{skill}-{rng.randrange(20)},s{skill},{right},{place}")
    path = tmp_path_factory.mktemp("kt") / "log.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_report_has_the_coverage_of_learners_held_out(log, tmp_path, capsys):
    path = tmp_path / "report.json"
    call_command("evaluate_forecast", str(log), report=str(path), calibrate=True)
    report = json.loads(path.read_text())
    for kind in (SHIPPED, FITTED):
        test = report[kind]["test"]
        assert 0.65 <= test["coverage"] <= 0.95 and test["n_learners"] >= 30
        assert report[kind]["calibrated_on"]["n_learners"] >= 30
    out = capsys.readouterr()
    assert "Within the 80 % band" in out.out and "fitting the learner model" in out.err


def test_without_calibrating_it_judges_the_numbers_that_ship(log, tmp_path):
    path = tmp_path / "report.json"
    call_command("evaluate_forecast", str(log), report=str(path))
    report = json.loads(path.read_text())
    assert report[SHIPPED]["band"] == forecast.defaults()[SHIPPED]["band"]
    assert "calibrated_on" not in report[SHIPPED]


def test_the_same_seed_gives_the_same_figures(log, tmp_path):
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in paths:
        call_command("evaluate_forecast", str(log), report=str(path), seed=3)
    assert paths[0].read_text() == paths[1].read_text()


def test_what_it_writes_can_be_used(log, tmp_path, monkeypatch):
    from adaptive.management.commands import evaluate_forecast

    target = tmp_path / "forecast.json"
    monkeypatch.setattr(evaluate_forecast, "DEFAULTS", target)
    call_command("evaluate_forecast", str(log), report=str(tmp_path / "r.json"), calibrate=True, write=True)
    for kind in (SHIPPED, FITTED):
        forecast.Band(**json.loads(target.read_text())[kind]["band"])


def test_what_cannot_be_used_is_refused_in_a_sentence(log, tmp_path):
    report = str(tmp_path / "report.json")
    short = tmp_path / "short.csv"
    short.write_text("\n".join(log.read_text().splitlines()[:400]) + "\n")
    with pytest.raises(CommandError, match="at least 30 are needed"):
        call_command("evaluate_forecast", str(short), report=report)
    with pytest.raises(CommandError, match="There is no file"):
        call_command("evaluate_forecast", str(tmp_path / "none.csv"), report=report)
    with pytest.raises(CommandError, match="--write goes with --calibrate"):
        call_command("evaluate_forecast", str(log), report=report, write=True)
    assert not (tmp_path / "report.json").exists()
