"""Facts in a model's own words, which stand only where the check finds every number and name among the facts."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Model

from adaptive.assessment.words.prompts import load_prompt
from adaptive.audit.models import SentText
from adaptive.audit.services import sent_record
from adaptive.backends.llm.base import LanguageModel, ModelUnavailable
from adaptive.catalog.models import Course
from adaptive.common.redacting import redacted
from adaptive.conf import settings
from adaptive.explanation.facts import Fact
from adaptive.explanation.grounding import is_grounded
from adaptive.learners.consents import WORDING, agrees
from adaptive.learners.languages import is_english, language_of
from adaptive.learners.models import Learner
from adaptive.learners.selectors import written_by

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


def may_reword_for(*, learner: Learner, course: Course, purpose: str = WORDING) -> bool:
    """`purpose`: of learners.consents. Only in English: the check of the words knows no other language's numbers and
    sentence starts."""
    return (
        settings().reword_explanations
        and settings().ai_enabled
        and course.is_ai_enabled
        and agrees(learner, purpose)
        and is_english(language_of(learner=learner, course=course))
    )


def reworded(
    facts: Sequence[Fact],
    *,
    llm: LanguageModel,
    other_names: Sequence[str] = (),
    max_tokens: int = MAX_TOKENS,
    max_characters: int = MAX_CHARACTERS,
    learner: Learner,
    subject: Model,
) -> Reworded:
    """Asks the model once. `other_names`: of the course, which these facts do not speak of. What it is given is noted
    for the learner before: the facts, without their name. subject: what the words are of."""
    if not llm.is_available():
        return Reworded()
    prompt = load_prompt(PROMPT)
    given = redacted("\n".join(fact.text for fact in facts), **written_by(learner), kept="\n".join(other_names))
    try:
        asked = prompt.prefix() + prompt.text(facts=given.text)
        sent_record(
            learner=learner,
            purpose=SentText.Purpose.WORDING,
            model=f"{llm.name} {llm.version}",
            host=llm.host,
            text=asked,
            removed=given.removed,
            subject=subject,
        )
        with llm.for_purpose("explain"):
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
