"""For what a language model may read about a learner: purpose by purpose, by their own word.

What the learner said on a page comes first; where they said nothing, what the LMS says (`ai_consent`). An LMS that
takes its consent back takes back what the learner agreed to as well: a no counts at once, whoever says it.
"""

from django.db import transaction

from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.learners.models import Learner

MARKING = "marking"  # reads what the learner answers in words
WORDING = "wording"  # says explanations and summaries in its own words
TUTOR = "tutor"  # says passages of the course in simpler words for the tutor
PURPOSES = (MARKING, WORDING, TUTOR)


def agrees(learner: Learner, purpose: str) -> bool:
    """May a language model be used on this learner's data for this purpose? No query."""
    said = learner.consents.get(purpose) if isinstance(learner.consents, dict) else None
    return said if isinstance(said, bool) else learner.ai_consent


def agrees_now(learner: Learner, purpose: str) -> bool:
    """The same as stored at this moment: for work that took a while. False for who was erased meanwhile."""
    fresh = Learner.objects.filter(pk=learner.pk).only("ai_consent", "consents").first()
    return fresh is not None and agrees(fresh, purpose)


@transaction.atomic
def consent_set(*, learner: Learner, purpose: str, is_given: bool) -> Learner:
    """The learner's own word on one purpose, logged. Raises InvalidInput for an unknown purpose."""
    if purpose not in PURPOSES:
        detail = f"“{str(purpose)[:40]}” is no purpose: use {', '.join(PURPOSES)}."
        raise InvalidInput(detail, errors=[FieldError("/purpose", detail)])
    held = Learner.objects.select_for_update(no_key=True, of=("self",)).select_related("tenant").get(pk=learner.pk)
    before = held.consents if isinstance(held.consents, dict) else {}
    if before.get(purpose) is not is_given:
        held.consents = {**before, purpose: is_given}
        held.save(update_fields=["consents", "updated_at"])
        audit_record(
            tenant=held.tenant,
            action="consent_set",
            subject=held,
            actor_kind=AuditEntry.ActorKind.PERSON,
            outcome={purpose: is_given},
        )
    return held


def without_grants(consents: object) -> dict[str, bool]:
    """What is left of the learner's words where the LMS takes its consent back: their refusals."""
    return {name: said for name, said in consents.items() if said is False} if isinstance(consents, dict) else {}
