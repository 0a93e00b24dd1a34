"""A request in words and what came of it: what was understood, to be taken back one by one, and the picks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adaptive.explanation.showing import facts_shown, is_reworded
from adaptive.pages.presenters.picks import PickCard, pick_card
from adaptive.recommendation.models import Impression, Slate
from adaptive.recommendation.selectors import Understood
from adaptive.recommendation.wish_words import COUNTED


@dataclass(frozen=True, slots=True)
class Chip:
    """`words`: of the request, where they are not the label itself. `n_without`: what leaving it out would bring."""

    code: str
    label: str
    words: str
    n_without: str


@dataclass(frozen=True, slots=True)
class Asked:
    query: str
    chips: list[Chip]  # in force
    taken_back: list[Chip]
    missed: str  # the words that nothing here is about
    picks: list[PickCard]
    why_empty: str

    @property
    def headline(self) -> str:
        if not self.picks:
            return _("Nothing found")
        return ngettext("%(n)d pick for you", "%(n)d picks for you", len(self.picks)) % {"n": len(self.picks)}

    @property
    def without(self) -> list[str]:
        return [chip.code for chip in self.taken_back]

    @property
    def is_open(self) -> bool:
        """Nothing in particular was asked for."""
        return not (self.chips or self.taken_back or self.missed)


def _chip(one: Understood) -> Chip:
    n = "" if one.n_without is None else f"{one.n_without}+" if one.n_without >= COUNTED else str(one.n_without)
    words = "" if one.code == "words" or one.words.casefold() == one.label.casefold() else one.words
    return Chip(one.code, one.label, words, n)


def _card(impression: Impression) -> PickCard:
    """The reason as a fact where the sentence would only say the request back, once for every pick."""
    card = pick_card(impression)
    explanation = getattr(impression, "explanation", None)
    facts = facts_shown(explanation) if explanation and not is_reworded(explanation) else []
    if facts and facts[0].get("code") == "matches_query":
        told = next((fact["text"] for fact in facts[1:] if fact.get("code") == "matches_query"), card.why)
        return replace(card, why=told)
    return card


def asked(*, slate: Slate, understood: Sequence[Understood], impressions: Sequence[Impression]) -> Asked:
    missed = next((one.words for one in understood if one.is_missed and one.is_in_force), "")
    return Asked(
        query=slate.query,
        chips=[_chip(one) for one in understood if one.is_in_force and not one.is_missed],
        taken_back=[_chip(one) for one in understood if not one.is_in_force],
        missed=missed,
        picks=[_card(impression) for impression in impressions],
        why_empty=slate.why_empty or _("You have done all of these; ask again for more."),
    )
