"""What every importer of question banks and courses gives: elements of a course, and what it had to leave out.

An importer reads one format into plain data in the shapes of the REST contract; storing is the same for all. No
database here. A new format is one file with one class, named in importers/__init__.py.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One element of the source that does not come in. `element` names it as its author would find it again."""

    element: str
    reason: str


@dataclass(slots=True)
class Content:
    """What a file or folder holds.

    skills: {id, name, description, prerequisites}. resources: as for `resource_put`, each with its "id". title and
    language: None where the format does not say. notes: sentences on how something was understood.
    """

    title: str | None = None
    language: str | None = None
    description: str | None = None
    misconceptions: list[dict[str, str]] = field(default_factory=list)
    skills: list[dict[str, Any]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Importer(ABC):
    """Reads one format.

    name: as in `--format`. is_strict: an element that is wrong stops the import (our own format, whose author can mend
    it); otherwise it is left out and named (other systems' exports, whose reader cannot).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    is_strict: ClassVar[bool] = False

    @abstractmethod
    def detects(self, path: Path) -> bool:
        """Does the path look like this format? Cheap, and never raises."""

    @abstractmethod
    def read(self, path: Path) -> Content:
        """The whole content. Raises InvalidInput: one sentence that names the file and the row or element."""
