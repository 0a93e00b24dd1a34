from dataclasses import dataclass

from django.db import transaction

from adaptive.backends.learner_model.base import SkillView
from adaptive.catalog.models import Course
from adaptive.common.clock import from_epoch
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.items import items_of
from adaptive.mastery.models import LearnerState, MasteryChange, SkillMastery
from adaptive.mastery.replay import Belief, Taken, history_of, observation_of, replay, take_in
from adaptive.mastery.versions import ModelInUse, model_in_use

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


def _write(*, row: LearnerState, belief: Belief, tag: str) -> None:
    row.state, row.n_applied, row.model = belief.state, belief.n_applied, tag
    row.save(update_fields=["state", "n_applied", "model", "updated_at"])
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
    return LearnerState.objects.select_for_update().get(learner=learner, course=course)


@transaction.atomic
def attempt_apply(*, attempt: Attempt, score: float) -> list[Change]:
    """Takes an assessed attempt into the learner's state, once. Returns what it changed.

    Call it inside the transaction that writes the assessment. Applying an attempt twice is refused by the database.
    """
    row = state_lock(learner=attempt.learner, course=attempt.course)
    in_use = model_in_use(attempt.course)
    if row.model != in_use.tag and row.n_applied:
        _rebuild(row=row, in_use=in_use)
    belief = Belief(row.state or in_use.model.empty(), row.n_applied)
    item = items_of([attempt.resource_id])[attempt.resource_id]
    observation = observation_of(
        item=item, score=score, submitted_at=attempt.submitted_at.timestamp(), n_hints=attempt.n_hints
    )
    take_in(in_use.model, belief, Taken(attempt.pk, observation))
    attempt.applied_seq = belief.n_applied
    attempt.save(update_fields=["applied_seq"])
    _write(row=row, belief=belief, tag=in_use.tag)
    return [Change(skill, before, after) for _, skill, before, after in belief.changes]


def _rebuild(*, row: LearnerState, in_use: ModelInUse) -> Belief:
    resources = (
        Attempt.objects.filter(learner_id=row.learner_id, course_id=row.course_id, applied_seq__isnull=False)
        .values_list("resource_id", flat=True)
        .distinct()
    )
    items = items_of(resources)
    belief = replay(in_use.model, history_of(learner_id=row.learner_id, course_id=row.course_id, items=items))
    SkillMastery.objects.filter(learner_id=row.learner_id, skill__course_id=row.course_id).delete()
    MasteryChange.objects.filter(attempt__learner_id=row.learner_id, attempt__course_id=row.course_id).delete()
    _write(row=row, belief=belief, tag=in_use.tag)
    return belief


@transaction.atomic
def state_rebuild(*, learner: Learner, course: Course) -> LearnerState:
    """Forgets all that is derived of the learner in the course and replays the attempts."""
    row = state_lock(learner=learner, course=course)
    _rebuild(row=row, in_use=model_in_use(course))
    return row


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is stored otherwise than a replay would have it."""

    learner: str
    what: str
    stored: object
    replayed: object


def state_check(*, learner: Learner, course: Course) -> list[Difference]:
    """What differs between the stored belief and a replay; empty where all is well. Changes nothing."""
    with transaction.atomic():
        row = LearnerState.objects.select_for_update().filter(learner=learner, course=course).first()
        if row is None:
            return []
        in_use = model_in_use(course)
        applied = Attempt.objects.filter(learner=learner, course=course, applied_seq__isnull=False)
        items = items_of(applied.values_list("resource_id", flat=True).distinct())
        belief = replay(in_use.model, history_of(learner_id=learner.pk, course_id=course.pk, items=items))
        found: list[Difference] = []

        def compare(what: str, stored: object, replayed: object) -> None:
            if stored != replayed:
                found.append(Difference(learner.external_id, what, stored, replayed))

        compare("number of applied attempts", row.n_applied, belief.n_applied)
        compare(
            "places in the order",
            sorted(applied.values_list("applied_seq", flat=True)),
            list(range(1, row.n_applied + 1)),
        )
        compare("state", row.state, belief.state)
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
