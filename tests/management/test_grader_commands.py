"""evaluate_grader and assess_file as somebody at a terminal meets them."""

import csv
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

HEADER = "question_id,question,reference_answers,answer_id,answer,label_2way,label_3way\n"
ROW = 'q1,Why?,It is warm.,a{n},"{answer}",correct,correct\n'


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column question"),
        ("question,answer\nWhy?,so\n", "no column reference_answers"),
        ("question,reference_answers,answer\n", "no rows"),
        ("question,reference_answers,answer\nWhy?,Because\n", "row 2"),
        ("question,reference_answers,answer\nWhy?,Because,so,more\n", "row 2"),
    ],
)
def test_assess_file_says_in_a_sentence_what_is_wrong_with_a_file(tmp_path, text, said):
    source, target = written(tmp_path / "in.csv", text), tmp_path / "out.csv"
    with pytest.raises(CommandError, match=said):
        call_command("assess_file", source, out=str(target))
    assert not target.exists()


def test_assess_file_of_nothing(tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        call_command("assess_file", str(tmp_path / "none.csv"), out=str(tmp_path / "out.csv"))


def test_assess_file_needs_no_model_for_what_needs_none(tmp_path):
    """Copies of a reference, blanks and punctuation are decided by key, in order, one row each."""
    rows = [("q", "Why?", "It is warm.", "it is warm"), ("q", "Why?", "It is warm.", ""), ("q", "Why?", "x y", "?!")]
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    with open(source, "w", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(("answer_id", "question", "reference_answers", "answer"))
        out.writerows(rows)
    call_command("assess_file", str(source), out=str(target))
    with open(target, newline="") as handle:
        found = list(csv.DictReader(handle))
    assert [row["label"] for row in found] == ["correct", "irrelevant", "irrelevant"]
    assert [float(row["score"]) for row in found] == [1.0, 0.0, 0.0]
    assert found[2]["needs_review"] == "1"


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (HEADER, "no rows"),
        (HEADER.replace("answer,", "reply,", 1) + ROW.format(n=1, answer="x"), "missing"),
        (HEADER + ROW.format(n=1, answer="x").replace("correct,correct", "good,good"), "row 2: the label 'good'"),
        (HEADER.replace(",label_2way,label_3way", "") + "q1,Why?,Warm.,a1,x\n", "so is 'label_2way'"),
        (HEADER + "q1,Why?\n", "row 2: the row is too short"),
        (HEADER + ROW.format(n=1, answer="x" * 200_000), "1 questions; 8 are the least"),
        ("\ufeff" + HEADER + ROW.format(n=1, answer="x"), "1 questions; 8 are the least"),
    ],
)
def test_evaluate_grader_says_what_is_wrong_with_a_file(tmp_path, train, said):
    test = written(tmp_path / "test.csv", HEADER + ROW.format(n=1, answer="It is warm"))
    options = {"labels": "2way", "report": str(tmp_path / "r.json"), "predictions": str(tmp_path / "p.csv")}
    with pytest.raises(CommandError, match=said):
        call_command("evaluate_grader", written(tmp_path / "train.csv", train), test, **options)
    assert not (tmp_path / "r.json").exists()


def test_evaluate_grader_takes_no_file_that_is_not_text(tmp_path):
    test = written(tmp_path / "test.csv", HEADER + ROW.format(n=1, answer="It is warm"))
    (tmp_path / "train.csv").write_bytes(HEADER.encode() + b"q1,Why?,Warm.,a1,\xff\xfe,correct,correct\n")
    options = {"labels": "2way", "report": str(tmp_path / "r.json"), "predictions": str(tmp_path / "p.csv")}
    with pytest.raises(CommandError, match=r"train.csv is not UTF-8"):
        call_command("evaluate_grader", str(tmp_path / "train.csv"), test, **options)
