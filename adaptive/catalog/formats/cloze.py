"""Gaps in a text, marked [[1]], [[2]] in the body: {"gaps": ["...", "..."]}.

The key: {"gaps": [[accepted text]]}, perhaps with "exact": true where another form of the same number does not count.
"""

import re
from typing import Any

from adaptive.catalog.formats.base import Exercise, Format, clean_text, fail, the_only_key
from adaptive.common.errors import FieldError

GAP = re.compile(r"\[\[(\d+)\]\]")
MAX_GAP = 200


def check(exercise: Exercise) -> list[FieldError]:
    gaps = exercise.answer.get("gaps")
    if (
        not isinstance(gaps, list)
        or not gaps
        or not all(isinstance(gap, list) and gap and all(isinstance(t, str) and t.strip() for t in gap) for gap in gaps)
    ):
        return [FieldError("/answer/gaps", "The key lists for every gap the texts that are accepted.")]
    if not isinstance(exercise.answer.get("exact", False), bool):
        return [FieldError("/answer/exact", "True or false is expected here.")]
    marked = [int(number) for number in GAP.findall(exercise.body)]
    # A body without any marker is allowed: the gaps then stand below it.
    if marked and sorted(marked) != list(range(1, len(gaps) + 1)):
        return [FieldError("/body", f"The body marks the gaps [[1]] to [[{len(gaps)}]], each once.")]
    return []


def read(exercise: Exercise, response: dict[str, Any]) -> dict[str, Any]:
    value, n_gaps = the_only_key(response, "gaps"), len(exercise.answer.get("gaps", []))
    if not isinstance(value, list) or len(value) != n_gaps:
        raise fail("/response/gaps", f"A list of {n_gaps} texts is expected, one a gap.")
    texts = [
        clean_text(text, f"/response/gaps/{index}", most=MAX_GAP, may_be_empty=True) for index, text in enumerate(value)
    ]
    if not any(text.strip() for text in texts):
        raise fail("/response/gaps", "The answer is empty.")
    return {"gaps": texts}


FORMAT = Format("cloze", check, read)
