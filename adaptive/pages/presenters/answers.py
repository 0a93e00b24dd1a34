"""A given answer as lines to read: what was asked, what was said, and which parts were right."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from adaptive.catalog.models import Resource
from adaptive.common.numbers import NotANumber, read_number
from adaptive.events.models import Attempt
from adaptive.pages.markdown import plain_text, render_inline

GIVEN_UP = ":answer"  # ends the idempotency key of a try that ended with the answer being asked for


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """`text` is a SafeString where an author wrote it, plain (and escaped by the template) where a learner did.

    `is_right`: None where parts are not judged one by one.
    """

    text: SafeString | str
    label: SafeString | str = ""
    joint: str = ""  # between label and text
    is_right: bool | None = None
    note: str = ""
    plain: str = ""

    @property
    def as_text(self) -> str:
        """The line without elements, for places where none may stand."""
        return self.plain or str(self.text)


def is_given_up(attempt: Attempt) -> bool:
    """Was the answer asked for on a page instead of given? Its form's key says so: an LMS's own score, and what is left
    of somebody who was erased, come without an answer as well."""
    key = attempt.idempotency_key or ""
    return attempt.response is None and attempt.source == Attempt.Source.PAGE and key.endswith(GIVEN_UP)


def lines_of(attempt: Attempt, resource: Resource, details: Mapping[str, Any] | None = None) -> list[AnswerLine]:
    """What was answered, or that the answer was asked for."""
    if is_given_up(attempt):
        return [AnswerLine(_("None: the answer was asked for."))]
    return answer_lines(resource, attempt.response, details)


def text_of(attempt: Attempt, resource: Resource | None = None) -> str:
    """The same on one line of plain text."""
    return "; ".join(line.as_text for line in lines_of(attempt, resource or attempt.resource))


def answer_lines(
    resource: Resource, response: Mapping[str, Any] | None, details: Mapping[str, Any] | None = None
) -> list[AnswerLine]:
    """The answer in words. `details`: those of the assessment, once there is one. Odd stored answers stay readable."""
    if response is None:
        return [AnswerLine(_("The answer itself is with your learning platform."))]
    try:
        return list(_LINES[resource.response_format](resource, response, details))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
        return [AnswerLine(str(response))]  # the exercise was changed since, or never had this shape


def answer_text(resource: Resource, response: Mapping[str, Any] | None) -> str:
    """The answer on one line of plain text."""
    return "; ".join(line.as_text for line in answer_lines(resource, response))


def _texts(resource: Resource) -> dict[str, str]:
    return {choice["id"]: choice["text"] for choice in resource.choices}


def _choice(resource: Resource, response: Mapping[str, Any], details: Any) -> list[AnswerLine]:
    text = _texts(resource)[response["choice"]]
    is_right = None if details is None else response["choice"] == resource.answer.get("choice")
    return [AnswerLine(render_inline(text), is_right=is_right, plain=plain_text(text))]


def _choices(resource: Resource, response: Mapping[str, Any], details: Any) -> list[AnswerLine]:
    texts, right = _texts(resource), resource.answer.get("choices", [])
    return [
        AnswerLine(
            render_inline(texts[picked]),
            is_right=None if details is None else picked in right,
            plain=plain_text(texts[picked]),
        )
        for picked in response["choices"]
    ]


def _value(resource: Resource, response: Mapping[str, Any], details: Any) -> list[AnswerLine]:
    written, unit = str(response["value"]), str(resource.answer.get("unit", ""))
    line = written if not unit or written.endswith(unit) else f"{written} {unit}"
    note = ""
    try:
        readings = read_number(written, unit=unit)
        if len(readings) == 1 and (number := next(iter(readings))) is not None:
            plain = f"{number:.6g}"
            is_as_written = plain == written.replace(",", ".")
            note = "" if is_as_written else _("read as %(number)s") % {"number": number_format(plain)}
    except NotANumber:
        pass
    return [AnswerLine(line, note=note)]


def _text(resource: Resource, response: Mapping[str, Any], details: Any) -> list[AnswerLine]:
    return [AnswerLine(str(response["text"]))]


def _order(resource: Resource, response: Mapping[str, Any], details: Any) -> list[AnswerLine]:
    texts, right = _texts(resource), resource.answer.get("order", [])
    lines = []
    for index, item in enumerate(response["order"]):
        is_right = None if details is None else index < len(right) and right[index] == item
        lines.append(
            AnswerLine(render_inline(texts[item]), str(index + 1), ".", is_right, plain=plain_text(texts[item]))
        )
    return lines


def _pairs(resource: Resource, response: Mapping[str, Any], details: Any) -> list[AnswerLine]:
    texts, right = _texts(resource), resource.answer.get("pairs", {})
    return [
        AnswerLine(
            render_inline(texts[b]),
            render_inline(texts[a]),
            "→",
            None if details is None else right.get(a) == b,
            plain=f"{plain_text(texts[a])} – {plain_text(texts[b])}",
        )
        for a, b in response["pairs"].items()
    ]


def _gaps(resource: Resource, response: Mapping[str, Any], details: Any) -> list[AnswerLine]:
    wrong = set((details or {}).get("wrong_gaps", ()))
    return [
        AnswerLine(
            text or _("(left empty)"),
            _("Gap %(number)d") % {"number": number},
            ":",
            None if details is None else number not in wrong,
        )
        for number, text in enumerate(response["gaps"], start=1)
    ]


_LINES = {
    "choice": _choice,
    "multiple_choice": _choices,
    "numeric": _value,
    "short_text": _text,
    "long_text": _text,
    "ordering": _order,
    "matching": _pairs,
    "cloze": _gaps,
}


def right_answer_lines(resource: Resource) -> list[AnswerLine]:
    """The right answer, in the same words; of answers in words the first model answer."""
    answer = resource.answer
    match resource.response_format:
        case "numeric":
            value = answer.get("value", (answer.get("values") or [""])[0])
            number = number_format(f"{value:.6g}") if isinstance(value, int | float) else str(value)
            return [AnswerLine(f"{number} {answer.get('unit', '')}".strip())]
        case "short_text" | "long_text":
            return [AnswerLine(text) for text in (answer.get("references") or [])[:1]]
        case "cloze":
            return [
                AnswerLine(accepted[0], _("Gap %(number)d") % {"number": number}, ":")
                for number, accepted in enumerate(answer.get("gaps", []), start=1)
            ]
    return answer_lines(resource, answer)
