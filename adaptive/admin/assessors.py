"""How machine and teachers agree, and what was learned from a school's own marks: versions, and jobs that learn."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars

from adaptive import models
from adaptive.admin.base import LookOnly
from adaptive.assessment.agreement import with_model_in_use
from adaptive.common.errors import AdaptiveError
from adaptive.practice.finetuning.jobs import finetune_ask, how_far
from adaptive.practice.finetuning.learning import figures_line, version_use, why_unusable


@admin.register(models.Agreement)
class AgreementAdmin(LookOnly):
    list_display = [
        "of",
        "course",
        "n_marked",
        "n_agreed",
        "threshold",
        "n_released",
        "n_wrong",
        "error_at_most",
        "allowed",
    ]
    list_filter = ["course"]
    list_select_related = ["course", "resource"]

    @admin.display(description="exercise", ordering="resource__title", empty_value="the whole course")
    def of(self, agreement: models.Agreement) -> str | None:
        return truncatechars(agreement.resource.title, 50) if agreement.resource else None

    @admin.display(description="error at most", ordering="upper", empty_value="–")
    def error_at_most(self, agreement: models.Agreement) -> str | None:
        return f"{agreement.upper:.1%}" if agreement.n_released else None

    @admin.display(description="limit", ordering="limit")
    def allowed(self, agreement: models.Agreement) -> str:
        return f"{agreement.limit:.1%}"


@admin.register(models.AssessorVersion)
class AssessorVersionAdmin(LookOnly):
    list_display = ["number", "course", "is_active", "learned_from", "held_out", "usable", "seed", "created_at"]
    list_filter = ["is_active", "course"]
    list_select_related = ["course"]
    ordering = ["-pk"]
    actions = ["use", "use_shipped", "learn_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return with_model_in_use(super().get_queryset(request))

    @admin.display(description="version", ordering="pk")
    def number(self, version: models.AssessorVersion) -> str:
        return f"version {version.pk}, {version.kind}"

    @admin.display(description="learned from")
    def learned_from(self, version: models.AssessorVersion) -> str:
        return f"{version.data['n_marks']:,} marks on {version.data['n_exercises']:,} exercises"

    @admin.display(description="held out")
    def held_out(self, version: models.AssessorVersion) -> str:
        return figures_line(version)

    @admin.display(description="can be used")
    def usable(self, version: models.AssessorVersion) -> str:
        return why_unusable(version, model_in_use=version.model_in_use) or "yes"

    def has_use_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("adaptive.change_assessorversion")

    @admin.action(description="Put the version in use", permissions=["use"])
    def use(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._one(
            request, queryset, lambda version, actor: version_use(number=version.pk, course=version.course, actor=actor)
        )

    @admin.action(description="Back to the assessor as it ships, in this version's course", permissions=["use"])
    def use_shipped(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._one(request, queryset, lambda version, actor: version_use(number=0, course=version.course, actor=actor))

    @admin.action(description="Learn again from the course's marks, in the background", permissions=["use"])
    def learn_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._one(request, queryset, _asked)

    def _one(self, request: HttpRequest, queryset: QuerySet, do: Any) -> None:
        if len(queryset) != 1:
            self.message_user(request, "Choose one version.", messages.ERROR)
            return
        try:
            self.message_user(request, do(queryset[0], request.user.get_username()))
        except AdaptiveError as error:
            self.message_user(request, error.detail, messages.ERROR)


def _asked(version: models.AssessorVersion, actor: str) -> str:
    asked = finetune_ask(course=version.course, kind=version.kind, activate=True, asked_by=actor)
    return f"Job {asked.pk} is asked for; its row shows how far it is."


@admin.register(models.AssessorFit)
class AssessorFitAdmin(LookOnly):
    list_display = ["id", "course", "kind", "status", "so_far", "version", "asked_by", "created_at"]
    list_filter = ["status"]
    list_select_related = ["course", "version"]
    ordering = ["-pk"]

    @admin.display(description="how far")
    def so_far(self, asked: models.AssessorFit) -> str:
        return how_far(asked)
