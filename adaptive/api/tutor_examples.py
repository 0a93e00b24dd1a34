"""The tutor's answers as the document shows them."""

from drf_spectacular.utils import OpenApiExample

CONVERSATION = OpenApiExample(
    "Started",
    response_only=True,
    status_codes=["201"],
    value={
        "id": "5b3f1c1e-52a0-4a5e-9f0a-0c7a1d2e3f40",
        "learner": "ada",
        "course": "fractions",
        "resource": None,
        "created_at": "2026-03-02T12:00:00Z",
    },
)
TUTOR_REPLY = OpenApiExample(
    "Words of the course",
    response_only=True,
    status_codes=["202"],
    value={
        "id": 12,
        "conversation": CONVERSATION.value["id"],
        "role": "tutor",
        "state": "ready",
        "created_at": "2026-03-02T12:00:05Z",
        "text": "This is what the course says:",
        "act": "explains",
        "reworded": "",
        "passages": [
            {
                "resource": "one-number-two-jobs",
                "title": "One number, two jobs",
                "kind": "reading",
                "heading": "Equal parts of one whole",
                "quote": "The **numerator** (above) counts how many of these parts we have.",
            }
        ],
        "choices": [],
        "exercise": None,
        "recommendation": None,
        "items": [],
    },
)
TUTOR_MESSAGES = OpenApiExample(
    "The reply", response_only=True, status_codes=["200"], value={"results": [TUTOR_REPLY.value], "next": None}
)
