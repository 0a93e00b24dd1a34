"""A course whose answers in words a machine has assessed and a teacher has marked."""

from collections.abc import Iterable
from typing import Any

from adaptive.assessment.agreement import agreement_refresh
from adaptive.assessment.models import Agreement, Assessment
from adaptive.assessment.types import LABELS, Verdict
from adaptive.catalog.models import Resource
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.practice.effects import effect_write
from adaptive.practice.gate import with_last_word
from tests.factories import NOON, Cast, attempt_make

MODEL = "reader 1"


def says(p: float, **values: Any) -> Verdict:
    """The machine's verdict with this P(right)."""
    rest = (1 - p) / 4
    label = "correct" if p >= 0.5 else "incorrect"
    details = {"why": [], "p": {name: p if name == "correct" else rest for name in LABELS}, "features": {}}
    found = {"score": p, "label": label, "confidence": max(p, 1 - p), "feedback": "So so.", "details": details}
    return Verdict(**{**found, "assessor_kind": "llm", "model": MODEL, "prompt_version": "p1", **values})


def read(learner: Learner, exercise: Resource, verdict: Verdict, *, text: str = "because") -> Attempt:
    """An answer that a worker has read, through the gate as it stands."""
    attempt = attempt_make(learner, exercise, response={"text": text})
    return effect_write(attempt_id=attempt.pk, token=None, verdict=with_last_word(attempt, verdict))


def marked(
    cast: Cast,
    exercise: Resource,
    marks: Iterable[tuple[float, bool]],
    *,
    words: str = "because {place}",
    **values: Any,
) -> Agreement:
    """Answers held back by the machine with P(right) p, then marked right or not by the teacher: many at once.

    words: of the answers; {end} is " metres" for right ones and nothing for others.
    """
    held = {"is_released": False, "is_audit": False, **values}
    for place, (p, is_right) in enumerate(marks):
        learner = (cast.alice, cast.bob)[place % 2]
        attempt = attempt_make(
            learner,
            exercise,
            response={"text": words.format(place=place, end=" metres" if is_right else "")},
            state="assessed",
        )
        verdict = says(p)
        common = {"attempt": attempt, "feedback": ""}
        Assessment.objects.create(
            **common,
            **held,
            is_current=False,
            score=verdict.score,
            label=verdict.label,
            confidence=verdict.confidence,
            details=verdict.details,
            assessor_kind="llm",
            model=MODEL,
        )
        label = "correct" if is_right else "incorrect"
        Assessment.objects.create(
            **common, score=float(is_right), label=label, assessor_kind="teacher", assessed_by="charlie"
        )
    return agreement_refresh(course=cast.course)


__all__ = ["MODEL", "NOON", "marked", "read", "says"]
