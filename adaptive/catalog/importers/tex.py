"""TeX out of other systems: without their sizes and colours, with the words in it kept as words."""

import re

MAX_TEX = 2_000
_LOOKS = re.compile(
    r"\\(?:color|textcolor)\s*\{[^{}]*\}|\\(?:tiny|small|normalsize|large|Large|LARGE|huge|Huge|bf|bfseries|inline|dpi"
    r"|displaystyle|bg_white|fn_\w+)(?![a-zA-Z])(?:\{\d*\})?"
)
_TEXT = re.compile(r"'\s*([^'{}\\]*?)\s*'")
_WORDS = re.compile(r"(\\[a-zA-Z]+\s*)|(?<=[A-Za-z0-9,])\s+(?=[A-Za-z])")


def tex_clean(tex: str) -> str:
    """TeX on one line for between two dollars; "" where nothing is left, or where it cannot stand there.

    Sizes, colours and fonts go; quoted texts become \\text; a space between two words, which TeX would swallow, stays.
    """
    if len(tex) > MAX_TEX:
        return ""
    tex = tex.replace("&space;", " ").replace("&plus;", "+")
    tex = " ".join(_LOOKS.sub(" ", tex).split())
    tex = _TEXT.sub(lambda match: rf"\text{{‘{match.group(1)}’}}", tex)
    tex = _WORDS.sub(lambda match: match.group(1) or r"\ ", tex)
    tex = _without_outer_braces(tex.strip())
    if not tex or "$" in tex or tex.count("{") != tex.count("}"):
        return ""
    return tex


def _without_outer_braces(tex: str) -> str:
    """ "{ a }" -> "a", also twice; "{a}{b}" stays."""
    while tex.startswith("{") and tex.endswith("}"):
        depth = 0
        for place, character in enumerate(tex):
            depth += (character == "{") - (character == "}")
            if depth == 0 and place < len(tex) - 1:
                return tex
        tex = tex[1:-1].strip()
    return tex
