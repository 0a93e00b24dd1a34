"""Many attempts of the past at once, assessed already: stored by COPY, believed by the same replay as live ones."""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from adaptive.assessment.models import Assessment
from adaptive.assessment.types import Verdict
from adaptive.backends.learner_model.base import Item
from adaptive.catalog.models import Course
from adaptive.common.clock import now
from adaptive.events.models import Attempt
from adaptive.mastery.items import items_of
from adaptive.mastery.models import LearnerState, MasteryChange, SkillMastery
from adaptive.mastery.replay import Belief, Taken, observation_of, take_in_all
from adaptive.mastery.services import MASTERY_FIELDS, mastery_row, state_model, state_rebuild
from adaptive.mastery.versions import ModelInUse, model_in_use, states

logger = logging.getLogger(__name__)

ENOUGH_TO_ANALYZE = 5_000
STATES_A_STATEMENT = 200
ATTEMPT_COLUMNS = (
    "id",
    "tenant_id",
    "learner_id",
    "course_id",
    "resource_id",
    "response",
    "given_score",
    "started_at",
    "submitted_at",
    "n_hints",
    "latency_ms",
    "source",
    "idempotency_key",
    "request_hash",
    "state",
    "n_tries",
    "n_lost",
    "last_error",
    "applied_seq",
)
ASSESSMENT_COLUMNS = (
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
    "assessed_by",
    "details",
    "created_at",
)
CHANGE_COLUMNS = ("attempt_id", "learner_id", "skill_id", "before", "after")
MASTERY_COLUMNS = ("learner_id", "skill_id", *MASTERY_FIELDS)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """An attempt that was made elsewhere or by a simulation.

    verdict None: nobody has assessed it; it waits for a teacher, with `waits_because`. assessed_after: how long after
    the submission it was assessed; None: now, by this loading.
    """

    learner_id: int
    resource_id: int
    submitted_at: datetime
    verdict: Verdict | None
    response: dict[str, Any] | None = None
    given_score: float | None = None
    started_at: datetime | None = None
    n_hints: int = 0
    latency_ms: int | None = None
    idempotency_key: str | None = None
    assessed_by: str = ""
    assessed_after: timedelta | None = None
    waits_because: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was stored."""

    n_attempts: int
    n_applied: int
    n_learners: int
    n_changes: int


def _no_progress(done: int, total: int) -> None:
    return None


@transaction.atomic
def attempts_load(
    *, course: Course, attempts: Sequence[PastAttempt], source: str, progress: Progress = _no_progress
) -> Loaded:
    """Stores all attempts with their assessments and takes them into the learners' states, or nothing at all.

    attempts: those of one learner in the order in which they count; learners may alternate. All learners and resources
    belong to the course's tenant (the caller has looked them up). Learners who have attempts already keep them: these
    are taken in after them. progress(done, total) is called now and then while the attempts are replayed.
    """
    assessed = {attempt.learner_id for attempt in attempts if attempt.verdict is not None}
    rows = _states_lock(course=course, learner_ids=assessed)
    ids = _attempt_ids(len(attempts))
    order = _replay(rows=rows, attempts=attempts, ids=ids, progress=progress)
    _copy(
        Attempt._meta.db_table,
        ATTEMPT_COLUMNS,
        (
            _attempt_row(course, source, attempt_id, attempt, order.applied_seq.get(attempt_id))
            for attempt_id, attempt in zip(ids, attempts, strict=True)
        ),
    )
    loaded_at = now()
    _copy(
        Assessment._meta.db_table,
        ASSESSMENT_COLUMNS,
        (
            _assessment_row(attempt_id, attempt, attempt.verdict, loaded_at)
            for attempt_id, attempt in zip(ids, attempts, strict=True)
            if attempt.verdict is not None
        ),
    )
    n_changes = _beliefs_write(rows=rows, beliefs=order.beliefs)
    if len(attempts) >= ENOUGH_TO_ANALYZE:
        # So that the first pages after a large import are not planned as if the tables were still empty.
        transaction.on_commit(_analyze)
    n_learners = len({attempt.learner_id for attempt in attempts})
    return Loaded(len(attempts), len(order.applied_seq), n_learners, n_changes)


_Held = dict[int, tuple[LearnerState, ModelInUse]]  # learner id -> locked state, the model to go on with


def _states_lock(*, course: Course, learner_ids: set[int]) -> _Held:
    """The learners' states, made where there is none, locked, each with the model that wrote it; those that cannot be
    gone on with are brought up to the version in use first."""
    LearnerState.objects.bulk_create(
        [LearnerState(learner_id=pk, course=course) for pk in sorted(learner_ids)], ignore_conflicts=True
    )
    locked = states().select_for_update(of=("self",)).filter(course=course, learner_id__in=learner_ids)
    in_use = model_in_use(course)
    held: _Held = {}
    for row in locked.select_related("learner").order_by("learner_id"):
        model = state_model(row, course) if row.n_applied else in_use
        if model is None:
            row, model = state_rebuild(learner=row.learner, course=course), in_use
        held[row.learner_id] = (row, model)
    return held


def _attempt_ids(n: int) -> list[int]:
    """Keys for n attempts, drawn from the table's own sequence, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [Attempt._meta.db_table, n]
        )
        return sorted(row[0] for row in cursor.fetchall())


@dataclass(slots=True)
class _Order:
    """The places that the attempts got, and what is believed after them."""

    applied_seq: dict[int, int]
    beliefs: dict[int, tuple[Belief, int]]  # learner id -> (belief, number of attempts applied before)


def _replay(
    *,
    rows: _Held,
    attempts: Sequence[PastAttempt],
    ids: Sequence[int],
    progress: Progress,
) -> _Order:
    items = items_of({attempt.resource_id for attempt in attempts})
    of_learner: dict[int, list[tuple[int, PastAttempt]]] = defaultdict(list)
    for attempt_id, attempt in zip(ids, attempts, strict=True):
        if attempt.verdict is not None:
            of_learner[attempt.learner_id].append((attempt_id, attempt))
    order, n_done, n_total = _Order({}, {}), 0, sum(map(len, of_learner.values()))
    for learner_id, theirs in of_learner.items():
        row, in_use = rows[learner_id]
        belief = Belief(row.state or in_use.model.empty(), row.n_applied)
        order.applied_seq |= {attempt_id: row.n_applied + n for n, (attempt_id, _) in enumerate(theirs, 1)}
        take_in_all(in_use.model, belief, (_taken(items, attempt_id, attempt) for attempt_id, attempt in theirs))
        order.beliefs[learner_id] = (belief, row.n_applied)
        n_done += len(theirs)
        progress(n_done, n_total)
    return order


def _taken(items: dict[int, Item], attempt_id: int, attempt: PastAttempt) -> Taken:
    assert attempt.verdict is not None
    observation = observation_of(
        item=items[attempt.resource_id],
        score=attempt.verdict.score,
        submitted_at=attempt.submitted_at.timestamp(),
        n_hints=attempt.n_hints,
        latency_ms=attempt.latency_ms,
    )
    return Taken(attempt_id, observation)


def _attempt_row(
    course: Course, source: str, attempt_id: int, attempt: PastAttempt, applied_seq: int | None
) -> tuple[Any, ...]:
    return (
        attempt_id,
        course.tenant_id,
        attempt.learner_id,
        course.pk,
        attempt.resource_id,
        None if attempt.response is None else json.dumps(attempt.response),
        attempt.given_score,
        attempt.started_at,
        attempt.submitted_at,
        attempt.n_hints,
        attempt.latency_ms,
        source,
        attempt.idempotency_key,
        "",
        Attempt.State.NEEDS_REVIEW.value if attempt.verdict is None else Attempt.State.ASSESSED.value,
        0,
        0,
        attempt.waits_because if attempt.verdict is None else "",
        applied_seq,
    )


def _assessment_row(attempt_id: int, attempt: PastAttempt, verdict: Verdict, loaded_at: datetime) -> tuple[Any, ...]:
    return (
        attempt_id,
        True,
        True,
        verdict.score,
        verdict.label,
        verdict.feedback,
        verdict.misconception,
        verdict.missing,
        verdict.confidence,
        verdict.assessor_kind,
        verdict.model,
        verdict.prompt_version,
        attempt.assessed_by,
        json.dumps(verdict.details),
        loaded_at if attempt.assessed_after is None else attempt.submitted_at + attempt.assessed_after,
    )


def _beliefs_write(*, rows: _Held, beliefs: dict[int, tuple[Belief, int]]) -> int:
    """Writes state, mastery and evidence; returns how many changes were written."""
    for learner_id, (belief, _) in beliefs.items():
        row, in_use = rows[learner_id]
        row.state, row.n_applied = belief.state, belief.n_applied
        row.model, row.version_id = in_use.tag, in_use.version_id or None
    LearnerState.objects.bulk_create(
        [rows[learner_id][0] for learner_id in beliefs],
        update_conflicts=True,
        unique_fields=["learner", "course"],
        update_fields=["state", "n_applied", "model", "version", "updated_at"],
        batch_size=STATES_A_STATEMENT,
    )
    new, known = [], []
    for learner_id, (belief, n_before) in beliefs.items():
        masteries = [mastery_row(learner_id=learner_id, view=view, as_of=at) for view, at in belief.views.values()]
        (known if n_before else new).extend(masteries)
    _copy(
        SkillMastery._meta.db_table,
        MASTERY_COLUMNS,
        (tuple(getattr(row, name) for name in MASTERY_COLUMNS) for row in new),
    )
    SkillMastery.objects.bulk_create(
        known,
        update_conflicts=True,
        unique_fields=["learner", "skill"],
        update_fields=MASTERY_FIELDS,
        batch_size=2000,
    )
    changes = [
        (attempt_id, learner_id, skill_id, before, after)
        for learner_id, (belief, _) in beliefs.items()
        for attempt_id, skill_id, before, after in belief.changes
    ]
    _copy(MasteryChange._meta.db_table, CHANGE_COLUMNS, changes)
    return len(changes)


def _copy(table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    copy_in = f'COPY "{table}" ({names}) FROM STDIN'
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(copy_in) as copy:
        for row in rows:
            copy.write_row(row)


def _analyze() -> None:
    tables = (Attempt, Assessment, MasteryChange, SkillMastery, LearnerState)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE " + ", ".join(f'"{model._meta.db_table}"' for model in tables))
