"""The university database course: a small one written for the test, and the real one where it is at hand."""

import csv
from pathlib import Path
from typing import Any

import pytest

from adaptive.catalog.checking import check_resource
from adaptive.catalog.importers import importer_for
from adaptive.catalog.importers.base import Content
from adaptive.catalog.importers.dbe_kt22 import COLUMNS, DbeKt22
from adaptive.common.errors import InvalidInput
from adaptive.pages.markdown import render_block
from tests.data import shared

HEADERS = {
    "Questions.csv": list(COLUMNS["Questions.csv"]),
    "Question_Choices.csv": ["id", "choice_text", "is_correct", "question_id"],
    "KCs.csv": ["id", "name", "description"],
    "Question_KC_Relationships.csv": ["id", "question_id", "knowledgecomponent_id"],
    "KC_Relationships.csv": ["id", "from_knowledgecomponent_id", "to_knowledgecomponent_id"],
}
FORMULA = '<img src="http://latex.codecogs.com/gif.latex?T_{1}" border="0"/>'
SMALL: dict[str, list[list[Any]]] = {
    "Questions.csv": [
        [12, "Which are sets?", "Q2-1", "", "", "Which are sets?", 3],
        [11, f"What does {FORMULA} do?<br>\nTick.", "Q1-2", "<b>It</b> writes.", "Look.", "What does do? Tick.", 1],
        [13, "True?", "Q1-10", "", "", "True?", 2],
    ],
    "Question_Choices.csv": [
        [1, "SELECT * FROM t", "true", 11],
        [2, "nothing", "false", 11],
        [3, "{1, 2}", "true", 12],
        [4, "{}", "true", 12],
        [5, "1", "FALSE", 12],
        [6, "True", "true", 13],
        [7, "False", "false", 13],
    ],
    "KCs.csv": [[1, "Set ", "A  collection."], [2, "Unused", ""], [3, "Transaction", "All or nothing."]],
    "Question_KC_Relationships.csv": [[1, 12, 1], [2, 11, 3], [3, 11, 1], [4, 11, 1], [5, 13, 3]],
    "KC_Relationships.csv": [[1, 1, 3], [2, 3, 1]],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rows in SMALL.items():
        write(tmp_path, name, rows)
    return tmp_path


def write(folder: Path, name: str, rows: list[list[Any]], header: list[str] | None = None) -> None:
    with open(folder / name, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header or HEADERS[name], *rows])


def read(folder: Path) -> Content:
    return DbeKt22().read(folder)


def resource(content: Content, resource_id: str) -> dict[str, Any]:
    return next(found for found in content.resources if found["id"] == resource_id)


def test_questions_come_in_the_order_of_the_course_as_valid_exercises(folder: Path) -> None:
    content = read(folder)
    assert [found["id"] for found in content.resources] == ["11", "13", "12"]
    assert [check_resource(found) for found in content.resources] == [[], [], []]


def test_a_question_keeps_its_words_its_formula_its_key_and_its_hint(folder: Path) -> None:
    question = resource(read(folder), "11")
    assert question["title"] == "Q1-2: What does do?"
    assert question["body"] == "What does $T_{1}$ do?\\\nTick."
    assert question["choices"] == [{"id": "1", "text": "SELECT \\* FROM t"}, {"id": "2", "text": "nothing"}]
    assert (question["response_format"], question["answer"]) == ("choice", {"choice": "1"})
    assert (question["hints"], question["explanation"]) == (["Look."], "**It** writes.")
    assert question["skills"] == ["3", "1"]


def test_several_right_choices_make_a_multiple_choice(folder: Path) -> None:
    question = resource(read(folder), "12")
    assert (question["response_format"], question["answer"]) == ("multiple_choice", {"choices": ["3", "4"]})


def test_harder_questions_are_expected_to_be_harder(folder: Path) -> None:
    content = read(folder)
    easy, middle, hard = (resource(content, found)["authored_difficulty"] for found in ("11", "13", "12"))
    assert 0 < easy < middle < hard < 1


def test_skills_come_in_the_order_in_which_they_are_met_without_prerequisites(folder: Path) -> None:
    content = read(folder)
    assert [(skill["id"], skill["name"]) for skill in content.skills] == [
        ("3", "Transaction"),
        ("1", "Set"),
        ("2", "Unused"),
    ]
    assert not any(skill.get("prerequisites") for skill in content.skills)
    (related,) = content.left_out
    assert related.element == "KC_Relationships.csv, 2 rows" and "not which one comes first" in related.reason


@pytest.mark.parametrize(
    ("question", "choices", "reason"),
    [
        ([1, "One choice?", "Q1-1", "", "", "One choice?", 1], [[1, "a", "true", 1]], "fewer than two choices"),
        ([1, "No key?", "Q1-1", "", "", "", 1], [[1, "a", "false", 1], [2, "b", "false", 1]], "none of its choices"),
        ([1, "<br>", "Q1-1", "", "", "", 1], [[1, "a", "true", 1], [2, "b", "false", 1]], "no text"),
        (
            [1, "See <img src='http://x.org/er.png'>", "Q1-1", "", "", "", 1],
            [[1, "a", "true", 1], [2, "b", "false", 1]],
            "picture er.png",
        ),
    ],
)
def test_a_question_that_cannot_be_answered_here_is_left_out_by_name(
    folder: Path, question: list[Any], choices: list[list[Any]], reason: str
) -> None:
    write(folder, "Questions.csv", [question])
    write(folder, "Question_Choices.csv", choices)
    write(folder, "Question_KC_Relationships.csv", [])
    content = read(folder)
    assert content.resources == []
    assert content.left_out[0].element == "question 1 (Q1-1)"
    assert reason in content.left_out[0].reason


@pytest.mark.parametrize(
    ("name", "rows", "sentence"),
    [
        ("Questions.csv", [["", "x", "Q1-1", "", "", "", 1]], "Questions.csv, row 2, has no id."),
        ("Questions.csv", [[1, "x", "Q", "", "", "", 1]] * 2, "Questions.csv, row 3, has the id 1 a second time."),
        ("Questions.csv", [[1, "x"]], "Questions.csv, row 2, has 2 fields where the header has 7."),
        ("KCs.csv", [[1, "a", ""], [1, "b", ""]], "KCs.csv, row 3, has the id 1 a second time."),
        ("Question_Choices.csv", [[1, "a", "true", 99]], "row 2, belongs to question 99, which does not exist."),
        ("Question_Choices.csv", [[1, "a", "yes", 11]], "row 2, has is_correct = 'yes'; true or false is expected."),
        ("Question_KC_Relationships.csv", [[1, 99, 1]], "row 2, links question 99, which does not exist."),
        ("Question_KC_Relationships.csv", [[1, 11, 99]], "row 2, links skill 99, which does not exist."),
    ],
)
def test_a_file_that_contradicts_itself_is_named_with_its_row(
    folder: Path, name: str, rows: list[list[Any]], sentence: str
) -> None:
    write(folder, name, rows)
    with pytest.raises(InvalidInput) as refused:
        read(folder)
    assert sentence in refused.value.detail and name in refused.value.detail


def test_a_difficulty_that_is_none_is_named(folder: Path) -> None:
    write(folder, "Questions.csv", [[11, "x", "Q1-1", "", "", "", "hard"], *SMALL["Questions.csv"][::2]])
    with pytest.raises(InvalidInput, match=r"Questions.csv, row 2, has difficulty = 'hard'"):
        read(folder)


def test_a_missing_column_and_a_missing_file_are_named(folder: Path) -> None:
    write(folder, "KCs.csv", [], header=["id", "title"])
    with pytest.raises(InvalidInput, match=r"KCs\.csv, row 1, lacks the column name"):
        read(folder)
    (folder / "KCs.csv").unlink()
    with pytest.raises(InvalidInput, match=r"has no KCs\.csv"):
        read(folder)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"id,name,description\n1,\xe4,x\n"])
def test_a_file_that_is_no_utf8_is_named(folder: Path, content: bytes) -> None:
    (folder / "KCs.csv").write_bytes(content)
    with pytest.raises(InvalidInput, match=r"KCs\.csv"):
        read(folder)


def test_it_is_recognised(folder: Path) -> None:
    assert isinstance(importer_for(folder), DbeKt22)


def test_the_real_course_comes_in_whole() -> None:
    content = read(shared("kt", "dbe_kt22"))
    assert (len(content.resources), len(content.skills), len(content.left_out)) == (212, 98, 1)
    assert [found["id"] for found in content.resources if check_resource(found)] == []
    assert all(found["skills"] and found["answer"] for found in content.resources)
    assert sum(bool(found["hints"]) for found in content.resources) == 71
    assert sum(bool(found["explanation"]) for found in content.resources) == 31
    assert content.resources[0]["title"].startswith("Q1-1:")


def test_the_real_courses_formulas_and_tables_show_on_a_page() -> None:
    content = read(shared("kt", "dbe_kt22"))
    pages = [str(render_block(found["body"])) for found in content.resources]
    assert sum(page.count("<math") for page in pages) >= 100
    assert sum(page.count("<table") for page in pages) >= 10
    assert not any('class="tex"' in page or "codecogs" in page or "<img" in page or "&lt;" in page for page in pages)
