"""Answers as the document shows them."""

from datetime import UTC, datetime, timedelta

from drf_spectacular.utils import OpenApiExample

from adaptive.common.clock import now


def _coming_june() -> str:
    """A day that can be planned for, whenever the document is read: who tries an example out gets an answer."""
    soonest = now() + timedelta(days=2)
    this_year = datetime(soonest.year, 6, 12, 9, tzinfo=UTC)
    coming = this_year if this_year > soonest else this_year.replace(year=soonest.year + 1)
    return coming.strftime("%Y-%m-%dT%H:%M:%SZ")


EXAM_AT = _coming_june()

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
        "policy": "gain-2",
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
                "summary": None,
            }
        ],
    },
)
STUDY_PLAN = OpenApiExample(
    "One session",
    response_only=True,
    status_codes=["200", "201"],
    value={
        "learner": "ada",
        "course": "fractions",
        "exam_at": EXAM_AT,
        "target": 0.8,
        "minutes_per_weekday": [20, 20, 20, 20, 20, 0, 0],
        "days_off": [],
        "start_time": "17:00",
        "planned_at": "2026-12-01T15:04:05Z",
        "sessions": [
            {
                "date": "2026-12-01",
                "starts_at": "2026-12-01T17:00:00Z",
                "minutes": 19,
                "kind": "practice",
                "status": "today",
                "resources": ["half-and-quarter"],
                "items": [
                    {
                        "resource": "half-and-quarter",
                        "title": "A half and a quarter",
                        "kind": "exercise",
                        "purpose": "learn",
                        "skill": "adding",
                    }
                ],
            }
        ],
        "forecast": {
            "low": 0.51,
            "expected": 0.74,
            "high": 0.92,
            "now": 0.66,
            "idle": 0.64,
            "p_target": 0.36,
            "basis": {"coverage": 0.81, "n_forecasts": 11469, "n_learners": 4012, "n_questions": 20},
        },
        "shortfall": {
            "reachable": 0.74,
            "minutes": 230,
            "more": {"minutes": 460, "expected": 0.77, "is_enough": False},
        },
    },
)

_ROW = {
    "id": SLATE.value["id"],
    "position": 1,
    "learner": "ada",
    "course": "fractions",
    "purpose": "practice",
    "policy": SLATE.value["policy"],
    "created_at": "2026-03-02T12:00:21Z",
    **{
        name: SLATE.value["items"][0][name]
        for name in ("resource", "title", "kind", "score", "p_correct", "reasons", "explanation")
    },
    "confidence": 0.64,
    "is_exploration": False,
    "alternative": {"resource": "e1", "title": "A half and a quarter", "kind": "exercise"},
    "disagreed": None,
    "states": ["new"],
    "review": None,
}
REVIEW_PAGE = OpenApiExample(
    "One pick", response_only=True, status_codes=["200"], value={"results": [_ROW], "next": None}
)
REVIEW_ROW = OpenApiExample(
    "Decided",
    response_only=True,
    status_codes=["201"],
    value={
        **_ROW,
        "states": ["reviewed"],
        "review": {
            "decision": "pin",
            "scope": "learner",
            "with": None,
            "note": "Before the test on Friday.",
            "teacher": None,
            "created_at": "2026-03-02T15:04:05Z",
        },
    },
)
SWAPPED = OpenApiExample("Rather this one", request_only=True, value={"decision": "swap", "with": "e1"})
PINNED = OpenApiExample(
    "First, for the whole course",
    request_only=True,
    value={"decision": "pin", "scope": "course", "note": "Friday"},
)
