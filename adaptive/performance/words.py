"""The plain words of an assessment, a line a fact, spoken to "you". Only translations of Django's; no model.

Every number and name is one that the fact says (see explanation.facts), and in English every line is checked against
its own facts before it may stand: a line that the check refuses is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adaptive.explanation.facts import Fact, fact_of, number_shown
from adaptive.explanation.grounding import is_grounded

from .facts import CLOSE_GAP, GO_HARDER, MIN_RAPID, PRACTISE_MORE, RAPID_SECONDS

MINUTES_FROM = 90.0  # seconds from which a pace is said in minutes

SUMMARY, STRENGTH, GAP, MISCONCEPTION, PACE, NEXT = "summary", "strength", "gap", "misconception", "pace", "next"


@dataclass(frozen=True, slots=True)
class Words:
    """`facts`: what the words speak of, each with its line. `grounding`: JSON-able, as it is stored."""

    text: str
    facts: tuple[Fact, ...]
    grounding: dict[str, Any]


def words_of(facts: Mapping[str, Any], *, period: str, is_english: bool) -> Words:
    """The words in the active language. `is_english`: may the check, which knows English alone, be asked?"""
    lines = _lines(facts, period=period)
    if not is_english:
        return Words(_text(lines), tuple(lines), {"is_checked": False, "is_grounded": True, "offending": []})
    offending: list[str] = []
    kept = []
    for line in lines:
        found = is_grounded(line.text, [line])
        offending += found.offending
        if found.ok:
            kept.append(line)
    grounding = {"is_checked": True, "is_grounded": not offending, "offending": list(dict.fromkeys(offending))}
    return Words(_text(kept), tuple(kept), grounding)


def _text(lines: Sequence[Fact]) -> str:
    return " ".join(line.text for line in lines)


def _lines(facts: Mapping[str, Any], *, period: str) -> list[Fact]:
    lines = [_summary(facts, period)]
    lines += [_skill_line(STRENGTH, about) for about in facts["strengths"]]
    lines += [_skill_line(GAP, about) for about in facts["gaps"]]
    lines += [_misconception(one) for one in facts["misconceptions"]]
    if facts["pace"]:
        lines += _pace(facts["pace"])
    lines += [_next(step, place) for place, step in enumerate(facts["next"])]
    return lines


def _said(code: str, values: Mapping[str, Any], attempts: Sequence[int], text: str, **shown: Any) -> Fact:
    """A fact with its line. `text` has a hole for every value; numbers fill it as they are said."""
    fact = fact_of(code, values, role="sentence" if code == SUMMARY else "fact")
    numbers = {key: number_shown(key, value) for key, value in values.items() if isinstance(value, int | float)}
    names = {key: value for key, value in values.items() if isinstance(value, str)}
    return replace(fact, values={**values, "attempts": list(attempts)}, text=text % {**names, **numbers, **shown})


def _summary(facts: Mapping[str, Any], period: str) -> Fact:
    values = {"n_attempts": facts["n_attempts"], "n_right": facts["n_right"]}
    n = facts["n_attempts"]
    if period == "week":
        values["days"] = facts["n_days"]
        days = ngettext("on %(days)s day", "on %(days)s days", facts["n_days"]) % {"days": str(facts["n_days"])}
        given = ngettext("You gave %(n_attempts)s answer %(on)s", "You gave %(n_attempts)s answers %(on)s", n)
    else:
        days = ""
        given = ngettext("You gave %(n_attempts)s answer", "You gave %(n_attempts)s answers", n)
    if not facts["n_scored"]:
        del values["n_right"]
        end = ngettext("; it still waits for its mark.", "; they still wait for their marks.", n)
    elif facts["n_waiting"]:
        values["n_waiting"] = facts["n_waiting"]
        end = ngettext(
            "; %(n_right)s right so far, and %(n_waiting)s still waits for its mark.",
            "; %(n_right)s right so far, and %(n_waiting)s still wait for their marks.",
            facts["n_waiting"],
        )
    elif n == 1:
        del values["n_right"]
        end = _(", and it was right.") if facts["n_right"] else _(", and it was not right yet.")
    elif facts["n_right"] == n:
        del values["n_right"]
        end = _(", and all of them were right.")
    elif not facts["n_right"]:
        del values["n_right"]
        end = _(", and none of them was right yet.")
    else:
        end = _("; %(n_right)s of them right.")
    return _said(SUMMARY, values, facts["attempts"], given + end, on=days)


def _skill_line(code: str, about: Mapping[str, Any]) -> Fact:
    values = {"skill": about["name"], "n_scored": about["n_scored"], "n_right": about["n_right"]}
    if code == STRENGTH:
        text = _("You are doing well in “%(skill)s”: %(n_right)s of %(n_scored)s right.")
    elif about["n_scored"] == 1:
        text = _("There is a gap in “%(skill)s”: your answer was not right yet.")
    else:
        text = _("There is a gap in “%(skill)s”: %(n_right)s of %(n_scored)s right.")
    return _said(code, values, about["attempts"], text)


def _misconception(one: Mapping[str, Any]) -> Fact:
    text = ngettext(
        "What stood in the way in %(n_seen)s answer: “%(misconception)s”.",
        "What stood in the way in %(n_seen)s answers: “%(misconception)s”.",
        one["n_attempts"],
    )
    return _said(MISCONCEPTION, {"misconception": one["name"], "n_seen": one["n_attempts"]}, one["attempts"], text)


def _pace(pace: Mapping[str, Any]) -> list[Fact]:
    now, before = pace["median_seconds"], pace["usual_seconds"]
    if max(now, before or 0) < MINUTES_FROM:
        values: dict[str, Any] = {"seconds": now}
        text = _("You took about %(seconds)s seconds for an answer.")
        if before is not None:
            values["usual_seconds"] = before
            text = _("You took about %(seconds)s seconds for an answer; it was about %(usual_seconds)s seconds before.")
            if number_shown("seconds", now) == number_shown("usual_seconds", before):
                del values["usual_seconds"]
                text = _("You took about %(seconds)s seconds for an answer, as long as before.")
    else:
        values = {"minutes": now / 60}
        text = ngettext(
            "You took about %(minutes)s minute for an answer.",
            "You took about %(minutes)s minutes for an answer.",
            int(number_shown("minutes", now / 60)),
        )
        if before is not None:
            values["usual_minutes"] = before / 60
            text = _("You took about %(minutes)s min for an answer; it was about %(usual_minutes)s min before.")
            if number_shown("minutes", now / 60) == number_shown("usual_minutes", before / 60):
                del values["usual_minutes"]
                text = _("You took about %(minutes)s min for an answer, as long as before.")
    lines = [_said(PACE, values, pace["attempts"], text)]
    if pace["n_rapid"] >= MIN_RAPID:
        values = {"n_rapid": pace["n_rapid"], "within_seconds": RAPID_SECONDS}
        text = _("%(n_rapid)s wrong answers came within %(within_seconds)s seconds; take your time to read.")
        lines.append(_said(PACE, values, pace["attempts"], text))
    return lines


def _next(step: Mapping[str, Any], place: int) -> Fact:
    if step["action"] == CLOSE_GAP and place:
        text = _("After that, “%(skill)s” is next.")
    elif step["action"] == CLOSE_GAP:
        text = _("Next, work on “%(skill)s”; we look for what helps with it.")
    elif step["action"] == PRACTISE_MORE:
        text = _("Next, practise “%(skill)s” a little more.")
    elif step["action"] == GO_HARDER:
        text = _("Next, you can go on from “%(skill)s” to something harder.")
    else:
        return _said(NEXT, {}, step["attempts"], _("Next, go on while your answers are being marked."))
    return _said(NEXT, {"skill": step["name"]}, step["attempts"], text)
