"""The tutor's dialogue."""

from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.api.documents import describe
from adaptive.api.idempotency import idempotent
from adaptive.api.paging import PageQuery, page
from adaptive.api.presenters.conversations import conversation_json, messages_json
from adaptive.api.shapes.conversations import (
    ConversationBody,
    ConversationShape,
    MessageBody,
    MessageShape,
    MessagesShape,
)
from adaptive.api.tutor_examples import CONVERSATION, TUTOR_MESSAGES, TUTOR_REPLY
from adaptive.api.views.base import ApiView
from adaptive.catalog.models import Course
from adaptive.catalog.selectors import course_get, resource_get
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.conversation.selectors import conversation_get, messages_of
from adaptive.conversation.services import conversation_start, message_post
from adaptive.learners.models import Enrolment, Learner
from adaptive.learners.selectors import enrolments_of, learner_get


class ConversationsView(ApiView):
    @describe(
        "tutor",
        "Start a conversation with the tutor",
        body=ConversationBody,
        answers={201: ConversationShape},
        examples=[CONVERSATION, OpenApiExample("In a course", request_only=True, value={"course": "fractions"})],
        has_key=True,
    )
    @idempotent
    def post(self, request: Request, learner: str) -> Response:
        who = learner_get(tenant=request.tenant, learner=learner)
        body = self.read(ConversationBody)
        course = self._course(request, who, body.get("course"))
        beside = body.get("resource")
        exercise = resource_get(course=course, resource=beside) if beside else None
        return Response(
            conversation_json(conversation_start(learner=who, course=course, exercise=exercise)), status=201
        )

    def _course(self, request: Request, learner: Learner, course: str | None) -> Course:
        if course is not None:
            return course_get(tenant=request.tenant, course=course)
        learns = [one for one in enrolments_of(learner=learner)[:50] if one.role == Enrolment.Role.LEARNER]
        if len(learns) == 1:
            return learns[0].course
        detail = "Say in which course the learner wants to talk."
        raise InvalidInput(detail, errors=[FieldError("/course", detail)])


class MessagesView(ApiView):
    @describe(
        "tutor",
        "Say something to the tutor",
        details="The answer is the tutor's reply. It is complete at once but for the words of a language model, where "
        "the installation, the course and the learner allow one: `state` is pending until they are there. The list "
        "has it then. The tutor asks back, recommends, or quotes the course; it never gives an exercise's answer away.",
        body=MessageBody,
        answers={202: MessageShape},
        examples=[TUTOR_REPLY, OpenApiExample("A question", request_only=True, value={"text": "what is a numerator?"})],
        has_key=True,
    )
    @idempotent
    def post(self, request: Request, conversation: str) -> Response:
        talk = conversation_get(tenant=request.tenant, conversation_id=conversation)
        said = message_post(conversation=talk, text=self.read(MessageBody)["text"])
        shown = messages_of(conversation=talk).filter(pk=said.pk)
        return Response(messages_json(talk, list(shown))[0], status=202)

    @describe(
        "tutor",
        "What was said, oldest first",
        query=PageQuery,
        answers={200: MessagesShape},
        examples=[TUTOR_MESSAGES],
    )
    def get(self, request: Request, conversation: str) -> Response:
        talk = conversation_get(tenant=request.tenant, conversation_id=conversation)
        rows = messages_of(conversation=talk)
        return Response(page(request=request, rows=rows, present=lambda found: messages_json(talk, found)))
