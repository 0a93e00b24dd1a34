"""Learner models: versions with their figures, which is in use, fits and how far they are."""

import json
from functools import cache
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from adaptive import models
from adaptive.admin.base import LookOnly, in_words
from adaptive.backends.learner_model.available import MODELS
from adaptive.backends.registry import class_at
from adaptive.catalog.models import Course
from adaptive.common.errors import AdaptiveError
from adaptive.common.text import count
from adaptive.conf import settings
from adaptive.mastery.selectors import replay_progress
from adaptive.mastery.versions import path_of, why_unusable
from adaptive.practice.fitting.fitting import version_name, version_use
from adaptive.practice.fitting.jobs import fit_ask, fit_cancel, how_far


def _where(course: Course | None) -> str:
    return str(course) if course else "all courses"


@admin.register(models.LearnerModelVersion)
class LearnerModelVersionAdmin(LookOnly):
    list_filter = ["is_active", "course"]
    list_select_related = ["course"]
    ordering = ["-pk"]
    exclude = ["params", "data", "figures"]
    readonly_fields = ["forgetting", "data_as_stored", "figures_as_stored", "usable"]
    actions = ["use", "use_defaults"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("params")  # megabytes, for nobody to read

    def get_list_display(self, request: HttpRequest) -> list:
        progress = cache(lambda: replay_progress(Course.objects.all()))

        @admin.display(description="learners' states")
        def states(version: models.LearnerModelVersion) -> str:
            found = progress().get(version.course_id) if version.is_active and version.course_id else None
            return in_words(found) if found else ""

        names = [
            "number",
            "where",
            "in_use",
            states,
            "fitted_on",
            "held_out",
            "best_lr",
            "before",
            "seed",
            "created_at",
        ]
        return names

    @admin.display(description="version", ordering="pk")
    def number(self, version: models.LearnerModelVersion) -> str:
        return f"version {version.pk}, {version.name}"

    @admin.display(description="for", ordering="course")
    def where(self, version: models.LearnerModelVersion) -> str:
        return _where(version.course)

    @admin.display(description="fitted on")
    def fitted_on(self, version: models.LearnerModelVersion) -> str:
        data = version.data
        if "source" not in data:
            return "the defaults that ship"
        n = f"{count(data['n_rows'], 'answer')} of {count(data['n_learners'], 'learner')}"
        return f"{n}, {data['file']}" if data["source"] == "file" else n

    @admin.display(description="in use", boolean=True, ordering="is_active")
    def in_use(self, version: models.LearnerModelVersion) -> bool:
        return version.is_active

    @admin.display(description="AUC / log loss / calibration error, held out")
    def held_out(self, version: models.LearnerModelVersion) -> str:
        return _figures(version, "model")

    @admin.display(description="Best-LR's")
    def best_lr(self, version: models.LearnerModelVersion) -> str:
        return _figures(version, "best_lr")

    @admin.display(description="of what was in use")
    def before(self, version: models.LearnerModelVersion) -> str:
        found = _figures(version, "in_use")
        return f"{found} ({version_name(version.figures['in_use'])})" if found else ""

    @admin.display(description="forgetting")
    def forgetting(self, version: models.LearnerModelVersion) -> str:
        return version.figures.get("forgetting", {}).get("reason", "")

    @admin.display(description="can be used")
    def usable(self, version: models.LearnerModelVersion) -> str:
        return why_unusable(version) or "yes"

    @admin.display(description="data")
    def data_as_stored(self, version: models.LearnerModelVersion) -> SafeString:
        return _as_json(version.data)

    @admin.display(description="figures")
    def figures_as_stored(self, version: models.LearnerModelVersion) -> SafeString:
        return _as_json(version.figures)

    def has_use_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("adaptive.change_learnermodelversion")

    @admin.action(description="Put the version in use", permissions=["use"])
    def use(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._use(request, queryset, lambda version: (version.pk, None))

    @admin.action(description="Back to the shipped defaults, where this version is for", permissions=["use"])
    def use_defaults(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._use(request, queryset, lambda version: (0, version.course))

    def _use(self, request: HttpRequest, queryset: QuerySet, which: Any) -> None:
        if len(queryset) != 1:
            self.message_user(request, "Choose one version.", messages.ERROR)
            return
        number, course = which(queryset[0])
        try:
            self.message_user(request, version_use(number=number, course=course, actor=request.user.get_username()))
        except AdaptiveError as error:
            self.message_user(request, error.detail, messages.ERROR)


def _figures(version: models.LearnerModelVersion, of: str) -> str:
    found = version.figures.get(of)
    return f"{found['auc']:.4f} / {found['log_loss']:.4f} / {found['ece']:.4f}" if found else ""


def _as_json(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


class FitForm(forms.ModelForm):
    """What an operator may ask for. A log has to be named on the command line, as it lies on the server."""

    backend = forms.ChoiceField(label="model")

    class Meta:
        model = models.LearnerModelFit
        fields = ["course", "backend", "seed", "activate", "force"]
        help_texts = {
            "course": "Nothing chosen: the answers of all courses, for every course that has no version of its own.",
            "seed": "Decides who is held out to measure on, and the fit.",
            "activate": "Put it in use where it does not predict worse than what is in use.",
            "force": "Put it in use in any case.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "backend" in self.fields:  # not where the row is only looked at
            default = settings().learner_model_to_fit
            known = {default: class_at(default).name, **{path_of(known): name for name, known in MODELS.items()}}
            self.fields["backend"].choices = list(known.items())

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        open_fits = models.LearnerModelFit.objects.filter(status__in=models.LearnerModelFit.OPEN)
        if other := open_fits.filter(course=given.get("course")).first():
            raise ValidationError(f"Fit {other.pk} of {_where(other.course)} is at work already: wait, or cancel it.")
        return given


@admin.register(models.LearnerModelFit)
class LearnerModelFitAdmin(LookOnly):
    form = FitForm
    list_display = ["number", "kind", "where", "status", "so_far", "version", "asked_by", "created_at"]
    list_filter = ["status"]
    list_select_related = ["course", "version"]
    ordering = ["-pk"]
    actions = ["cancel"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("adaptive.add_learnermodelfit")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("adaptive.change_learnermodelfit")

    def get_fields(self, request: HttpRequest, obj: models.LearnerModelFit | None = None) -> list[str]:
        if obj is None:
            return list(FitForm.Meta.fields)
        asked = ["course", "backend", "seed", "path", "activate", "force", "asked_by", "created_at"]
        became = ["status", "progress", "done_share", "outcome", "error", "version", "n_tries", "n_lost"]
        return [*asked, *became, "started_at", "ended_at", "lease_until"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("version__params", "version__data", "version__figures")

    def save_model(self, request: HttpRequest, obj: models.LearnerModelFit, form: Any, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in FitForm.Meta.fields}
        obj.pk = fit_ask(**given, asked_by=request.user.get_username()).pk

    @admin.display(description="fit", ordering="pk")
    def number(self, asked: models.LearnerModelFit) -> str:
        return f"fit {asked.pk}"

    @admin.display(description="model")
    def kind(self, asked: models.LearnerModelFit) -> str:
        return asked.backend.rpartition(".")[2]

    @admin.display(description="for")
    def where(self, asked: models.LearnerModelFit) -> str:
        return _where(asked.course)

    @admin.display(description="how far")
    def so_far(self, asked: models.LearnerModelFit) -> SafeString | str:
        if asked.status == models.LearnerModelFit.Status.RUNNING:
            return format_html('<progress max="1" value="{}"></progress> {}', asked.done_share, how_far(asked))
        return how_far(asked)

    @admin.action(description="Cancel the fits", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet) -> None:
        n = sum(fit_cancel(asked.pk) for asked in queryset)
        self.message_user(request, f"{count(n, 'fit')} cancelled.")
