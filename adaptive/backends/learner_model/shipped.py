"""The parameters that ship with the models: small JSON files beside this one, with how they were found."""

import json
from functools import cache
from pathlib import Path

from .base import Params


@cache
def shipped(name: str) -> Params:
    """Parameters in `defaults/<name>.json`. Read once a process; not to be changed by who gets them."""
    return json.loads((Path(__file__).parent / "defaults" / f"{name}.json").read_text(encoding="utf-8"))
