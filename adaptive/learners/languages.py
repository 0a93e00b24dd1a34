"""In which language a person is spoken to: their own choice, else their course's, of those that the pages have."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation

from adaptive.learners.models import Learner

_FOLDER = Path(__file__).resolve().parent.parent / "locale"
TEXTS = frozenset({"en", *(folder.name for folder in _FOLDER.glob("*/"))})  # all texts are there in these


def languages() -> list[str]:
    """Those that can be chosen: of settings.LANGUAGES the ones that all texts are there in."""
    return [code for code, _name in settings.LANGUAGES if code in TEXTS]


def offered(code: str) -> str:
    """The language that serves this tag, such as "de" for "de-AT"; "" where none does."""
    code = code.lower().replace("_", "-")
    while code and code not in languages():
        code = code.rpartition("-")[0]
    return code


def language_of(*, learner: Learner, course: Any = None) -> str:
    """What is written to the learner is written in this language. No query."""
    return offered(learner.language) or offered(course.language if course else "") or settings.LANGUAGE_CODE


def spoken_to(*, learner: Learner, course: Any = None) -> AbstractContextManager[None]:
    """`with spoken_to(learner=..., course=...)`: translations are those for this learner, whoever's request it is."""
    return translation.override(language_of(learner=learner, course=course))


def is_english(language: str) -> bool:
    return language.lower().split("-")[0] == "en"
