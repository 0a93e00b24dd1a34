"""What is known of a learner when a slate is asked for: read from the database, a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from adaptive.backends.learner_model.practice_effects import PracticeEffects
from adaptive.backends.learner_model.tracing import Answer
from adaptive.catalog.models import Course
from adaptive.catalog.selectors import skill_ids_of, skills_named
from adaptive.common.clock import from_epoch
from adaptive.common.probability import clamp
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.items import items_of
from adaptive.mastery.selectors import LearnerBelief, learner_state
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
from adaptive.recommendation.practice import known_of, practice_of
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

# Plain SQL here and in the generators: putting such a query together in the ORM takes longer than answering it.
SAID_SQL = """
SELECT i.resource_id, (
        SELECT l.skill_id FROM adaptive_resourceskill l WHERE l.resource_id = i.resource_id ORDER BY l.position LIMIT 1
    ), e.type, e.reason, e.created_at, e.rating, e.impression_id, s.purpose, s.query, r.kind, r.duration_minutes,
    r.language
FROM adaptive_slate s JOIN adaptive_impression i ON i.slate_id = s.id
JOIN adaptive_impressionevent e ON e.impression_id = i.id JOIN adaptive_resource r ON r.id = i.resource_id
WHERE s.learner_id = %(learner)s AND s.course_id = %(course)s AND s.created_at >= %(since)s AND e.type = ANY(%(types)s)
ORDER BY e.created_at DESC, e.id DESC LIMIT %(most)s
"""
ATTEMPTS_SQL = """
SELECT a.resource_id, a.submitted_at, a.state, a.given_score, s.score, s.is_released
FROM adaptive_attempt a LEFT JOIN adaptive_assessment s ON s.attempt_id = a.id AND s.is_current
WHERE a.learner_id = %(learner)s AND a.course_id = %(course)s AND a.state <> %(failed)s
ORDER BY a.submitted_at DESC, a.id DESC LIMIT %(most)s
"""


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


def situation_of(
    *, learner: Learner, course: Course, at: datetime, policy: Policy, effects: PracticeEffects
) -> Situation:
    belief = learner_state(learner=learner, course=course)
    n_attempts, n_queued, tried, missed, when, scores = _attempts(learner, course, at)
    skills = _skills(course, at, belief, when, _known(effects, scores))
    set_aside, stated, rested, leans = _said(learner, course, at, policy)
    return Situation(belief, skills, n_attempts, n_queued, tried, missed, set_aside, stated, rested, leans)


def _known(effects: PracticeEffects, scores: list[tuple[int, float]]) -> dict[int, dict[str, float]]:
    """scores: (resource id, score), oldest first. Two queries where P(known) is traced in the course, else none."""
    if not effects.rates_of or not scores:
        return {}
    items = items_of({resource_id for resource_id, _ in scores})
    found = ((items[resource_id], score) for resource_id, score in scores if resource_id in items)
    return known_of(effects, (Answer(item.skill_ids, item.difficulty, score) for item, score in found))


def _skills(
    course: Course,
    at: datetime,
    belief: LearnerBelief,
    when: dict[int, list[float]],
    known: dict[int, dict[str, float]],
) -> dict[int, SkillState]:
    """when: resource id -> days since the answers to it. known: as `_known` gives it."""
    named = skills_named(course=course)
    practised: dict[int, list[float]] = {}
    for resource_id, skill_ids in (skill_ids_of(resources=list(when)) if when else {}).items():
        for skill_id in skill_ids:
            practised.setdefault(skill_id, []).extend(when[resource_id])
    skills = {}
    for view in belief.in_use.model.views(belief.state, list(named), at.timestamp()):
        pk = view.skill_id
        name, prerequisites = named[pk]
        if not view.n_attempts and view.last_at is None and pk not in practised:
            # Most of a large course's skills.
            skills[pk] = SkillState(pk, name, rounded(view.p_mastery), prerequisites=prerequisites)
            continue
        last_at = None if view.last_at is None else from_epoch(view.last_at)
        due_at = None if view.due_at is None else from_epoch(view.due_at)
        skills[pk] = SkillState(
            id=pk,
            name=name,
            p_mastery=rounded(view.p_mastery),
            n_attempts=view.n_attempts,
            retrievability=rounded(view.retrievability),
            stability_days=_days_between(last_at, due_at),
            days_since=_days_between(last_at, at),
            due_in_days=None if due_at is None else rounded((due_at - at).total_seconds() / 86_400),
            prerequisites=prerequisites,
            practice=practice_of(practised.get(pk, ()), view.n_attempts),
            **known.get(pk, {}),
        )
    return skills


def _days_between(since: datetime | None, until: datetime | None) -> float | None:
    """Days from one to the other, not below 0; None where one is not known. An exercise is due after its stability."""
    return None if since is None or until is None else rounded(max((until - since).total_seconds() / 86_400, 0.0))


def _attempts(
    learner: Learner, course: Course, at: datetime
) -> tuple[int, int, dict[int, Tried], tuple[tuple[int, float], ...], dict[int, list[float]], list[tuple[int, float]]]:
    """Counts, history by resource, what was just missed, days since the answers by resource, scores from the oldest on.
    One query.

    Of the latest attempts.
    """
    values = {"learner": learner.pk, "course": course.pk, "failed": Attempt.State.FAILED, "most": RECENT_ATTEMPTS}
    with connection.cursor() as cursor:
        cursor.execute(ATTEMPTS_SQL, values)
        rows = cursor.fetchall()
    tried: dict[int, Tried] = {}
    missed: list[tuple[int, float]] = []
    when: dict[int, list[float]] = {}
    scores: list[tuple[int, float]] = []
    n_attempts = n_queued = 0
    for resource_id, submitted_at, state, given_score, score, is_released in rows:
        n_attempts += 1
        n_queued += state == Attempt.State.QUEUED
        counted = score if is_released else None if score is not None else given_score
        is_right = counted is not None and counted >= RIGHT_FROM
        minutes = max((at - submitted_at).total_seconds() / 60, 0.0)
        when.setdefault(resource_id, []).append(minutes / MINUTES_PER_DAY)
        if counted is not None:
            scores.append((resource_id, counted))
        if resource_id in tried:
            latest = tried[resource_id]
            tried[resource_id] = Tried(latest.n + 1, latest.n_right + is_right, latest.last_score, latest.minutes_ago)
            continue
        tried[resource_id] = Tried(1, int(is_right), rounded(counted), rounded(minutes))
        if counted is not None and counted < MISSED_BELOW and at - submitted_at <= MISSED_FOR:
            missed.append((resource_id, rounded(counted)))
    return n_attempts, n_queued, tried, tuple(missed), when, scores[::-1]


def _said(
    learner: Learner, course: Course, at: datetime, policy: Policy
) -> tuple[dict[int, str], dict[int, float], frozenset[int], tuple[Lean, ...]]:
    """What the learner said about earlier slates: what to leave out, how hard skills felt, what to rest, and what
    their reactions say of their preferences. One query."""
    values = {
        "learner": learner.pk,
        "course": course.pk,
        "since": at - timedelta(days=2 * max(SET_ASIDE_DAYS.values())),
        "types": [*SAID, ImpressionEvent.Type.CLICK, ImpressionEvent.Type.RATE],
        "most": RECENT_EVENTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(SAID_SQL, values)
        rows = cursor.fetchall()
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
