from collections.abc import Mapping, Sequence
from typing import Any

from adaptive.api.presenters.recommendations import item_json
from adaptive.api.presenters.times import rfc3339
from adaptive.catalog.models import Resource
from adaptive.conversation.models import Conversation, TutorMessage
from adaptive.conversation.selectors import resources_cited


def conversation_json(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": str(conversation.pk),
        "learner": conversation.learner.external_id,
        "course": conversation.course.external_id,
        "resource": conversation.exercise.external_id if conversation.exercise else None,
        "created_at": rfc3339(conversation.created_at),
    }


def messages_json(conversation: Conversation, messages: Sequence[TutorMessage]) -> list[dict[str, Any]]:
    resources = resources_cited(course=conversation.course, messages=messages)
    return [message_json(message, resources) for message in messages]


def message_json(message: TutorMessage, resources: Mapping[int, Resource]) -> dict[str, Any]:
    """A passage of a resource that the course no longer has is left out: no link leads to nothing."""
    reply = message.reply
    passages = [
        {
            "resource": resources[passage["resource"]].external_id,
            "title": resources[passage["resource"]].title,
            "kind": resources[passage["resource"]].kind,
            "heading": passage["heading"],
            "quote": passage["quote"],
        }
        for passage in reply.get("passages", ())
        if passage["resource"] in resources
    ]
    exercise = resources.get(next(iter(reply.get("links", ())), None))
    return {
        "id": message.pk,
        "conversation": str(message.conversation_id),
        "role": message.role,
        "state": message.state,
        "created_at": rfc3339(message.created_at),
        "text": message.text,
        "act": message.act,
        "reworded": message.reworded,
        "passages": passages,
        "choices": list(reply.get("choices", ())),
        "exercise": exercise.external_id if exercise else None,
        "recommendation": str(message.slate_id) if message.slate_id else None,
        "items": [item_json(place) for place in message.slate.impressions.all()] if message.slate else [],
    }
