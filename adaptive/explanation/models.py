"""Why a resource was picked: the facts, and words that say no more than the facts."""

from django.db import models

from adaptive.recommendation.models import Impression


class Explanation(models.Model):
    class State(models.TextChoices):
        READY = "ready"
        PENDING = "pending"  # readable already; better words may still come

    impression = models.OneToOneField(Impression, on_delete=models.CASCADE, related_name="explanation")
    state = models.CharField(max_length=8, choices=State, default=State.READY)
    facts = models.JSONField(default=list)  # [{code, ...}], what the words may speak of
    text = models.TextField()
    language = models.CharField(max_length=35, default="en", db_default="en")  # of the plain words, as written
    plain_text = models.TextField()  # from the template; stands when the model's words are refused
    would_change_if = models.JSONField(null=True, blank=True)
    # Of the feed and the catalogue: sentences of the resource's own, see summaries.
    summary = models.JSONField(default=dict, blank=True)
    is_grounded = models.BooleanField(default=True)
    refused_text = models.TextField(blank=True)  # what the model wrote and the check refused
    model = models.CharField(max_length=128, blank=True)
    prompt_version = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text[:80]
