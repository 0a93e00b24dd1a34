"""What a key or the reader of words said about an answer, in the reader's language. No query.

It is stored in English, since neither knows who will read it. What an author or a teacher wrote stays as it is.
"""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import Assessment
from .words.feedback import SENTENCES


def _choices_missing(found: re.Match[str]) -> str:
    n = int(found["n"] or 1)
    if n == 1:
        return _("One right choice is missing.")
    return ngettext("%(n)d right choice is missing.", "%(n)d right choices are missing.", n) % {"n": n}


def _gaps(found: re.Match[str]) -> str:
    n = found["gaps"].count(",") + 1
    return ngettext("Look again at gap %(gaps)s.", "Look again at gaps %(gaps)s.", n) % {"gaps": found["gaps"]}


_OF_KEYS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?:One right choice is|(?P<n>\d+) right choices are) missing\."), _choices_missing),
    (re.compile(r"Look again at gaps? (?P<gaps>\d+(?:, \d+)*)\."), _gaps),
    (
        re.compile(r"Look again from place (?P<place>\d+) on\."),
        lambda found: _("Look again from place %(place)s on.") % found.groupdict(),
    ),
    (
        re.compile(r"Not yet right: (?P<what>.+)\.", re.DOTALL),
        lambda found: _("Not yet right: %(what)s.") % found.groupdict(),
    ),
)


def feedback_shown(assessment: Assessment) -> str:
    said = assessment.feedback
    if assessment.assessor_kind == "llm":
        return _(said) if said in SENTENCES else said
    if assessment.assessor_kind == "key":
        for pattern, worded in _OF_KEYS:
            if found := pattern.fullmatch(said):
                return worded(found)
    return said
