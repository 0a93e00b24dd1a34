"""A learner's export as whoever downloads it reads it."""

import json
from typing import Any

from adaptive.learners.models import Learner
from adaptive.practice.exporting import export_text


def learner_export(*, learner: Learner) -> dict[str, Any]:
    return json.loads("".join(export_text(learner=learner)))
