"""Template tags and filters that every page shares."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from adaptive.learners.languages import languages
from adaptive.pages.addresses import row_url
from adaptive.pages.presenters import drawing

register = template.Library()

for tag in (
    row_url,
    drawing.icon,
    drawing.kind_icon,
    drawing.standing,
    drawing.mark,
    drawing.mark_dot,
    drawing.mark_icon,
    drawing.mastery_bar,
    drawing.stacked,
    drawing.when,
):
    register.simple_tag(tag)


@register.filter
def number(value: int | float) -> str:
    """With the language's own thousands separator."""
    return number_format(value, force_grouping=True)


@register.filter
def quoted(text: str) -> str:
    """In the quotation marks of the language."""
    return _("“%(name)s”") % {"name": text}


@register.simple_tag
def languages_offered() -> list[str]:
    return languages()


@register.simple_tag(takes_context=True)
def here(context: Mapping[str, Any]) -> str:
    """The address to come back to: this page, or, where it came of a form, the page that held the form; "" for none."""
    request = context.get("request")
    if request is None:
        return ""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    before = urlsplit(request.META.get("HTTP_REFERER", ""))
    return urlunsplit(("", "", before.path, before.query, "")) if before.netloc == request.get_host() else ""
