"""import_content, import_attempts, replay_mastery and load_demo as an operator meets them: lines and exit status."""

import csv
import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from adaptive.catalog.models import Course, Resource, Skill
from adaptive.events.models import Attempt
from adaptive.learners.models import Enrolment, Learner
from adaptive.management.progress import Progress
from adaptive.mastery.models import LearnerState, SkillMastery
from adaptive.practice.demo.services import fixtures_folder
from tests.data import shared
from tests.factories import Cast, cast_make

pytestmark = pytest.mark.django_db
SCIENCE = fixtures_folder() / "circuits-and-plants"


def run(name: str, *args: Any, **options: Any) -> list[str]:
    out = StringIO()
    call_command(name, *args, stdout=out, stderr=out, **options)
    return out.getvalue().splitlines()


def log(path: Path, rows: list[tuple[Any, ...]]) -> Path:
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("learner", "item", "skills", "correct", "position"), *rows])
    return path


@pytest.fixture
def imported(tmp_path: Path) -> Cast:
    cast = cast_make()
    rows = [(learner, "exercise-choice", 1, n % 2, n) for learner in ("one", "two") for n in range(6)]
    run("import_attempts", log(tmp_path / "log.csv", rows), course="fractions")
    return cast


# -- import_content
def test_content_comes_in_with_a_clear_last_line_and_a_report(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    *_, last = run("import_content", SCIENCE, "--course", "science", "--json", str(report))
    assert last.startswith("Imported 8 skills, 48 exercises (24 short_text, ")
    assert last.endswith("into course “science”; nothing left out.")
    found = json.loads(report.read_text())
    assert found["counts"]["exercise"] == 48 and found["format"] == "adaptive" and found["left_out"] == []
    assert Course.objects.get(external_id="science").tenant.slug == "demo"


def test_a_teacher_of_the_tenant_can_be_given_the_course() -> None:
    cast_make()
    run("import_content", SCIENCE, "--course", "science", "--teacher", "charlie")
    assert Enrolment.objects.get(course__external_id="science").role == "teacher"
    with pytest.raises(CommandError, match="no learner “mallory”"):
        run("import_content", SCIENCE, "--course", "other", "--teacher", "mallory")
    assert not Course.objects.filter(external_id="other").exists()


def test_a_dry_run_says_so_and_stores_nothing() -> None:
    *_, last = run("import_content", SCIENCE, "--course", "science", "--dry-run")
    assert last.startswith("Would import ")
    assert not Course.objects.exists() and not Skill.objects.exists()


def test_what_is_left_out_is_named_with_its_reason() -> None:
    lines = run("import_content", shared("kt", "dbe_kt22"), "--course", "databases", "--format", "dbe_kt22")
    assert any(line.startswith("  left out: KC_Relationships.csv, 202 rows: ") for line in lines)
    assert lines[-1] == "Imported 98 skills, 212 exercises (212 choice) into course “databases”; 1 element left out."
    assert Resource.objects.filter(kind="exercise").count() == 212


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["/nowhere", "--course", "c"], "There is no file or folder /nowhere."),
        ([str(SCIENCE.parent), "--course", "c"], "is not recognised"),
        ([str(SCIENCE), "--course", "a/b"], "without slashes"),
        ([str(SCIENCE), "--course", "c", "--tenant", "No Slug"], "no tenant slug"),
    ],
)
def test_bad_input_is_one_sentence(args: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        run("import_content", *args)
    assert refused.value.returncode == 1
    assert sentence in str(refused.value) and "\n" not in str(refused.value)
    assert not Course.objects.exists()


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"report\.json cannot be written"):
        run("import_content", SCIENCE, "--course", "c", "--json", str(tmp_path / "no" / "report.json"))


# -- import_attempts
def test_attempts_come_in_with_a_clear_last_line(tmp_path: Path) -> None:
    cast_make()
    path = log(tmp_path / "log.csv", [("l1", "exercise-choice", 1, 1, 0), ("l1", "exercise-cloze", 1, 0, 1)])
    *_, last = run("import_attempts", path, course="fractions")
    assert last.startswith("Imported 2 attempts of 1 learner at 2 exercises and replayed them in ")
    assert "no timestamps" in last
    assert run("import_attempts", path, course="fractions")[-1] == (
        "log.csv is in course “fractions” already (2 attempts): nothing was changed."
    )


@pytest.mark.parametrize(
    ("rows", "options", "sentence"),
    [
        ([("l", "nowhere", 1, 1, 0)], {"course": "fractions"}, "nowhere (row 2)."),
        ([("l", "exercise-choice", 1, 7, 0)], {"course": "fractions"}, "row 2, has correct = '7'"),
        ([("l", "exercise-choice", 1, 1, 0)], {"course": "unknown"}, "There is no course “unknown”."),
        ([("l", "exercise-choice", 1, 1, 0)], {"course": "fractions", "tenant": "x"}, "There is no tenant “x”."),
    ],
)
def test_a_log_that_cannot_come_in_is_one_sentence(
    tmp_path: Path, rows: list[tuple[Any, ...]], options: dict[str, str], sentence: str
) -> None:
    cast_make()
    with pytest.raises(CommandError) as refused:
        run("import_attempts", log(tmp_path / "log.csv", rows), **options)
    assert sentence in str(refused.value) and "\n" not in str(refused.value)
    assert not Attempt.objects.exists()


def test_a_thousand_real_answers_and_a_replay_without_difference(tmp_path: Path) -> None:
    run("import_content", shared("kt", "dbe_kt22"), course="databases")
    with gzip.open(shared("kt", "dbe_kt22", "attempts.csv.gz"), "rt") as file:
        lines = [line for _, line in zip(range(1500), file, strict=False)]
    path = tmp_path / "some.csv"
    path.write_text("".join(lines))
    *_, last = run("import_attempts", path, course="databases")
    assert last.startswith("Imported 1,499 attempts of ") and "built up from its buckets of seconds" in last
    assert run("replay_mastery", "--check")[-1].startswith("No difference: ")


# -- replay_mastery
def test_a_check_of_what_is_right_finds_nothing(imported: Cast) -> None:
    assert run("replay_mastery", "--check")[-1] == "No difference: 2 learner states and 12 attempts in 2 courses."
    assert run("replay_mastery", check=True, course="fractions", tenant="demo")[-1].endswith("in 1 course.")


def test_a_difference_is_named_ends_with_status_1_and_a_replay_mends_it(imported: Cast) -> None:
    SkillMastery.objects.filter(learner__external_id="two").update(p_mastery=0.99)
    before = LearnerState.objects.get(learner__external_id="two").updated_at
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 2 learner states and 12 attempts in 2 courses differ") as refused:
        call_command("replay_mastery", "--check", stdout=out, stderr=out)
    assert refused.value.returncode == 1
    assert "two, p_mastery of skill" in out.getvalue() and "stored 0.99" in out.getvalue()
    assert LearnerState.objects.get(learner__external_id="two").updated_at == before, "a check changes nothing"
    assert run("replay_mastery")[-1] == "Replayed: 2 learner states and 12 attempts in 2 courses."
    run("replay_mastery", "--check")


def test_a_state_that_is_missing_altogether_is_a_difference(imported: Cast) -> None:
    LearnerState.objects.filter(learner__external_id="one").delete()
    with pytest.raises(CommandError, match="1 of 2"):
        run("replay_mastery", "--check")
    run("replay_mastery")
    run("replay_mastery", "--check")


def test_a_changed_exercise_makes_states_differ_until_they_are_replayed(imported: Cast) -> None:
    Resource.objects.filter(external_id="exercise-choice").update(authored_difficulty=0.9)
    with pytest.raises(CommandError, match="differ from their replay"):
        run("replay_mastery", "--check")
    run("replay_mastery", course="fractions")
    run("replay_mastery", "--check")


def test_nobody_is_no_difference() -> None:
    assert run("replay_mastery", "--check")[-1] == "No difference: 0 learner states and 0 attempts in 0 courses."


def test_an_unknown_course_or_tenant_is_said() -> None:
    with pytest.raises(CommandError, match="no course “x”"):
        run("replay_mastery", course="x")
    with pytest.raises(CommandError, match="tenant “x”"):
        run("replay_mastery", tenant="x")


# -- load_demo
def test_the_demonstration_is_loaded_into_an_empty_installation_only() -> None:
    *_, last = run("load_demo", "--if-empty")
    assert last.startswith("The demonstration is loaded: 2 courses, 30 simulated learners, ")
    n_attempts = Attempt.objects.count()
    assert run("load_demo", "--if-empty") == ["There are courses already: the demonstration was not loaded."]
    assert run("load_demo")[-1].endswith("0 new attempts.")
    assert Attempt.objects.count() == n_attempts
    assert not Learner.objects.filter(is_simulated=False).exists()
    assert run("replay_mastery", "--check")[-1].startswith("No difference: 43 learner states")


# -- progress
class Terminal(StringIO):
    def isatty(self) -> bool:
        return True

    def write(self, text: str, ending: str = "\n") -> int:
        return super().write(text + ending)


def test_progress_is_one_growing_line_on_a_terminal() -> None:
    out = Terminal()
    progress = Progress(out, "attempts replayed")
    progress._every = 0.0
    for done in (1_000, 2_000):
        progress(done, 2_000)
    progress.end()
    progress.end()
    assert out.getvalue() == "\r  1,000 of 2,000 attempts replayed\r  2,000 of 2,000 attempts replayed\n"


def test_progress_is_rare_in_a_log() -> None:
    out = StringIO()
    progress = Progress(out, "attempts replayed")
    for done in range(1000):
        progress(done, 1000)
    progress.end()
    assert out.getvalue() == ""
