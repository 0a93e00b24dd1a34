"""When an assessment of performance is due, and the work on it: committed before anybody is told, ids alone in the
message, a lease by the database's clock, a sweeper that finds what was lost.

A session ends with the last answer before a silence of SESSION_GAP; nobody has to press anything. It is assessed once
its answers have been read, or after WAIT_MOST without those that still are not. A week is assessed once it is over.
What a teacher marks later makes both again.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from celery import current_app
from django.db import connection, transaction

from adaptive.common.clock import now
from adaptive.conf import settings
from adaptive.performance.models import PerformanceAssessment
from adaptive.performance.selectors import week_of
from adaptive.performance.services import Gone, performance_make

logger = logging.getLogger(__name__)

JOB = "adaptive.performance_assess"
EMBED_JOB = "adaptive.gaps_embed"
REWORD_JOB = "adaptive.performance_reword"

SESSION_GAP = timedelta(minutes=30)
WAIT_MOST = timedelta(hours=6)  # for answers that are still being read
LOOK_BACK = timedelta(days=3)  # an installation that was off for longer starts with what is new
WEEKS_BACK = 2
STALE_FOR = timedelta(days=14)  # for so long a changed mark makes an assessment again
# A mark that was being committed while the attempts were read has a time a little before that.
COMMIT_MARGIN = timedelta(seconds=60)
AT_ONCE = 500
REPUBLISH_SECONDS = 60
BACKOFF_SECONDS = 30
LOCK_KIND = 0x5E7AE

# Of learners alone: who was erased, and who teaches, is in no course as a learner. An imported log is the past.
_LEARNERS = """
    adaptive_attempt a
    JOIN adaptive_enrolment e ON e.learner_id = a.learner_id AND e.course_id = a.course_id AND e.role = 'learner'
"""
_COUNTED = """
    a.course_id IN (SELECT id FROM adaptive_course) AND a.state <> 'failed' AND a.source <> 'import'
"""

# What follows the learner's last assessed session, cut where the silences are. A session that waits for its answers
# to be read holds up the later ones, so that none is passed over. (Until when a learner's sessions are assessed is
# counted once and joined: asked for each attempt, it takes ten times as long where the planner knows nothing yet.)
SESSIONS = f"""
WITH assessed AS MATERIALIZED (
    SELECT learner_id, course_id, max(ends_at) AS until FROM adaptive_performanceassessment
    WHERE period = 'session' AND ends_at > %(since)s GROUP BY learner_id, course_id
), fresh AS (
    SELECT a.learner_id, a.course_id, a.submitted_at, a.state = 'queued' AS is_queued
    FROM {_LEARNERS} LEFT JOIN assessed p ON p.learner_id = a.learner_id AND p.course_id = a.course_id
    WHERE {_COUNTED} AND a.submitted_at > %(since)s AND a.submitted_at <= %(at)s
        AND (p.until IS NULL OR a.submitted_at > p.until)
), cut AS (
    SELECT *, submitted_at - lag(submitted_at) OVER each_one > %(gap)s AS is_new
    FROM fresh WINDOW each_one AS (PARTITION BY learner_id, course_id ORDER BY submitted_at)
), numbered AS (
    SELECT *, count(*) FILTER (WHERE is_new) OVER (PARTITION BY learner_id, course_id ORDER BY submitted_at) AS place
    FROM cut
), sessions AS (
    SELECT learner_id, course_id, place, min(submitted_at) AS starts_at, max(submitted_at) AS ends_at,
        max(submitted_at) > %(ended)s OR (bool_or(is_queued) AND max(submitted_at) > %(waited)s) AS is_open
    FROM numbered GROUP BY learner_id, course_id, place
), closed AS (
    SELECT *, bool_or(is_open) OVER (PARTITION BY learner_id, course_id ORDER BY place) AS is_held FROM sessions
)
SELECT learner_id, course_id, starts_at, ends_at FROM closed WHERE NOT is_held
ORDER BY ends_at, learner_id, course_id LIMIT %(limit)s
"""

WEEKS = f"""
SELECT a.learner_id, a.course_id
FROM {_LEARNERS} WHERE {_COUNTED} AND a.submitted_at >= %(starts)s AND a.submitted_at < %(ends)s AND NOT EXISTS (
    SELECT 1 FROM adaptive_performanceassessment p
    WHERE p.learner_id = a.learner_id AND p.course_id = a.course_id AND p.period = 'week' AND p.starts_at = %(starts)s)
GROUP BY a.learner_id, a.course_id HAVING NOT bool_or(a.state = 'queued') OR %(ends)s <= %(waited)s
ORDER BY a.learner_id, a.course_id LIMIT %(limit)s
"""

STALE = """
UPDATE adaptive_performanceassessment
SET state = 'pending', n_tries = 0, next_at = clock_timestamp(), published_at = NULL
WHERE id IN (
    SELECT p.id FROM adaptive_performanceassessment p
    WHERE p.state = 'ready' AND p.ends_at >= %(since)s AND EXISTS (
        SELECT 1 FROM adaptive_attempt a JOIN adaptive_assessment s ON s.attempt_id = a.id AND s.is_current
        WHERE a.learner_id = p.learner_id AND a.course_id = p.course_id
            AND a.submitted_at >= p.starts_at AND a.submitted_at <= p.ends_at
            AND s.created_at > p.made_at - %(margin)s)
    ORDER BY p.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""


def _send(job: str, *args: int) -> bool:
    try:
        current_app.send_task(job, args=list(args), retry=False)
    except Exception as error:  # any transport has its own; what is stored must never fail on them
        logger.warning("%s%s is due, but the broker could not be told: %s", job, args, error)
        return False
    return True


def publish(assessment_id: int) -> bool:
    """Tells the workers, now. False where the broker cannot be reached: the sweeper will tell them."""
    return _send(JOB, assessment_id)


def sweep(*, at: datetime | None = None) -> dict[str, int]:
    """Notes the sessions that have ended and tells the workers of all that waits. Returns how many of each."""
    return {"sessions": sessions_note(at=at or now()), "told": waiting_publish()}


def weeks_sweep(*, at: datetime | None = None) -> dict[str, int]:
    """Notes the weeks that are over, and what a later mark has overtaken; tells the workers."""
    at = at or now()
    return {"weeks": weeks_note(at=at), "stale": stale_note(at=at), "told": waiting_publish()}


def _alone() -> bool:
    """Within a transaction: is this the only one that notes periods? Two at once could cut one session differently."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK_KIND])
        return cursor.fetchone()[0]


@transaction.atomic
def sessions_note(*, at: datetime) -> int:
    """A pending row for every session that has ended and has none."""
    if not _alone():
        return 0
    values = {
        "since": at - LOOK_BACK,
        "at": at,
        "gap": SESSION_GAP,
        "ended": at - SESSION_GAP,
        "waited": at - WAIT_MOST,
        "limit": AT_ONCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(SESSIONS, values)
        return _note(PerformanceAssessment.Period.SESSION, cursor.fetchall())


@transaction.atomic
def weeks_note(*, at: datetime) -> int:
    """A pending row for every learner who answered in one of the last weeks and has none of it."""
    if not _alone():
        return 0
    n = 0
    starts, _ = week_of(at)
    for _ in range(WEEKS_BACK):
        # By the calendar, not by hours: a week in which the clock is changed has not 168 of them.
        starts, ends = week_of(starts - timedelta(days=1))
        values = {"starts": starts, "ends": ends, "waited": at - WAIT_MOST, "limit": AT_ONCE}
        with connection.cursor() as cursor:
            cursor.execute(WEEKS, values)
            n += _note(PerformanceAssessment.Period.WEEK, [(*row, starts, ends) for row in cursor.fetchall()])
    return n


def _note(period: str, found: Sequence[tuple[int, int, datetime, datetime]]) -> int:
    rows = [
        PerformanceAssessment(
            learner_id=learner_id, course_id=course_id, period=period, starts_at=starts_at, ends_at=ends_at
        )
        for learner_id, course_id, starts_at, ends_at in found
    ]
    # The constraint decides where somebody else was faster.
    PerformanceAssessment.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@transaction.atomic
def stale_note(*, at: datetime) -> int:
    """Marks as pending again what rests on a mark that has changed since. What was made before stays in sight."""
    values = {"since": at - STALE_FOR, "margin": COMMIT_MARGIN, "limit": AT_ONCE}
    with connection.cursor() as cursor:
        cursor.execute(STALE, values)
        return cursor.rowcount


def waiting_publish() -> int:
    """Tells the workers of what waits, is in nobody's hands, and of which none was told lately. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_performanceassessment SET published_at = clock_timestamp()
             WHERE id IN (
                SELECT id FROM adaptive_performanceassessment
                 WHERE state = 'pending' AND next_at <= clock_timestamp()
                   AND (lease_until IS NULL OR lease_until < clock_timestamp())
                   AND (published_at IS NULL OR published_at < clock_timestamp() - make_interval(secs => %s))
                 ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [REPUBLISH_SECONDS, AT_ONCE],
        )
        found = sorted(row[0] for row in cursor.fetchall())

    def tell() -> None:
        for assessment_id in found:
            if not publish(assessment_id):
                break  # the broker is away: the next sweep tells the rest

    transaction.on_commit(tell)
    return len(found)


def claim(assessment_id: int) -> uuid.UUID | None:
    """Takes the assessment for this worker, or None: it is made, gone, in other hands, or not due yet."""
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_performanceassessment
               SET lease_token = %s, lease_until = clock_timestamp() + make_interval(secs => %s),
                   -- a lease that ran out under somebody is a worker that died with it in hand
                   n_tries = n_tries + CASE WHEN lease_token IS NULL THEN 0 ELSE 1 END
             WHERE id = %s AND state = 'pending' AND next_at <= clock_timestamp()
               AND (lease_until IS NULL OR lease_until < clock_timestamp())
            """,
            [token, settings().lease_seconds, assessment_id],
        )
        return token if cursor.rowcount else None


def _give_back(assessment_id: int, token: uuid.UUID, error: str) -> None:
    """To be tried again, later each time; after `max_tries` it is left alone, and its error says why."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_performanceassessment
               SET lease_token = NULL, lease_until = NULL, last_error = %s, n_tries = n_tries + 1,
                   next_at = clock_timestamp() + make_interval(secs => %s * power(2, least(n_tries, 6))),
                   state = CASE WHEN n_tries + 1 >= %s THEN 'failed' ELSE 'pending' END
             WHERE id = %s AND lease_token = %s AND state = 'pending'
            """,
            [error[:2000], BACKOFF_SECONDS, settings().max_tries, assessment_id, token],
        )


def performance_work(assessment_id: int) -> str:
    """A worker's whole job on one assessment. Safe to run any number of times, at once too. Returns what came of it."""
    token = claim(assessment_id)
    if token is None:
        return "not to be had"
    try:
        made = performance_make(assessment_id=assessment_id, token=token)
    except Gone as gone:
        logger.info("%s", gone)
        return "gone"
    except Exception as error:
        logger.exception("performance assessment %s could not be made", assessment_id)
        _give_back(assessment_id, token, f"{type(error).__name__}: {error}")
        return "tried"
    if made is None:
        return "nothing to assess"
    # Nobody waits for either: without the vector retrieval passes the gap over, without the model plain words stand.
    if made.facts["gaps"]:
        _send(EMBED_JOB)
    if made.is_reword_wanted:
        _send(REWORD_JOB, made.pk)
    return "made"
