"""Markdown of resources -> HTML that is safe to send: CommonMark, tables, TeX as MathML; no raw HTML, no images.

Three gates, each enough by itself against a hostile author: the parser knows no HTML, TeX becomes MathML elements from
a closed list, and the cleaner keeps only what is named here. Text of learners and of language models never comes here:
it is escaped, always.
"""

import html
import re
from functools import lru_cache
from xml.etree import ElementTree

import nh3
from django.utils.safestring import SafeString, mark_safe
from latex2mathml import converter
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

MAX_TEX = 2_000
CACHED_TEXTS = 2_048

MATH = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup",
    "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mpadded", "mphantom", "menclose", "mstyle",
}  # fmt: skip
TAGS = MATH | {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h2", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td", "a", "div", "span",
}  # fmt: skip
ATTRIBUTES = {
    "math": {"display", "alttext"},
    "mo": {"stretchy", "fence", "separator", "form", "lspace", "rspace", "minsize", "maxsize", "movablelimits"},
    "mi": {"mathvariant"},
    "mspace": {"width"},
    "mfrac": {"linethickness"},
    "mtable": {"columnalign", "columnspacing", "rowspacing", "columnlines", "rowlines"},
    "mtd": {"columnalign"},
    "menclose": {"notation"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "a": {"href"},
    "ol": {"start"},
    "div": {"class", "tabindex"},
    "code": {"class"},
}
REL = "noopener noreferrer nofollow"
CLASSES = {"div": {"scroll"}, "code": {"tex"}}


def tex_to_mathml(tex: str, *, is_block: bool = False) -> str:
    """TeX as MathML. TeX that cannot be read comes back as escaped code: an author's slip never breaks a page."""
    tex = tex.strip()
    try:
        if len(tex) > MAX_TEX:
            raise ValueError("too long")
        element = converter.convert_to_element(tex, display="block" if is_block else "inline")
        for part in element.iter():
            # The converter writes symbols as entities into text; all other text of an author is escaped below.
            part.text = html.unescape(part.text) if part.text else part.text
            if part.text and part.text.startswith("\\") and len(part.text) > 1 and part.tag != "mtext":
                raise ValueError(f"unknown command {part.text}")
        return ElementTree.tostring(element, encoding="unicode")
    except Exception:  # the converter raises whatever its parser stumbles over, RecursionError included
        return f'<code class="tex">{html.escape(tex)}</code>'


def _math(content: str, options: dict) -> str:
    is_block = bool(options.get("display_mode"))
    rendered = tex_to_mathml(content, is_block=is_block)
    return f'<div class="scroll" tabindex="0">{rendered}</div>' if is_block else rendered


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.disable("image")
    parser.use(
        dollarmath_plugin, allow_space=False, allow_digits=False, allow_labels=False, double_inline=True, renderer=_math
    )
    # Wide content scrolls inside itself, reachable by keyboard, so that the page never does.
    parser.add_render_rule("table_open", lambda *args: '<div class="scroll" tabindex="0"><table>')
    parser.add_render_rule("table_close", lambda *args: "</table></div>")
    parser.add_render_rule("math_inline", lambda self, tokens, i, *rest: _math(tokens[i].content, {}))
    for name in ("math_block", "math_inline_double"):
        parser.add_render_rule(name, lambda self, tokens, i, *rest: _math(tokens[i].content, {"display_mode": True}))
    return parser


_MARKDOWN = _parser()
_HEADING = re.compile(r"<(/?)h([1-6])>")


def _clean(rendered: str) -> SafeString:
    return mark_safe(  # cleaned here and nowhere else
        nh3.clean(
            rendered,
            tags=TAGS,
            clean_content_tags={"script", "style"},
            attributes=ATTRIBUTES,
            allowed_classes=None,
            attribute_filter=_attribute,
            url_schemes={"http", "https", "mailto"},
            link_rel=REL,
            strip_comments=True,
        )
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "rel":
        return REL if tag == "a" else None
    if name not in ATTRIBUTES.get(tag, ()):  # the cleaner lets some through by itself, such as title
        return None
    if name == "class":
        return value if value in CLASSES.get(tag, ()) else None
    if name == "tabindex":
        return value if value == "0" else None
    return value


@lru_cache(maxsize=CACHED_TEXTS)
def render_block(text: str) -> SafeString:
    """A resource's body. Its headings start at h2: the page's own title is the h1. Cached by content."""
    rendered = _MARKDOWN.render(text)
    rendered = _HEADING.sub(lambda m: f"<{m[1]}h{min(int(m[2]) + 1, 6)}>", rendered)
    return _clean(rendered)


@lru_cache(maxsize=CACHED_TEXTS)
def render_inline(text: str) -> SafeString:
    """One line: a choice, a hint in a list, feedback of the author. No paragraphs. Cached by content."""
    return _clean(_MARKDOWN.renderInline(text))


_SYMBOLS = {
    r"\times": "×", r"\cdot": "·", r"\div": "÷", r"\pm": "±", r"\le": "≤", r"\leq": "≤", r"\ge": "≥", r"\geq": "≥",
    r"\ne": "≠", r"\neq": "≠", r"\approx": "≈", r"\pi": "π", r"\Omega": "Ω", r"\%": "%", r"\to": "→",
    r"\rightarrow": "→", r"\degree": "°", r"\circ": "°", r"\ldots": "…", r"\dots": "…", r"\quad": " ", r"\,": " ",
    r"\;": " ", r"\left": "", r"\right": "", r"\{": "{", r"\}": "}", r"\alpha": "α", r"\beta": "β", r"\Delta": "Δ",
    r"\infty": "∞", r"\in": "∈", r"\cup": "∪", r"\cap": "∩",
}  # fmt: skip
_FRACTION = re.compile(r"(\d)?\s*\\[dt]?frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))")
_RAISED = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")


def _fraction(match: re.Match[str]) -> str:
    whole, above, below = match[1] or "", match[2] or match[3] or "", match[4] or match[5] or ""
    above, below = (part if re.fullmatch(r"[\w.,]*", part) else f"({part})" for part in (above, below))
    return f"{whole} {above}/{below}" if whole else f" {above}/{below}"


def tex_to_text(tex: str) -> str:
    r"""TeX of schoolbooks as plain text: \frac{3}{4} -> 3/4, 2\frac{1}{2} -> 2 1/2, x^2 -> x². Other TeX stays."""
    for _ in range(4):  # fractions within fractions, from the inside out
        changed = _FRACTION.sub(_fraction, tex)
        if changed == tex:
            break
        tex = changed
    tex = re.sub(r"\\(?:text|mathrm|mathbf|mathit|operatorname)\s*\{([^{}]*)\}", r"\1", tex)
    tex = re.sub(r"\\sqrt\s*\{(\w*)\}", r"√\1", tex)
    tex = re.sub(r"\\sqrt\s*\{([^{}]*)\}", r"√(\1)", tex)
    tex = re.sub(r"\\[A-Za-z]+|\\[,;%{}]", lambda m: _SYMBOLS.get(m[0], m[0]), tex)
    tex = re.sub(r"\^\{?([0-9+\-n]+)\}?", lambda m: m[1].translate(_RAISED), tex)
    return re.sub(r"[ \t]+", " ", tex.replace("{", "").replace("}", "")).strip()


@lru_cache(maxsize=CACHED_TEXTS)
def plain_text(text: str) -> str:
    """Markdown as one line of plain text: for <option>, titles, labels and table cells, where no element may stand."""
    words: list[str] = []
    for token in _MARKDOWN.parse(text):
        if token.type == "inline":
            words.append(_words(token.children or []))
        elif token.type.startswith("math"):
            words.append(tex_to_text(token.content))
        elif token.content:
            words.append(token.content)
    return re.sub(r"\s+", " ", " ".join(words)).replace("[[", "").replace("]]", "").strip()


def _words(tokens: list[Token]) -> str:
    return "".join(
        tex_to_text(token.content)
        if token.type.startswith("math")
        else " "
        if token.type in ("softbreak", "hardbreak")
        else token.content
        for token in tokens
    )
