"""The few drawn things that every page shares: icons, badges, bars, times. All by attributes and classes, no styles.

Also template tags (see templatetags); lists of hundreds are put together here in Python, since a template takes longer
over one row than over all that is read for it.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from adaptive.pages.presenters.bars import MasteryBar, Segment
from adaptive.pages.presenters.marks import Mark
from adaptive.pages.presenters.standing import MASTERED, Standing
from adaptive.pages.presenters.wording import ago, exactly

# Drawn once, on a grid of 24, in strokes: the colour is the text's.
ICONS = {
    "check": '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
    "cross": '<path d="M7 7l10 10M17 7L7 17"/>',
    "ring": '<circle cx="12" cy="12" r="7" stroke-dasharray="3 3.3"/>',
    "half": '<circle cx="12" cy="12" r="7"/><path d="M12 5a7 7 0 0 0 0 14z" fill="currentColor"/>',
    "alert": '<path d="M12 4.5l8.5 15h-17z"/><path d="M12 10v4.5M12 17v.3"/>',
    "star": '<path d="M12 4l2.4 5 5.4.7-4 3.8 1 5.5-4.8-2.7L7.2 19l1-5.5-4-3.8 5.4-.7z"/>',
    "dots": '<circle cx="6" cy="12" r="1.2"/><circle cx="12" cy="12" r="1.2"/><circle cx="18" cy="12" r="1.2"/>',
    "person": '<circle cx="12" cy="8.5" r="3.5"/><path d="M5 20c.6-4 3.3-6 7-6s6.4 2 7 6"/>',
    "people": '<circle cx="9" cy="9" r="3"/><path d="M3.5 19c.4-3.3 2.5-5 5.5-5s5.1 1.7 5.5 5"/>'
    '<path d="M15.5 6.3a3 3 0 0 1 0 5.4M17 14.3c2 .6 3.2 2.2 3.5 4.7"/>',
    "talk": '<path d="M4.5 5.5h15v10h-8l-4 4v-4h-3z"/><path d="M8.5 9.5h7M8.5 12h4.5"/>',
    "arrow": '<path d="M5 12h13M13 6.5l5.5 5.5-5.5 5.5"/>',
    "bulb": '<path d="M9 17h6M10 20h4"/><path d="M8.5 14.5C7 13.3 6 11.8 6 9.7a6 6 0 0 1 12 0c0 2.1-1 3.6-2.5 4.8'
    '-.4.4-.5 1.5-.5 2.5H9c0-1-.1-2.1-.5-2.5z"/>',
    "question": '<circle cx="12" cy="12" r="8.5"/><path d="M9.5 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.9'
    'M12 16.5v.3"/>',
    "book": '<path d="M12 6.5C10 5 7.5 4.5 4 4.5v13c3.5 0 6 .5 8 2 2-1.5 4.5-2 8-2v-13c-3.5 0-6 .5-8 2zM12 6.5v13"/>',
    "pencil": '<path d="M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5z"/><path d="M13.5 7l3.5 3.5"/>',
    "steps": '<path d="M4 19h4.5v-4.5H13V10h4.5V5.5H21"/>',
    "video": '<rect x="4" y="6" width="16" height="12" rx="2"/><path d="M10.5 9.5v5l4-2.5z"/>',
    "clock": '<circle cx="12" cy="12" r="8"/><path d="M12 7.5V12l3 2"/>',
    "home": '<path d="M4.5 11L12 4.5l7.5 6.5M6.5 9.5V19h11V9.5"/>',
    "chart": '<path d="M4.5 19.5h15M7 16v-4M12 16V6.5M17 16v-6.5"/>',
    "logout": '<path d="M14 5H6v14h8M10.5 12H20M16.5 8.5L20 12l-3.5 3.5"/>',
    "inbox": '<path d="M4 13.5l2.5-8h11l2.5 8v5H4zM4 13.5h4.5c.5 2 1.7 3 3.5 3s3-1 3.5-3H20"/>',
    "calendar": '<path d="M4.5 6.5h15v13h-15zM4.5 10.5h15M8.5 4v4M15.5 4v4"/>',
    "up": '<path d="M6 14.5L12 8.5l6 6"/>',
    "down": '<path d="M6 9.5l6 6 6-6"/>',
    "repeat": '<path d="M5 11a7 7 0 0 1 12-4.5L19.5 9M19.5 4.5V9H15M19 13a7 7 0 0 1-12 4.5L4.5 15M4.5 19.5V15H9"/>',
    "gear": '<circle cx="12" cy="12" r="3"/><path d="M12 4v2.5M12 17.5V20M4 12h2.5M17.5 12H20M6.3 6.3l1.8 1.8'
    'M15.9 15.9l1.8 1.8M6.3 17.7l1.8-1.8M15.9 8.1l1.8-1.8"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5 5"/>',
    "grid": '<path d="M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z"/>',
}  # fmt: skip
STANDING_ICONS = {"not_started": "ring", "started": "half", "needs_help": "alert", "mastered": "star"}
MARK_ICONS = {"right": "check", "partly": "half", "wrong": "cross", "reading": "dots", "teacher": "person"}
KIND_ICONS = {"exercise": "pencil", "reading": "book", "worked_example": "steps", "video": "video"}


@cache
def icon(name: str) -> SafeString:
    """A decoration beside a word: hidden from who listens."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" '
        'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        "{}</svg>",
        mark_safe(ICONS[name]),
    )


def kind_icon(kind: str) -> SafeString:
    return icon(KIND_ICONS.get(kind, "book"))


def standing(value: Standing, n: int | None = None) -> SafeString:
    """A badge: icon, word and, where given, a number."""
    return _badge(value, n, get_language())


@lru_cache(maxsize=4096)
def _badge(value: Standing, n: int | None, language: str | None) -> SafeString:
    """Kept by language: a list of skills draws hundreds of the same few."""
    number = "" if n is None else format_html(" <b>{}</b>", n)
    return format_html(
        '<span class="badge badge-{}">{}<span>{}</span>{}</span>',
        value.code,
        icon(STANDING_ICONS[value.code]),
        value.label,
        number,
    )


def mark(value: Mark) -> SafeString:
    return format_html(
        '<span class="mark mark-{}">{}<span>{}</span></span>', value.code, icon(MARK_ICONS[value.code]), value.label
    )


def mark_dot(value: Mark) -> SafeString:
    """The mark in a row of many: the icon, with its word for who listens or points."""
    return format_html(
        '<span class="mark mark-{}" title="{}">{}<span class="visually-hidden">{}</span></span>',
        value.code,
        value.label,
        icon(MARK_ICONS[value.code]),
        value.label,
    )


def mark_icon(value: Mark) -> SafeString:
    return icon(MARK_ICONS[value.code])


def mastery_bar(bar: MasteryBar) -> SafeString:
    """The bar alone; the sentence beside it says the same. Put together by hand, like `stacked`."""
    if bar.before is None:
        drawn = f'<rect class="bar-{bar.code}" x="0" y="3" width="{bar.fill}" height="8" rx="4"/>'
    else:
        grows = (
            f'<animate attributeName="width" from="0%" to="{bar.moved}" dur="0.7s" begin="indefinite" fill="freeze" '
            'calcMode="spline" keyTimes="0;1" keySplines="0.2 0.8 0.2 1"/>'
        )
        drawn = (
            f'<rect class="bar-{bar.code}" x="0" y="3" width="{bar.kept}" height="8" rx="4"/>'
            f'<rect class="bar-{"gain" if bar.is_gain else "loss"}" x="{bar.kept}" y="3" width="{bar.moved}" '
            f'height="8" rx="2">{grows if bar.is_gain else ""}</rect>'
        )
    return mark_safe(  # of our own codes and lengths alone
        '<svg class="bar" width="100%" height="14" aria-hidden="true" focusable="false">'
        '<rect class="bar-track" x="0" y="3" width="100%" height="8" rx="4"/>'
        f'{drawn}<rect class="bar-tick" x="{bar.tick}" y="0" width="2" height="14"/></svg>'
    )


def stacked(segments: Sequence[Segment]) -> SafeString:
    """One bar of several stretches; its figures stand beside it as text. All but what is mastered in a pattern over its
    colour, so that it is told apart without colours. Put together by hand: a report draws hundreds."""
    drawn = ""
    for one in segments:  # codes and lengths of ours alone
        place = f'x="{one.x}" y="0" width="{one.width}" height="12"/>'
        drawn += f'<rect class="fill-{one.code}" {place}'
        if one.code != MASTERED.code:
            drawn += f'<rect fill="url(#pattern-{one.code})" {place}'
    bar = '<svg class="stack" width="100%" height="12" aria-hidden="true" focusable="false">'
    return mark_safe(f"{bar}{drawn}</svg>" if drawn else "")


def when(moment: datetime | None, at: datetime) -> SafeString | str:
    """A time in words, the exact value in the title."""
    if moment is None:
        return "–"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exactly(moment), ago(moment, at))
