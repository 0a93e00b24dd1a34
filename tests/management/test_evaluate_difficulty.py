"""The command, without a database, on a made-up course whose questions about rivers are hard."""

import csv
import json
import math
import random
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.data import shared

NAME = "evaluate_difficulty"
N_QUESTIONS = 60


def write(path: Path, header: list[str], rows: list[tuple]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture
def folder(tmp_path) -> Path:
    rng = random.Random(0)
    topics = [("river water bank flood", 1.6), ("apple pear plum tree", -1.6), ("number sum even odd", 0.0)]
    questions, choices, skills, hard = [], [], [], []
    for question in range(N_QUESTIONS):
        words, difficulty = topics[question % 3]
        some = " ".join(rng.choices(words.split(), k=6))
        questions.append((question, f"<p>{some}</p>", some, "2"))
        choices += [(10 * question + k, f"{some} {k}", "true" if k == 0 else "false", question) for k in range(3)]
        skills.append((question, question, question % 4))
        hard.append(difficulty)
    write(tmp_path / "Questions.csv", ["id", "question_rich_text", "question_text", "difficulty"], questions)
    write(tmp_path / "Question_Choices.csv", ["id", "choice_text", "is_correct", "question_id"], choices)
    write(tmp_path / "Question_KC_Relationships.csv", ["id", "question_id", "knowledgecomponent_id"], skills)
    rows = []
    for learner in range(60):
        ability = rng.gauss(0.5, 0.8)
        for position, question in enumerate(rng.sample(range(N_QUESTIONS), 40)):
            right = rng.random() < 1 / (1 + math.exp(hard[question] - ability))
            rows.append((learner, question, question % 4, int(right), position))
    write(tmp_path / "attempts.csv.gz", ["learner", "item", "skills", "correct", "position"], rows)
    return tmp_path


def run(*arguments) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(NAME, *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_words_tell_difficulty_and_answers_more(folder):
    target = folder / "report.json"
    out, err = run(folder, "--report", target, "--encoder", "hashing", "--splits", "2", "--model", "best-lr")
    report = json.loads(target.read_text())
    order, use = report["order"], report["use"][0]
    assert report["encoder"] == "hashing" and order["n_questions"] == N_QUESTIONS and order["n_splits"] == 2
    assert order["words"]["spearman"] > order["skills"]["spearman"] + 0.3
    assert len(order["words"]["spearman_by_split"]) == 2 and "words_and_author" in order
    assert use["model"] == "best-lr" and use["n_rows"] == 12 * 40
    assert use["logit_per_logit_of_difficulty"] == pytest.approx(1.0, abs=1e-3)
    assert use["fewest_answers_to_a_question"] > 10
    assert use["none"]["auc"] < use["words"]["auc"] < use["known"]["auc"] + 0.05
    assert "60 questions: Spearman 0." in out and "split 1" in err


def test_the_order_alone_takes_no_learner_model(folder):
    run(folder, "--report", folder / "r.json", "--encoder", "hashing", "--splits", "1", "--order-only")
    assert "use" not in json.loads((folder / "r.json").read_text())


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Questions.csv", None, "There is no file .*Questions.csv"),
        ("attempts.csv.gz", None, "There is no file .*attempts.csv.gz"),
        ("Questions.csv", "id,question_text\n", "has no rows below its header"),
        ("Questions.csv", "id,title\n1,a\n", "lacks the columns question_text"),
        ("Questions.csv", "id,question_text\n1,a\n1,b\n", "has an id twice"),
        ("Questions.csv", "id,question_text\n1,a\n2,b\n", "Only 2 questions have answers"),
        ("Question_Choices.csv", "id,choice_text,is_correct,question_id\n1,a,true,x\n", "question_id = 'x'"),
        ("Question_KC_Relationships.csv", "question_id,knowledgecomponent_id\n1\n", "knowledgecomponent_id = None"),
    ],
)
def test_a_folder_that_is_not_such_a_one_ends_with_one_sentence(folder, name, text, said):
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text)
    with pytest.raises(CommandError, match=said):
        run(folder, "--report", folder / "r.json", "--encoder", "hashing", "--order-only")
    assert not (folder / "r.json").exists()


def test_what_cannot_be_done_is_refused_before_the_work(folder):
    with pytest.raises(CommandError, match="cannot be written"):
        run(folder, "--report", folder / "no" / "r.json")
    with pytest.raises(CommandError, match="has no learners of fold '9'"):
        run(folder, "--report", folder / "r.json", "--encoder", "hashing", "--splits", "1", "--learner-fold", "9")


def test_on_a_real_course_words_beat_the_mean_of_the_skills(tmp_path):
    """With word hashing, since the sentence encoder takes longer to load; its figures are in the documentation."""
    course = shared("kt", "dbe_kt22")
    run(course, "--report", tmp_path / "r.json", "--encoder", "hashing", "--splits", "3", "--order-only")
    order = json.loads((tmp_path / "r.json").read_text())["order"]
    assert order["words"]["spearman"] > order["skills"]["spearman"] + 0.05
    assert order["words"]["rmse"] < order["skills"]["rmse"]
    assert 0.8 < order["words"]["share_within_90_percent"] < 0.97
