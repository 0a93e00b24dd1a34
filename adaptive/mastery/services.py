from dataclasses import dataclass

from django.db import transaction

from adaptive.backends.learner_model.base import SkillView
from adaptive.catalog.models import Course
from adaptive.common.clock import from_epoch
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.items import items_of
from adaptive.mastery.models import LearnerState, MasteryChange, SkillMastery
from adaptive.mastery.replay import (
    Belief,
    Taken,
    history_of,
    items_answered,
    observation_of,
    replay_of,
    take_in,
    take_in_all,
)
from adaptive.mastery.versions import ModelInUse, model_in_use, model_of_state, states

MASTERY_FIELDS = ["p_mastery", "n_attempts", "last_attempt_at", "stability_days", "due_at", "computed_at"]


@dataclass(frozen=True, slots=True)
class Change:
    """What one attempt changed in one skill's p_mastery."""

    skill_id: int
    before: float
    after: float


def mastery_row(*, learner_id: int, view: SkillView, as_of: float) -> SkillMastery:
    """The row that says what `view` says."""
    return SkillMastery(
        learner_id=learner_id,
        skill_id=view.skill_id,
        p_mastery=view.p_mastery,
        n_attempts=view.n_attempts,
        last_attempt_at=None if view.last_at is None else from_epoch(view.last_at),
        stability_days=view.stability_days,
        due_at=None if view.due_at is None else from_epoch(view.due_at),
        computed_at=from_epoch(as_of),
    )


def _write(*, row: LearnerState, belief: Belief, in_use: ModelInUse) -> None:
    row.state, row.n_applied = belief.state, belief.n_applied
    row.model, row.version_id = in_use.tag, in_use.version_id or None
    row.save(update_fields=["state", "n_applied", "model", "version", "updated_at"])
    SkillMastery.objects.bulk_create(
        [mastery_row(learner_id=row.learner_id, view=view, as_of=as_of) for view, as_of in belief.views.values()],
        update_conflicts=True,
        unique_fields=["learner", "skill"],
        update_fields=MASTERY_FIELDS,
    )
    MasteryChange.objects.bulk_create(
        [
            MasteryChange(attempt_id=attempt, learner_id=row.learner_id, skill_id=skill, before=before, after=after)
            for attempt, skill, before, after in belief.changes
        ],
        batch_size=2000,
    )


def state_lock(*, learner: Learner, course: Course) -> LearnerState:
    """The learner's state row, locked until the transaction ends; made where there is none.

    Whoever changes what is believed about a learner takes this lock first, so that attempts apply one after the other.
    """
    LearnerState.objects.bulk_create([LearnerState(learner=learner, course=course)], ignore_conflicts=True)
    return states().select_for_update(of=("self",)).get(learner=learner, course=course)


def state_model(row: LearnerState, course: Course) -> ModelInUse | None:
    """The model to take the next attempt in with: the one that wrote the state, the version in use for an empty one.

    None where the state cannot be gone on with (its model is not to be had any more, or the exercises have changed
    since, so that it is not what a replay would give): it has to be rebuilt first.
    """
    if not row.n_applied:
        return model_in_use(course)
    written_by = model_of_state(row, course)
    return written_by if written_by and written_by.tag == row.model else None


@transaction.atomic
def attempt_apply(*, attempt: Attempt, score: float) -> list[Change]:
    """Takes an assessed attempt into the learner's state, once. Returns what it changed.

    Call it inside the transaction that writes the assessment. Applying an attempt twice is refused by the database.
    """
    row = state_lock(learner=attempt.learner, course=attempt.course)
    in_use = state_model(row, attempt.course)
    if in_use is None:
        in_use = model_in_use(attempt.course)
        _rebuild(row=row, in_use=in_use)
    belief = Belief(row.state or in_use.model.empty(), row.n_applied)
    item = items_of([attempt.resource_id])[attempt.resource_id]
    observation = observation_of(
        item=item,
        score=score,
        submitted_at=attempt.submitted_at.timestamp(),
        n_hints=attempt.n_hints,
        latency_ms=attempt.latency_ms,
    )
    take_in(in_use.model, belief, Taken(attempt.pk, observation))
    attempt.applied_seq = belief.n_applied
    attempt.save(update_fields=["applied_seq"])
    _write(row=row, belief=belief, in_use=in_use)
    return [Change(skill, before, after) for _, skill, before, after in belief.changes]


def _rebuild(*, row: LearnerState, in_use: ModelInUse) -> None:
    belief = replay_of(model=in_use.model, learner_id=row.learner_id, course_id=row.course_id)
    _replace(row=row, belief=belief, in_use=in_use)


def _replace(*, row: LearnerState, belief: Belief, in_use: ModelInUse) -> None:
    """Puts `belief`, made of the whole history, in the place of all that was derived of the learner in the course."""
    SkillMastery.objects.filter(learner_id=row.learner_id, skill__course_id=row.course_id).delete()
    MasteryChange.objects.filter(attempt__learner_id=row.learner_id, attempt__course_id=row.course_id).delete()
    row.n_rebuilds += 1
    row.replay_error, row.replay_after = "", None
    row.save(update_fields=["n_rebuilds", "replay_error", "replay_after"])
    _write(row=row, belief=belief, in_use=in_use)


@transaction.atomic
def state_rebuild(*, learner: Learner, course: Course) -> LearnerState:
    """Forgets all that is derived of the learner in the course and replays the attempts by the version in use."""
    row = state_lock(learner=learner, course=course)
    _rebuild(row=row, in_use=model_in_use(course))
    return row


def state_renew(*, state_id: int, course: Course, in_use: ModelInUse) -> bool:
    """Brings a state up to the version in use without keeping the learner waiting. False where there was nothing to do.

    The long replay runs beside the learner, without a lock; then, locked, what was answered meanwhile is taken in and
    the whole is put in the place of the old. Where the past itself was rewritten meanwhile (a teacher's mark), nothing
    is written; the caller may try again.
    """
    before = LearnerState.objects.filter(pk=state_id).only("learner_id", "n_rebuilds", "model", "n_applied").first()
    if before is None or before.model == in_use.tag or not before.n_applied:
        return False
    ids = {"learner_id": before.learner_id, "course_id": course.pk}
    belief = replay_of(model=in_use.model, **ids)
    with transaction.atomic():
        row = states().select_for_update(of=("self",)).filter(pk=state_id).first()
        if row is None or row.n_rebuilds != before.n_rebuilds:
            return False
        if row.n_applied > belief.n_applied:
            since = history_of(**ids, items=items_answered(**ids), after=belief.n_applied)
            take_in_all(in_use.model, belief, since)
        if row.n_applied != belief.n_applied:
            return False
        _replace(row=row, belief=belief, in_use=in_use)
    return True


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is stored otherwise than a replay would have it."""

    learner: str
    what: str
    stored: object
    replayed: object


def state_check(*, learner: Learner, course: Course) -> list[Difference]:
    """What differs between the stored belief and a replay by the model that wrote it; empty where all is well.

    Where that model is not to be had, or the exercises have changed since, a rebuild is due and only the order of the
    attempts is looked at. Changes nothing.
    """
    with transaction.atomic():
        row = states().select_for_update(of=("self",)).filter(learner=learner, course=course).first()
        if row is None:
            return []
        found: list[Difference] = []

        def compare(what: str, stored: object, replayed: object) -> None:
            if stored != replayed:
                found.append(Difference(learner.external_id, what, stored, replayed))

        applied = Attempt.objects.filter(learner=learner, course=course, applied_seq__isnull=False)
        places = sorted(applied.values_list("applied_seq", flat=True))
        compare("number of applied attempts", row.n_applied, len(places))
        compare("places in the order", places, list(range(1, row.n_applied + 1)))
        written_by = state_model(row, course)
        if written_by is None:
            return found
        belief = replay_of(model=written_by.model, learner_id=learner.pk, course_id=course.pk)
        compare("state", row.state or written_by.model.empty(), belief.state)
        stored = {m.skill_id: m for m in SkillMastery.objects.filter(learner=learner, skill__course=course)}
        compare("skills", sorted(stored), sorted(belief.views))
        for skill_id, (view, as_of) in belief.views.items():
            if skill_id in stored:
                wanted = mastery_row(learner_id=learner.pk, view=view, as_of=as_of)
                for name in MASTERY_FIELDS:
                    compare(f"{name} of skill {skill_id}", getattr(stored[skill_id], name), getattr(wanted, name))
        changes = MasteryChange.objects.filter(attempt__learner=learner, attempt__course=course)
        compare(
            "evidence",
            sorted(changes.values_list("attempt_id", "skill_id", "before", "after")),
            sorted(belief.changes),
        )
        return found
