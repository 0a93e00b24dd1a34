"""A pick as a card: what it is, how long it takes, and the one sentence why."""

from dataclasses import dataclass
from uuid import UUID

from adaptive.explanation.models import Explanation
from adaptive.explanation.showing import facts_shown, is_reworded
from adaptive.pages.markdown import plain_text
from adaptive.pages.presenters.wording import kind_name, minutes
from adaptive.recommendation.models import Impression


@dataclass(frozen=True, slots=True)
class PickCard:
    slate_id: UUID
    position: int
    title: str
    kind: str
    kind_name: str
    minutes: str
    why: str
    p_correct: float | None


def why_sentence(impression: Impression) -> str:
    """The one sentence why; the whole text where a model has reworded it; "" in the moment before there is any."""
    try:
        explanation = impression.explanation
    except Explanation.DoesNotExist:
        return ""
    if is_reworded(explanation):
        return explanation.text
    facts = facts_shown(explanation)
    return next((fact["text"] for fact in facts if fact.get("role") == "sentence"), explanation.text)


def pick_card(impression: Impression) -> PickCard:
    resource = impression.resource
    return PickCard(
        slate_id=impression.slate_id,
        position=impression.position,
        title=plain_text(resource.title),
        kind=resource.kind,
        kind_name=kind_name(resource.kind),
        minutes=minutes(resource.duration_minutes),
        why=why_sentence(impression),
        p_correct=impression.p_correct,
    )
