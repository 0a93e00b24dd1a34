"""A learner's rights: to see all that is stored about them, and to be forgotten."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import TruncDay

from adaptive.assessment.models import AnswerVector, Assessment
from adaptive.audit.models import AuditEntry, SentText
from adaptive.audit.services import audit_record
from adaptive.catalog.models import Resource, Skill
from adaptive.common.clock import now
from adaptive.conversation.models import Conversation, TutorMessage
from adaptive.events.models import Attempt
from adaptive.experiments.models import Exposure
from adaptive.learners.models import Cohort, Enrolment, Learner
from adaptive.mastery.models import LearnerState, MasteryChange, SkillMastery
from adaptive.performance.models import PerformanceAssessment
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.recommendation.models import GapQuery, Ruling, Slate, SlateHint
from adaptive.tenants.models import IdempotencyRecord, Tenant

# Holds the attempts of all who were erased. The slash keeps it out of every path: nobody can be called that.
ERASED_ID = "erased/everybody"


def _rows(rows: QuerySet, *names: str, **renamed: str) -> list[dict[str, Any]]:
    """Plain rows of the named fields; `renamed`: name in the row -> where the value is found."""
    aliases = {f"as_{name}": F(path) for name, path in renamed.items()}
    return [
        {name.removeprefix("as_") if name in aliases else name: value for name, value in row.items()}
        for row in rows.values(*names, **aliases)
    ]


def learner_export(*, learner: Learner) -> dict[str, Any]:
    """All that is stored about the learner, as plain data (times are datetimes, ids the LMS's own)."""
    attempts = Attempt.objects.filter(learner=learner).order_by("pk")
    by_attempt: dict[int, dict[str, Any]] = {
        row["id"]: {**row, "assessments": [], "mastery_changes": [], "answer_vector": None}
        for row in _rows(
            attempts,
            "id",
            "response",
            "given_score",
            "started_at",
            "submitted_at",
            "received_at",
            "n_hints",
            "latency_ms",
            "source",
            "state",
            "last_error",
            course="course__external_id",
            resource="resource__external_id",
        )
    }
    for row in _rows(
        Assessment.objects.filter(attempt__learner=learner).order_by("pk"),
        "attempt_id",
        "is_current",
        "is_released",
        "score",
        "label",
        "feedback",
        "misconception",
        "missing",
        "confidence",
        "assessor_kind",
        "model",
        "prompt_version",
        "version_id",
        "is_audit",
        "assessed_by",
        "details",
        "created_at",
    ):
        by_attempt[row.pop("attempt_id")]["assessments"].append(row)
    for attempt_id, model, vector in AnswerVector.objects.filter(attempt__learner=learner).values_list(
        "attempt_id", "model", "embedding"
    ):
        by_attempt[attempt_id]["answer_vector"] = {"model": model, "embedding": [float(x) for x in vector]}
    for row in _rows(
        MasteryChange.objects.filter(attempt__learner=learner).order_by("pk"),
        "attempt_id",
        "before",
        "after",
        skill="skill__external_id",
    ):
        by_attempt[row.pop("attempt_id")]["mastery_changes"].append(row)
    return {
        "exported_at": now(),
        "learner": {
            "id": learner.external_id,
            "display_name": learner.display_name,
            "language": learner.language,
            "preferences": learner.preferences,
            "ai_consent": learner.ai_consent,
            "consents": learner.consents,
            "shares_performance": learner.shares_performance,
            "is_simulated": learner.is_simulated,
            "created_at": learner.created_at,
            "updated_at": learner.updated_at,
            "login": learner.user.get_username() if learner.user else None,
        },
        "enrolments": _rows(
            Enrolment.objects.filter(learner=learner).order_by("pk"),
            "role",
            "created_at",
            course="course__external_id",
            cohort="cohort__name",
        ),
        "attempts": list(by_attempt.values()),
        "mastery": _rows(
            SkillMastery.objects.filter(learner=learner).order_by("pk"),
            "p_mastery",
            "n_attempts",
            "last_attempt_at",
            "stability_days",
            "due_at",
            "computed_at",
            course="skill__course__external_id",
            skill="skill__external_id",
        ),
        "states": _rows(
            LearnerState.objects.filter(learner=learner).order_by("pk"),
            "model",
            "state",
            "n_applied",
            "updated_at",
            course="course__external_id",
        ),
        "performance_assessments": _performance(learner),
        "study_plans": _study_plans(learner),
        "conversations": _conversations(learner),
        "recommendations": _slates(learner),
        "rulings": _rows(
            Ruling.objects.filter(learner=learner).order_by("pk"),
            "kind",
            "created_at",
            "ends_at",
            "ended_at",
            course="course__external_id",
            resource="resource__external_id",
        ),
        "experiments": _rows(
            Exposure.objects.filter(learner=learner).order_by("pk"), "variant", "at", name="experiment__name"
        ),
        "texts_given_to_models": _rows(
            SentText.objects.filter(learner=learner).order_by("pk"),
            "at",
            "purpose",
            "model",
            "host",
            "text",
            "n_characters",
            "removed",
            "n_times",
        ),
        "audit": _rows(
            _audit_of(learner).order_by("pk"), "at", "action", "actor_kind", "subject_kind", "inputs", "outcome"
        ),
    }


@dataclass(frozen=True, slots=True)
class Stored:
    """How much is stored about a learner, by kind."""

    n_attempts: int
    n_slates: int
    n_messages: int
    n_plans: int
    n_summaries: int
    n_sent_texts: int


def learner_stored(*, learner: Learner) -> Stored:
    """Six counts, a query each."""
    return Stored(
        n_attempts=Attempt.objects.filter(learner=learner).count(),
        n_slates=Slate.objects.filter(learner=learner).count(),
        n_messages=TutorMessage.objects.filter(conversation__learner=learner).count(),
        n_plans=StudyPlan.objects.filter(learner=learner).count(),
        n_summaries=PerformanceAssessment.objects.filter(learner=learner).count(),
        n_sent_texts=SentText.objects.filter(learner=learner).count(),
    )


def n_statistics(*, learner: Learner) -> int:
    """How many of the learner's answers stay as bare statistics when all else goes."""
    return Attempt.objects.filter(learner=learner).filter(_counts()).count()


def _counts() -> Exists:
    """Of an attempt: does a mark of it count? Then it holds a statistic."""
    return Exists(Assessment.objects.filter(attempt=OuterRef("pk"), is_current=True, is_released=True))


def _performance(learner: Learner) -> list[dict[str, Any]]:
    gaps: dict[int, list[dict[str, Any]]] = {}
    for row in _rows(
        GapQuery.objects.filter(learner=learner).order_by("pk"),
        "assessment_id",
        "text",
        "score",
        "embedding_model",
        skill="skill__external_id",
        resource="resource__external_id",
    ):
        gaps.setdefault(row.pop("assessment_id"), []).append(row)
    rows = _rows(
        PerformanceAssessment.objects.filter(learner=learner).order_by("pk"),
        "id",
        "period",
        "starts_at",
        "ends_at",
        "facts",
        "text",
        "plain_text",
        "grounding",
        "refused_text",
        "model",
        "prompt_version",
        "versions",
        "made_at",
        "state",
        course="course__external_id",
    )
    return [{**row, "looked_for": gaps.get(row["id"], [])} for row in rows]


def _study_plans(learner: Learner) -> list[dict[str, Any]]:
    """Resources and skills of the sessions by the LMS's own ids; the calendar's secret address is not in it."""
    sessions: dict[int, list[dict[str, Any]]] = {}
    rows = _rows(
        StudySession.objects.filter(plan__learner=learner).order_by("day"),
        "plan_id",
        "day",
        "starts_at",
        "minutes",
        "kind",
        "blocks",
        "changed_at",
    )
    courses = StudyPlan.objects.filter(learner=learner).values("course_id")
    resources = dict(Resource.objects.filter(course__in=courses).values_list("pk", "external_id"))
    skills = dict(Skill.objects.filter(course__in=courses).values_list("pk", "external_id"))
    for row in rows:
        for block in row["blocks"]:
            block["skill"] = skills.get(block["skill"])
            block["resources"] = [resources.get(pk) for pk in block["resources"]]
        sessions.setdefault(row.pop("plan_id"), []).append(row)
    plans = _rows(
        StudyPlan.objects.filter(learner=learner).order_by("pk"),
        "id",
        "exam_at",
        "target",
        "minutes_per_weekday",
        "days_off",
        "start_time",
        "planned_at",
        "forecast",
        "shortfall",
        "versions",
        "feed_key",
        "created_at",
        "updated_at",
        course="course__external_id",
    )
    for plan in plans:
        plan["has_calendar_feed"] = bool(plan.pop("feed_key"))
        plan["sessions"] = sessions.get(plan.pop("id"), [])
    return plans


def _conversations(learner: Learner) -> list[dict[str, Any]]:
    """What the learner said to the tutor, what it replied, and what a model made of the replies."""
    messages: dict[str, list[dict[str, Any]]] = {}
    rows = _rows(
        TutorMessage.objects.filter(conversation__learner=learner).order_by("pk"),
        *("conversation_id", "role", "state", "text", "act", "reply", "slate_id"),
        *("reworded", "refused", "model", "prompt_version", "created_at"),
    )
    for row in rows:
        row["slate_id"] = str(row["slate_id"]) if row["slate_id"] else None
        messages.setdefault(str(row.pop("conversation_id")), []).append(row)
    talks = _rows(
        Conversation.objects.filter(learner=learner).order_by("created_at", "pk"),
        "id",
        "created_at",
        course="course__external_id",
        exercise="exercise__external_id",
    )
    return [{**talk, "id": str(talk["id"]), "messages": messages.get(str(talk["id"]), [])} for talk in talks]


def _slates(learner: Learner) -> list[dict[str, Any]]:
    rows = (
        Slate.objects.filter(learner=learner)
        .select_related("course", "experiment")
        .defer("candidates")  # other resources, which say nothing of the learner
        .prefetch_related(Prefetch("impressions__resource", Resource.objects.only("external_id")))
        .prefetch_related("impressions__explanation", "impressions__events")
        .prefetch_related("impressions__reviews__instead", "offers__course")
        .order_by("created_at", "pk")
    )
    return [
        {
            "id": str(slate.pk),
            "course": slate.course.external_id,
            "created_at": slate.created_at,
            "purpose": slate.purpose,
            "query": slate.query,
            "policy": slate.policy,
            "experiment": slate.experiment.name if slate.experiment else None,
            "variant": slate.variant,
            "context": slate.context,
            "why_empty": slate.why_empty,
            "courses": [
                {
                    "position": offer.position,
                    "course": offer.course.external_id,
                    "score": offer.score,
                    "reasons": offer.reasons,
                    "shown_at": offer.shown_at,
                    "dismissed_at": offer.dismissed_at,
                    "enrolled_at": offer.enrolled_at,
                }
                for offer in slate.offers.all()
            ],
            "items": [
                {
                    "position": impression.position,
                    "resource": impression.resource.external_id,
                    "score": impression.score,
                    "p_correct": impression.p_correct,
                    "propensity": impression.propensity,
                    "reasons": impression.reasons,
                    "shown_at": impression.shown_at,
                    "explanation": getattr(getattr(impression, "explanation", None), "text", None),
                    "summary": getattr(getattr(impression, "explanation", None), "summary", None),
                    "events": [
                        {
                            "type": event.type,
                            "rating": event.rating,
                            "reason": event.reason,
                            "created_at": event.created_at,
                        }
                        for event in impression.events.all()
                    ],
                    "reviews": [
                        {
                            "decision": review.decision,
                            "scope": review.scope,
                            "with": review.instead.external_id if review.instead else None,
                            "note": review.note,
                            "created_at": review.created_at,
                            "undone_at": review.undone_at,
                        }
                        for review in impression.reviews.all()
                    ],
                }
                for impression in slate.impressions.all()
            ],
        }
        for slate in rows
    ]


def _audit_of(learner: Learner) -> QuerySet[AuditEntry]:
    """The entries about the learner, their attempts and their slates."""
    attempts = Attempt.objects.filter(learner=learner).values_list("pk", flat=True)
    slates = Slate.objects.filter(learner=learner).values_list("pk", flat=True)
    about = Q(subject_kind="learner", subject_id=str(learner.pk))
    about |= Q(subject_kind="attempt", subject_id__in=[str(pk) for pk in attempts])
    said = TutorMessage.objects.filter(conversation__learner=learner).values_list("pk", flat=True)
    about |= Q(subject_kind="tutormessage", subject_id__in=[str(pk) for pk in said])
    about |= Q(subject_kind="slate", subject_id__in=[str(pk) for pk in slates])
    return AuditEntry.objects.filter(about, tenant_id=learner.tenant_id)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of the learner's attempts. Those that were never assessed hold no statistic and are deleted."""

    n_attempts_anonymised: int
    n_attempts_deleted: int


@transaction.atomic
def learner_erase(*, learner: Learner, asked_by: str = "", actor_kind: str = AuditEntry.ActorKind.LMS) -> Erasure:
    """Forgets the learner: person, login, answers, beliefs, recommendations, log entries. actor_kind: who asked for it.

    The assessed attempts stay as bare statistics (exercise, score, number of hints, day) of nobody in particular: they
    lose their words, their exact times and every tie to each other. All of it happens, or nothing.
    """
    tenant = learner.tenant
    with connection.cursor() as cursor:
        # The one change to the past that the database allows, for this transaction only.
        cursor.execute("SET LOCAL adaptive.erasing = 'on'")
    # In the order in which answers take effect (attempts, then states), so that neither waits for the other for ever.
    keys = [
        str(pk)
        for pk in Attempt.objects.select_for_update()
        .filter(learner=learner)
        .order_by("pk")
        .values_list("pk", flat=True)
    ]
    list(LearnerState.objects.select_for_update().filter(learner=learner).order_by("pk"))
    slate_keys = [str(pk) for pk in Slate.objects.filter(learner=learner).values_list("pk", flat=True)]
    _audit_of(learner).delete()
    IdempotencyRecord.objects.filter(tenant=tenant).filter(
        Q(body__id__in=slate_keys) | Q(body__id__in=[int(key) for key in keys]) | Q(body__learner=learner.external_id)
    ).delete()
    talks = Conversation.objects.filter(learner=learner)
    talk_keys = [str(pk) for pk in talks.values_list("pk", flat=True)]
    IdempotencyRecord.objects.filter(tenant=tenant).filter(
        Q(body__id__in=talk_keys) | Q(body__conversation__in=talk_keys)
    ).delete()
    # A worker that is rewording a reply right now finds its row gone, and writes nothing.
    talks.delete()
    Slate.objects.filter(learner=learner).delete()
    SlateHint.objects.filter(learner=learner).delete()
    # A worker that is assessing them right now finds its row gone, and writes nothing.
    PerformanceAssessment.objects.filter(learner=learner).delete()
    # The calendar's address stops working with it.
    StudyPlan.objects.filter(learner=learner).delete()
    MasteryChange.objects.filter(learner=learner).delete()
    SkillMastery.objects.filter(learner=learner).delete()
    LearnerState.objects.filter(learner=learner).delete()
    Exposure.objects.filter(learner=learner).delete()
    SentText.objects.filter(learner=learner).delete()
    erasure = _attempts_anonymise(learner=learner, tenant=tenant)
    _login_erase(learner)
    learner.delete()
    audit_record(
        tenant=tenant,
        action="learner_erase",
        subject=tenant,
        actor_kind=actor_kind,
        actor=asked_by,
        outcome={
            "n_attempts_anonymised": erasure.n_attempts_anonymised,
            "n_attempts_deleted": erasure.n_attempts_deleted,
        },
    )
    return erasure


def _attempts_anonymise(*, learner: Learner, tenant: Tenant) -> Erasure:
    own = Attempt.objects.filter(learner=learner)
    counting = Assessment.objects.filter(attempt=OuterRef("pk"), is_current=True, is_released=True)
    n_deleted = own.exclude(_counts()).delete()[1].get(Attempt._meta.label, 0)
    AnswerVector.objects.filter(attempt__learner=learner).delete()
    # The superseded marks show how somebody's work was judged twice; the statistic is the one that counts.
    Assessment.objects.filter(attempt__learner=learner, is_current=False).delete()
    Assessment.objects.filter(attempt__learner=learner).update(
        feedback="", missing="", details={}, assessed_by="", created_at=TruncDay("created_at")
    )
    nobody, _ = Learner.objects.get_or_create(tenant=tenant, external_id=ERASED_ID)
    day = TruncDay("submitted_at")
    n_kept = own.update(
        learner=nobody,
        response=None,
        given_score=Subquery(counting.values("score")[:1]),
        started_at=None,
        submitted_at=day,
        received_at=day,
        next_at=day,
        published_at=day,
        state=Attempt.State.ASSESSED,
        lease_token=None,
        lease_until=None,
        last_error="",
        idempotency_key=None,
        request_hash="",
        impression_id=None,
        applied_seq=None,
    )
    return Erasure(n_kept, n_deleted)


def _login_erase(learner: Learner) -> None:
    """The account goes too, with its traces in the log of logins; an operator's account stays, without the learner."""
    user = learner.user
    Cohort.objects.filter(course__tenant_id=learner.tenant_id, enrolments__learner=learner).exclude(
        Exists(Enrolment.objects.filter(cohort=OuterRef("pk")).exclude(learner=learner))
    ).delete()
    if user is None or user.is_staff or user.is_superuser:
        return
    username = user.get_username()
    if apps.is_installed("axes"):
        for model in ("AccessAttempt", "AccessLog", "AccessFailureLog"):
            apps.get_model("axes", model).objects.filter(username=username).delete()
    get_user_model().objects.filter(pk=user.pk).delete()
