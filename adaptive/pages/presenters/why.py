"""Why this? The sentence, the three facts that weighed most, with their numbers, and what would have changed it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from adaptive.explanation.models import Explanation
from adaptive.explanation.showing import facts_shown, is_reworded, would_change_shown
from adaptive.mastery.selectors import MASTERED
from adaptive.pages.presenters.bars import MasteryBar
from adaptive.pages.presenters.picks import PickCard, pick_card, why_sentence
from adaptive.recommendation.models import Impression, ImpressionEvent

BELIEFS = {"next_skill", "room_to_learn"}

DISAGREE = (
    ("too_easy", gettext_lazy("Too easy")),
    ("too_hard", gettext_lazy("Too hard")),
    ("seen", gettext_lazy("Did it already")),
    ("not_now", gettext_lazy("Not now")),
)
DISAGREE_REPLIES = {
    "too_easy": gettext_lazy("Noted: too easy. The next picks ask more of you."),
    "too_hard": gettext_lazy("Noted: too hard. The next picks are gentler."),
    "seen": gettext_lazy("Noted: you did this already. It stays away for a while."),
    "not_now": gettext_lazy("Noted: not now. It comes back another day."),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact in words. `bar` where it is a belief with a threshold."""

    text: str
    bar: MasteryBar | None = None


@dataclass(frozen=True, slots=True)
class Why:
    pick: PickCard
    sentence: str
    facts: list[Fact]
    would_change: str
    is_ai: bool  # a model reworded the sentence
    is_exploration: bool
    disagreed: str
    policy: str

    @property
    def disagree(self) -> tuple[tuple[str, Promise], ...]:
        return DISAGREE


def fact_lines(facts: Sequence[Mapping[str, Any]]) -> list[Fact]:
    """The explanation's own facts, in its own words; a belief about a skill also as a bar."""
    lines = []
    for fact in facts:
        if fact.get("role") == "sentence" or not fact.get("text"):
            continue
        p = fact.get("values", {}).get("p_mastery")
        has_bar = fact.get("code") in BELIEFS and isinstance(p, int | float)
        lines.append(Fact(fact["text"], MasteryBar(p, "mastered" if p >= MASTERED else "started") if has_bar else None))
    return lines


def why(impression: Impression) -> Why:
    try:
        explanation = impression.explanation
    except Explanation.DoesNotExist:
        explanation = None
    said = [event.reason for event in impression.events.all() if event.type == ImpressionEvent.Type.DISAGREE]
    return Why(
        pick=pick_card(impression),
        sentence=why_sentence(impression),
        facts=fact_lines(facts_shown(explanation) if explanation else []),
        would_change=would_change_shown(explanation) if explanation else "",
        is_ai=bool(explanation and is_reworded(explanation)),
        is_exploration=impression.is_exploration,
        disagreed=str(dict(DISAGREE).get(said[-1], "")) if said else "",
        policy=impression.slate.policy,
    )
