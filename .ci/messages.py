"""The texts of the catalogues: `python .ci/messages.py [--check]`.

Reads every text of the code that is to be translated, brings each `django.po` under adaptive/locale up to date (what is
translated stays, new texts come in empty, what the code no longer says goes) and compiles it to the `django.mo` that is
kept beside it, so that no machine needs GNU gettext. Says what is missing, and fails if anything is. `--check` writes
nothing. Django's own reader of templates finds the texts; Babel reads Python and writes the files.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "adaptive" / "locale"
FOLDERS = ("adaptive", "lms_project", "templates")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HOLE = re.compile(r"%\((\w+)\)[#0\- +]*[\d.]*([a-zA-Z])")


def sources() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if (
                path.suffix in (".py", ".html", ".txt")
                and "migrations" not in path.parts
                and "prompts" not in path.parts
            ):
                yield path


def code_of(path: Path) -> str:
    """The file as Python: a template's texts become calls of gettext."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure()
    return "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())


def catalog_of_code() -> Catalog:
    """Every text of the code, with the files that say it."""
    found = Catalog(project="adaptive", charset="utf-8", fuzzy=False)
    for path in sources():
        code = code_of(path)
        if not any(word in code for word in ("gettext", "_(")):
            continue
        for _line, function, message, _comments in extract_python(io.BytesIO(code.encode()), KEYWORDS, [], {}):
            context, texts = picked(KEYWORDS[function], message)
            if texts[0]:
                place = str(path.relative_to(ROOT))
                found.add(texts[0] if len(texts) == 1 else tuple(texts), locations=[(place, None)], context=context)
    return found


def picked(places: tuple | None, message: object) -> tuple[str | None, list[str]]:
    """The context, if any, and the texts among a call's arguments."""
    given = message if isinstance(message, tuple) else (message,)
    if places is None:
        return None, [str(given[0] or "")]
    context, texts = None, []
    for place in places:
        if isinstance(place, tuple):
            context = given[place[0] - 1]
        else:
            texts.append(given[place - 1] or "")
    return context, texts


def catalogs() -> dict[str, Path]:
    """Language -> its django.po."""
    return {path.parent.parent.name: path for path in sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))}


def read(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def renewed(old: Catalog, code: Catalog) -> Catalog:
    """The code's texts with the translations that there are; no guesses, nothing that is no longer said."""
    new = Catalog(
        locale=old.locale, domain="django", header_comment=old.header_comment, project="adaptive", fuzzy=False,
        creation_date=old.creation_date, revision_date=old.revision_date, last_translator=old.last_translator,
        language_team=old.language_team, version="1", msgid_bugs_address=old.msgid_bugs_address,
    )  # fmt: skip
    for message in sorted((m for m in code if m.id), key=lambda m: (sorted(m.locations), str(m.id))):
        known = old.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
        fits = known is not None and isinstance(known.id, str) == isinstance(message.id, str)
        new.add(
            message.id,
            known.string if fits else "",
            locations=sorted(set(message.locations)),
            context=message.context,
            flags=[flag for flag in message.flags if flag != "fuzzy"],
            user_comments=known.user_comments if known else (),
        )
    return new


def complaints(catalog: Catalog, code: Catalog) -> list[str]:
    """What keeps the catalogue from being complete: texts missing, empty, fuzzy, or with other holes."""
    bad = []
    for message in (m for m in code if m.id):
        first = message.id if isinstance(message.id, str) else message.id[0]
        known = catalog.get(first, message.context)
        if known is None:
            bad.append(f"missing: {first!r}")
            continue
        if isinstance(known.id, str) != isinstance(message.id, str):
            bad.append(f"one form where there are two, or the other way round: {first!r}")
            continue
        strings = (known.string,) if isinstance(known.string, str) else tuple(known.string)
        if not all(strings):
            bad.append(f"empty: {first!r}")
        elif known.fuzzy:
            bad.append(f"fuzzy: {first!r}")
        else:
            bad += [f"{problem}: {first!r}" for problem in wrong_holes(message.id, strings)]
    for message in (m for m in catalog if m.id):
        first = message.id if isinstance(message.id, str) else message.id[0]
        if code.get(first, message.context) is None:
            bad.append(f"no longer said: {first!r}")
    return bad


def wrong_holes(id: str | tuple, strings: tuple[str, ...]) -> list[str]:
    """Every form has the holes of its original; a number may go where the form itself says it ("one")."""
    originals = (id,) if isinstance(id, str) else id
    wanted = [set(HOLE.findall(text)) for text in originals]
    for place, string in enumerate(strings):
        holes = set(HOLE.findall(string))
        if holes not in (wanted if place == 0 else wanted[-1:]):
            return [f"other holes ({sorted(holes)})"]
        # "%" alone would be read as a hole where the text is filled in.
        if any(wanted) and "%" in HOLE.sub("", string).replace("%%", ""):
            return ["a single %"]
        if originals[0].startswith("\n") != string.startswith("\n") or originals[0].endswith("\n") != string.endswith(
            "\n"
        ):
            return ["another line break at an end"]
    return []


def compiled(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def contents(data: bytes) -> dict[tuple, object]:
    """What a .mo says, without its header."""
    read = (m for m in read_mo(io.BytesIO(data)) if m.id)
    return {(m.context, m.id if isinstance(m.id, str) else tuple(m.id)): m.string for m in read}


def main() -> int:
    code, n_bad = catalog_of_code(), 0
    for language, path in catalogs().items():
        catalog = read(path, language)
        if "--check" not in sys.argv:
            catalog = renewed(catalog, code)
            out = io.BytesIO()
            write_po(out, catalog, width=110, omit_header=False)
            path.write_bytes(out.getvalue())
            path.with_suffix(".mo").write_bytes(compiled(catalog))
        found = complaints(catalog, code)
        n_bad += len(found)
        for line in found:
            print(f"{language}: {line}")
        print(f"[messages] {language}: {len(catalog)} texts, {len(found)} to be seen to")
    return 1 if n_bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
