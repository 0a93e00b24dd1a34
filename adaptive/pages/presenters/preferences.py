"""The learner's preferences as a form, and what was observed of them in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext as _

from adaptive.catalog.models import Course
from adaptive.learners.languages import languages
from adaptive.learners.preferences import KINDS, LENGTHS, PACES, Stated
from adaptive.pages.presenters.wording import kind_name
from adaptive.recommendation.preferences import Lean, base_of


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class PreferencesForm:
    kinds: list[Choice]
    lengths: list[Choice]
    paces: list[Choice]
    languages: list[Choice]
    is_observed: bool
    observed: list[str]


def preferences_form(
    stated: Stated, leans: Iterable[Lean], *, courses: Sequence[Course], sent: QueryDict | None = None
) -> PreferencesForm:
    """`sent`: what was handed in and refused; it stays in the form."""
    kinds, length, pace, language = stated.kinds, stated.length, stated.pace, stated.language
    is_observed = stated.is_observed
    if sent is not None:
        kinds, length, pace = tuple(sent.getlist("kinds")), sent.get("length", ""), sent.get("pace", "")
        language, is_observed = sent.get("language", ""), sent.get("observe") == "on"
    codes = {*languages(), *(base_of(course.language) for course in courses), base_of(stated.language)} - {""}
    length_names = {"": _("Either"), "short": _("Short, up to 5 minutes"), "long": _("Long, from 12 minutes on")}
    pace_names = {
        "": _("Either"),
        "gentle": _("Smaller steps, more likely to be right"),
        "brisk": _("Bigger steps, more of a challenge"),
    }
    spoken = {"": _("Any"), **{code: language_name(code) for code in sorted(codes)}}
    return PreferencesForm(
        kinds=[Choice(kind, kind_name(kind), kind in kinds) for kind in KINDS],
        lengths=[Choice(value, length_names[value], value == length) for value in ("", *LENGTHS)],
        paces=[Choice(value, pace_names[value], value == pace) for value in ("", *PACES)],
        languages=[Choice(value, name, value == base_of(language)) for value, name in spoken.items()],
        is_observed=is_observed,
        observed=[observed_sentence(lean) for lean in leans],
    )


def language_name(code: str) -> str:
    """The language's name in itself, the code where it has none here."""
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code


def observed_sentence(lean: Lean) -> str:
    value = lean.facet.partition(":")[2]
    named = {
        "kind:exercise": _("exercises"),
        "kind:reading": _("texts to read"),
        "kind:video": _("videos"),
        "kind:worked_example": _("worked examples"),
        "length:short": _("short things"),
        "length:long": _("longer things"),
    }.get(lean.facet) or _("things in %(language)s") % {"language": language_name(value)}
    if lean.lean > 0:
        text = ngettext(
            "You took to %(what)s more than to the rest: %(told)s of the %(n)s you met.",
            "You took to %(what)s more than to the rest: %(told)s of the %(n)s you met.",
            lean.n,
        )
        return text % {"what": named, "told": lean.n_for, "n": lean.n}
    text = ngettext(
        "You took to %(what)s less than to the rest: you put away or rated low %(told)s of the %(n)s you met.",
        "You took to %(what)s less than to the rest: you put away or rated low %(told)s of the %(n)s you met.",
        lean.n,
    )
    return text % {"what": named, "told": lean.n_against, "n": lean.n}
