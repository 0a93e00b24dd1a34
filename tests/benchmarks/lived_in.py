"""What pages show and large_course.py leaves out: answers with words, named errors, marks that wait, logins, homework.

`live_in` adds it once to a course of large_course.py, in a minute or two; a note beside the data says that it is there.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.large_course import COURSE, N_COLD, N_LONG, TENANT, copy_in

VERSION = 1
STUDENT, LONG, TEACHER = "student", "long", "teacher"
N_COHORTS, N_WAITING, N_DRAWN = 30, 400, 50
N_ANSWERED = 300_000  # of the latest attempts have their answer here
TAKEN = ["sums", "thirds", "parts", "rows", "angles", "areas", "rates", "means", "roots", "signs", "terms", "units"]
MISCONCEPTIONS = [
    {"id": f"m{i}", "name": f"Takes {a} for {b}", "description": f"Believes that {a} and {b} are the same."}
    for i, (a, b) in enumerate(zip(TAKEN, [*TAKEN[1:], "numbers"], strict=True))
]

# Exercises that can be answered, some of them in words.
EXERCISES = r"""
UPDATE adaptive_resource SET
    response_format = CASE WHEN id %% 33 = 0 THEN 'short_text' ELSE response_format END,
    rubric = CASE WHEN id %% 33 = 0 THEN '- Names both parts.' || chr(10) || '- Says why.' ELSE '' END,
    hints = '["Look at the whole.", "Count all parts.", "Compare with a picture of it."]',
    explanation = 'The whole has that many parts.',
    choices = CASE
        WHEN id %% 33 = 0 OR response_format IN ('numeric', 'cloze') THEN '[]'::jsonb
        ELSE '[{"id": "a", "text": "$\\frac{3}{8}$", "feedback": "Yes."},
            {"id": "b", "text": "$\\frac{3}{5}$", "feedback": "Count all parts.", "misconception": "m0"},
            {"id": "c", "text": "$\\frac{8}{3}$", "feedback": "The other way round.", "misconception": "m1"},
            {"id": "d", "text": "a third", "feedback": "Not quite.", "misconception": "m2"}]'::jsonb END,
    answer = CASE
        WHEN id %% 33 = 0 THEN '{"references": ["Because all parts of the whole are equally large."], "accepted": []}'
        WHEN response_format = 'numeric' THEN '{"value": 0.75, "tolerance": 1e-9, "unit": "m"}'
        WHEN response_format = 'cloze' THEN '{"gaps": [["4/9"], ["5/9"]]}'
        WHEN response_format = 'multiple_choice' THEN '{"choices": ["a", "c"]}'
        ELSE '{"choice": "a"}' END::jsonb
WHERE course_id = %(course)s AND kind = 'exercise'
"""
# What was answered, by a number that differs from attempt to attempt.
RESPONSES = """
UPDATE adaptive_attempt a SET latency_ms = 5000 + a.id %% 90000, n_hints = CASE WHEN a.id %% 7 = 0 THEN 2 ELSE 0 END,
    response = CASE WHEN a.given_score = 1 THEN CASE r.response_format
        WHEN 'short_text' THEN jsonb_build_object('text', 'All parts are equally large, number ' || a.id %% 40)
        WHEN 'numeric' THEN jsonb_build_object('value', '3/4')
        WHEN 'cloze' THEN '{"gaps": ["4/9", "5/9"]}'::jsonb
        WHEN 'multiple_choice' THEN '{"choices": ["a", "c"]}'::jsonb
        ELSE '{"choice": "a"}'::jsonb END
    ELSE CASE r.response_format
        WHEN 'short_text' THEN jsonb_build_object('text', 'There are three of them, number ' || a.id %% 90)
        WHEN 'numeric' THEN jsonb_build_object('value', (a.id %% 50)::text)
        WHEN 'cloze' THEN jsonb_build_object('gaps', jsonb_build_array('4/' || a.id %% 9, '5/4'))
        WHEN 'multiple_choice' THEN jsonb_build_object('choices', jsonb_build_array(chr(98 + (a.id %% 3)::int)))
        ELSE jsonb_build_object('choice', chr(98 + (a.id %% 3)::int)) END END
FROM adaptive_resource r
WHERE r.id = a.resource_id AND a.course_id = %(course)s AND a.response IS NULL
    AND (a.id > %(from_id)s OR a.resource_id = ANY(%(popular)s))
"""
# Two thirds of the wrong answers show an error with a name: one of three that are usual on their exercise.
ERRORS = """
UPDATE adaptive_assessment s SET misconception = 'm' || (a.resource_id + a.id %% 3) %% 12
FROM adaptive_attempt a
WHERE a.id = s.attempt_id AND a.course_id = %(course)s AND a.given_score < 1 AND a.id %% 3 > 0 AND s.misconception = ''
"""
CHANGES = """
INSERT INTO adaptive_masterychange (attempt_id, learner_id, skill_id, before, after)
SELECT a.id, a.learner_id, l.skill_id, 0.3 + a.applied_seq %% 100 / 250.0, 0.3 + (a.applied_seq + 7) %% 100 / 250.0
FROM adaptive_attempt a JOIN adaptive_resourceskill l ON l.resource_id = a.resource_id
WHERE a.course_id = %(course)s ORDER BY a.id, l.skill_id
"""
# Answers in words that a model was not sure of wait for a teacher; a few that it was sure of were drawn as a sample.
WAITING = """
WITH few AS (
    SELECT a.id, row_number() OVER (ORDER BY a.id DESC) AS n FROM adaptive_attempt a
    JOIN adaptive_resource r ON r.id = a.resource_id
    WHERE a.course_id = %(course)s AND r.response_format = 'short_text' ORDER BY a.id DESC LIMIT %(n)s
), marks AS (
    UPDATE adaptive_assessment s SET assessor_kind = 'llm', model = 'reader 7', confidence = 0.5 + (s.id %% 50) / 100.0,
        is_released = few.n > %(n_waiting)s, is_audit = few.n > %(n_waiting)s
    FROM few WHERE s.attempt_id = few.id
), kept AS (
    INSERT INTO adaptive_answervector (attempt_id, embedding, model)
    SELECT a.id, r.embedding, r.embedding_model FROM few JOIN adaptive_attempt a ON a.id = few.id
    JOIN adaptive_resource r ON r.id = a.resource_id WHERE few.n <= %(n_waiting)s
)
UPDATE adaptive_attempt a SET state = 'needs_review', given_score = NULL FROM few
WHERE a.id = few.id AND few.n <= %(n_waiting)s
"""


@dataclass(frozen=True, slots=True)
class People:
    """Learners of the course, each with a login of the same name as their part."""

    student: Any  # an ordinary one
    long: Any  # one with 100,000 attempts
    teacher: Any


def live_in(data: Path, *, say=print) -> None:
    """Adds it all, once. `large_course.ensure` came before."""
    from django.db import connection

    note, made = data / "lived.json", json.loads((data / "made.json").read_text())
    wanted = {"version": VERSION, "of": made}
    if note.exists() and json.loads(note.read_text()) == wanted:
        return
    from adaptive.catalog.models import Course

    course = Course.objects.get(external_id=COURSE)
    course.misconceptions = MISCONCEPTIONS
    course.save()
    with connection.cursor() as cursor:
        cursor.execute("SET adaptive.erasing = 'on'")  # attempts are append-only
        cursor.execute("SET maintenance_work_mem = '1GB'")
        _answers(cursor, course.pk)
        say("  answers, errors, marks that wait")
        _masteries(course)
        say("  masteries and what changed them")
        cursor.execute("RESET adaptive.erasing")
        cursor.execute("VACUUM (ANALYZE)")
    _people(course)
    say("  people, plans, homework, words with the tutor")
    note.write_text(json.dumps(wanted))


def _answers(cursor: Any, course: int) -> None:
    cursor.execute("SELECT max(id) FROM adaptive_attempt WHERE course_id = %s", [course])
    from_id = cursor.fetchone()[0] - N_ANSWERED
    cursor.execute(EXERCISES, {"course": course})
    cursor.execute(
        "SELECT array_agg(resource_id) FROM (SELECT resource_id FROM adaptive_attempt WHERE course_id = %s "
        "GROUP BY resource_id ORDER BY count(*) DESC LIMIT 10) AS popular",
        [course],
    )
    popular = cursor.fetchone()[0]
    cursor.execute(RESPONSES, {"course": course, "from_id": from_id, "popular": popular})
    cursor.execute(ERRORS, {"course": course})
    cursor.execute(WAITING, {"course": course, "n": N_WAITING + N_DRAWN, "n_waiting": N_WAITING})


def _masteries(course: Any) -> None:
    """The masteries that the learners' states hold, as live update writes them, and a change for every attempt."""
    from django.db import connection

    from adaptive.catalog.models import Skill
    from adaptive.common.clock import from_epoch, now
    from adaptive.mastery.models import SkillMastery
    from adaptive.mastery.versions import model_in_use, states

    model, at = model_in_use(course).model, now()
    skills = list(Skill.objects.filter(course=course).values_list("pk", flat=True))

    def rows():
        for row in states().filter(course=course).iterator(chunk_size=50):
            for skill in skills:
                view = model.skill(row.state, skill, at.timestamp())
                if view.n_attempts:
                    last = None if view.last_at is None else from_epoch(view.last_at)
                    yield row.learner_id, skill, view.p_mastery, view.n_attempts, last

    SkillMastery.objects.filter(skill__course=course).delete()
    names = ("learner_id", "skill_id", "p_mastery", "n_attempts", "last_attempt_at")
    copy_in(SkillMastery, names, list(rows()), computed_at=at)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM adaptive_masterychange")
        cursor.execute(CHANGES, {"course": course.pk})


def people() -> People:
    from adaptive.learners.models import Learner

    found = {who: Learner.objects.get(user__username=who) for who in (STUDENT, LONG, TEACHER)}
    return People(**found)


def _people(course: Any) -> None:
    """Three logins; cohorts; of the student a plan, assessments of how practice went, a talk, texts that were sent."""
    from django.contrib.auth.models import User

    from adaptive.audit.services import sent_record
    from adaptive.common.clock import now
    from adaptive.conversation.services import conversation_start, message_post
    from adaptive.events.models import Attempt
    from adaptive.learners.models import Cohort, Enrolment, Learner
    from adaptive.performance import jobs
    from adaptive.performance.models import PerformanceAssessment
    from adaptive.planning.calendar import feed_open
    from adaptive.planning.services import plan_set
    from adaptive.tenants.models import Tenant

    at, tenant = now(), Tenant.objects.get(slug=TENANT)
    counts = dict(Attempt.objects.values_list("learner").annotate(n=_count()).order_by("n"))
    ordinary = [pk for pk in counts if pk > N_LONG + N_COLD]
    teacher, _ = Learner.objects.get_or_create(tenant=tenant, external_id="teacher", display_name="Charlie")
    Enrolment.objects.get_or_create(learner=teacher, course=course, role="teacher")
    who = {STUDENT: Learner.objects.get(pk=ordinary[len(ordinary) // 2]), LONG: Learner.objects.get(pk=1)}
    PerformanceAssessment.objects.filter(learner__in=who.values()).delete()  # those have no words
    for name, learner in {**who, TEACHER: teacher}.items():
        learner.user, _ = User.objects.get_or_create(username=name)
        learner.shares_performance = True
        learner.save()
    cohorts = [Cohort(tenant=tenant, course=course, name=f"Group {n + 1}") for n in range(N_COHORTS)]
    Cohort.objects.bulk_create(cohorts)
    enrolled = list(Enrolment.objects.filter(course=course, role="learner"))
    for number, enrolment in enumerate(enrolled):
        enrolment.cohort = cohorts[number % N_COHORTS]
    Enrolment.objects.bulk_update(enrolled, ["cohort"], batch_size=500)
    for learner in who.values():
        plan = {"exam_at": at + timedelta(days=30), "target": 0.95, "minutes_per_weekday": [30] * 7}
        feed_open(plan=plan_set(learner=learner, course=course, **plan))
        for n in range(60):
            text = f"Answer {n}: all parts of the whole are equally large."
            sent_record(learner=learner, purpose="marking", model="reader 7", text=text, subject=course)
        talk = conversation_start(learner=learner, course=course)
        message_post(conversation=talk, text="Why are all parts equally large?")
    jobs.sessions_note(at=at + timedelta(hours=7))
    jobs.weeks_note(at=at + timedelta(days=8))
    mine = PerformanceAssessment.objects.filter(learner__in=who.values(), state="pending")
    for one in mine.order_by("-ends_at")[:20]:
        jobs.performance_work(one.pk)
    _homework(course, teacher, at)


def _homework(course: Any, teacher: Any, at: Any) -> None:
    """For the class and for groups, some of it because of an error that the lesson page then looks back at."""
    from adaptive.catalog.models import Resource
    from adaptive.recommendation.homework import homework_give
    from adaptive.recommendation.models import Homework

    exercises = list(
        Resource.objects.filter(course=course, kind="exercise", is_retired=False)
        .annotate(n=_count("attempts"))
        .order_by("-n")
        .values_list("pk", flat=True)[:200]
    )
    for n in range(12):
        chosen = np.random.default_rng(n).choice(exercises, 5, replace=False).tolist()
        homework_give(course=course, teacher=teacher, exercises=chosen)
    keys = list(Homework.objects.filter(course=course).values_list("pk", flat=True))
    Homework.objects.filter(pk__in=keys).update(created_at=at - timedelta(days=5))
    Homework.objects.filter(pk__in=keys[:2]).update(misconception="m3")


def _count(of: str = "pk") -> Any:
    from django.db.models import Count

    return Count(of)
