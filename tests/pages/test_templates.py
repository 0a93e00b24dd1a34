"""Rules that every template keeps, read from its source."""

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates" / "adaptive").rglob("*.html")) + [
    ROOT / "templates" / name for name in ("404.html", "403_csrf.html")
]
WORDS_OF_OUR_OWN = {"adaptive"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_nothing_inline_that_the_security_policy_would_stop(path):
    source = path.read_text()
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:|hx-on|hx-vals=.js", source)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_word_can_be_translated(path):
    source = path.read_text()
    source = re.sub(r"{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}", "", source, flags=re.S)
    for text in re.findall(r'(?:title|alt|placeholder|aria-label)="([^"{]*)"', source):
        assert not re.search(r"[A-Za-z]{2}", text), text
    source = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", source, flags=re.S)
    source = re.sub(r"<[^>]*>|&\w+;", " ", source)
    assert set(re.findall(r"[A-Za-z]{2,}", source)) <= WORDS_OF_OUR_OWN


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_text_is_never_marked_safe_in_a_template(path):
    assert not re.search(r"\|\s*safe\b|autoescape off", path.read_text())


def test_who_guesses_passwords_is_told_to_wait():
    page = render_to_string("adaptive/locked_out.html", request=RequestFactory().get("/login/"))
    assert "Please wait a few minutes" in page


def test_no_stylesheet_or_script_of_ours_names_another_host():
    for path in (ROOT / "static" / "adaptive").iterdir():
        found = re.findall(r"https?://[\w.]+", path.read_text())
        assert set(found) <= {"http://www.w3.org"}, path


@pytest.mark.parametrize("folder", ["htmx", "pico", "figtree"])
def test_what_is_vendored_comes_with_its_licence(folder):
    files = [path.name for path in (ROOT / "static" / "vendor" / folder).iterdir()]
    assert any(file.startswith("LICENSE") for file in files)
