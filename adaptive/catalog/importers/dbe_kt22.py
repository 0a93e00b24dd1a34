"""DBE-KT22: a university database course with its question bank, as its authors published it.

A folder of CSV files: Questions, Question_Choices, KCs, Question_KC_Relationships. KC_Relationships says which skills
are related, in both directions; that is no prerequisite, so it stays out.
"""

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from adaptive.catalog.importers.base import Content, Importer, LeftOut
from adaptive.catalog.importers.html import html_to_markdown, text_to_markdown
from adaptive.common.errors import InvalidInput

QUESTIONS, CHOICES, SKILLS, LINKS = (
    "Questions.csv",
    "Question_Choices.csv",
    "KCs.csv",
    "Question_KC_Relationships.csv",
)
RELATED = "KC_Relationships.csv"
COLUMNS = {
    QUESTIONS: (
        "id",
        "question_rich_text",
        "question_title",
        "explanation",
        "hint_text",
        "question_text",
        "difficulty",
    ),
    CHOICES: ("id", "choice_text", "is_correct", "question_id"),
    SKILLS: ("id", "name", "description"),
    LINKS: ("question_id", "knowledgecomponent_id"),
}
# The file's difficulty 1-3 as the share of students expected to get it wrong.
DIFFICULTY = {"1": 0.15, "2": 0.3, "3": 0.45}
MINUTES = {"1": 1.0, "2": 1.5, "3": 2.0}
MAX_FILE_BYTES = 50 * 2**20
MAX_TITLE = 90
SOURCE = "DBE-KT22"
ATTRIBUTION = "DBE-KT22, Australian National University. For research and other non-commercial use."


@dataclass(frozen=True, slots=True)
class _Row:
    where: str  # "Questions.csv, row 12"
    values: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values[name]


class DbeKt22(Importer):
    name: ClassVar[str] = "dbe_kt22"
    title: ClassVar[str] = f"a folder with {QUESTIONS} and {SKILLS}"

    def detects(self, path: Path) -> bool:
        return all((path / name).is_file() for name in COLUMNS)

    def read(self, path: Path) -> Content:
        missing = [name for name in COLUMNS if not (path / name).is_file()]
        if missing:
            raise InvalidInput(f"{path} has no {missing[0]}; the format “{self.name}” is a folder with one.")
        questions = _unique(_rows(path, QUESTIONS))
        skills = _unique(_rows(path, SKILLS))
        content = Content(language="en")
        choices = _choices(path, questions)
        skills_of = _links(path, questions, skills)
        in_order = sorted(questions.values(), key=_place)
        content.skills = _skills(skills, [skill for row in in_order for skill in skills_of[row["id"]]])
        for row in in_order:
            resource, reason = _exercise(row, choices[row["id"]], skills_of[row["id"]], content)
            if reason:
                content.left_out.append(LeftOut(f"question {row['id']} ({row['question_title'].strip()})", reason))
            else:
                content.resources.append(resource)
        if (path / RELATED).is_file():
            n = sum(1 for _ in _rows(path, RELATED, columns=()))
            content.left_out.append(
                LeftOut(
                    f"{RELATED}, {n:,} rows",
                    "they say which skills are related, in both directions, and not which one comes first; "
                    "so the skills have no prerequisites",
                )
            )
        return content


def _rows(path: Path, name: str, *, columns: tuple[str, ...] | None = None) -> Iterator[_Row]:
    """The rows of a CSV file with the columns that are needed. Raises InvalidInput naming file and row."""
    file = path / name
    wanted = COLUMNS[name] if columns is None else columns
    number = 0
    csv.field_size_limit(min(sys.maxsize, 1 << 20))
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise InvalidInput(f"{file} is too large: {MAX_FILE_BYTES // 2**20} MB are the most.")
        with open(file, encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened)
            header = [cell.strip() for cell in next(reader, [])]
            missing = [column for column in wanted if column not in header]
            if missing:
                raise InvalidInput(f"{file}, row 1, lacks the column {missing[0]}.")
            for number, cells in enumerate(reader, start=2):
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise InvalidInput(
                        f"{file}, row {number}, has {len(cells)} fields where the header has {len(header)}."
                    )
                yield _Row(f"{file}, row {number}", dict(zip(header, cells, strict=True)))
    except UnicodeDecodeError:
        raise InvalidInput(f"{file}, after row {number}, is not UTF-8 text.") from None
    except csv.Error as error:
        raise InvalidInput(f"{file}, after row {number}, is not CSV: {error}.") from None
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror or error}.") from None


def _unique(rows: Iterator[_Row]) -> dict[str, _Row]:
    found: dict[str, _Row] = {}
    for row in rows:
        key = row["id"].strip()
        if not key:
            raise InvalidInput(f"{row.where}, has no id.")
        if key in found:
            raise InvalidInput(f"{row.where}, has the id {key[:40]} a second time.")
        found[key] = _Row(row.where, {**row.values, "id": key})
    return found


def _choices(path: Path, questions: dict[str, _Row]) -> dict[str, list[_Row]]:
    of_question: dict[str, list[_Row]] = {question: [] for question in questions}
    for row in _rows(path, CHOICES):
        if row["question_id"] not in of_question:
            raise InvalidInput(f"{row.where}, belongs to question {row['question_id'][:40]}, which does not exist.")
        if row["is_correct"].strip().lower() not in {"true", "false"}:
            raise InvalidInput(f"{row.where}, has is_correct = {row['is_correct'][:40]!r}; true or false is expected.")
        of_question[row["question_id"]].append(row)
    return of_question


def _links(path: Path, questions: dict[str, _Row], skills: dict[str, _Row]) -> dict[str, list[str]]:
    of_question: dict[str, list[str]] = {question: [] for question in questions}
    for row in _rows(path, LINKS):
        question, skill = row["question_id"], row["knowledgecomponent_id"]
        if question not in of_question:
            raise InvalidInput(f"{row.where}, links question {question[:40]}, which does not exist.")
        if skill not in skills:
            raise InvalidInput(f"{row.where}, links skill {skill[:40]}, which does not exist.")
        if skill not in of_question[question]:
            of_question[question].append(skill)
    return of_question


def _place(row: _Row) -> tuple[int, int, str]:
    """The course's own order: the titles are Q<week>-<number>."""
    match = re.fullmatch(r"Q(\d{1,4})-(\d{1,4})", row["question_title"].strip())
    return (int(match[1]), int(match[2]), row["id"]) if match else (10_000, 0, row["id"].zfill(10))


def _skills(rows: dict[str, _Row], as_met: list[str]) -> list[dict[str, Any]]:
    """The skills in the order in which the course's questions meet them; those that no question has at the end."""
    order = [*dict.fromkeys(as_met), *rows]
    return [
        {
            "id": skill_id,
            "name": " ".join(rows[skill_id]["name"].split()),
            "description": " ".join(rows[skill_id]["description"].split()),
        }
        for skill_id in dict.fromkeys(order)
    ]


def _title(row: _Row) -> str:
    """The question's number and the question itself: the last sentence that asks, else the first."""
    sentences = re.split(r"(?<=[.?!:])\s+", " ".join(row["question_text"].split()))
    asked = next((sentence for sentence in reversed(sentences) if sentence.endswith("?")), sentences[0])
    asked = asked if len(asked) <= MAX_TITLE else asked[: MAX_TITLE - 1].rsplit(" ", 1)[0] + " …"
    return f"{row['question_title'].strip()}: {asked}".strip(": ")


def _exercise(row: _Row, choices: list[_Row], skills: list[str], content: Content) -> tuple[dict[str, Any], str]:
    """(the exercise, "") or ({}, why it is left out)."""
    right = [choice["id"] for choice in choices if choice["is_correct"].strip().lower() == "true"]
    if len(choices) < 2:
        return {}, "it has fewer than two choices"
    if not right:
        return {}, "none of its choices is marked as correct"
    body = html_to_markdown(row["question_rich_text"])
    if body.lost:
        return {}, f"its text needs what cannot come along: {', '.join(body.lost[:3])}"
    if not body.text:
        return {}, "it has no text"
    explanation, hint = html_to_markdown(row["explanation"]), html_to_markdown(row["hint_text"])
    for what, converted in (("explanation", explanation), ("hint", hint)):
        if converted.lost:
            element = f"{what} of question {row['id']}: {', '.join(converted.lost[:3])}"
            content.left_out.append(LeftOut(element, "only words, tables and formulas are taken over"))
    difficulty = row["difficulty"].strip()
    if difficulty and difficulty not in DIFFICULTY:
        raise InvalidInput(f"{row.where}, has difficulty = {difficulty[:40]!r}; 1, 2 or 3 is expected.")
    is_single = len(right) == 1
    return {
        "id": row["id"],
        "kind": "exercise",
        "title": _title(row),
        "body": body.text,
        "skills": skills,
        "duration_minutes": MINUTES.get(difficulty, 1.5),
        "response_format": "choice" if is_single else "multiple_choice",
        "choices": [{"id": choice["id"], "text": text_to_markdown(choice["choice_text"])} for choice in choices],
        "answer": {"choice": right[0]} if is_single else {"choices": right},
        "hints": [hint.text] if hint.text else [],
        "explanation": explanation.text,
        "authored_difficulty": DIFFICULTY.get(difficulty),
        "source": SOURCE,
        "attribution": ATTRIBUTION,
    }, ""
