import uuid
from collections.abc import Sequence

from django.db.models import Prefetch, QuerySet

from adaptive.catalog.models import Course, Resource
from adaptive.common.errors import NotFound
from adaptive.conversation.models import Conversation, TutorMessage
from adaptive.conversation.types import ASKS_BACK, Remembered
from adaptive.learners.models import Learner
from adaptive.recommendation.models import Impression
from adaptive.tenants.models import Tenant

REMEMBERED = 12  # latest replies


def conversation_get(
    *, tenant: Tenant, conversation_id: uuid.UUID | str, learner: Learner | None = None
) -> Conversation:
    """Raises NotFound: none of this tenant (of this learner, where given)."""
    try:
        key = conversation_id if isinstance(conversation_id, uuid.UUID) else uuid.UUID(str(conversation_id))
    except ValueError:
        key = None
    rows = Conversation.objects.select_related("learner", "course", "course__tenant").filter(tenant=tenant, pk=key)
    if learner is not None:
        rows = rows.filter(learner=learner)
    found = rows.first() if key else None
    if found is None:
        raise NotFound(f"There is no conversation “{str(conversation_id)[:40]}”.")
    return found


def conversation_latest(*, learner: Learner, course: Course) -> Conversation | None:
    rows = Conversation.objects.select_related("learner", "course").filter(learner=learner, course=course)
    return rows.order_by("-created_at", "-pk").first()


def messages_of(*, conversation: Conversation) -> QuerySet[TutorMessage]:
    """All turns in order, replies with their recommendations. Four queries."""
    places = (
        Impression.objects.select_related("resource", "explanation", "slate")
        .defer("resource__embedding", "resource__search", "resource__body", "slate__context", "slate__candidates")
        .order_by("position")
    )
    return (
        TutorMessage.objects.filter(conversation=conversation)
        .select_related("slate")
        .defer("slate__candidates")
        .prefetch_related(Prefetch("slate__impressions", queryset=places))
        .order_by("pk")
    )


def resources_cited(*, course: Course, messages: Sequence[TutorMessage]) -> dict[int, Resource]:
    """Our id -> the resource, of all that the replies quote or link, as far as the course still has it. One query."""
    wanted = {pk for message in messages for pk in cited(message)}
    rows = Resource.objects.filter(pk__in=wanted, course=course, is_retired=False).defer("embedding", "search", "body")
    return {row.pk: row for row in rows}


def cited(message: TutorMessage) -> list[int]:
    reply = message.reply or {}
    return [*(p["resource"] for p in reply.get("passages", ())), *reply.get("links", ())]


def remembered(*, conversation: Conversation) -> tuple[Remembered, tuple[int, ...]]:
    """What the latest replies leave for the next: (remembered, exercises it was about). One query."""
    rows = TutorMessage.objects.filter(conversation=conversation, role=TutorMessage.Role.TUTOR).order_by("-pk")
    latest = list(rows.values_list("act", "reply")[:REMEMBERED])
    n_asked = 0
    for act, _ in latest:
        if act != ASKS_BACK:
            break
        n_asked += 1
    skills = next((tuple(reply["skills"]) for _, reply in latest if reply.get("skills")), ())
    choices = tuple(latest[0][1].get("choices", ())) if latest else ()
    focus = tuple(dict.fromkeys(reply["exercise"] for _, reply in latest if reply.get("exercise")))
    return Remembered(n_asked=n_asked, skills=skills, choices=choices), focus
