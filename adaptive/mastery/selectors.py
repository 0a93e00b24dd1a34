from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Q, Window
from django.db.models.functions import Abs, RowNumber

from adaptive.backends.learner_model.base import Item, State
from adaptive.backends.registry import class_at
from adaptive.catalog.models import Course, Resource, Skill
from adaptive.catalog.selectors import skills_of
from adaptive.common.clock import from_epoch
from adaptive.conf import settings
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.items import items_of
from adaptive.mastery.models import LearnerModelVersion, LearnerState, MasteryChange
from adaptive.mastery.replay import replay_of
from adaptive.mastery.versions import (
    ModelInUse,
    active_tags,
    active_version,
    model_in_use,
    model_of_state,
    states,
    tag_of,
)

MASTERED = 0.85
NEEDS_HELP = 0.5


@dataclass(frozen=True, slots=True)
class SkillMasteryView:
    """What is believed about one skill of one learner at one moment. Probabilities in (0, 1)."""

    skill: Skill
    p_mastery: float
    n_attempts: int
    last_attempt_at: datetime | None
    retrievability: float | None
    due_at: datetime | None

    @property
    def status(self) -> str:
        return mastery_status(p_mastery=self.p_mastery, n_attempts=self.n_attempts)


def mastery_status(*, p_mastery: float, n_attempts: int) -> str:
    """The four words that every page and report uses: not_started, started, needs_help, mastered.

    Needs help: believed more likely wrong than right after at least three attempts. Mastered: above .85 after three.
    """
    if n_attempts == 0:
        return "not_started"
    if n_attempts >= 3 and p_mastery >= MASTERED:
        return "mastered"
    if n_attempts >= 3 and p_mastery < NEEDS_HELP:
        return "needs_help"
    return "started"


@dataclass(frozen=True, slots=True)
class LearnerBelief:
    """A learner's state with the model that reads it."""

    in_use: ModelInUse
    state: State


def learner_state(*, learner: Learner, course: Course) -> LearnerBelief:
    """The learner's state with the model that wrote it, so that the two always fit together, also while a background
    job brings learner after learner up to another version; the empty state of the version in use for who is new.

    Where that model is not to be had any more, what the version in use makes of the attempts (nothing is stored here).
    """
    row = states().filter(learner=learner, course=course).first()
    if row and (written_by := model_of_state(row, course)):
        return LearnerBelief(written_by, row.state)
    in_use = model_in_use(course)
    if row is None or not row.n_applied:
        return LearnerBelief(in_use, in_use.model.empty())
    return LearnerBelief(in_use, replay_of(model=in_use.model, learner_id=learner.pk, course_id=course.pk).state)


def mastery_of(
    *, learner: Learner, course: Course, at: datetime, belief: LearnerBelief | None = None
) -> list[SkillMasteryView]:
    """Every skill of the course, in the course's order; skills never met with the model's prior and 0 attempts."""
    belief = belief or learner_state(learner=learner, course=course)
    epoch = at.timestamp()
    views = []
    for skill in skills_of(course=course):
        view = belief.in_use.model.skill(belief.state, skill.pk, epoch)
        views.append(
            SkillMasteryView(
                skill=skill,
                p_mastery=view.p_mastery,
                n_attempts=view.n_attempts,
                last_attempt_at=None if view.last_at is None else from_epoch(view.last_at),
                retrievability=view.retrievability,
                due_at=None if view.due_at is None else from_epoch(view.due_at),
            )
        )
    return views


def predictions(
    *,
    learner: Learner,
    course: Course,
    resources: Iterable[Resource] | Sequence[int],
    at: datetime,
    belief: LearnerBelief | None = None,
) -> dict[int, float]:
    """Resource id -> P(the learner's next response to it is correct). Two queries beside the state's."""
    belief = belief or learner_state(learner=learner, course=course)
    return predicted(belief, items_of(getattr(resource, "pk", resource) for resource in resources).values(), at)


def predicted(belief: LearnerBelief, items: Iterable[Item], at: datetime) -> dict[int, float]:
    """Item id -> P(the learner's next response to it is correct). No query."""
    epoch, items = at.timestamp(), list(items)
    if len(items) < 2:
        return {item.id: belief.in_use.model.predict(belief.state, item, epoch) for item in items}
    walk = belief.in_use.model.walk(belief.state)  # the same numbers, the state read once for all
    return {item.id: walk.predict(item, epoch) for item in items}


def changes_of(*, attempt: Attempt) -> list[MasteryChange]:
    """What the attempt changed, in the order of the course's skills."""
    return list(attempt.mastery_changes.select_related("skill").order_by("skill__position", "skill_id"))


def evidence(*, learner: Learner, skill: Skill, limit: int = 20) -> list[MasteryChange]:
    """The latest attempts that moved the belief about the skill, newest first, with attempt and resource."""
    return list(
        MasteryChange.objects.filter(learner=learner, skill=skill)
        .select_related("attempt", "attempt__resource")
        .defer("attempt__resource__embedding", "attempt__resource__search")
        .order_by("-attempt_id")[:limit]
    )


def strongest_evidence(
    *, learner: Learner, skills: Iterable[Skill | int], limit: int = 5
) -> dict[int, list[MasteryChange]]:
    """Skill id -> the attempts that moved the belief about it most, the largest step first, with attempt and resource.

    One query, however many skills. A step is what is believed right after the attempt minus right before it.
    """
    ids = [getattr(skill, "pk", skill) for skill in skills]
    found: dict[int, list[MasteryChange]] = {pk: [] for pk in ids}
    rows = (
        MasteryChange.objects.filter(learner=learner, skill__in=ids)
        .annotate(
            place=Window(
                RowNumber(), partition_by=[F("skill")], order_by=[Abs(F("after") - F("before")).desc(), "-attempt_id"]
            )
        )
        .filter(place__lte=limit)
        .select_related("attempt", "attempt__resource")
        .defer("attempt__resource__embedding", "attempt__resource__search")
        .order_by("skill_id", "place")
    )
    for row in rows:
        found[row.skill_id].append(row)
    return found


@dataclass(frozen=True, slots=True)
class ModelStanding:
    """The learner model in use for a course. version: None where it is the defaults that ship.

    n_waiting: of n_states, learners whose state an earlier model wrote; they are brought up in the background.
    """

    name: str
    version: LearnerModelVersion | None
    n_states: int
    n_waiting: int


def model_standing(*, course: Course) -> ModelStanding:
    """Which model is in use for the course, and how far the learners' states are brought up to it. Two queries."""
    version = active_version(course)
    model_class = class_at(version.backend if version else settings().learner_model)
    tag = tag_of(model_class, version_id=version.pk if version else 0, course=course)
    counts = LearnerState.objects.filter(course=course, n_applied__gt=0).aggregate(
        n=Count("pk"), waiting=Count("pk", filter=~Q(model=tag))
    )
    fitted = version if version and "source" in version.data else None
    return ModelStanding(model_class.name, fitted, counts["n"], counts["waiting"])


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """How far a course's states are brought up to the learner model in use. n_failed: of those that wait."""

    course: Course
    n_states: int
    n_waiting: int
    n_failed: int
    error: str  # of one that failed


def replay_progress(courses: Iterable[Course]) -> dict[int, ReplayProgress]:
    """Course id -> progress. Two queries, however many courses and learners."""
    courses = list(courses)
    tags = active_tags(courses)
    rows = (
        LearnerState.objects.filter(course__in=courses, n_applied__gt=0)
        .order_by()
        .values("course_id", "model")
        .annotate(n=Count("pk"), n_failed=Count("pk", filter=~Q(replay_error="")), error=Max("replay_error"))
    )
    of_course: dict[int, list[dict]] = {course.pk: [] for course in courses}
    for row in rows:
        of_course[row["course_id"]].append(row)
    found = {}
    for course in courses:
        waiting = [row for row in of_course[course.pk] if row["model"] != tags[course.pk]]
        found[course.pk] = ReplayProgress(
            course=course,
            n_states=sum(row["n"] for row in of_course[course.pk]),
            n_waiting=sum(row["n"] for row in waiting),
            n_failed=sum(row["n_failed"] for row in waiting),
            error=max((row["error"] for row in waiting), default=""),
        )
    return found
