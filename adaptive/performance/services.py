"""Making an assessment of a period's performance: facts, words, what retrieval looks for next."""

import uuid
from typing import Any

from django.db import transaction
from django.utils import translation

from adaptive.backends.llm.base import LanguageModel
from adaptive.common.clock import now
from adaptive.explanation.facts import Fact
from adaptive.explanation.rewording import may_reword_for, reworded
from adaptive.learners.languages import is_english, language_of
from adaptive.performance.facts import BUILDER, facts_of
from adaptive.performance.models import PerformanceAssessment
from adaptive.performance.selectors import assessors_of, rows_of, usual_seconds_of
from adaptive.performance.words import words_of
from adaptive.recommendation.gaps import Gap, gaps_record

MAX_CHARACTERS = 1200
MAX_TOKENS = 260


class Gone(RuntimeError):
    """The row is in other hands, done, or was erased with its learner: what was found is thrown away."""


def performance_make(*, assessment_id: int, token: uuid.UUID) -> PerformanceAssessment | None:
    """Reads the period's attempts and writes facts, words and gaps, fenced by the claim's token.

    None where the period holds no attempt any more: the row goes, too. Raises Gone; nothing is written then.
    """
    found = (
        PerformanceAssessment.objects.select_related("learner", "course")
        .filter(pk=assessment_id, lease_token=token)
        .first()
    )
    if found is None:
        raise Gone(f"performance assessment {assessment_id} is gone, or in other hands")
    # Before reading: what changes from here on is found by the sweeper as newer than this.
    made_at = now()
    course, learner = found.course, found.learner
    names = {one["id"]: one.get("name", "") for one in course.misconceptions}
    facts = facts_of(rows_of(found), usual_seconds=usual_seconds_of(found), misconceptions=names)
    if not facts:
        with transaction.atomic():
            _held(assessment_id, token).delete()
        return None
    language = language_of(learner=learner, course=course)
    with translation.override(language):
        words = words_of(facts, period=found.period, is_english=is_english(language))
    values = {
        "facts": facts,
        "word_facts": [fact.to_json() for fact in words.facts],
        "text": words.text,
        "plain_text": words.text,
        "grounding": words.grounding,
        "refused_text": "",
        "is_reword_wanted": may_reword_for(learner=learner, course=course),
        "model": "",
        "prompt_version": "",
        "versions": {"builder": BUILDER, "assessors": assessors_of(found), "language": language},
        "made_at": made_at,
        "state": PerformanceAssessment.State.READY,
        "lease_token": None,
        "lease_until": None,
        "last_error": "",
        "n_tries": 0,
    }
    with transaction.atomic():
        held = _held(assessment_id, token)
        if held.made_at is not None and held.plain_text == words.text and held.facts == facts:
            # Nothing of it changed: better words that were found for the same facts stay.
            for name in ("text", "refused_text", "is_reword_wanted", "model", "prompt_version"):
                del values[name]
        for name, value in values.items():
            setattr(held, name, value)
        held.save(update_fields=list(values))
        gaps_record(assessment_id=held.pk, learner=learner, course=course, gaps=_gaps(facts, names))
    return held


def _held(assessment_id: int, token: uuid.UUID) -> PerformanceAssessment:
    """The row, locked, if it is still this caller's. Raises Gone."""
    held = (
        PerformanceAssessment.objects.select_for_update()
        .filter(pk=assessment_id, lease_token=token, state=PerformanceAssessment.State.PENDING)
        .first()
    )
    if held is None:
        raise Gone(f"performance assessment {assessment_id} is gone, or in other hands")
    return held


def _gaps(facts: dict[str, Any], names: dict[str, str]) -> list[Gap]:
    """What retrieval is to look for: a gap's name with the words of what was missing and of what stood in the way."""
    return [
        Gap(
            skill=gap["skill"],
            resource=gap["resource"],
            text=". ".join([gap["name"], *gap["missing"], *(names.get(m) or m for m in gap["misconceptions"])]),
            score=gap["mean_score"],
        )
        for gap in facts["gaps"]
    ]


def performance_reword(*, assessment_id: int, llm: LanguageModel) -> bool:
    """Lets the model say an assessment in its own words; True where these now stand.

    They stand only if every number and name in them is among the facts. Safe to repeat: it changes an assessment that
    wants it, once.
    """
    found = (
        PerformanceAssessment.objects.select_related("course", "learner")
        .filter(pk=assessment_id, is_reword_wanted=True, state=PerformanceAssessment.State.READY)
        .first()
    )
    # Consent and settings as of now: whoever took their consent back meanwhile is not read any more.
    if found is None or not may_reword_for(learner=found.learner, course=found.course):
        return False
    facts = [Fact.from_json(row) for row in found.word_facts]
    own = {name for fact in facts for name in fact.names}
    others = sorted(set(found.course.skills.values_list("name", flat=True)) - own)
    said = reworded(
        facts,
        llm=llm,
        other_names=others,
        max_tokens=MAX_TOKENS,
        max_characters=MAX_CHARACTERS,
        learner=found.learner,
        subject=found,
    )
    changes: dict[str, Any] = {"is_reword_wanted": False, "model": said.model, "prompt_version": said.prompt_version}
    if said.text:
        changes["text"] = said.text
    else:
        changes["refused_text"] = said.refused
    changed = PerformanceAssessment.objects.filter(
        pk=found.pk, is_reword_wanted=True, state=PerformanceAssessment.State.READY, made_at=found.made_at
    ).update(**changes)
    return bool(changed) and bool(said.text)
