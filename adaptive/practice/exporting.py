"""All that is stored about a learner, for them to take along: read in one state of the database, a row at a time.

However many rows there are, neither the learner nor the server waits for the last before the first goes out.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import F, Prefetch, QuerySet
from django.http import StreamingHttpResponse

from adaptive.assessment.models import AnswerVector, Assessment
from adaptive.audit.models import SentText
from adaptive.catalog.models import Resource, Skill
from adaptive.common.clock import now
from adaptive.conversation.models import Conversation, TutorMessage
from adaptive.events.models import Attempt
from adaptive.experiments.models import Exposure
from adaptive.learners.models import Enrolment, Learner
from adaptive.mastery.models import LearnerState, MasteryChange, SkillMastery
from adaptive.performance.models import PerformanceAssessment
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.practice.privacy import audit_of
from adaptive.recommendation.models import GapQuery, Ruling, Slate

CHUNK = 1_000  # rows that are held at once
SLATES = 500  # a slate has rows of its own, which are read with it
STALLED_AFTER = "60s"  # whoever takes no more of the file for so long keeps no connection to the database


def _rows(rows: QuerySet, *names: str, **renamed: str) -> Iterator[dict[str, Any]]:
    """Plain rows of the named fields; `renamed`: name in the row -> where the value is found."""
    aliases = {f"as_{name}": F(path) for name, path in renamed.items()}
    for row in rows.values(*names, **aliases).iterator(chunk_size=CHUNK):
        yield {name.removeprefix("as_") if name in aliases else name: value for name, value in row.items()}


class _Following:
    """Rows that belong to other rows, both in the order of the same key: each is read once and none is kept."""

    def __init__(self, rows: Iterator[dict[str, Any]], key: str) -> None:
        self._rows, self._key = rows, key
        self._next = next(rows, None)

    def of(self, value: int) -> list[dict[str, Any]]:
        """Those of `value`; it may only grow from call to call."""
        found = []
        while self._next is not None and self._next[self._key] <= value:
            row, self._next = self._next, next(self._rows, None)
            if row.pop(self._key) == value:
                found.append(row)
        return found


def export_parts(*, learner: Learner) -> Iterator[tuple[str, Any]]:
    """(name, value) of all that is stored about the learner, as plain data: times are datetimes, ids the LMS's own. A
    value that is an iterator of rows is to be used up before the next part is asked for. Inside a transaction."""
    yield "exported_at", now()
    yield (
        "learner",
        {
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
    )
    yield (
        "enrolments",
        _rows(
            Enrolment.objects.filter(learner=learner).order_by("pk"),
            *("role", "created_at"),
            course="course__external_id",
            cohort="cohort__name",
        ),
    )
    yield "attempts", _attempts(learner)
    yield (
        "mastery",
        _rows(
            SkillMastery.objects.filter(learner=learner).order_by("pk"),
            *("p_mastery", "n_attempts", "last_attempt_at", "stability_days", "due_at", "computed_at"),
            course="skill__course__external_id",
            skill="skill__external_id",
        ),
    )
    yield (
        "states",
        _rows(
            LearnerState.objects.filter(learner=learner).order_by("pk"),
            *("model", "state", "n_applied", "updated_at"),
            course="course__external_id",
        ),
    )
    yield "performance_assessments", _performance(learner)
    yield "study_plans", _study_plans(learner)
    yield "conversations", _conversations(learner)
    yield "recommendations", _slates(learner)
    yield (
        "rulings",
        _rows(
            Ruling.objects.filter(learner=learner).order_by("pk"),
            *("kind", "created_at", "ends_at", "ended_at"),
            course="course__external_id",
            resource="resource__external_id",
        ),
    )
    yield (
        "experiments",
        _rows(Exposure.objects.filter(learner=learner).order_by("pk"), "variant", "at", name="experiment__name"),
    )
    yield (
        "texts_given_to_models",
        _rows(
            SentText.objects.filter(learner=learner).order_by("pk"),
            *("at", "purpose", "model", "host", "text", "n_characters", "removed", "n_times"),
        ),
    )
    yield (
        "audit",
        _rows(
            audit_of(learner).order_by("pk"),
            *("at", "action", "actor_kind", "subject_kind", "inputs", "outcome"),
        ),
    )


def export_text(*, learner: Learner) -> Iterator[str]:
    """All of it as JSON with a line for each row of each list, to be read by people as well. Whoever got all of it has
    the last brace."""
    is_own = not connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if is_own:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{STALLED_AFTER}'")
        before = "{"
        for name, value in export_parts(learner=learner):
            yield f"{before}\n{_plain(name)}: "
            before = ","
            if isinstance(value, Iterator):
                # Who stops reading midway must leave no cursor that is closed after its transaction.
                with closing(value):
                    yield from _lines(value)
            else:
                yield _plain(value)
        yield "\n}\n"


def export_response(*, learner: Learner) -> StreamingHttpResponse:
    """The same as an answer that goes out while it is read."""
    text = export_text(learner=learner)
    return StreamingHttpResponse(text, content_type="application/json")


class _Whole(DjangoJSONEncoder):
    """Django's own cuts a moment to milliseconds; this is to be all that is stored."""

    def default(self, o: Any) -> Any:
        return o.isoformat().replace("+00:00", "Z") if isinstance(o, datetime) else super().default(o)


def _plain(value: Any) -> str:
    # json's own indentation takes ten times as long.
    return json.dumps(value, cls=_Whole, ensure_ascii=False)


def _lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    before = "[\n"
    for row in rows:
        yield before + _plain(row)
        before = ",\n"
    yield "[]" if before == "[\n" else "\n]"


def _attempts(learner: Learner) -> Iterator[dict[str, Any]]:
    """With what became of each. Four statements, however many there are."""
    assessments = _Following(
        _rows(
            Assessment.objects.filter(attempt__learner=learner).order_by("attempt_id", "pk"),
            *("attempt_id", "is_current", "is_released", "score", "label", "feedback", "misconception", "missing"),
            *("confidence", "assessor_kind", "model", "prompt_version", "version_id", "is_audit", "assessed_by"),
            *("details", "created_at"),
        ),
        "attempt_id",
    )
    vectors = _Following(
        _rows(
            AnswerVector.objects.filter(attempt__learner=learner).order_by("attempt_id"),
            *("attempt_id", "model", "embedding"),
        ),
        "attempt_id",
    )
    changes = _Following(
        _rows(
            MasteryChange.objects.filter(attempt__learner=learner).order_by("attempt_id", "pk"),
            *("attempt_id", "before", "after"),
            skill="skill__external_id",
        ),
        "attempt_id",
    )
    rows = _rows(
        Attempt.objects.filter(learner=learner).order_by("pk"),
        *("id", "response", "given_score", "started_at", "submitted_at", "received_at", "n_hints", "latency_ms"),
        *("source", "state", "last_error"),
        course="course__external_id",
        resource="resource__external_id",
    )
    for row in rows:
        pk = row["id"]
        vector = next(
            ({**found, "embedding": [float(x) for x in found["embedding"]]} for found in vectors.of(pk)), None
        )
        yield {**row, "assessments": assessments.of(pk), "mastery_changes": changes.of(pk), "answer_vector": vector}


def _performance(learner: Learner) -> Iterator[dict[str, Any]]:
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
    for row in rows:
        yield {**row, "looked_for": gaps.get(row["id"], [])}


def _study_plans(learner: Learner) -> Iterator[dict[str, Any]]:
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
        yield plan


def _conversations(learner: Learner) -> Iterator[dict[str, Any]]:
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
    for talk in talks:
        yield {**talk, "id": str(talk["id"]), "messages": messages.get(str(talk["id"]), [])}


def _slates(learner: Learner) -> Iterator[dict[str, Any]]:
    rows = (
        Slate.objects.filter(learner=learner)
        .select_related("course", "experiment")
        .defer("candidates")  # other resources, which say nothing of the learner
        .prefetch_related(Prefetch("impressions__resource", Resource.objects.only("external_id")))
        .prefetch_related("impressions__explanation", "impressions__events")
        .prefetch_related("impressions__reviews__instead", "offers__course")
        .order_by("created_at", "pk")
    )
    for slate in rows.iterator(chunk_size=SLATES):
        yield {
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
