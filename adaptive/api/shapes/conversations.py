from rest_framework import serializers

from adaptive.api.shapes.fields import ExternalId, StrictCharField
from adaptive.api.shapes.recommendations import ItemShape
from adaptive.catalog.checking import KINDS
from adaptive.conversation.models import TutorMessage
from adaptive.conversation.services import MAX_CHARACTERS
from adaptive.conversation.types import ACTS


class ConversationBody(serializers.Serializer):
    course = ExternalId(required=False, help_text="Needed where the learner learns in several courses.")
    resource = ExternalId(
        required=False, allow_null=True, help_text="The exercise that is open beside it; its answer stays unsaid."
    )


class ConversationShape(serializers.Serializer):
    id = serializers.UUIDField()
    learner = serializers.CharField()
    course = serializers.CharField()
    resource = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class MessageBody(serializers.Serializer):
    text = StrictCharField(
        allow_blank=True, help_text=f"At most {MAX_CHARACTERS:,} characters; more is refused, not cut."
    )


class PassageShape(serializers.Serializer):
    """Words of the course, as their author wrote them."""

    resource = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    heading = serializers.CharField(allow_blank=True)
    quote = serializers.CharField(allow_blank=True, help_text="Markdown; empty where the resource is only linked.")


class MessageShape(serializers.Serializer):
    id = serializers.IntegerField()
    conversation = serializers.UUIDField()
    role = serializers.ChoiceField(choices=TutorMessage.Role.values)
    state = serializers.ChoiceField(
        choices=TutorMessage.State.values,
        help_text="pending: a model still puts the passages into simpler words; all else is complete.",
    )
    created_at = serializers.DateTimeField()
    text = serializers.CharField(help_text="As the learner typed it; of the tutor its plain words.")
    act = serializers.ChoiceField(choices=["", *ACTS], help_text="What the tutor does; empty for the learner.")
    reworded = serializers.CharField(allow_blank=True, help_text="By a model, each sentence checked against a passage.")
    passages = PassageShape(many=True)
    choices = serializers.ListField(child=serializers.CharField(), help_text="Each may be sent back as a message.")
    exercise = serializers.CharField(allow_null=True, help_text="The one whose answer is not given away.")
    recommendation = serializers.UUIDField(allow_null=True)
    items = ItemShape(many=True)


class MessagesShape(serializers.Serializer):
    results = MessageShape(many=True)
    next = serializers.CharField(allow_null=True)
