"""Reading a page in tests the way a browser does: its forms, their fields, its text."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"input", "br", "img", "meta", "link", "hr"}


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)

    def with_values(self, **values: str | list[str]) -> dict[str, str | list[str]]:
        """The fields as they would be sent, with these filled in ("_" in a name stands for "-")."""
        sent: dict[str, str | list[str]] = dict(self.fields)
        sent.update({name.replace("_", "-"): value for name, value in values.items()})
        return sent


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._area: str | None = None
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        if tag in ("script", "style"):
            self._skip += 1
        if tag == "form":
            self._form = Form(values.get("action") or "", values.get("method") or "get")
            self.forms.append(self._form)
        if self._form is None:
            return
        name = values.get("name")
        if tag == "input" and name:
            kind = values.get("type", "text")
            if kind not in ("radio", "checkbox") or "checked" in values:
                self._form.fields.setdefault(name, []).append(values.get("value") or "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in values:
            self._form.fields[self._select] = [values.get("value") or ""]
        elif tag == "textarea":
            self._area = name
            self._form.fields[name or ""] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._skip -= 1
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area and self._form:
            self._form.fields[self._area][0] += data
        if not self._skip:
            self.text.append(data)


def read(html: str | bytes) -> _Reader:
    reader = _Reader()
    reader.feed(html.decode() if isinstance(html, bytes) else html)
    return reader


def text_of(html: str | bytes) -> str:
    """All text of the page on one line."""
    return re.sub(r"\s+", " ", " ".join(read(html).text)).strip()


def form_at(html: str | bytes, action_end: str) -> Form:
    """The form whose action ends like this."""
    return next(form for form in read(html).forms if form.action.endswith(action_end))
