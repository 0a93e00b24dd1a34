"""Facts in a model's own words, which stand only where the check finds every number and name among the facts."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from adaptive.assessment.words.prompts import load_prompt
from adaptive.backends.llm.base import LanguageModel, ModelUnavailable
from adaptive.catalog.models import Course
from adaptive.conf import settings
from adaptive.explanation.facts import Fact
from adaptive.explanation.grounding import is_grounded
from adaptive.learners.models import Learner

logger = logging.getLogger(__name__)

PROMPT = "reword_explanation"
MAX_TOKENS = 110
MAX_CHARACTERS = 500
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Reworded:
    """`text`: the model's words, "" where they may not stand; then `refused` holds them. All "" where it said none."""

    text: str = ""
    refused: str = ""
    model: str = ""
    prompt_version: str = ""


def may_reword_for(*, learner: Learner, course: Course) -> bool:
    """Only in English: the check of the words knows no other language's numbers and sentence starts."""
    language = learner.language or course.language
    return (
        settings().reword_explanations
        and settings().ai_enabled
        and course.is_ai_enabled
        and learner.ai_consent
        and language.lower().split("-")[0] == "en"
    )


def reworded(
    facts: Sequence[Fact],
    *,
    llm: LanguageModel,
    other_names: Sequence[str] = (),
    max_tokens: int = MAX_TOKENS,
    max_characters: int = MAX_CHARACTERS,
) -> Reworded:
    """Asks the model once. `other_names`: of the course, which these facts do not speak of."""
    prompt = load_prompt(PROMPT)
    try:
        asked = prompt.prefix() + prompt.text(facts="\n".join(fact.text for fact in facts))
        answer = _tidy(llm.generate(asked, max_tokens=max_tokens, stop=["\n", "###"], seconds=SECONDS))
    except ModelUnavailable:
        answer = ""
    if not answer:
        return Reworded()
    grounding = is_grounded(answer, facts, other_names=other_names)
    made = {"model": f"{llm.name} {llm.version}"[:128], "prompt_version": prompt.version[:64]}
    if grounding.ok and len(answer) <= max_characters:
        return Reworded(text=answer, **made)
    logger.info("the plain words stand; refused: %s", ", ".join(grounding.offending) or "too long")
    return Reworded(refused=answer, **made)


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().strip('"').strip()
