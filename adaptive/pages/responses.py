"""From a page's form to the response of the REST contract."""

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from adaptive.catalog.formats.base import MAX_TEXT, fail
from adaptive.catalog.models import Resource
from adaptive.common.numbers import NotANumber, read_number
from adaptive.pages.presenters.exercise import Given, one, token_of

MAX_DRAFT = 24_000
NUMBER_SAYS = (
    gettext_noop("That is too long for a number."),
    gettext_noop("A fraction cannot have 0 below the line."),
)


def typed(form: Given) -> dict[str, list[str]]:
    """The answer's inputs alone: what is kept when the form is shown again."""
    kept = {name: [str(value) for value in form.get(name) or ()] for name in form if name.startswith("a-")}
    return kept if sum(len(v) + len(n) for n, values in kept.items() for v in values) <= MAX_DRAFT else {}


def form_lists(form: Any) -> dict[str, list[str]]:
    """A QueryDict as plain lists (its own `get` gives only the last value)."""
    return {name: form.getlist(name) for name in form}


def response_from_form(resource: Resource, form: Given) -> dict[str, Any]:
    """The response that was given, in the shape of the contract. Raises InvalidInput where nothing was given."""
    return READERS[resource.response_format](resource, form)


def _ids(resource: Resource) -> dict[str, str]:
    return {token_of(resource, choice["id"]): choice["id"] for choice in resource.choices}


def _choice(resource: Resource, form: Given) -> dict[str, Any]:
    picked = one(form, "a-choice")
    if not picked:
        raise fail("/response/choice", _("Pick one of the answers."))
    return {"choice": _ids(resource).get(picked, picked)}


def _choices(resource: Resource, form: Given) -> dict[str, Any]:
    ids = _ids(resource)
    picked = [ids.get(token, token) for token in form.get("a-choice") or ()]
    if not picked:
        raise fail("/response/choices", _("Pick at least one of the answers."))
    return {"choices": picked}


def _value(resource: Resource, form: Given) -> dict[str, Any]:
    value = one(form, "a-value").strip()
    if not value:
        raise fail("/response/value", _("Write a number, such as 12, 0.75 or 3/4."))
    try:
        read_number(value, unit=str(resource.answer.get("unit", "")))
    except NotANumber as error:
        raise fail("/response/value", _no_number(value, str(error))) from None
    return {"value": value}


def _no_number(value: str, said: str) -> str:
    """What is wrong with it, in the reader's language; `said` is what read_number says in English."""
    if said in NUMBER_SAYS:
        return _(said)
    shown = {"text": value[:40]}
    return _("“%(text)s” cannot be read as one number; write it as 3/4, 0.75 or 75%%.") % shown


def _text(resource: Resource, form: Given) -> dict[str, Any]:
    # Browsers send line ends as CR LF; one line end is one character in what was counted while typing.
    text = one(form, "a-text").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise fail("/response/text", _("Write your answer in the box."))
    if len(text) > MAX_TEXT:
        shown = {
            "n": number_format(len(text), force_grouping=True),
            "most": number_format(MAX_TEXT, force_grouping=True),
        }
        raise fail("/response/text", _("The text has %(n)s characters; %(most)s is the most.") % shown)
    return {"text": text}


def _order(resource: Resource, form: Given) -> dict[str, Any]:
    n = len(resource.choices)
    places: dict[int, str] = {}
    for token, choice_id in _ids(resource).items():
        given = one(form, f"a-place-{token}")
        place = int(given) if given.isdecimal() and len(given) <= 4 else 0
        if not 1 <= place <= n:
            raise fail("/response/order", _("Give every item a place from 1 to %(n)d.") % {"n": n})
        if place in places:
            raise fail(
                "/response/order",
                _("Two items stand in place %(place)d: every place is for one item.") % {"place": place},
            )
        places[place] = choice_id
    return {"order": [places[place] for place in range(1, n + 1)]}


def _pairs(resource: Resource, form: Given) -> dict[str, Any]:
    ids, pairs = _ids(resource), {}
    for left_id in resource.answer.get("pairs", {}):
        if picked := one(form, f"a-pair-{token_of(resource, left_id)}"):
            pairs[left_id] = ids.get(picked, picked)
    if not pairs:
        raise fail("/response/pairs", _("Choose a partner for at least one of them."))
    return {"pairs": pairs}


def _gaps(resource: Resource, form: Given) -> dict[str, Any]:
    gaps = [one(form, f"a-gap-{number}") for number in range(1, len(resource.answer.get("gaps", [])) + 1)]
    if not any(gap.strip() for gap in gaps):
        raise fail("/response/gaps", _("Fill at least one gap."))
    return {"gaps": gaps}


READERS = {
    "choice": _choice,
    "multiple_choice": _choices,
    "numeric": _value,
    "short_text": _text,
    "long_text": _text,
    "ordering": _order,
    "matching": _pairs,
    "cloze": _gaps,
}


def form_from_response(resource: Resource, response: dict[str, Any]) -> dict[str, list[str]]:
    """The inverse: a stored response as a form's values, for trying again from where one stood."""
    match resource.response_format:
        case "choice":
            return {"a-choice": [token_of(resource, response["choice"])]}
        case "multiple_choice":
            return {"a-choice": [token_of(resource, choice_id) for choice_id in response["choices"]]}
        case "numeric":
            return {"a-value": [response["value"]]}
        case "short_text" | "long_text":
            return {"a-text": [response["text"]]}
        case "ordering":
            return {f"a-place-{token_of(resource, c)}": [str(i)] for i, c in enumerate(response["order"], start=1)}
        case "matching":
            return {f"a-pair-{token_of(resource, a)}": [token_of(resource, b)] for a, b in response["pairs"].items()}
        case "cloze":
            return {f"a-gap-{i}": [text] for i, text in enumerate(response["gaps"], start=1)}
    return {}
