"""What is known of a learner when a slate is asked for: read from the database, a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import FilteredRelation, OuterRef, Q, Subquery

from adaptive.catalog.models import Course, ResourceSkill
from adaptive.catalog.selectors import prerequisites_of, skill_ids_of
from adaptive.common.probability import clamp
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.selectors import LearnerBelief, learner_state, mastery_of
from adaptive.recommendation.filtering import (
    COMPLETED,
    DISMISSED,
    MINUTES_PER_DAY,
    NOT_NOW,
    RIGHT_FROM,
    SEEN,
    TOO_EASY,
    TOO_HARD,
)
from adaptive.recommendation.models import ImpressionEvent
from adaptive.recommendation.observing import FIELDS, signals_of
from adaptive.recommendation.practice import practice_of
from adaptive.recommendation.preferences import Lean, observed_leans
from adaptive.recommendation.types import Policy, SkillState, Tried, rounded

RECENT_ATTEMPTS = 200
RECENT_EVENTS = 300
MISSED_BELOW = 0.6
MISSED_FOR = timedelta(days=3)
# For how long what a learner said keeps a resource out of the slates.
SET_ASIDE_DAYS = {DISMISSED: 7, COMPLETED: 30, SEEN: 60, TOO_EASY: 14, TOO_HARD: 14, NOT_NOW: 1}
STATED_DAYS = 14.0  # what was said of a skill's difficulty fades out over these
STATED_MOST = 2.1  # logits, three times the same
RESTED_HOURS = 2.0
SAID = (ImpressionEvent.Type.DISMISS, ImpressionEvent.Type.DISAGREE, ImpressionEvent.Type.COMPLETE)
SAID_FIELDS = ("impression__resource_id", "skill", "type", "reason", "created_at", "rating")


@dataclass(frozen=True, slots=True)
class Situation:
    belief: LearnerBelief
    skills: dict[int, SkillState]  # in the course's order
    n_attempts: int  # at most RECENT_ATTEMPTS
    n_queued: int
    tried: dict[int, Tried]
    missed: tuple[tuple[int, float], ...]  # (resource id, score), the latest first
    set_aside: dict[int, str]
    stated: dict[int, float]
    rested: frozenset[int]
    leans: tuple[Lean, ...] = ()  # what was observed of their preferences


def situation_of(*, learner: Learner, course: Course, at: datetime, policy: Policy) -> Situation:
    belief = learner_state(learner=learner, course=course)
    n_attempts, n_queued, tried, missed, when = _attempts(learner, course, at)
    skills = _skills(learner, course, at, belief, when)
    set_aside, stated, rested, leans = _said(learner, course, at, policy)
    return Situation(belief, skills, n_attempts, n_queued, tried, missed, set_aside, stated, rested, leans)


def _skills(
    learner: Learner, course: Course, at: datetime, belief: LearnerBelief, when: dict[int, list[float]]
) -> dict[int, SkillState]:
    """when: resource id -> days since the answers to it."""
    prerequisites = prerequisites_of(course=course)
    practised: dict[int, list[float]] = {}
    for resource_id, skill_ids in (skill_ids_of(resources=list(when)) if when else {}).items():
        for skill_id in skill_ids:
            practised.setdefault(skill_id, []).extend(when[resource_id])
    skills = {}
    for view in mastery_of(learner=learner, course=course, at=at, belief=belief):
        due = None if view.due_at is None else (view.due_at - at).total_seconds() / 86_400
        skills[view.skill.pk] = SkillState(
            id=view.skill.pk,
            name=view.skill.name,
            p_mastery=rounded(view.p_mastery),
            n_attempts=view.n_attempts,
            retrievability=rounded(view.retrievability),
            stability_days=_days_between(view.last_attempt_at, view.due_at),
            days_since=_days_between(view.last_attempt_at, at),
            due_in_days=rounded(due),
            prerequisites=tuple(sorted(prerequisites.get(view.skill.pk, ()))),
            practice=practice_of(practised.get(view.skill.pk, ()), view.n_attempts),
        )
    return skills


def _days_between(since: datetime | None, until: datetime | None) -> float | None:
    """Days from one to the other, not below 0; None where one is not known. An exercise is due after its stability."""
    return None if since is None or until is None else rounded(max((until - since).total_seconds() / 86_400, 0.0))


def _attempts(
    learner: Learner, course: Course, at: datetime
) -> tuple[int, int, dict[int, Tried], tuple[tuple[int, float], ...], dict[int, list[float]]]:
    """Counts, history by resource, what was just missed, and days since the answers by resource. One query.

    Of the latest attempts.
    """
    rows = (
        Attempt.objects.filter(learner=learner, course=course)
        .exclude(state=Attempt.State.FAILED)
        .annotate(current=FilteredRelation("assessments", condition=Q(assessments__is_current=True)))
        .order_by("-submitted_at", "-pk")
        .values_list("resource_id", "submitted_at", "state", "given_score", "current__score", "current__is_released")
    )[:RECENT_ATTEMPTS]
    tried: dict[int, Tried] = {}
    missed: list[tuple[int, float]] = []
    when: dict[int, list[float]] = {}
    n_attempts = n_queued = 0
    for resource_id, submitted_at, state, given_score, score, is_released in rows:
        n_attempts += 1
        n_queued += state == Attempt.State.QUEUED
        counted = score if is_released else None if score is not None else given_score
        is_right = counted is not None and counted >= RIGHT_FROM
        minutes = max((at - submitted_at).total_seconds() / 60, 0.0)
        when.setdefault(resource_id, []).append(minutes / MINUTES_PER_DAY)
        if resource_id in tried:
            latest = tried[resource_id]
            tried[resource_id] = Tried(latest.n + 1, latest.n_right + is_right, latest.last_score, latest.minutes_ago)
            continue
        tried[resource_id] = Tried(1, int(is_right), rounded(counted), rounded(minutes))
        if counted is not None and counted < MISSED_BELOW and at - submitted_at <= MISSED_FOR:
            missed.append((resource_id, rounded(counted)))
    return n_attempts, n_queued, tried, tuple(missed), when


def _said(
    learner: Learner, course: Course, at: datetime, policy: Policy
) -> tuple[dict[int, str], dict[int, float], frozenset[int], tuple[Lean, ...]]:
    """What the learner said about earlier slates: what to leave out, how hard skills felt, what to rest, and what
    their reactions say of their preferences. One query."""
    main_skill = ResourceSkill.objects.filter(resource=OuterRef("impression__resource")).order_by("position")
    rows = (
        ImpressionEvent.objects.filter(
            impression__slate__learner=learner,
            impression__slate__course=course,
            impression__slate__created_at__gte=at - timedelta(days=2 * max(SET_ASIDE_DAYS.values())),
            type__in=[*SAID, ImpressionEvent.Type.CLICK, ImpressionEvent.Type.RATE],
        )
        .annotate(skill=Subquery(main_skill.values("skill")[:1]), **{f"of_{k}": path for k, path in FIELDS.items()})
        .order_by("-created_at", "-pk")
        .values_list(*SAID_FIELDS, *(f"of_{name}" for name in FIELDS))
    )[:RECENT_EVENTS]
    names = ("resource", "skill", "type", "reason", "created_at", "rating", *FIELDS)
    told = [dict(zip(names, row, strict=True)) for row in rows]
    leans = observed_leans(signals_of(told, at=at, course_language=course.language))
    set_aside: dict[int, str] = {}
    stated: dict[int, float] = {}
    rested: set[int] = set()
    names = {ImpressionEvent.Type.DISMISS: DISMISSED, ImpressionEvent.Type.COMPLETE: COMPLETED}
    for resource_id, skill_id, type_, reason, created_at, *_ in rows:
        if type_ not in SAID:
            continue
        days = max((at - created_at).total_seconds() / 86_400, 0.0)
        code = names.get(type_, reason)
        if code in SET_ASIDE_DAYS and days < SET_ASIDE_DAYS[code]:
            set_aside.setdefault(resource_id, code)
        if skill_id is None:
            continue
        if code in (TOO_EASY, TOO_HARD) and days < STATED_DAYS:
            sign = 1.0 if code == TOO_EASY else -1.0
            moved = stated.get(skill_id, 0.0) + sign * policy.stated_logits * (1.0 - days / STATED_DAYS)
            stated[skill_id] = rounded(clamp(moved, -STATED_MOST, STATED_MOST))
        if code == NOT_NOW and days * 24 < RESTED_HOURS:
            rested.add(skill_id)
    return set_aside, {k: v for k, v in stated.items() if v}, frozenset(rested), leans
