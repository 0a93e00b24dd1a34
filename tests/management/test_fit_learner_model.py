"""fit_learner_model as an operator meets it: lines, exit status, and what is in use afterwards."""

import csv
import random
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from adaptive.audit.models import AuditEntry
from adaptive.catalog.models import Course
from adaptive.mastery.models import LearnerModelFit, LearnerModelVersion, LearnerState
from adaptive.mastery.versions import model_in_use
from adaptive.practice import replaying
from adaptive.practice.fitting import jobs
from tests.factories import Cast, cast_make, course_make
from tests.practice.terms import term_make, term_make_more

pytestmark = pytest.mark.django_db
PFA = "adaptive.backends.learner_model.pfa.PfaForgetting"


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[int]:
    """Nobody is told over the broker; and a model that is fitted within a second."""
    settings.ADAPTIVE = {**settings.ADAPTIVE, "LEARNER_MODEL_TO_FIT": PFA}
    ids: list[int] = []
    monkeypatch.setattr(jobs, "publish", lambda fit_id: ids.append(fit_id) or True)
    monkeypatch.setattr(replaying, "publish", lambda course_id: ids.append(course_id) or True)
    return ids


@pytest.fixture
def cast() -> Cast:
    cast = cast_make()
    Course.objects.filter(pk=cast.other_course.pk).update(external_id="others")
    term_make(cast)
    return cast


def run(*args: Any, **options: Any) -> list[str]:
    out = StringIO()
    call_command("fit_learner_model", *args, stdout=out, stderr=out, **options)
    return out.getvalue().splitlines()


def refused(*args: Any) -> CommandError:
    with pytest.raises(CommandError) as caught:
        run(*args)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_fit_is_stored_with_its_data_and_figures_and_changes_nothing_yet(cast: Cast) -> None:
    *lines, last = run("--course", "fractions", "--seed", "3")
    assert any("%  pfa-forgetting on all 15 learners" in line for line in lines)
    assert re.fullmatch(
        r"Version \d+, pfa-forgetting, is fitted on 450 answers of 15 learners in \d+\.\d s\. On the 90 answers of 3 "
        r"learners held out: auc 0\.\d{4}, log loss 0\.\d{4}, ece 0\.\d{4}; best-lr: auc .*; the shipped defaults, in "
        r"use so far: auc .*\. It is stored, not in use yet\.",
        last,
    ), last
    version = LearnerModelVersion.objects.get()
    assert (version.name, version.seed, version.course, version.is_active) == ("pfa-forgetting", 3, cast.course, False)
    assert version.backend == PFA and version.model_version
    assert version.data["n_rows"] == 450 and version.data["n_learners"] == 15 and version.data["source"] == "attempts"
    assert version.data["from"] < version.data["until"] and len(version.data["hash"]) == 64
    assert version.fit_seconds > 0 and version.params["items"]
    for name in ("model", "best_lr", "in_use"):
        figures = version.figures[name]
        assert figures["n"] == 90 and 0.5 < figures["auc"] < 1 and 0 < figures["log_loss"] < 1
        assert 0 <= figures["ece"] < 0.5 and 0 < figures["rmse"] < 1
    assert version.figures["in_use"]["version"] == 0
    assert model_in_use(cast.course).version_id == 0


def test_the_same_data_and_seed_give_the_same_version(cast: Cast) -> None:
    run("--course", "fractions")
    run("--course", "fractions")
    run("--course", "fractions", "--seed", "9")
    first, second, other = LearnerModelVersion.objects.order_by("pk")
    assert (first.params, first.figures, first.data) == (second.params, second.figures, second.data)
    assert other.figures["model"] != first.figures["model"]


def test_activate_puts_a_better_one_in_use_and_the_audit_says_so(cast: Cast) -> None:
    *_, last = run("--course", "fractions", "--activate")
    assert last.endswith("It is in use now, and the learners' states follow in the background.")
    version = LearnerModelVersion.objects.get(is_active=True)
    assert model_in_use(cast.course).version_id == version.pk
    entry = AuditEntry.objects.get(action="learner_model_activate")
    assert entry.outcome == {"in_use": version.pk} and entry.inputs["before"] == 0
    assert entry.actor.startswith("command line")


def test_a_worse_one_is_not_put_in_use_unless_forced(cast: Cast) -> None:
    run("--course", "fractions", "--activate")
    good = LearnerModelVersion.objects.get()
    *_, last = run("--course", "fractions", "--model", "bkt", "--activate")
    ours, theirs = re.search(r"is (0\.\d+), worse than the (0\.\d+) of pfa-forgetting, the model of ver", last).groups()
    assert float(ours) > float(theirs) and "It is stored but not in use." in last
    assert "fitted without these learners" in last, "what is in use has seen them; that would be no fair comparison"
    assert model_in_use(cast.course).version_id == good.pk
    run("--course", "fractions", "--model", "bkt", "--activate", "--force")
    in_use = model_in_use(cast.course)
    assert in_use.version_id != good.pk and in_use.model.name == "bkt", "the version's own backend, not the setting's"


def test_the_same_model_on_the_same_data_again_is_not_held_back(cast: Cast) -> None:
    run("--course", "fractions", "--activate")
    *_, last = run("--course", "fractions", "--seed", "6", "--activate")
    assert last.endswith("It is in use now, and the learners' states follow in the background.")
    assert LearnerModelVersion.objects.get(is_active=True).seed == 6


def test_where_enough_came_later_only_that_is_compared(cast: Cast) -> None:
    run("--course", "fractions", "--activate")
    version = LearnerModelVersion.objects.get()
    LearnerModelVersion.objects.update(data={**version.data, "until": version.data["from"]})
    term_make_more(cast)
    run("--course", "fractions", "--model", "bkt")
    found = LearnerModelVersion.objects.get(name="bkt").figures
    assert found["compared"]["rows"] == "unseen" and 200 <= found["compared"]["n"] <= found["model"]["n"]


def test_list_and_back_to_earlier_ones(cast: Cast) -> None:
    run("--course", "fractions", "--activate")
    run("--course", "fractions", "--seed", "1", "--activate", "--force")
    first, second = LearnerModelVersion.objects.order_by("pk").values_list("pk", flat=True)
    lines = run("--list")
    assert lines[0].startswith(f"  version {first}: pfa-forgetting, course fractions, ")
    assert (
        lines[1].startswith(f"* version {second}: ") and "450 answers of 15 learners, seed 1, held out: auc" in lines[1]
    )
    assert "  course fractions: 0 of 15 states by the version in use, 15 to follow" in lines
    assert lines[-1].endswith("15 states still to follow.")
    assert run("--use", str(first)) == [
        f"Version {first}, pfa-forgetting, is in use for course “fractions”; the learners' states follow in the "
        "background."
    ]
    assert model_in_use(cast.course).version_id == first
    assert run("--use", "0", "--course", "fractions")[0].startswith("The shipped defaults are in use for course “fr")
    assert model_in_use(cast.course).version_id == 0
    assert run("--list")[-1] == "2 versions; * is in use. Where none is, it is the shipped defaults."


def test_a_fit_on_all_courses_counts_where_a_course_has_none_of_its_own(cast: Cast) -> None:
    run("--activate")
    everywhere = LearnerModelVersion.objects.get()
    assert everywhere.course is None and model_in_use(cast.other_course).version_id == everywhere.pk
    run("--course", "fractions", "--seed", "1", "--activate", "--force")
    own = LearnerModelVersion.objects.get(course=cast.course)
    assert model_in_use(cast.course).version_id == own.pk
    run("--use", "0", "--course", "fractions")
    found = model_in_use(cast.course)
    assert found.model.params != everywhere.params and found.version_id not in (own.pk, everywhere.pk)
    assert model_in_use(cast.other_course).version_id == everywhere.pk
    run("--use", "0")
    assert model_in_use(cast.other_course).version_id == 0


@pytest.mark.parametrize(
    ("args", "words", "status"),
    [
        (("--course", "nowhere"), "There is no course “nowhere”.", 1),
        (("--use", "99999"), "There is no version 99999.", 1),
        (("--cancel", "99999"), "There is no fit 99999.", 1),
        (("--from", "log.csv"), "--from needs --course", 2),
        (("--force",), "--force goes with --activate.", 2),
        (("--list", "--activate"), "--list, --use and --cancel go without a fit's options.", 2),
    ],
)
def test_what_cannot_be_done_is_one_sentence(cast: Cast, args: tuple[str, ...], words: str, status: int) -> None:
    error = refused(*args)
    assert words in str(error) and error.returncode == status


def test_a_course_of_two_tenants_needs_its_tenant(cast: Cast) -> None:
    course_make(cast.tenant, "twice")
    course_make(cast.other_course.tenant, "twice")
    assert "Several tenants have a course “twice”: add --tenant, one of demo, elsewhere." in str(
        refused("--course", "twice", "--list")
    )


def test_too_little_is_said_in_a_sentence() -> None:
    cast = cast_make()
    assert str(refused("--course", "fractions", "--tenant", "demo")).startswith(
        "The data has 0 answers of 0 learners, which is too little to fit on: at least 100 answers of 10 learners"
    )
    term_make(cast, n_learners=4, n_answers=60)
    assert "240 answers of 4 learners, which is too little" in str(refused("--course", "fractions", "--tenant", "demo"))
    assert not LearnerModelVersion.objects.exists()


def test_in_the_background_the_row_is_there_before_anybody_is_told(
    cast: Cast, told: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        (last,) = run("--course", "fractions", "--background", "--activate", "--seed", "5")
    asked = LearnerModelFit.objects.get()
    assert last == f"Fit {asked.pk} is asked for: a worker does it, --list shows how far it is."
    assert (asked.status, asked.seed, asked.activate, asked.course) == ("queued", 5, True, cast.course)
    assert told == [asked.pk]
    assert f"Fit {asked.pk} of course “fractions” is at work already" in str(
        refused("--course", "fractions", "--background")
    )
    assert f"  fit {asked.pk}: pfa-forgetting, course fractions, queued: waits for a worker" in run("--list")
    assert run("--cancel", str(asked.pk)) == [f"Fit {asked.pk} is cancelled."]
    assert f"Fit {asked.pk} is cancelled already." in str(refused("--cancel", str(asked.pk)))


# -- logs from elsewhere
def log(path: Path, rows: list[tuple[Any, ...]], header: str = "learner,item,skills,correct,position") -> Path:
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


def rows_of(n_learners: int = 12, n: int = 20) -> list[tuple[Any, ...]]:
    rng = random.Random(2)
    return [
        (f"who{learner}", f"item{item}", "meaning", int(rng.random() < 0.9 - 0.06 * item), position)
        for learner in range(n_learners)
        for position in range(n)
        for item in [rng.randrange(12)]
    ]


def test_a_log_is_matched_to_the_course_by_external_ids(cast: Cast, tmp_path: Path) -> None:
    path = log(tmp_path / "log.csv", rows_of())
    *_, last = run("--course", "fractions", "--from", path)
    assert "is fitted on 240 answers of 12 learners" in last
    version = LearnerModelVersion.objects.get()
    assert version.data["source"] == "file" and version.data["file"] == "log.csv" and len(version.data["hash"]) == 64
    items = set(cast.course.resources.filter(external_id__startswith="item").values_list("pk", flat=True))
    assert {int(key) for key in version.params["items"]} == items
    assert not LearnerState.objects.filter(learner__external_id__startswith="who").exists(), "a fit imports nobody"


def test_what_the_course_does_not_have_is_counted_and_named(cast: Cast, tmp_path: Path) -> None:
    rows = rows_of()
    rows[3] = ("who0", "elsewhere-7", "meaning;alchemy", 1, 3)
    rows[4] = ("who0", "elsewhere-8", "meaning", 1, 4)
    lines = run("--course", "fractions", "--from", log(tmp_path / "log.csv", rows))
    notes = [
        "log.csv has 2 items that are no exercises of course “fractions”: elsewhere-7 (row 5), elsewhere-8 (row 6).",
        "log.csv has 1 skill that is none of course “fractions”: alchemy (row 5).",
    ]
    assert [line.split("%  ")[1] for line in lines if "course “fractions”" in line] == notes
    version = LearnerModelVersion.objects.get()
    assert version.data["notes"] == notes
    assert (version.data["n_rows"], version.data["n_unknown_items"], version.data["n_unknown_skills"]) == (240, 2, 1)


def changed(row: int, column: int, value: Any) -> list[tuple[Any, ...]]:
    rows = [list(one) for one in rows_of()]
    rows[row - 2][column] = value  # the header is row 1
    return [tuple(one) for one in rows]


HEADER = "learner,item,skills,correct,position"
HOSTILE: dict[str, tuple[list[tuple[Any, ...]], str, str]] = {
    "a missing column": ([row[:4] for row in rows_of()], "learner,item,skills,correct", "row 1, lacks the column posi"),
    "a learner out of order": (changed(5, 4, 1), HEADER, "row 5, is out of order: learner who0 is at position 1 af"),
    "no number": (changed(7, 3, "nan"), HEADER, "row 7, has correct = 'nan', which is no number between 0 and 1"),
    "a score above 1": (changed(7, 3, "1.5"), HEADER, "row 7, has correct = '1.5'"),
    "no learner": (changed(9, 0, " "), HEADER, "row 9, has no learner"),
    "empty": ([], HEADER, "has no rows below its header"),
    "one class": (
        [(*row[:3], 1, row[4]) for row in rows_of()],
        HEADER,
        "log.csv has only right answers in its 240 rows",
    ),
    "few learners": (rows_of(3), HEADER, "log.csv has 60 answers of 3 learners, which is too little to fit on"),
    "another course": (
        [(row[0], "x" + row[1], *row[2:]) for row in rows_of()],
        HEADER,
        "log.csv has no item that is an exercise of course “fractions”: xitem",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_log_is_one_sentence_and_stores_nothing(cast: Cast, tmp_path: Path, what: str) -> None:
    rows, header, words = HOSTILE[what]
    path = log(tmp_path / "log.csv", rows, header)
    error = refused("--course", "fractions", "--from", path, "--activate")
    assert words in str(error) and "log.csv" in str(error) and error.returncode == 1
    assert not LearnerModelVersion.objects.exists()


@pytest.mark.parametrize(("name", "words"), [("nothing.csv", "There is no file"), ("", "is a folder, not a CSV file")])
def test_a_log_that_is_none(cast: Cast, tmp_path: Path, name: str, words: str) -> None:
    assert words in str(refused("--course", "fractions", "--from", tmp_path / name))
    assert words in str(refused("--course", "fractions", "--from", tmp_path / name, "--background"))
