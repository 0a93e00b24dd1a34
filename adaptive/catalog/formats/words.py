"""Words: {"text": "..."}. The key: {"references": [model answers], "accepted": [exact texts]}."""

from typing import Any

from adaptive.catalog.formats.base import Exercise, Format, clean_text, the_only_key
from adaptive.common.errors import FieldError


def check(exercise: Exercise) -> list[FieldError]:
    errors = []
    for name in ("references", "accepted"):
        texts = exercise.answer.get(name, [])
        if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
            errors.append(FieldError(f"/answer/{name}", "A list of texts is expected here."))
    return errors


def read(exercise: Exercise, response: dict[str, Any]) -> dict[str, Any]:
    return {"text": clean_text(the_only_key(response, "text"), "/response/text")}


SHORT = Format("short_text", check, read)
LONG = Format("long_text", check, read)
