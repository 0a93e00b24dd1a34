"""The four words for where a learner stands with a skill, each drawn with icon, word and pattern, not colour alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Standing:
    """`code` names the icon, the CSS class and the SVG pattern."""

    code: str
    label: Promise


NOT_STARTED = Standing("not_started", _("Not started"))
STARTED = Standing("started", _("Started"))
NEEDS_HELP = Standing("needs_help", _("Needs help"))
MASTERED = Standing("mastered", _("Mastered"))

# From what asks for attention to what does not, as reports list them.
STANDINGS = {s.code: s for s in (NEEDS_HELP, STARTED, MASTERED, NOT_STARTED)}


@dataclass(frozen=True, slots=True)
class StandingCount:
    standing: Standing
    n: int


def standing_counts(statuses: Iterable[str]) -> list[StandingCount]:
    """How many of each, in the order of STANDINGS; standings that nobody has are there with 0."""
    found = list(statuses)
    return [StandingCount(standing, found.count(code)) for code, standing in STANDINGS.items()]
