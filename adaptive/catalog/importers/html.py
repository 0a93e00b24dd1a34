"""HTML of other systems -> our Markdown. Only words, structure and formulas survive: no address, no script, no picture.

Pure and linear in the length of the text. What could be lost with the rest is returned by name, so that a report can
say so.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from adaptive.catalog.importers.html_tokens import End, tokens
from adaptive.catalog.importers.tex import tex_clean

MAX_HTML = 500_000
# Formulas drawn by a web service: the TeX stands in the address of the picture.
FORMULA_HOSTS = {"latex.codecogs.com", "www.codecogs.com", "chart.googleapis.com", "latex.ilinsky.com"}
WITHOUT_WORDS = {"script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "textarea"}
LOST = {"iframe": "frame", "video": "video", "audio": "sound", "object": "object", "svg": "drawing", "math": "formula"}
BLOCKS = {
    "p", "div", "center", "section", "article", "body", "html", "header", "footer", "blockquote", "figure", "dl", "dd",
    "dt", "form", "fieldset", "hr",
}  # fmt: skip
VOID = {"br", "img", "hr"}
EMPHASIS = {"b": "**", "strong": "**", "i": "*", "em": "*"}

_SPECIAL = re.compile(r"([\\`*\[$])|(~)(?=~)|(?<![^\W_])(_)|(_)(?![^\W_])|(<)(?=[A-Za-z!/?])|(&)(?=#?\w{1,32};)")
_LINE_START = re.compile(r"^( *)(#{1,6}(?=\s|$)|[-+](?=\s|$)|>|={3,}|-{3,})", re.MULTILINE)
_AFTER_FORMULA = re.compile(r"(?<!\\)\$ (?=[,.;:?!)])")
_NUMBERED = re.compile(r"^( *\d{1,9})([.)])(?=\s|$)", re.MULTILINE)


def text_to_markdown(text: str) -> str:
    """Plain text as Markdown that shows exactly this text (runs of spaces as one)."""
    escaped = _SPECIAL.sub(lambda match: "\\" + match.group(), re.sub(r"[^\S\n]+", " ", text).strip())
    return _NUMBERED.sub(r"\1\\\2", _LINE_START.sub(r"\1\\\2", escaped))


@dataclass(slots=True)
class Converted:
    """`lost`: what of the HTML is not in the text, such as "picture diagram.png"."""

    text: str
    lost: list[str] = field(default_factory=list)


def html_to_markdown(html: str) -> Converted:
    """The words of a piece of HTML as Markdown, with TeX between dollars."""
    converter = _Converter()
    for token in tokens(html[:MAX_HTML]):
        if isinstance(token, str):
            converter.text(token)
        elif isinstance(token, End):
            converter.end(token.tag)
        else:
            converter.start(token.tag, token.attributes)
            if token.is_closed and token.tag not in VOID:
                converter.end(token.tag)
    converter.finish()
    if len(html) > MAX_HTML:
        converter.lost.append(f"everything behind the first {MAX_HTML:,} characters")
    return Converted("\n\n".join(converter.blocks), list(dict.fromkeys(converter.lost)))


class _Converter:
    """Takes the pieces of the HTML in their order; `blocks` is the Markdown."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.lost: list[str] = []
        self._words: list[str] = []  # of the block, list item or cell that is being read; "\n" is a line break
        self._emphasis: list[tuple[str, int]] = []  # mark, place in _words where it began
        self._lists: list[str] = []  # "ul" or "ol", innermost last
        self._numbers: list[int] = []
        self._prefix = ""
        self._rows: list[list[str]] | None = None
        self._n_tables = 0  # tables open; those within a cell only give their words
        self._in_cell = False
        self._silent = 0
        self._pre = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in LOST:
            self.lost.append(LOST[tag])
        if tag in WITHOUT_WORDS:
            self._silent += 1
        elif self._silent:
            return
        elif tag == "br":
            self._words.append("\n")
        elif tag == "img":
            self._image(attributes)
        elif tag == "pre":
            self._flush()
            self._pre += 1
        elif tag in EMPHASIS:
            self._emphasis.append((EMPHASIS[tag], len(self._words)))
        elif tag in {"ul", "ol"}:
            self._flush()
            self._lists.append(tag)
            self._numbers.append(0)
        elif tag == "li":
            self._flush()
            self._item_begin()
        elif re.fullmatch("h[1-6]", tag):
            self._flush()
            self._prefix = "" if self._in_cell else "#### "
        elif tag == "table":
            self._table_begin()
        elif tag == "tr":
            self._row_begin()
        elif tag in {"td", "th"}:
            self._cell_begin()
        elif tag in BLOCKS:
            self._flush()
        elif tag in {"sup", "sub"}:
            self._words.append("^" if tag == "sup" else r"\_")

    def end(self, tag: str) -> None:
        if tag in WITHOUT_WORDS:
            self._silent = max(0, self._silent - 1)
        elif self._silent:
            return
        elif tag == "br":  # "</br>", which browsers read as a line break
            self._words.append("\n")
        elif tag in EMPHASIS and self._emphasis:
            self._emphasis_end()
        elif tag == "pre" and self._pre:
            self._flush()
            self._pre -= 1
        elif tag in {"ul", "ol"} and self._lists:
            self._flush()
            self._lists.pop()
            self._numbers.pop()
        elif tag in {"td", "th", "tr"}:
            self._cell_end()
        elif tag == "table":
            self._table_end()
        elif tag in BLOCKS or tag == "li" or re.fullmatch("h[1-6]", tag):
            self._flush()

    def text(self, data: str) -> None:
        if self._silent or not data:
            return
        if self._rows is not None and not self._in_cell and not data.strip():
            return
        if self._pre:
            self._words.append(data)
            return
        self._words.append(_SPECIAL.sub(lambda match: "\\" + match.group(), re.sub(r"\s+", " ", data)))

    # -- pieces
    def _image(self, attributes: dict[str, str]) -> None:
        address = attributes.get("src", "")
        try:
            host = urlsplit(address).hostname or ""
        except ValueError:
            host = ""
        if host in FORMULA_HOSTS and "?" in address:
            tex = tex_clean(unquote(address.partition("?")[2]))
            if tex:
                # Dollars next to a digit or a letter would not be read as a formula.
                self._words.append(f" ${tex}$ ")
                return
        name = address.rsplit("/", 1)[-1][:60] if not address.startswith("data:") else "inside the text"
        alt = " ".join(attributes.get("alt", "").split())
        if alt:
            self._words.append(f" \\[{_SPECIAL.sub(lambda match: chr(92) + match.group(), alt)}\\] ")
        self.lost.append(f"picture {name}".strip())

    def _emphasis_end(self) -> None:
        mark, begin = self._emphasis.pop()
        inside = "".join(self._words[begin:])
        core = inside.strip()
        if core and "\n" not in core and not self._pre:
            # Marks must touch the words that they mark.
            left, right = inside[: len(inside) - len(inside.lstrip())], inside[len(inside.rstrip()) :]
            self._words[begin:] = [left, mark, core, mark, right]

    def _item_begin(self) -> None:
        depth = "   " * max(0, len(self._lists) - 1)
        if self._lists and self._lists[-1] == "ol":
            self._numbers[-1] += 1
            self._prefix = f"{depth}{self._numbers[-1]}. "
        else:
            self._prefix = f"{depth}- "

    def _table_begin(self) -> None:
        self._n_tables += 1
        if self._n_tables == 1:
            self._flush()
            self._rows = []

    def _row_begin(self) -> None:
        if self._n_tables == 1 and self._rows is not None:
            self._cell_end()
            self._rows.append([])

    def _cell_begin(self) -> None:
        if self._n_tables != 1 or self._rows is None:
            self._words.append(" ")
            return
        self._cell_end()
        if not self._rows:
            self._rows.append([])
        self._words, self._emphasis, self._in_cell = [], [], True

    def _cell_end(self) -> None:
        if self._in_cell and self._n_tables == 1 and self._rows:
            self._rows[-1].append(" ".join("".join(self._words).split()).replace("|", "\\|"))
            self._words, self._emphasis, self._in_cell = [], [], False

    def _table_end(self) -> None:
        if self._n_tables == 1 and self._rows is not None:
            self._cell_end()
            rows = [row for row in self._rows if any(row)] if len(self._rows) < 2 else [r for r in self._rows if r]
            self._rows, self._words, self._emphasis = None, [], []
            if rows:
                width = max(map(len, rows))
                lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
                self.blocks.append("\n".join([lines[0], "|" + " --- |" * width, *lines[1:]]))
        self._n_tables = max(0, self._n_tables - 1)

    def _flush(self) -> None:
        """Ends the block that is being read; within a cell a space is enough."""
        if self._in_cell or self._n_tables:
            self._words.append(" ")
            return
        text, prefix = _AFTER_FORMULA.sub("$", "".join(self._words)), self._prefix
        self._words, self._emphasis, self._prefix = [], [], ""
        if self._pre and text.strip():
            longest = max((len(run) for run in re.findall("`+", text)), default=0)
            fence = "`" * max(3, longest + 1)
            self.blocks.append(f"{fence}\n{text.strip(chr(10))}\n{fence}")
            return
        for paragraph in re.split(r"\n\s*\n", re.sub(r" ?\n ?", "\n", re.sub(r"[^\S\n]+", " ", text))):
            lines = [" ".join(line.split()) for line in paragraph.strip().split("\n")]
            lines = [_NUMBERED.sub(r"\1\\\2", _LINE_START.sub(r"\1\\\2", line)) for line in lines if line]
            if lines:
                joined = " ".join(lines) if prefix.startswith("#") else "\\\n".join(lines)
                self.blocks.append(prefix + joined)
                prefix = ""

    def finish(self) -> None:
        """At the end of the text: whatever is still open is closed."""
        while self._n_tables:
            self._table_end()
        self._in_cell = False
        self._flush()
