"""The numbers of the simulated learners, read from the file that `fit_simulators` writes beside this one."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "parameters.json"


@cache
def parameters() -> dict[str, Any]:
    """The file's content; not to be changed by who gets it."""
    return json.loads(FILE.read_text(encoding="utf-8"))
