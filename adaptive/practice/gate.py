"""The trust gate: which marks of words by machine count at once, and which go to a person first."""

import logging
from dataclasses import dataclass, replace

import numpy as np

from adaptive.assessment.agreement import UNSURE, active_version, agreement_fresh, floor_of, threshold_for
from adaptive.assessment.models import AnswerVector, AssessorVersion
from adaptive.assessment.trust.calibrator import Calibrator, shifted
from adaptive.assessment.types import LABELS, Verdict
from adaptive.assessment.words import feedback
from adaptive.assessment.words.combine import verdict_of
from adaptive.assessment.words.text import Text
from adaptive.backends.embedding.base import EmbeddingModel
from adaptive.common.hashing import stable_seed
from adaptive.conf import settings
from adaptive.events.models import Attempt
from adaptive.practice.finetuning.adapting import shift_for
from adaptive.practice.reading import words_given

logger = logging.getLogger(__name__)


def with_last_word(attempt: Attempt, verdict: Verdict) -> Verdict:
    """The verdict after what was learned from the course's own marks, if anything was.

    Verdicts by key, and those that a rule holds back, stay as they are. Outside of any transaction.
    """
    if verdict.assessor_kind != "llm":
        return verdict
    agreement_fresh(course=attempt.course, model=verdict.model)
    version = active_version(attempt.course, model=verdict.model)
    p = verdict.details.get("p")
    if version is None or verdict.needs_review or not isinstance(p, dict) or set(p) != set(LABELS):
        return verdict
    shift, adapted = 0.0, {}
    if version.kind == AssessorVersion.Kind.ADAPTER:
        found = shift_for(attempt, version)
        if found is None:
            return verdict  # without the version its figures do not hold, so that a person looks
        shift, adapted = found, {"adapted": {"version": version.pk, "shift": found}}
    calibrator = Calibrator.from_json(version.params["calibrator"])
    before = np.array([p[name] for name in LABELS], dtype=float)
    # The very P(right) that agreement is measured with; the other labels share the rest as before.
    right = float(calibrator.p_right(shifted(before[0], shift), attempt.resource_id))
    others = before[1:] / before[1:].sum() if before[1:].sum() > 0 else np.full(len(LABELS) - 1, 1 / (len(LABELS) - 1))
    moved = np.array([right, *((1 - right) * others)])
    label, score, confidence = verdict_of(moved)
    words = verdict.feedback
    if label != verdict.label:
        answer = Text(str((attempt.response or {}).get("text", "")))
        words = feedback.feedback_for(label, verdict.details.get("features", {}), answer)
    return replace(
        verdict,
        label=label,
        score=round(score, 4),
        confidence=round(confidence, 4),
        feedback=words,
        misconception="" if label == "correct" else verdict.misconception,
        missing="" if label == "correct" else verdict.missing,
        details={
            **verdict.details,
            **adapted,
            "calibrated": {"version": version.pk, "p_correct": round(float(moved[0]), 4)},
        },
        version=version.pk,
    )


@dataclass(frozen=True, slots=True)
class Passage:
    """What the gate says of a verdict. held: a person looks before it counts. is_audit: it counts, and was drawn to be
    marked by a teacher too. verdict: with what the decision rests on in its details."""

    verdict: Verdict
    held: bool
    is_audit: bool


def gate(attempt: Attempt, verdict: Verdict) -> Passage:
    """Whether the mark counts at once. Verdicts by key or by the LMS pass unless they ask for a person themselves."""
    if verdict.assessor_kind != "llm":
        return Passage(verdict, verdict.needs_review, False)
    threshold, source = threshold_for(
        course=attempt.course, resource_id=attempt.resource_id, model=verdict.model, version_id=verdict.version
    )
    at = None if threshold is None else max(threshold, floor_of(attempt.course))
    facts = {"threshold": at, "rests_on": source}
    details = {**verdict.details, "gate": facts}
    if verdict.needs_review:
        return Passage(replace(verdict, details=details), True, False)
    if at is None or verdict.confidence < at:
        why = [*verdict.details.get("why", ()), UNSURE]
        waiting = replace(verdict, feedback=feedback.WAITING, needs_review=True, details={**details, "why": why})
        return Passage(waiting, True, False)
    # By a hash of its key: the same however often it is asked, and nobody can choose it.
    is_audit = stable_seed("audit", attempt.pk) / 2**64 < settings().audit_share
    return Passage(replace(verdict, details=details), False, is_audit)


def answer_vector_keep(attempt: Attempt, *, embedding: EmbeddingModel) -> None:
    """Keeps where the words of an answer lie that waits for a teacher. Nothing depends on it but an order: no error."""
    text = words_given(attempt).text
    if not text:
        return
    try:
        vector = embedding.encode([text])[0].tolist()
        model = f"{embedding.name} {embedding.version}"[:128]
        AnswerVector.objects.update_or_create(attempt=attempt, defaults={"embedding": vector, "model": model})
    except Exception:
        logger.exception("the vector of attempt %s could not be kept", attempt.pk)
