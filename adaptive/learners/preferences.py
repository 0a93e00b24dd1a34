"""What a learner says they prefer: kinds, length, pace, language; and whether what they do may be looked at as well.

Preferences, not "learning styles": that people learn better when taught in a style of their own has not held up
(Pashler et al. 2008). They say what a person likes to use, and weigh a little among things that teach about as well.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from adaptive.common.errors import FieldError, InvalidInput
from adaptive.learners.models import Learner

KINDS = ("exercise", "reading", "video", "worked_example")  # as the catalogue's, in its order
LENGTHS = ("short", "long")
PACES = ("gentle", "brisk")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
OWN = ("length", "pace", "language", "observe")  # set by the learner; an LMS that does not know them leaves them alone


@dataclass(frozen=True, slots=True)
class Stated:
    """ "" and (): nothing said. `is_observed`: may clicks, ratings and dismissals count as well?"""

    kinds: tuple[str, ...] = ()
    length: str = ""
    pace: str = ""
    language: str = ""
    is_observed: bool = True


def stated_of(preferences: Any) -> Stated:
    """What is stored, as far as it can be read: an LMS may have put anything there."""
    held = preferences if isinstance(preferences, dict) else {}
    kinds, language = held.get("kinds"), held.get("language")
    return Stated(
        kinds=tuple(kind for kind in KINDS if isinstance(kinds, list) and kind in kinds),
        length=_one_of(held.get("length"), LENGTHS),
        pace=_one_of(held.get("pace"), PACES),
        language=language if isinstance(language, str) and _LANGUAGE.fullmatch(language) else "",
        is_observed=held.get("observe") is not False,
    )


def _one_of(value: Any, known: Sequence[str]) -> str:
    return value if isinstance(value, str) and value in known else ""


def merged(held: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What an LMS sends takes the place of what was there, but for the learner's own keys that it leaves out."""
    kept = {key: held[key] for key in OWN if key in held} if isinstance(held, dict) else {}
    return {**kept, **given}


@transaction.atomic
def preferences_set(
    *,
    learner: Learner,
    kinds: Sequence[str],
    length: str = "",
    pace: str = "",
    language: str = "",
    is_observed: bool = True,
) -> Learner:
    """The learner's own word; other preferences (minutes a day, goal) stay. Raises InvalidInput, and keeps nothing."""
    errors = []
    if wrong := [kind for kind in kinds if kind not in KINDS]:
        errors.append(FieldError("/kinds", f"“{str(wrong[0])[:40]}” is no kind: use {', '.join(KINDS)}."))
    for name, value, known in (("length", length, LENGTHS), ("pace", pace, PACES)):
        if value and value not in known:
            errors.append(FieldError(f"/{name}", f"“{str(value)[:40]}” is not known: use {', '.join(known)}."))
    if language and not _LANGUAGE.fullmatch(language):
        errors.append(FieldError("/language", f"“{language[:40]}” is no language: use its code, such as en or de."))
    if errors:
        raise InvalidInput(errors[0].detail, errors=errors)
    held = Learner.objects.select_for_update(no_key=True).get(pk=learner.pk)
    before = held.preferences if isinstance(held.preferences, dict) else {}
    rest = {key: value for key, value in before.items() if key not in ("kinds", *OWN)}
    said = {"length": length, "pace": pace, "language": language}
    held.preferences = rest | {name: value for name, value in said.items() if value}
    if kinds:
        held.preferences["kinds"] = [kind for kind in KINDS if kind in kinds]
    if not is_observed:
        held.preferences["observe"] = False
    held.save(update_fields=["preferences", "updated_at"])
    return held
