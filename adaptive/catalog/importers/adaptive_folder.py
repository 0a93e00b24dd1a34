"""Our own format: a folder with course.json and one JSON file a skill, as in fixtures/courses."""

from pathlib import Path
from typing import ClassVar

from adaptive.catalog.content import course_folder_read
from adaptive.catalog.importers.base import Content, Importer
from adaptive.common.errors import InvalidInput


class AdaptiveFolder(Importer):
    name: ClassVar[str] = "adaptive"
    title: ClassVar[str] = "a folder with course.json"
    is_strict: ClassVar[bool] = True

    def detects(self, path: Path) -> bool:
        return (path / "course.json").is_file()

    def read(self, path: Path) -> Content:
        if not self.detects(path):
            raise InvalidInput(f"{path} has no course.json; the format “{self.name}” is a folder with one.")
        folder = course_folder_read(path)
        return Content(
            title=folder.about["title"],
            language=folder.about["language"],
            description=folder.about.get("description"),
            misconceptions=folder.about.get("misconceptions", []),
            skills=folder.about["skills"],
            resources=[*folder.exercises, *folder.readings],
        )
