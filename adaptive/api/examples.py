"""Answers as the document shows them."""

from drf_spectacular.utils import OpenApiExample

ASSESSED = OpenApiExample(
    "Assessed at once",
    response_only=True,
    status_codes=["200", "201"],
    value={
        "id": 4711,
        "state": "assessed",
        "learner": "ada",
        "course": "fractions",
        "resource": "half-and-quarter",
        "response": {"value": "3/4"},
        "started_at": "2026-03-02T12:00:00Z",
        "submitted_at": "2026-03-02T12:00:20Z",
        "n_hints": 0,
        "latency_ms": 20000,
        "assessment": {
            "score": 1.0,
            "label": "correct",
            "feedback": "",
            "misconception": "",
            "confidence": 1.0,
            "assessor": {"kind": "key", "model": "key", "prompt_version": ""},
        },
        "mastery": [{"skill": "adding", "before": 0.58, "after": 0.66}],
    },
)
QUEUED = OpenApiExample(
    "Words wait to be read",
    response_only=True,
    status_codes=["202"],
    value={
        **ASSESSED.value,
        "id": 4712,
        "state": "queued",
        "resource": "why-common",
        "response": {"text": "Only parts of the same size can be counted together."},
        "assessment": None,
        "mastery": [],
    },
)
BULK_LINE = OpenApiExample(
    "A line that was stored",
    response_only=True,
    media_type="application/x-ndjson",
    status_codes=["200"],
    value={"line": 1, "id": 4711, "state": "assessed"},
)
MASTERY = OpenApiExample(
    "One skill",
    response_only=True,
    status_codes=["200"],
    value={
        "skill": "adding",
        "p_mastery": 0.66,
        "n_attempts": 4,
        "last_attempt_at": "2026-03-02T12:00:20Z",
        "retrievability": 0.97,
        "due_at": "2026-03-06T08:00:00Z",
    },
)
PREDICTION = OpenApiExample(
    "One exercise", response_only=True, status_codes=["200"], value={"resource": "e1", "p_correct": 0.71}
)
SLATE = OpenApiExample(
    "One item",
    response_only=True,
    status_codes=["200", "201"],
    value={
        "id": "0b0f5a0e-6a3c-4f0c-9d53-1f2f6f6b8b7a",
        "learner": "ada",
        "course": "fractions",
        "purpose": "practice",
        "policy": "gain-1",
        "experiment": None,
        "created_at": "2026-03-02T12:00:21Z",
        "items": [
            {
                "position": 1,
                "resource": "e2",
                "title": "Two thirds and a sixth",
                "kind": "exercise",
                "score": 0.21,
                "p_correct": 0.71,
                "propensity": 0.95,
                "reasons": [{"code": "next_skill", "facts": {"skill": "Adding fractions", "p_mastery": 0.66}}],
                "explanation": {
                    "state": "ready",
                    "text": "This exercise is about adding fractions, the skill to practise next.",
                    "would_change_if": None,
                },
            }
        ],
    },
)
