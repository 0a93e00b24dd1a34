"""Starting a conversation, saying something in it, stopping the model's words."""

import re
from datetime import timedelta

from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import now
from adaptive.common.errors import Conflict, FieldError, InvalidInput, NotFound
from adaptive.conversation import jobs
from adaptive.conversation.models import Conversation, TutorMessage
from adaptive.conversation.replying import Asker, reply_to
from adaptive.conversation.selectors import remembered
from adaptive.conversation.types import EXPLAINS
from adaptive.explanation.rewording import may_reword_for
from adaptive.learners.consents import TUTOR
from adaptive.learners.models import Learner
from adaptive.learners.selectors import enrolment_get

MAX_CHARACTERS = 10_000
MAX_TURNS = 60
MAX_A_MINUTE = 20
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _refuse(detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[FieldError("/text", detail)])


def conversation_start(*, learner: Learner, course: Course, exercise: Resource | None = None) -> Conversation:
    """`exercise`: the one that is open beside it. Raises NotFound (another tenant's course, an exercise that is not of
    it) and NotAllowed (not enrolled)."""
    if learner.tenant_id != course.tenant_id:
        raise NotFound(f"There is no course “{course.external_id[:60]}”.")
    enrolment_get(learner=learner, course=course)
    if exercise is not None and (exercise.course_id != course.pk or not exercise.is_exercise):
        raise NotFound(f"There is no exercise “{exercise.external_id[:60]}” in “{course.external_id}”.")
    return Conversation.objects.create(tenant_id=course.tenant_id, learner=learner, course=course, exercise=exercise)


def text_checked(text: str) -> str:
    """The message as it is kept. Raises InvalidInput with a sentence for who typed it."""
    kept = _CONTROL.sub(" ", str(text)).strip()
    if not kept:
        raise _refuse(_("Write something first."))
    if len(kept) > MAX_CHARACTERS:
        raise _refuse(
            _(
                "That is too long: at most %(most)s characters go into one message, and this has %(n)s. "
                "Nothing is lost; shorten it."
            )
            % {
                "most": number_format(MAX_CHARACTERS, force_grouping=True),
                "n": number_format(len(kept), force_grouping=True),
            }
        )
    return kept


@transaction.atomic
def message_post(*, conversation: Conversation, text: str, key: str = "") -> TutorMessage:
    """Stores what the student says and the tutor's reply to it; returns the reply.

    The reply's plain words are complete at once. Where a model may say the quoted passages in simpler words, its state
    is pending, and a worker is told after the commit. The same `key` again: the same turn. Raises InvalidInput (empty,
    too long), Conflict (too many turns, too fast) and NotAllowed (not enrolled any more).
    """
    text = text_checked(text)
    held = (
        Conversation.objects.select_for_update(of=("self",)).select_related("learner", "course").get(pk=conversation.pk)
    )
    enrolment_get(learner=held.learner, course=held.course)
    if key and (sent := held.messages.filter(key=key[:80]).first()):
        return held.messages.filter(pk__gt=sent.pk, role=TutorMessage.Role.TUTOR).order_by("pk").first() or sent
    _within_bounds(held)
    memory, focus = remembered(conversation=held)
    asker = Asker(
        learner=held.learner,
        course=held.course,
        open_exercise=held.exercise_id,
        in_focus=focus,
        remembered=memory,
    )
    TutorMessage.objects.create(conversation=held, role=TutorMessage.Role.STUDENT, text=text, key=key[:80])
    reply = reply_to(text, asker)
    is_wanted = (
        reply.act == EXPLAINS
        and any(passage.quote for passage in reply.passages)
        and may_reword_for(learner=held.learner, course=held.course, purpose=TUTOR)
    )
    said = TutorMessage.objects.create(
        conversation=held,
        role=TutorMessage.Role.TUTOR,
        state=TutorMessage.State.PENDING if is_wanted else TutorMessage.State.READY,
        text=reply.text,
        act=reply.act,
        reply=reply.to_json(),
        slate=reply.slate,
    )
    held.n_messages += 1
    held.save(update_fields=["n_messages"])
    if is_wanted:
        transaction.on_commit(lambda: jobs.publish(said.pk))
    return said


def _within_bounds(conversation: Conversation) -> None:
    if conversation.n_messages >= MAX_TURNS:
        raise Conflict(
            _("This conversation has reached its %(most)s turns. Start a new one; what was said here stays.")
            % {"most": MAX_TURNS}
        )
    recent = TutorMessage.objects.filter(
        conversation__learner=conversation.learner_id,
        role=TutorMessage.Role.STUDENT,
        created_at__gte=now() - timedelta(minutes=1),
    )
    if recent.count() >= MAX_A_MINUTE:
        raise Conflict(
            _("That was a lot in one minute. Wait a little, then send it again; what you typed is still here.")
        )


def message_stop(*, message: TutorMessage) -> bool:
    """The student has read enough: no more of the model's words. False where there was nothing to stop."""
    return bool(
        TutorMessage.objects.filter(pk=message.pk, state=TutorMessage.State.PENDING).update(
            state=TutorMessage.State.STOPPED, lease_token=None, lease_until=None
        )
    )
