"""What a student and the tutor said to each other. The reply's row is its own outbox where a model is to reword it."""

import uuid

from django.db import models
from django.db.models.functions import Now

from adaptive.catalog.models import Course, Resource
from adaptive.learners.models import Learner
from adaptive.recommendation.models import Slate
from adaptive.tenants.models import Tenant


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="conversations")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="conversations")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="conversations")
    # The exercise that is open beside it: its answer stays unsaid, and "the answer" means this one's.
    exercise = models.ForeignKey(Resource, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    n_messages = models.PositiveSmallIntegerField(default=0)  # of the student
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["learner", "course", "-created_at"], name="conversation_latest")]

    def __str__(self) -> str:
        return str(self.pk)


class TutorMessage(models.Model):
    """One turn: of the student, or the tutor's reply to it."""

    class Role(models.TextChoices):
        STUDENT = "student"
        TUTOR = "tutor"

    class State(models.TextChoices):
        PENDING = "pending"  # a model is to say the quoted passages in simpler words; the plain reply stands meanwhile
        READY = "ready"
        STOPPED = "stopped"  # by the student

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    role = models.CharField(max_length=8, choices=Role)
    state = models.CharField(max_length=8, choices=State, default=State.READY)
    text = models.TextField()  # of the student as typed; of the tutor its plain words
    key = models.CharField(max_length=80, blank=True)  # of the form that sent it: the same form sent twice is one turn

    # Of a reply. See replying.Reply: {act, code, passages, links, choices, exercise, skills, query}.
    act = models.CharField(max_length=16, blank=True)
    reply = models.JSONField(default=dict)
    slate = models.ForeignKey(Slate, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    reworded = models.TextField(blank=True)  # the model's sentences, each checked before it stands here
    refused = models.JSONField(default=list)  # [{text, why}] of sentences that the checks refused
    model = models.CharField(max_length=128, blank=True)
    prompt_version = models.CharField(max_length=64, blank=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    n_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "key"], condition=~models.Q(key=""), name="tutor_form_sent_once"
            )
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state="pending"), name="tutor_message_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.text[:60]}"
