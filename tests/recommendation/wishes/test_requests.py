"""The labelled requests of fixtures/requests, read with the skills of their courses."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from adaptive.evaluation.requests import SETS, cases_read
from adaptive.practice.demo.services import fixtures_folder
from adaptive.recommendation.wishes.reading import read_wish

REQUESTS = fixtures_folder().parent / "requests"


def course(name: str) -> dict[str, Any]:
    folder: Path = REQUESTS / name if (REQUESTS / name).is_dir() else fixtures_folder() / name
    return json.loads((folder / "course.json").read_text("utf-8"))


def understood(case) -> dict[str, Any]:
    about = course(case.course)
    skills = [(skill["id"], skill["name"]) for skill in about["skills"]]
    found: dict[str, Any] = {}
    for constraint in read_wish(case.text, skills=skills, language=about["language"]).in_force:
        value = constraint.value
        if isinstance(value, tuple):
            value = value[0] if constraint.code == "difficulty" and len(value) == 1 else sorted(value)
        found[constraint.code] = value
    return found


def labelled(case) -> dict[str, Any]:
    return {code: sorted(value) if isinstance(value, list) else value for code, value in case.expect.items()}


def test_the_first_set_has_sixty_requests_of_every_sort():
    cases = cases_read("requests")
    assert len(cases) == 60 and len({case.id for case in cases}) == 60
    codes = Counter(code for case in cases for code in case.expect)
    assert min(codes[c] for c in ("kinds", "not_kinds", "at_most", "difficulty", "skills", "pictures")) >= 5, codes
    assert sum(not case.expect for case in cases) >= 8, "requests without any constraint belong to it"
    assert Counter(case.course for case in cases)["brueche"] >= 10, "and German ones"


@pytest.mark.parametrize("case", [case for name in SETS for case in cases_read(name)], ids=lambda case: case.id)
def test_a_request_is_understood_as_labelled(case):
    assert understood(case) == labelled(case)
