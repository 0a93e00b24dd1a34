"""The command, without a database and without weights: by its rules alone, and with a fake model."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from adaptive.assessment.attacks.suite import KINDS
from adaptive.assessment.types import Verdict
from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.backends.llm.template import NoModel
from adaptive.management.commands import attack_assessor
from adaptive.management.commands.attack_assessor import outcome_of
from tests.assessment.words.fakes import FakeModel

NAME = "attack_assessor"
COLUMNS = ["question_id", "question", "reference_answers", "answer_id", "answer", "label_2way", "label_3way"]


def run(*arguments) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(NAME, *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def answers(tmp_path) -> Path:
    path = tmp_path / "graded.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(3):
            question = f"What becomes of salt water number {number} that is left in the sun?"
            reference = "[BEST] The water evaporates and the salt is left ||| [GOOD] Only the salt stays behind"
            for label, answer in (("correct", "the salt stays, the water goes"), ("incorrect", "it all goes away")):
                writer.writerow([f"q{number}", question, reference, f"q{number}.1", answer, label, label])
    return path


def test_rules_alone_hold_the_bars_that_words_can_tell(tmp_path):
    target = tmp_path / "report.json"
    out, err = run("--guards-only", "--limit", 20, "--report", target)
    report = json.loads(target.read_text())
    assert set(report["kinds"]) == {kind.name for kind in KINDS}
    groups = report["groups"]
    assert groups["instructions"]["n_accepted"] == 0
    assert groups["bluff"]["accepted_released"] <= 0.01
    # Without any model: what is left is a model's to find.
    assert groups["gibberish"]["accepted_released"] <= 0.06 and groups["keywords"]["accepted_released"] <= 0.02
    assert groups["near"]["accepted_released"] <= 0.10
    assert groups["honest"]["accepted"] >= 0.98 and groups["honest"]["passed"]
    for kind in ("shuffled_reference", "negated_reference", "echo", "subject_object_swapped", "very_long"):
        assert report["kinds"][kind]["accepted_released"] <= 0.05, kind
    assert "20 of 57 exercises" in err and str(target) in out.splitlines()[-1]


def test_a_file_of_graded_answers_is_attacked_too(answers, tmp_path):
    target = tmp_path / "report.json"
    _, err = run("--guards-only", "--answers", answers, "--limit", 2, "--report", target)
    assert "graded.csv: 2 of 3 exercises" in err and "2 of 57" in err
    assert json.loads(target.read_text())["kinds"]["echo"]["n"] == 4


def test_a_model_is_asked_and_the_same_seed_gives_the_same_figures(monkeypatch, tmp_path):
    model = FakeModel()
    monkeypatch.setattr(attack_assessor, "get_llm", lambda: model)
    monkeypatch.setattr(attack_assessor, "get_embedding", HashingEncoder)
    monkeypatch.setattr(attack_assessor, "get_marker", lambda: None)
    reports = []
    for name in ("one.json", "two.json"):
        _, err = run("--limit", 1, "--kind", "echo", "--kind", "clean", "--seed", 3, "--report", tmp_path / name)
        reports.append(json.loads((tmp_path / name).read_text()))
    assert model.calls and "4 of 4 answers" in err
    assert reports[0] == reports[1] and reports[0]["assessor"].startswith("fake 1+"), "and by which combiner"
    calls = model.calls
    run("--limit", 1, "--kind", "very_long", "--skip-held")
    assert model.calls == calls, "what a rule holds back needs no model"


def test_without_a_model_it_says_so(monkeypatch):
    monkeypatch.setattr(attack_assessor, "get_llm", NoModel)
    monkeypatch.setattr(attack_assessor, "get_embedding", HashingEncoder)
    monkeypatch.setattr(attack_assessor, "get_marker", lambda: None)
    with pytest.raises(CommandError, match="No language model"):
        run("--limit", 1, "--kind", "echo")


def test_bad_input_is_said_in_one_sentence(answers, tmp_path):
    with pytest.raises(CommandError, match="There is no file") as raised:
        run("--guards-only", "--answers", tmp_path / "none.csv")
    assert raised.value.returncode == 1
    answers.write_text(answers.read_text().replace("incorrect,incorrect", "incorrect,perhaps", 1))
    with pytest.raises(CommandError, match=r"graded\.csv, row 3: the label 'perhaps'"):
        run("--guards-only", "--answers", answers)
    answers.write_text(",".join(COLUMNS) + "\n")
    with pytest.raises(CommandError, match="no rows"):
        run("--guards-only", "--answers", answers)
    with pytest.raises(CommandError, match="cannot be written"):
        run("--guards-only", "--report", tmp_path)


@pytest.mark.parametrize("arguments", [("--limit", 0), ("--release-confidence", 2)])
def test_wrong_usage_ends_with_2(arguments):
    with pytest.raises(CommandError) as raised:
        run("--guards-only", *arguments)
    assert raised.value.returncode == 2


@pytest.mark.parametrize(
    ("verdict", "is_released"),
    [
        (Verdict(1.0, "correct", 1.0, ""), True),
        (Verdict(0.9, "correct", 0.8, "", assessor_kind="llm"), True),
        (Verdict(0.9, "correct", 0.7, "", assessor_kind="llm"), False),
        (Verdict(0.9, "correct", 0.9, "", assessor_kind="llm", needs_review=True), False),
    ],
)
def test_released_is_what_the_product_releases(verdict, is_released):
    assert outcome_of(None, verdict, 0.75).is_released == is_released
