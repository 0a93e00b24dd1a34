"""A wish said back in words: a short label for each constraint, and why nothing keeps them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from adaptive.recommendation.wishes.keeping import difficulty_range
from adaptive.recommendation.wishes.types import (
    AT_LEAST,
    AT_MOST,
    DIFFICULTY,
    KINDS,
    NOT_KINDS,
    NOT_SKILLS,
    PICTURES,
    SKILLS,
    WORDS,
    Constraint,
    Wish,
)

KIND_NAMES = {
    "exercise": gettext_lazy("exercise"),
    "reading": gettext_lazy("reading"),
    "video": gettext_lazy("video"),
    "worked_example": gettext_lazy("worked example"),
}
DIFFICULTY_NAMES = {
    "easy": gettext_lazy("easy"),
    "not_hard": gettext_lazy("not hard"),
    "medium": gettext_lazy("of medium difficulty"),
    "not_easy": gettext_lazy("not easy"),
    "hard": gettext_lazy("hard"),
}
MAX_NAMED_SKILLS = 3
SHOWN_WORDS = 60


@dataclass(frozen=True, slots=True)
class Offer:
    """What taking one thing back would bring: at least `n` resources (`n` is counted up to COUNTED)."""

    code: str
    n: int

    def to_json(self) -> dict[str, Any]:
        return {"without": self.code, "n": self.n}


COUNTED = 20


def label_of(constraint: Constraint) -> str:
    """The constraint as it was understood, such as "reading or video", "at most 5 min", "not parallel circuits"."""
    code, value = constraint.code, constraint.value
    if code in (KINDS, NOT_KINDS):
        names = _either([str(KIND_NAMES.get(kind, kind)) for kind in value])
        return names if code == KINDS else _("no %(what)s") % {"what": names}
    if code in (AT_MOST, AT_LEAST):
        minutes = number_format(f"{value:g}")
        return (_("at most %(n)s min") if code == AT_MOST else _("at least %(n)s min")) % {"n": minutes}
    if code == DIFFICULTY:
        return ", ".join(str(DIFFICULTY_NAMES[word]) for word in value)
    if code in (SKILLS, NOT_SKILLS):
        names = list(constraint.names[:MAX_NAMED_SKILLS])
        if more := len(constraint.names) - len(names):
            names.append(ngettext("%(n)d more", "%(n)d more", more) % {"n": more})
        return (_("on %(what)s") if code == SKILLS else _("not on %(what)s")) % {"what": _either(names)}
    if code == PICTURES:
        return _("with pictures") if value else _("without pictures")
    raise ValueError(f"{code!r} is no constraint.")


def words_label(wish: Wish) -> str:
    """The rest of the words, as they are looked for."""
    words = wish.meaning if len(wish.meaning) <= SHOWN_WORDS else wish.meaning[: SHOWN_WORDS - 1] + "…"
    return _("about “%(words)s”") % {"words": words}


def label_by_code(wish: Wish, code: str) -> str:
    return words_label(wish) if code == WORDS else label_of(next(c for c in wish.constraints if c.code == code))


def _either(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s or %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


def contradiction(wish: Wish) -> tuple[str, str] | None:
    """The codes of two constraints in force that no item can keep together, or twice the same one."""
    kinds, not_kinds = wish.constraint(KINDS), wish.constraint(NOT_KINDS)
    if kinds and not_kinds and set(kinds.value) <= set(not_kinds.value):
        return KINDS, NOT_KINDS
    most, least = wish.constraint(AT_MOST), wish.constraint(AT_LEAST)
    if most and least and least.value > most.value:
        return AT_MOST, AT_LEAST
    difficulty = wish.constraint(DIFFICULTY)
    if difficulty:
        low, high = difficulty_range(difficulty)
        if low > high:
            return DIFFICULTY, DIFFICULTY
    skills, not_skills = wish.constraint(SKILLS), wish.constraint(NOT_SKILLS)
    if skills and not_skills and set(skills.value) <= set(not_skills.value):
        return SKILLS, NOT_SKILLS
    return None


def unmet(wish: Wish, offers: Sequence[Offer]) -> str:
    """One or two plain sentences: what no resource keeps, and which part of it to leave out."""
    labels = [label_by_code(wish, code) for code in wish.codes]
    if pair := contradiction(wish):
        one, other = (label_by_code(wish, code) for code in pair)
        if one == other:
            return _("“%(one)s” cannot be; leave it out.") % {"one": one}
        return _("“%(one)s” and “%(other)s” cannot both be; leave one out.") % {"one": one, "other": other}
    said = _("Nothing in this course is all of this: %(all)s.") % {"all": ", ".join(labels)}
    # Of several that bring as much, the last in order: rather no pictures than another kind.
    if best := max(reversed(offers), key=lambda offer: offer.n, default=None):
        label = label_by_code(wish, best.code)
        shown = f"{best.n}+" if best.n >= COUNTED else str(best.n)
        return f"{said} " + _("Without “%(label)s” there would be something (%(n)s).") % {"label": label, "n": shown}
    return f"{said} " + _("Leave more than one of them out.") if len(labels) > 1 else said
