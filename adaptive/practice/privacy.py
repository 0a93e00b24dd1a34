"""A learner's rights: to see how much is stored about them, and to be forgotten. To take it along: `exporting`."""

from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncDay

from adaptive.assessment.models import AnswerVector, Assessment
from adaptive.audit.models import AuditEntry, SentText
from adaptive.audit.services import audit_record
from adaptive.conversation.models import Conversation, TutorMessage
from adaptive.events.models import Attempt
from adaptive.experiments.models import Exposure
from adaptive.learners.models import Cohort, Enrolment, Learner
from adaptive.mastery.models import LearnerState, MasteryChange, SkillMastery
from adaptive.performance.models import PerformanceAssessment
from adaptive.planning.models import StudyPlan
from adaptive.recommendation.models import Slate, SlateHint
from adaptive.tenants.models import IdempotencyRecord, Tenant

# Holds the attempts of all who were erased. The slash keeps it out of every path: nobody can be called that.
ERASED_ID = "erased/everybody"


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


def n_statistics(*, learner: Learner, most: int) -> int:
    """How many of the learner's answers stay as bare statistics when all else goes; `most` + 1 for more than that."""
    return Attempt.objects.filter(learner=learner).filter(_counts())[: most + 1].count()


def _counts() -> Exists:
    """Of an attempt: does a mark of it count? Then it holds a statistic."""
    return Exists(Assessment.objects.filter(attempt=OuterRef("pk"), is_current=True, is_released=True))


def audit_of(learner: Learner) -> QuerySet[AuditEntry]:
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
    audit_of(learner).delete()
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
