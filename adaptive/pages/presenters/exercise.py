"""An exercise as a form: the parts of each response format, filled with what was given before.

The names of inputs begin with "a-". Choices are named by opaque tokens: neither their order nor their ids in the page
tell which answer is right.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from adaptive.catalog.formats.cloze import GAP, MAX_GAP
from adaptive.catalog.formats.matching import sides
from adaptive.catalog.models import Resource
from adaptive.catalog.selectors import exercise_of
from adaptive.common.hashing import stable_hash
from adaptive.common.numbers import MAX_LENGTH as MAX_NUMBER
from adaptive.conf import settings
from adaptive.pages.markdown import plain_text, render_block, render_inline

Given = Mapping[str, Sequence[str]]  # input name -> values, as a form sends them


def token_of(resource: Resource, choice_id: str) -> str:
    """The choice's name in forms of this exercise: stable, and silent about the answer."""
    return stable_hash(f"{resource.pk}:{choice_id}")[:10]


def one(given: Given, name: str) -> str:
    values = given.get(name) or [""]
    return values[-1]


@dataclass(frozen=True, slots=True)
class Option:
    token: str
    html: SafeString
    plain: str
    is_picked: bool = False

    @property
    def spoken(self) -> str:
        """A name for who listens, where the text holds mathematics, which does not count as a label; else ""."""
        return self.plain if "<math" in self.html else ""


@dataclass(frozen=True, slots=True)
class OrderItem:
    """An item to be put in order. `place` from 1."""

    name: str
    html: SafeString
    plain: str
    place: int


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One left item. `options`: the right items as (token, text, is picked)."""

    name: str
    html: SafeString
    plain: str
    options: list[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class ExerciseForm:
    """What the template of the response format draws."""

    resource: Resource
    response_format: str
    body: SafeString
    options: list[Option] = field(default_factory=list)
    items: list[OrderItem] = field(default_factory=list)
    rows: list[MatchRow] = field(default_factory=list)
    value: str = ""
    unit: str = ""
    max_length: int = 0
    n_rows: int = 0

    @property
    def template(self) -> str:
        return f"adaptive/learner/formats/{self.response_format}.html"

    @property
    def places(self) -> range:
        return range(1, len(self.items) + 1)


def exercise_form(resource: Resource, given: Given | None = None) -> ExerciseForm:
    """The form of this exercise, holding what was typed before (nothing: a fresh one)."""
    given = given or {}
    values: dict[str, Any] = {}
    match resource.response_format:
        case "choice" | "multiple_choice":
            picked = given.get("a-choice") or ()
            values["options"] = [
                _option(resource, choice, is_picked=token_of(resource, choice["id"]) in picked)
                for choice in resource.choices
            ]
        case "numeric":
            values.update(value=one(given, "a-value"), unit=str(resource.answer.get("unit", "")), max_length=MAX_NUMBER)
        case "short_text" | "long_text":
            values.update(
                value=one(given, "a-text"),
                max_length=settings().max_answer_characters,
                n_rows=3 if resource.response_format == "short_text" else 8,
            )
        case "ordering":
            values["items"] = _order_items(resource, given)
        case "matching":
            values["rows"] = _match_rows(resource, given)
    body = _cloze_body(resource, given) if resource.response_format == "cloze" else render_block(resource.body)
    return ExerciseForm(resource=resource, response_format=resource.response_format, body=body, **values)


def question_html(resource: Resource) -> SafeString:
    """The exercise's text to be read, its gaps as numbered blanks."""
    text = (
        GAP.sub(lambda m: f"\\_\\_\\_\\_ ({m[1]})", resource.body)
        if resource.response_format == "cloze"
        else resource.body
    )
    return render_block(text)


def _option(resource: Resource, choice: Mapping[str, Any], *, is_picked: bool) -> Option:
    text = choice["text"]
    return Option(token_of(resource, choice["id"]), render_inline(text), plain_text(text), is_picked)


def shown_order(resource: Resource) -> list[dict[str, Any]]:
    """The items of an ordering in the order in which they are first shown: the author's, unless that is the answer."""
    if [choice["id"] for choice in resource.choices] != resource.answer.get("order"):
        return list(resource.choices)
    shuffled = sorted(resource.choices, key=lambda choice: token_of(resource, choice["id"]))
    return shuffled if shuffled != list(resource.choices) else list(reversed(resource.choices))


def _order_items(resource: Resource, given: Given) -> list[OrderItem]:
    items = []
    for index, choice in enumerate(shown_order(resource), start=1):
        name = f"a-place-{token_of(resource, choice['id'])}"
        typed = one(given, name)
        place = int(typed) if typed.isdecimal() and len(typed) <= 4 else index
        items.append(OrderItem(name, render_inline(choice["text"]), plain_text(choice["text"]), place))
    return sorted(items, key=lambda item: item.place)  # stable: equal places keep their order


def _match_rows(resource: Resource, given: Given) -> list[MatchRow]:
    left, right = sides(exercise_of(resource))
    texts = {choice["id"]: choice["text"] for choice in resource.choices}
    # By token, not in the author's order, which often is that of the answer.
    tokens = sorted((token_of(resource, choice_id), choice_id) for choice_id in right)
    rows = []
    for left_id in left:
        name = f"a-pair-{token_of(resource, left_id)}"
        picked = one(given, name)
        options = [(token, plain_text(texts[choice_id]), token == picked) for token, choice_id in tokens]
        rows.append(MatchRow(name, render_inline(texts[left_id]), plain_text(texts[left_id]), options))
    return rows


def _cloze_body(resource: Resource, given: Given) -> SafeString:
    n_gaps = len(resource.answer.get("gaps", []))
    placed: set[int] = set()

    def gap_input(number: int) -> SafeString:
        placed.add(number)
        return format_html(
            '<input class="gap" type="text" name="a-gap-{}" id="gap-{}" value="{}" maxlength="{}" aria-label="{}"'
            ' autocomplete="off" autocapitalize="off" spellcheck="false">',
            number,
            number,
            one(given, f"a-gap-{number}"),
            MAX_GAP,
            _("Gap %(number)d of %(total)d") % {"number": number, "total": n_gaps},
        )

    def put(match: re.Match[str]) -> str:
        number = int(match[1])
        return gap_input(number) if 1 <= number <= n_gaps and number not in placed else match[0]

    # After cleaning: the inputs are ours, the text around them is the author's.
    body = GAP.sub(put, render_block(resource.body))
    left_over = [number for number in range(1, n_gaps + 1) if number not in placed]
    if left_over:
        body += f"<p>{' '.join(f'{number}. {gap_input(number)}' for number in left_over)}</p>"
    return mark_safe(body)
