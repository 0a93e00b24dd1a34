"""Storing what was imported: all or nothing, twice is once, and the report says what happened."""

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from adaptive.catalog.importers import importer_for
from adaptive.catalog.importers.adaptive_folder import AdaptiveFolder
from adaptive.catalog.importers.base import Content, Importer, LeftOut
from adaptive.catalog.importers.store import Report, content_store
from adaptive.catalog.models import Course, Resource, Skill, SkillPrerequisite
from adaptive.common.errors import InvalidInput
from adaptive.practice.demo.services import fixtures_folder
from adaptive.tenants.models import Tenant
from tests.data import shared
from tests.factories import EXERCISES, tenant_make


class Lenient(Importer):
    name: ClassVar[str] = "lenient"
    title: ClassVar[str] = "a test"

    def detects(self, path: Path) -> bool:
        return False

    def read(self, path: Path) -> Content:
        return Content()


class Strict(Lenient):
    name: ClassVar[str] = "strict"
    is_strict: ClassVar[bool] = True


@pytest.fixture
def tenant(db: None) -> Tenant:
    return tenant_make()


def exercise(resource_id: str, **changes: Any) -> dict[str, Any]:
    base = {"id": resource_id, "kind": "exercise", "response_format": "choice", "skills": ["a"]}
    return {**base, **EXERCISES["choice"][0], **changes}


def content(**changes: Any) -> Content:
    values: dict[str, Any] = {
        "skills": [{"id": "b", "name": "B", "prerequisites": ["a"]}, {"id": "a", "name": "A"}],
        "resources": [exercise("e1"), {"id": "r1", "kind": "reading", "title": "R", "body": "Text.", "skills": ["b"]}],
        **changes,
    }
    return Content(**values)


def store(tenant: Tenant, found: Content, *, importer: Importer | None = None, is_dry_run: bool = False) -> Report:
    return content_store(
        tenant=tenant,
        course_id="sets-and-maps",
        content=found,
        importer=importer or Lenient(),
        source="bank.xyz",
        is_dry_run=is_dry_run,
    )


def test_everything_is_stored_and_counted(tenant: Tenant) -> None:
    report = store(tenant, content())
    course = Course.objects.get(tenant=tenant, external_id="sets-and-maps")
    assert course.title == "Sets and maps"
    assert report.n_created == {"course": 1, "skill": 2, "exercise": 1, "reading": 1}
    assert report.n_by_response_format == {"choice": 1}
    assert [skill.external_id for skill in course.skills.all()] == ["b", "a"]
    link = SkillPrerequisite.objects.get()
    assert (link.skill.external_id, link.prerequisite.external_id) == ("b", "a"), "though b came before a"


def test_the_same_again_changes_and_doubles_nothing(tenant: Tenant) -> None:
    store(tenant, content())
    report = store(tenant, content(title="Sets"))
    assert report.n_created == {}
    assert report.n_changed == {"course": 1, "skill": 2, "exercise": 1, "reading": 1}
    assert (Resource.objects.count(), Skill.objects.count(), Course.objects.get().title) == (2, 2, "Sets")


def test_a_dry_run_reports_the_same_and_stores_nothing(tenant: Tenant) -> None:
    dry = store(tenant, content(), is_dry_run=True)
    assert not Course.objects.exists()
    real = store(tenant, content())
    assert {**dry.as_json(), "is_dry_run": False} == real.as_json()


def test_an_element_of_another_system_that_is_wrong_is_left_out_by_name(tenant: Tenant) -> None:
    bad = exercise("e2", answer={"choice": "z"})
    found = content(resources=[exercise("e1"), bad], left_out=[LeftOut("essay 7", "it has no key")])
    report = store(tenant, found)
    assert report.left_out == [
        LeftOut("essay 7", "it has no key"),
        LeftOut("e2", "/answer/choice The key names none of the choices."),
    ]
    assert [resource.external_id for resource in Resource.objects.all()] == ["e1"]


def test_our_own_format_is_refused_whole_with_the_element_named(tenant: Tenant) -> None:
    found = content(resources=[exercise("e1"), exercise("e2", answer={"choice": "z"})])
    with pytest.raises(InvalidInput, match=r"bank\.xyz: e2 /answer/choice: The key names none of the choices\."):
        store(tenant, found, importer=Strict())
    assert not Course.objects.exists()


def test_nothing_to_import_is_said_with_the_first_reason(tenant: Tenant) -> None:
    with pytest.raises(InvalidInput, match=r"essay 7: it has no key\."):
        store(tenant, Content(left_out=[LeftOut("essay 7", "it has no key")]))
    assert not Course.objects.exists()


@pytest.mark.parametrize(
    ("skills", "sentence"),
    [
        ([{"id": "a", "name": "A", "prerequisites": ["b"]}, {"id": "b", "name": "B", "prerequisites": ["a"]}], "cycle"),
        ([{"id": "a", "name": "A", "prerequisites": ["x"]}], "skill a: There is no skill “x” in this course."),
        ([{"id": "a/b", "name": "A"}], "skill a/b: An id is a text"),
        ([{"id": "a", "name": "x" * 300}], "skill a: A text of at most 255"),
    ],
)
def test_a_wrong_skill_is_named_and_nothing_is_stored(
    tenant: Tenant, skills: list[dict[str, Any]], sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        store(tenant, content(skills=skills))
    assert sentence in refused.value.detail
    assert not Course.objects.exists()


def test_a_second_source_adds_to_the_course(tenant: Tenant) -> None:
    store(tenant, content(title="Sets"))
    store(tenant, Content(skills=[{"id": "c", "name": "C"}], resources=[exercise("e9", skills=["c", "a"])]))
    course = Course.objects.get()
    assert (course.title, course.resources.count()) == ("Sets", 3)
    assert [skill.external_id for skill in course.skills.all()] == ["b", "a", "c"]


# -- our own folder format
def test_our_own_courses_come_in_under_any_id(tenant: Tenant) -> None:
    folder = fixtures_folder() / "circuits-and-plants"
    importer = importer_for(folder)
    assert isinstance(importer, AdaptiveFolder)
    report = content_store(
        tenant=tenant, course_id="science", content=importer.read(folder), importer=importer, source=folder.name
    )
    course = Course.objects.get(external_id="science")
    assert report.n_created["exercise"] == 48 and course.title == "Circuits and plants"
    assert course.misconceptions and course.resources.count() == 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    about = {"id": "c", "title": "C", "language": "en", "skills": [{"id": "a", "name": "A"}]}
    (tmp_path / "course.json").write_text(json.dumps(about))
    (tmp_path / "01-a.json").write_text(json.dumps({"exercises": [exercise("e1")], "readings": []}))
    return tmp_path


def test_a_small_folder_is_read(folder: Path) -> None:
    found = AdaptiveFolder().read(folder)
    assert ([one["id"] for one in found.resources], found.title) == (["e1"], "C")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("course.json", "[]", "course.json is not an object with the texts id, title, language."),
        ("course.json", "{", "course.json is not JSON"),
        ("course.json", '{"id": "c", "title": "C", "language": "en"}', "course.json has no list of skills."),
        (
            "course.json",
            '{"id": "c", "title": "C", "language": "en", "skills": [{"id": "a"}]}',
            "course.json: skill 1 is not an object with the texts id and name.",
        ),
        ("01-a.json", "5", "01-a.json is not an object with the lists exercises and readings."),
        ("01-a.json", '{"exercises": [5], "readings": []}', "01-a.json: every exercise and reading is an object"),
        ("01-a.json", '{"exercises": [{"id": 5}], "readings": []}', "01-a.json: every exercise and reading is"),
        ("01-a.json", "[" * 100_000, "01-a.json is not JSON"),
        ("misconceptions.json", "{}", "misconceptions.json has no list of misconceptions."),
    ],
)
def test_a_folder_with_a_wrong_file_is_refused_with_the_file_named(
    folder: Path, name: str, text: str, sentence: str
) -> None:
    (folder / name).write_text(text)
    with pytest.raises(InvalidInput) as refused:
        AdaptiveFolder().read(folder)
    assert sentence in refused.value.detail


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "01-a.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(InvalidInput, match=r"01-a\.json is not UTF-8 text"):
        AdaptiveFolder().read(folder)


# -- which format is it?
def test_a_path_that_is_not_there_and_a_format_that_is_none(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file or folder"):
        importer_for(folder / "nothing")
    with pytest.raises(InvalidInput, match="“word” is no format: use auto, adaptive, dbe_kt22"):
        importer_for(folder, "word")


def test_an_unknown_format_is_said_with_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is not recognised; known are adaptive"):
        importer_for(tmp_path)


@pytest.mark.parametrize("format_name", ["adaptive", "dbe_kt22"])
def test_the_wrong_format_named_is_refused(tmp_path: Path, format_name: str) -> None:
    (tmp_path / "file.csv").write_text("x")
    for path in (tmp_path, tmp_path / "file.csv"):
        with pytest.raises(InvalidInput, match="has no "):
            importer_for(path, format_name).read(path)


def test_hostile_files_are_refused_by_every_format() -> None:
    for path in sorted(shared("content", "hostile").iterdir()):
        with pytest.raises(InvalidInput):
            importer_for(path)
        for name in ("adaptive", "dbe_kt22"):
            with pytest.raises(InvalidInput):
                importer_for(path, name).read(path)
