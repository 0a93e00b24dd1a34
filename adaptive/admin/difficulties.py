"""How hard exercises are said to be that no learner model was fitted on, by whom, and after how many answers."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from adaptive import models
from adaptive.admin.base import LookOnly


def _logits(mean: float | None, variance: float | None = None) -> str:
    if mean is None:
        return ""
    return f"{mean:+.2f}" if variance is None else f"{mean:+.2f} ± {variance**0.5:.2f}"


@admin.register(models.ItemDifficulty)
class ItemDifficultyAdmin(LookOnly):
    """In logits, higher is harder, 0 an average exercise; ± one standard deviation."""

    list_display = ["exercise", "source", "foretold", "after_answers", "n_answers", "in_use", "waits", "computed_at"]
    list_filter = ["source", "waits_for_embedding", "resource__course"]
    search_fields = ["resource__external_id", "resource__title"]
    list_select_related = ["resource"]
    ordering = ["resource_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        heavy = ("embedding", "search", "body", "choices", "answer", "hints", "explanation")
        return super().get_queryset(request).defer(*(f"resource__{name}" for name in heavy))

    @admin.display(ordering="resource_id")
    def exercise(self, row: models.ItemDifficulty) -> str:
        return f"{row.resource.external_id}: {row.resource.title}"[:120]

    @admin.display(description="foretold (logits)", ordering="prior_mean")
    def foretold(self, row: models.ItemDifficulty) -> str:
        return _logits(row.prior_mean, row.prior_variance)

    @admin.display(description="after answers", ordering="mean")
    def after_answers(self, row: models.ItemDifficulty) -> str:
        return _logits(row.mean, row.variance)

    @admin.display(description="told the learner model", ordering="used")
    def in_use(self, row: models.ItemDifficulty) -> str:
        return _logits(row.used) or "the author's mark"

    @admin.display(description="waits for an embedding", boolean=True, ordering="waits_for_embedding")
    def waits(self, row: models.ItemDifficulty) -> bool:
        return row.waits_for_embedding


@admin.register(models.DifficultyFit)
class DifficultyFitAdmin(LookOnly):
    list_display = ["version", "course", "n_items", "from_what", "created_at"]
    list_select_related = ["version__course"]
    exclude = ["params"]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        heavy = ("params", "version__params", "version__data", "version__figures")
        return super().get_queryset(request).defer(*heavy)

    @admin.display(description="for", ordering="version__course")
    def course(self, fit: models.DifficultyFit) -> str:
        return str(fit.version.course or "all courses")

    @admin.display(description="told from")
    def from_what(self, fit: models.DifficultyFit) -> str:
        return f"words ({fit.embedding_model}), skills, format, author" if fit.embedding_model else "skills, author"
