"""The tables. What is derived, logged or append-only can be looked at, not changed."""

from django.contrib import admin, messages

from adaptive import models
from adaptive.admin.base import LookOnly, states_column
from adaptive.common.errors import AdaptiveError
from adaptive.conf import settings
from adaptive.practice.finetuning.jobs import finetune_ask
from adaptive.practice.fitting.jobs import fit_ask


@admin.register(models.Tenant)
class TenantAdmin(admin.ModelAdmin):
    list_display = ["slug", "name", "created_at"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(models.ApiToken)
class ApiTokenAdmin(LookOnly):
    list_display = ["name", "tenant", "scopes", "created_at", "last_used_at", "revoked_at"]
    exclude = ["token_hash"]


@admin.register(models.Learner)
class LearnerAdmin(admin.ModelAdmin):
    list_display = ["external_id", "display_name", "tenant", "language", "ai_consent", "is_simulated"]
    search_fields = ["external_id", "display_name"]
    list_filter = ["tenant", "is_simulated"]
    autocomplete_fields = ["user"]
    readonly_fields = ["shares_performance", "consents"]  # the learner's own word


@admin.register(models.Enrolment)
class EnrolmentAdmin(admin.ModelAdmin):
    list_display = ["learner", "course", "role", "cohort"]
    list_filter = ["role", "course"]
    autocomplete_fields = ["learner"]


@admin.register(models.Course)
class CourseAdmin(admin.ModelAdmin):
    list_display = ["title", "external_id", "tenant", "language", "is_ai_enabled"]
    readonly_fields = ["item_version"]
    actions = ["fit", "learn_from_marks"]

    def get_list_display(self, request):
        return [*self.list_display, states_column()]

    @admin.action(description="Fit a learner model on the course's answers", permissions=["change"])
    def fit(self, request, queryset):
        for course in queryset:
            try:
                asked = fit_ask(
                    course=course, backend=settings().learner_model_to_fit, asked_by=request.user.get_username()
                )
            except AdaptiveError as error:
                self.message_user(request, error.detail, messages.ERROR)
            else:
                self.message_user(request, f"Fit {asked.pk} of “{course}” is asked for; its row shows how far it is.")

    @admin.action(description="Learn from the marks of the course's teachers", permissions=["change"])
    def learn_from_marks(self, request, queryset):
        for course in queryset:
            try:
                asked = finetune_ask(course=course, activate=True, asked_by=request.user.get_username())
            except AdaptiveError as error:
                self.message_user(request, error.detail, messages.ERROR)
            else:
                self.message_user(request, f"Job {asked.pk} of “{course}” is asked for; its row shows how far it is.")


@admin.register(models.Skill)
class SkillAdmin(LookOnly):
    list_display = ["name", "external_id", "course", "position"]
    list_filter = ["course"]


@admin.register(models.Resource)
class ResourceAdmin(LookOnly):
    list_display = ["title", "kind", "response_format", "course", "is_retired"]
    list_filter = ["course", "kind", "response_format"]
    search_fields = ["title", "external_id"]
    exclude = ["embedding", "search"]


@admin.register(models.Attempt)
class AttemptAdmin(LookOnly):
    list_display = ["id", "learner", "resource", "state", "submitted_at", "source"]
    list_filter = ["state", "source", "course"]
    list_select_related = ["learner", "resource"]


@admin.register(models.Assessment)
class AssessmentAdmin(LookOnly):
    list_display = ["attempt", "label", "score", "confidence", "assessor_kind", "model", "is_current", "is_released"]
    list_filter = ["assessor_kind", "label", "is_released"]


@admin.register(models.Slate)
class SlateAdmin(LookOnly):
    list_display = ["id", "learner", "course", "purpose", "policy", "created_at"]
    list_select_related = ["learner", "course"]


@admin.register(models.Review)
class ReviewAdmin(LookOnly):
    list_display = ["resource", "learner", "course", "decision", "scope", "created_at", "undone_at"]
    list_filter = ["decision", "course"]
    list_select_related = ["resource", "learner", "course"]


@admin.register(models.Ruling)
class RulingAdmin(LookOnly):
    list_display = ["resource", "kind", "course", "learner", "cohort", "created_at", "ends_at", "ended_at"]
    list_filter = ["kind", "course"]
    list_select_related = ["resource", "course", "learner", "cohort"]


@admin.register(models.Homework)
class HomeworkAdmin(LookOnly):
    list_display = ["title", "course", "teacher", "due_at", "created_at", "ended_at"]
    list_filter = ["course"]
    list_select_related = ["course", "teacher"]


@admin.register(models.PerformanceAssessment)
class PerformanceAssessmentAdmin(LookOnly):
    list_display = ["learner", "course", "period", "starts_at", "state", "made_at"]
    list_filter = ["period", "state", "course"]
    list_select_related = ["learner", "course"]


@admin.register(models.StudyPlan)
class StudyPlanAdmin(LookOnly):
    list_display = ["learner", "course", "exam_at", "target", "planned_at"]
    list_filter = ["course"]
    list_select_related = ["learner", "course"]
    exclude = ["feed_key"]  # half of a secret


@admin.register(models.GapQuery)
class GapQueryAdmin(LookOnly):
    list_display = ["text", "learner", "course", "score", "embedding_model", "created_at"]
    list_select_related = ["learner", "course"]
    exclude = ["vector"]


@admin.register(models.AuditEntry)
class AuditEntryAdmin(LookOnly):
    list_display = ["at", "action", "actor_kind", "actor", "subject_kind", "subject_id"]
    list_filter = ["action", "actor_kind"]
