"""Why a course is offered, in words: one short sentence a reason, from its logged facts alone."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adaptive.explanation.facts import Fact, fact_of, number_shown, quotable


def offer_facts(reasons: Iterable[Mapping[str, Any]]) -> list[Fact]:
    """The reasons as facts with their texts in the active language, in order; none of a name that would lead astray."""
    facts = [_worded(fact_of(reason["code"], reason["facts"])) for reason in reasons]
    return [fact for fact in facts if fact.text and all(quotable(name) for name in fact.names)]


def _worded(fact: Fact) -> Fact:
    s = {k: number_shown(k, v) if isinstance(v, int | float) else v for k, v in fact.values.items()}
    match fact.code:
        case "after_finished":
            text = _("You have mastered about %(share)s %% of “%(course)s”; this comes close to it.") % s
        case "near_course":
            text = _("It comes close to “%(course)s”, where you are learning.") % s
        case "looked_at":
            text = _("It comes close to what you practised and opened lately: about %(similarity)s %% alike.") % s
        case "taken_together":
            text = (
                ngettext(
                    "%(n_learners)s other learner in “%(course)s” is in it as well.",
                    "%(n_learners)s other learners in “%(course)s” are in it as well.",
                    fact.values["n_learners"],
                )
                % s
            )
        case _:
            text = ""
    return replace(fact, text=text)
