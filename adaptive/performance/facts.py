"""From a period's attempts to the facts of its assessment. Pure: the same rows give the same facts.

    facts = {
      n_attempts, n_scored, n_right, n_hinted, n_waiting, n_days, mean_score, attempts: [id],
      strengths:      [{skill, resource, name, n_scored, n_right, n_hinted, mean_score, attempts: [id]}],
      gaps:           [the same, and missing: [words], misconceptions: [code]],
      misconceptions: [{id, name, n_attempts, skills: [id], resources: [id], attempts: [id]}],
      pace:           {n_timed, median_seconds, usual_seconds, n_usual, n_rapid, attempts: [id]} or null,
      next:           [{action, skill, resource, name, attempts: [id]}],
    }

`skill` is the exercise's main skill; an exercise without one stands for itself (`resource`). What waits for its mark
counts as an attempt and in no score. A score is a share in [0, 1].
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean, median
from typing import Any

BUILDER = "performance-1"  # grows with every change of what the facts say

RIGHT_FROM = 0.8  # as the recommendation's filter reads a score
STRONG_FROM = 0.8  # mean score from which a skill is a strength
GAP_BELOW = 0.6  # and below which it is a gap
MIN_SCORED = 2  # one answer alone makes neither, unless its assessment says what was missing
MAX_HINTED = 0.5  # share of the answers with a hint up to which a skill can be a strength
MOST = 3  # strengths, gaps and misconceptions told
MAX_MISSING, MISSING_CHARACTERS = 3, 200  # words of what was missing, kept for retrieval
RAPID_SECONDS = 5.0  # a wrong answer faster than this was hardly read (rapid guessing)
MIN_RAPID = 2
LONGEST_SECONDS = 1800.0  # beyond, the learner was away
MIN_TIMED, MIN_USUAL = 2, 5
DIGITS = 4

CLOSE_GAP, PRACTISE_MORE, GO_HARDER, WAIT = "close_gap", "practise_more", "go_harder", "wait"


@dataclass(frozen=True, slots=True)
class Row:
    """One attempt of the period. `score` None: it waits for its mark. `seconds` None: nobody measured it.

    `missing`: words of what the answer lacked. `misconception`: the course's code, "" for none.
    """

    id: int
    resource: int
    title: str
    day: date
    score: float | None
    skill: int | None = None
    skill_name: str = ""
    n_hints: int = 0
    seconds: float | None = None
    missing: str = ""
    misconception: str = ""


def facts_of(
    rows: Sequence[Row], *, usual_seconds: Sequence[float] = (), misconceptions: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The facts of the period, JSON-able; {} where there was no attempt.

    rows: in the order of answering. usual_seconds: of the learner's answers before the period. misconceptions: the
    course's names by code; what the course does not name goes by its code.
    """
    if not rows:
        return {}
    scored = [row for row in rows if row.score is not None]
    told = _about(rows)
    strengths = [about for about in told if _is_strength(about)]
    gaps = [about for about in told if _is_gap(about)]
    strengths.sort(key=lambda about: (-about["n_scored"], -about["mean_score"], about["name"]))
    # The largest first: most answers, least right.
    gaps.sort(key=lambda about: (-about["n_scored"] * (1.0 - about["mean_score"]), about["name"]))
    strengths, gaps = strengths[:MOST], gaps[:MOST]
    for about in strengths:
        del about["missing"], about["misconceptions"]
    facts = {
        "n_attempts": len(rows),
        "n_scored": len(scored),
        "n_right": sum(_is_right(row) for row in scored),
        "n_hinted": sum(row.n_hints > 0 for row in rows),
        "n_waiting": len(rows) - len(scored),
        "n_days": len({row.day for row in rows}),
        "mean_score": _mean(scored),
        "attempts": [row.id for row in rows],
        "strengths": strengths,
        "gaps": gaps,
        "misconceptions": _misconceptions(scored, misconceptions or {}),
        "pace": _pace(rows, usual_seconds),
    }
    return {**facts, "next": _next(facts, told)}


def _is_right(row: Row) -> bool:
    return row.score is not None and row.score >= RIGHT_FROM


def _mean(scored: Sequence[Row]) -> float | None:
    return round(fmean(row.score for row in scored), DIGITS) if scored else None


def _about(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One entry for every skill (or exercise without one) with a scored answer, in the order of first meeting."""
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[("skill", row.skill) if row.skill is not None else ("resource", row.resource)].append(row)
    told = []
    for (kind, key), group in groups.items():
        scored = [row for row in group if row.score is not None]
        if not scored:
            continue
        # Later right answers do not undo what an earlier one lacked, but what is missing must have been missed.
        missed = [row for row in scored if not _is_right(row)]
        missing = dict.fromkeys(row.missing.strip()[:MISSING_CHARACTERS] for row in missed if row.missing.strip())
        told.append(
            {
                "skill": key if kind == "skill" else None,
                "resource": key if kind == "resource" else None,
                "name": group[0].skill_name if kind == "skill" else group[0].title,
                "n_scored": len(scored),
                "n_right": sum(_is_right(row) for row in scored),
                "n_hinted": sum(row.n_hints > 0 for row in scored),
                "mean_score": _mean(scored),
                "attempts": [row.id for row in scored],
                "missing": list(missing)[:MAX_MISSING],
                "misconceptions": list(dict.fromkeys(row.misconception for row in missed if row.misconception)),
            }
        )
    return told


def _is_strength(about: Mapping[str, Any]) -> bool:
    return (
        about["n_scored"] >= MIN_SCORED
        and about["mean_score"] >= STRONG_FROM
        and about["n_hinted"] <= MAX_HINTED * about["n_scored"]
    )


def _is_gap(about: Mapping[str, Any]) -> bool:
    says_what = about["missing"] or about["misconceptions"]
    return about["mean_score"] < GAP_BELOW and (about["n_scored"] >= MIN_SCORED or bool(says_what))


def _misconceptions(scored: Iterable[Row], names: Mapping[str, str]) -> list[dict[str, Any]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in scored:
        if row.misconception and not _is_right(row):
            groups[row.misconception].append(row)
    seen = [
        {
            "id": code,
            "name": names.get(code) or code,
            "n_attempts": len(group),
            "skills": sorted({row.skill for row in group if row.skill is not None}),
            "resources": sorted({row.resource for row in group}),
            "attempts": [row.id for row in group],
        }
        for code, group in groups.items()
    ]
    return sorted(seen, key=lambda one: (-one["n_attempts"], one["id"]))[:MOST]


def _pace(rows: Iterable[Row], usual_seconds: Sequence[float]) -> dict[str, Any] | None:
    """How long an answer took: the median, beside the learner's usual one. None where hardly any was measured."""
    timed = [row for row in rows if row.seconds is not None and 0 < row.seconds <= LONGEST_SECONDS]
    if len(timed) < MIN_TIMED:
        return None
    usual = [seconds for seconds in usual_seconds if 0 < seconds <= LONGEST_SECONDS]
    rapid = [row for row in timed if row.score is not None and not _is_right(row) and row.seconds < RAPID_SECONDS]
    return {
        "n_timed": len(timed),
        "median_seconds": round(median(row.seconds for row in timed), 1),
        "usual_seconds": round(median(usual), 1) if len(usual) >= MIN_USUAL else None,
        "n_usual": len(usual),
        "n_rapid": len(rapid),
        "attempts": [row.id for row in timed],
    }


def _next(facts: Mapping[str, Any], told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What to do next, the most urgent first: at most two things."""

    def step(action: str, about: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "action": action,
            **{name: about.get(name) for name in ("skill", "resource", "name")},
            "attempts": list(about["attempts"]),
        }

    if not facts["n_scored"]:
        return [step(WAIT, {"attempts": facts["attempts"]})]
    if facts["gaps"]:
        return [step(CLOSE_GAP, gap) for gap in facts["gaps"][:2]]
    # Neither strong nor a gap: there is something to win; the least right first.
    strong = {(s["skill"], s["resource"]) for s in facts["strengths"]}
    between = [about for about in told if (about["skill"], about["resource"]) not in strong]
    if between:
        least = min(between, key=lambda about: (about["mean_score"], about["name"]))
        return [step(PRACTISE_MORE, least)]
    return [step(GO_HARDER, facts["strengths"][0])]
