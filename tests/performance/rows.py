"""Rows of a period by hand: four exercises of two skills."""

from datetime import date

from adaptive.performance.facts import Row

DAY = date(2026, 3, 2)


def row(number: int, score: float | None, *, skill: int | None = 1, **values) -> Row:
    values.setdefault("resource", 100 + number)
    values.setdefault("title", f"Exercise {number}")
    values.setdefault("skill_name", "" if skill is None else f"Skill {chr(64 + skill)}")
    values.setdefault("day", DAY)
    return Row(id=number, score=score, skill=skill, **values)
