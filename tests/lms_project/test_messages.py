"""Every text that people see is there in every language, as the code says it now."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / ".ci" / "messages.py"


def load():
    spec = importlib.util.spec_from_file_location("messages", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


messages = load()
CODE = messages.catalog_of_code()
CATALOGS = messages.catalogs()
OFFERED = [code for code, _name in settings.LANGUAGES if code != "en"]  # the code itself is English


def test_every_language_that_is_offered_has_a_catalogue():
    assert sorted(CATALOGS) == sorted(OFFERED)


@pytest.mark.parametrize("language", OFFERED)
def test_no_text_is_missing_and_none_has_other_holes(language):
    found = messages.complaints(messages.read(CATALOGS[language], language), CODE)
    assert not found, "Run `.venv/bin/python .ci/messages.py`, then fill these in:\n" + "\n".join(found)


@pytest.mark.parametrize("language", OFFERED)
def test_what_is_compiled_is_what_is_written(language):
    path = CATALOGS[language]
    written = messages.compiled(messages.read(path, language))
    assert messages.contents(written) == messages.contents(path.with_suffix(".mo").read_bytes()), (
        "Run `.venv/bin/python .ci/messages.py`: the .mo is not of this .po."
    )


@pytest.mark.parametrize("language", OFFERED)
def test_pages_find_each_text_and_its_plural(language):
    with translation.override(language):
        for message in (m for m in messages.read(CATALOGS[language], language) if m.id):
            if isinstance(message.id, str):
                told = pgettext(message.context, message.id) if message.context else gettext(message.id)
                assert told == message.string
            else:
                assert [ngettext(*message.id, n) for n in (1, 2, 0)] == [*message.string, message.string[1]]


@pytest.mark.parametrize("language", OFFERED)
def test_texts_are_spelt_with_the_signs_of_their_language(language):
    """German quotes come in pairs of their own, and nothing of the English ones is left over."""
    for message in (m for m in messages.read(CATALOGS[language], language) if m.id):
        for text in (message.string,) if isinstance(message.string, str) else message.string:
            assert "”" not in text and '"' not in text and "'" not in text, text
            assert text.count("„") == text.count("“"), text
            assert not re.search(r"  |\s[,.;:!?]|\s$", text.replace(" …", "")), text


# The reading of the code itself


def test_it_finds_texts_of_python_and_of_templates_with_plurals_and_contexts():
    ids = {m.id if isinstance(m.id, str) else m.id[0]: m for m in CODE if m.id}
    assert "Your skills" in ids and "Not right yet" in ids  # a template, a module
    assert ids["%(n)d day ago"].id == ("%(n)d day ago", "%(n)d days ago")
    assert CODE.get("on %(date)s", "a date").context == "a date"


def test_no_text_is_put_together_before_it_is_translated():
    """`_(f"...")` and `_("..." + name)` can be in no catalogue."""
    bad = []
    for path in messages.sources():
        if path.suffix == ".py" and "gettext" in (code := path.read_text(encoding="utf-8")):
            bad += [f"{path}: {call}" for call in re.findall(r"(?<![\w.])(?:_|n?gettext\w*)\(\s*f[\"'].*", code)]
    assert not bad, bad


@pytest.mark.parametrize(
    ("id", "string", "is_fine"),
    [
        ("Hello %(name)s", "Hallo %(name)s", True),
        ("Hello %(name)s", "Hallo", False),
        ("Hello %(name)s", "Hallo %(nam)s", False),
        ("%(n)d of them", "%(n)s davon", False),
        ("%(n)s %%", "%(n)s %%", True),
        ("%(n)s %%", "%(n)s %", False),
        ("100 % of it", "100 % davon", True),
    ],
)
def test_a_translation_with_other_holes_is_told(id, string, is_fine):
    assert (messages.wrong_holes(id, (string,)) == []) is is_fine


def test_a_number_may_be_left_out_of_neither_form():
    ids = ("%(n)s day", "%(n)s days")
    assert messages.wrong_holes(ids, ("%(n)s Tag", "%(n)s Tage")) == []
    assert messages.wrong_holes(ids, ("%(n)s Tag", "Tage")) != []


def test_bringing_up_to_date_keeps_what_is_translated_and_drops_what_is_no_longer_said():
    old = messages.Catalog(locale="de")
    old.add("Your skills", "Deine Fertigkeiten")
    old.add("Nobody says this any more", "Das sagt niemand mehr")
    new = messages.renewed(old, CODE)
    assert new.get("Your skills").string == "Deine Fertigkeiten" and new.get("Nobody says this any more") is None
    left = messages.complaints(new, CODE)
    assert len(left) == len(CODE) - 1 and all(line.startswith("empty: ") for line in left)


def test_the_command_checks_without_writing():
    before = {path: path.read_bytes() for path in CATALOGS.values()}
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"de: \d+ texts, 0 to be seen to", done.stdout)
    assert {path: path.read_bytes() for path in CATALOGS.values()} == before
