"""Importers of question banks and courses, by the name of their format."""

from pathlib import Path

from adaptive.catalog.importers.adaptive_folder import AdaptiveFolder
from adaptive.catalog.importers.base import Content, Importer, LeftOut
from adaptive.catalog.importers.dbe_kt22 import DbeKt22
from adaptive.common.errors import InvalidInput

IMPORTERS: dict[str, Importer] = {importer.name: importer for importer in (AdaptiveFolder(), DbeKt22())}


def importer_for(path: Path, name: str = "auto") -> Importer:
    """The importer of this name; with "auto" the one that recognises the path. Raises InvalidInput."""
    if not path.exists():
        raise InvalidInput(f"There is no file or folder {path}.")
    if name != "auto":
        if name not in IMPORTERS:
            raise InvalidInput(f"“{name}” is no format: use auto, {', '.join(IMPORTERS)}.")
        return IMPORTERS[name]
    found = [importer for importer in IMPORTERS.values() if importer.detects(path)]
    if len(found) != 1:
        known = "; ".join(f"{importer.name} ({importer.title})" for importer in IMPORTERS.values())
        raise InvalidInput(f"The format of {path} is not recognised; known are {known}.")
    return found[0]


__all__ = ["IMPORTERS", "Content", "Importer", "LeftOut", "importer_for"]
