"""The numbers of the simulated learners come from logs by a command."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from adaptive.evaluation.simulators.fitting import fit_growth, fit_hidden_markov, read_answers
from adaptive.evaluation.simulators.parameters import parameters

HEAD = "learner,item,skills,correct,position\n"


def log_write(path: Path, *, slope: float, n_learners: int = 300) -> Path:
    """Learners who differ by 1 logit and grow by `slope` a log(1 + opportunities), each in an order of their own."""
    rng = np.random.default_rng(1)
    difficulty = rng.normal(0, 0.8, 60)
    rows = []
    for learner in range(n_learners):
        ability, seen = rng.normal(0.0, 1.0), dict.fromkeys(range(6), 0)
        for position, item in enumerate(rng.permutation(60)):
            skill = int(item) // 10
            logit = ability - difficulty[item] + slope * np.log1p(seen[skill])
            rows.append(f"{learner},{item},{skill},{int(rng.random() < 1 / (1 + np.exp(-logit)))},{position}\n")
            seen[skill] += 1
    text = HEAD + "".join(rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_the_fit_finds_what_made_the_answers(tmp_path: Path) -> None:
    found = fit_growth(read_answers(log_write(tmp_path / "log.csv.gz", slope=0.4)), guess=0.0)
    assert found["slope_mean"] == pytest.approx(0.4, abs=0.06)
    assert found["ability_sd"] == pytest.approx(1.0, abs=0.15)
    assert found["item_sd"] == pytest.approx(0.8, abs=0.2)
    flat = fit_growth(read_answers(log_write(tmp_path / "flat.csv", slope=0.0)), guess=0.0)
    assert abs(flat["slope_mean"]) < 0.05


def test_hidden_markov_numbers_are_told_only_of_skills_with_enough_learners(tmp_path: Path) -> None:
    skills = fit_hidden_markov(read_answers(log_write(tmp_path / "log.csv", slope=0.4)))
    assert len(skills) == 6
    for row in skills:
        assert all(0 < row[name] < 1 for name in ("p_init", "p_learn", "p_guess", "p_slip"))
        assert row["p_guess"] < 1 - row["p_slip"]
    assert fit_hidden_markov(read_answers(log_write(tmp_path / "few.csv", slope=0.4, n_learners=20))) == []


def test_the_command_writes_the_file_that_the_simulators_read(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    log, out = log_write(tmp_path / "log.csv", slope=0.3), tmp_path / "out.json"
    call_command("fit_simulators", str(log), out=str(out))
    found = json.loads(out.read_text())
    assert set(found) == set(parameters())
    assert set(found["growth"]) == set(parameters()["growth"])
    assert str(out) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no column"), (HEAD, "no answer"), ("a,b\n1,2\n", "no column"), (HEAD + "alice,1,2,yes,0\n", "could not")],
)
def test_a_log_that_is_none_is_refused_in_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(CommandError, match=words):
        call_command("fit_simulators", str(tmp_path / "log.csv"), out=str(tmp_path / "out.json"))
    assert not (tmp_path / "out.json").exists()


def test_no_log_and_no_place_to_write(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("fit_simulators", str(tmp_path / "none.csv"), out=str(tmp_path / "out.json"))
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("fit_simulators", str(tmp_path / "none.csv"), out=str(tmp_path / "no" / "out.json"))


def test_what_ships_is_within_reason() -> None:
    growth = parameters()["growth"]
    assert 0.1 < growth["slope_mean"] < 0.5 and 0.5 < growth["ability_sd"] < 1.5 and growth["forgetting"] == 0.154
    assert len(parameters()["hidden_markov"]["skills"]) >= 20
