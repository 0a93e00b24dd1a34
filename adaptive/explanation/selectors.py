from dataclasses import dataclass

from adaptive.explanation.facts import Fact
from adaptive.explanation.models import Explanation
from adaptive.explanation.showing import facts_shown, text_shown, would_change_shown


@dataclass(frozen=True, slots=True)
class ExplanationParts:
    """What the drawer shows: the words, the facts they stand on, and what would change the pick ("" if nothing)."""

    text: str
    sentence: str
    facts: tuple[Fact, ...]
    would_change: str


def explanation_parts(explanation: Explanation) -> ExplanationParts:
    """Takes the explanation apart, in the active language, without a query. `sentence` and `facts` are always the plain
    wording."""
    facts = [Fact.from_json(row) for row in facts_shown(explanation)]
    return ExplanationParts(
        text=text_shown(explanation),
        sentence=next((fact.text for fact in facts if fact.role == "sentence"), explanation.plain_text),
        facts=tuple(fact for fact in facts if fact.role == "fact"),
        would_change=would_change_shown(explanation),
    )
