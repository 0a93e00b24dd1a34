"""An explanation as it is read now: in the reader's language, whichever it was written in. No query.

What was written stays stored as it was. Its facts hold every number and name, so the same facts can be worded again
when the reader has chosen another language since, or when a teacher reads along in theirs.
"""

from types import SimpleNamespace
from typing import Any

from django.utils.translation import get_language

from .facts import Fact
from .models import Explanation
from .templates import text_of, worded, would_change_text


def is_as_written(explanation: Explanation) -> bool:
    """Was it written in the language that is active?"""
    return explanation.language == (get_language() or explanation.language)


def is_reworded(explanation: Explanation) -> bool:
    """Are its words, as they are shown, a model's?"""
    return is_as_written(explanation) and explanation.text != explanation.plain_text


def facts_shown(explanation: Explanation) -> list[dict[str, Any]]:
    """The facts with their plain texts, as JSON."""
    if is_as_written(explanation):
        return explanation.facts
    return [fact.to_json() for fact in worded([Fact.from_json(row) for row in explanation.facts])]


def text_shown(explanation: Explanation) -> str:
    if is_as_written(explanation):
        return explanation.text
    return text_of(worded([Fact.from_json(row) for row in explanation.facts]))


def would_change_shown(explanation: Explanation) -> str:
    """What would have brought another pick, "" where nothing is known."""
    found = explanation.would_change_if
    if not isinstance(found, dict):
        return ""
    if is_as_written(explanation) or "instead_title" not in found:
        return str(found.get("text", ""))
    return would_change_text(SimpleNamespace(**found))
