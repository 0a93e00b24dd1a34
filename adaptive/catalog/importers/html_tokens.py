"""HTML in pieces, as browsers are lenient, in time linear in its length.

Not the standard library's parser: it takes minutes over half a megabyte of tags that never end, and a browser's rules
of nesting take as long over tags that are never closed. Nesting does not matter here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

# What stands in these is no HTML, up to their own end tag.
RAW = {"script", "style", "textarea", "title", "xmp", "noembed", "noframes"}
MAX_ATTRIBUTES = 60

_NAME = re.compile(r"[a-zA-Z][^\s/>]{0,63}")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s=/>\"'][^\s=/>]{0,199})(?:\s*=\s*)?")


@dataclass(slots=True)
class Start:
    """A start tag; `is_closed` for <b/>."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    is_closed: bool = False


@dataclass(slots=True)
class End:
    tag: str


Token = str | Start | End  # a str is text, its entities replaced


def tokens(html: str) -> Iterator[Token]:
    """Text and tags in order. Comments, declarations and what stands in scripts and styles are left out."""
    place, text_from = 0, 0
    last_end = html.rfind(">")  # behind it nothing is a tag any more
    while True:
        place = html.find("<", place)
        if place < 0 or place > last_end:
            break
        found = _tag(html, place, last_end)
        if found is None:
            place += 1
            continue
        token, after = found
        if place > text_from:
            yield unescape(html[text_from:place])
        if token is not None:
            yield token
            if isinstance(token, Start) and token.tag in RAW and not token.is_closed:
                after = _raw_end(html, token.tag, after)
        place = text_from = after
    if text_from < len(html):
        rest = html[text_from:]
        yield unescape(rest[: rest.index("<!--")] if "<!--" in rest else rest)


def _tag(html: str, place: int, last_end: int) -> tuple[Start | End | None, int] | None:
    """(the tag that begins here, the place behind it); (None, place) for what is skipped; None where no tag begins."""
    if html.startswith("<!--", place):
        end = html.find("-->", place + 4)
        return None, len(html) if end < 0 else end + 3
    if html.startswith(("<!", "<?"), place):
        return None, html.index(">", place) + 1
    is_end = html.startswith("</", place)
    name = _NAME.match(html, place + 1 + is_end)
    if name is None:
        return None
    tag = name.group().lower()
    if is_end:
        return End(tag), html.index(">", place) + 1
    return _start(html, tag, name.end(), last_end)


def _start(html: str, tag: str, at: int, last_end: int) -> tuple[Start, int] | None:
    attributes: dict[str, str] = {}
    n_read = 0
    while n_read < MAX_ATTRIBUTES and (match := _ATTRIBUTE.match(html, at)):
        n_read += 1
        at = match.end()
        value = ""
        if match.group().rstrip().endswith("=") and at < len(html):
            if html[at] in "\"'":
                end = html.find(html[at], at + 1)
                if end < 0 or end > last_end:
                    # The quote never ends within a tag: the tag ends where the next ">" says so.
                    break
                value, at = html[at + 1 : end], end + 1
            else:
                bare = re.compile(r"[^\s>]{0,2000}").match(html, at)
                value, at = bare.group(), bare.end()
        attributes.setdefault(match.group(1).lower(), unescape(value))
    end = html.find(">", at)
    if end < 0:
        return None
    return Start(tag, attributes, is_closed=html[end - 1] == "/"), end + 1


def _raw_end(html: str, tag: str, at: int) -> int:
    """The place of the end tag of a script or style; the end of the text where there is none."""
    match = re.compile(rf"</{tag}(?![a-zA-Z])", re.IGNORECASE).search(html, at)
    return match.start() if match else len(html)
