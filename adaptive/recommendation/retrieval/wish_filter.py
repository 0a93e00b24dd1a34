"""A wish's constraints as conditions in SQL on adaptive_resource r. The same rules in Python: wishes/keeping.py."""

from typing import Any

from adaptive.backends.learner_model.difficulty import AVERAGE_SHARE_WRONG
from adaptive.common.probability import logit, sigmoid
from adaptive.recommendation.wishes.keeping import EXERCISE, N_SKILLS, difficulty_range
from adaptive.recommendation.wishes.types import (
    AT_LEAST,
    AT_MOST,
    DIFFICULTY,
    KINDS,
    NOT_KINDS,
    NOT_SKILLS,
    PICTURES,
    SKILLS,
    Wish,
)

AVERAGE = logit(AVERAGE_SHARE_WRONG)  # what a published difficulty of 0 logits stands for

_TRAINS = """EXISTS (SELECT 1 FROM adaptive_resourceskill l
    WHERE l.resource_id = r.id AND l.skill_id = ANY(%({name})s::bigint[]) {among})"""
_DIFFICULTY = """coalesce((SELECT 1 / (1 + exp(greatest(-700, least(700, -(d.used + %(wish_average)s)))))
    FROM adaptive_itemdifficulty d WHERE d.resource_id = r.id), r.authored_difficulty)"""
_CONDITIONS = {
    KINDS: "r.kind = ANY(%(wish_kinds)s::text[])",
    NOT_KINDS: "NOT (r.kind = ANY(%(wish_not_kinds)s::text[]))",
    AT_MOST: "r.duration_minutes <= %(wish_at_most)s",
    AT_LEAST: "r.duration_minutes >= %(wish_at_least)s",
    DIFFICULTY: f"""CASE WHEN r.kind = '{EXERCISE}' THEN
        round(({_DIFFICULTY})::numeric, 4) BETWEEN %(wish_low)s AND %(wish_high)s ELSE %(wish_low)s = 0 END""",
    SKILLS: _TRAINS.format(name="wish_skills", among="AND l.position < %(wish_n_skills)s"),
    NOT_SKILLS: "NOT " + _TRAINS.format(name="wish_not_skills", among=""),
    PICTURES: "r.has_pictures = %(wish_pictures)s",
}


def wish_where(wish: Wish | None) -> tuple[str, dict[str, Any]]:
    """(conditions that begin with AND, their values); ("", {}) where nothing is asked for."""
    if wish is None or not wish.in_force:
        return "", {}
    values: dict[str, Any] = {"wish_average": AVERAGE, "wish_n_skills": N_SKILLS}
    for constraint in wish.in_force:
        if constraint.code == DIFFICULTY:
            values["wish_low"], values["wish_high"] = difficulty_range(constraint)
        else:
            value = constraint.value
            values[f"wish_{constraint.code}"] = list(value) if isinstance(value, tuple) else value
    return "".join(f" AND {_CONDITIONS[constraint.code]}" for constraint in wish.in_force), values


def share_wrong(used: float | None, authored: float | None) -> float | None:
    """The share of wrong answers expected of an exercise: what was published of words and answers, else the author's
    mark; None where there is neither. `used` is in logits (see mastery's ItemDifficulty)."""
    return authored if used is None else sigmoid(used + AVERAGE)
