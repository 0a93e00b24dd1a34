"""What the database finds for a message: resources by words and by meaning, exercises, and which answers are open.

The number of queries is fixed. Only the course's own rows, none that is retired, are ever found.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q

from adaptive.catalog.models import Course, Resource, ResourceSkill
from adaptive.conversation.answers import Key, Keys, key_of
from adaptive.conversation.exercises import Question
from adaptive.conversation.passages import Read, read_resource
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.recommendation.filtering import RIGHT_FROM
from adaptive.recommendation.models import ImpressionEvent
from adaptive.recommendation.retrieval.vector_search import Probe, nearest

EXPLAINING = (Resource.Kind.READING, Resource.Kind.WORKED_EXAMPLE, Resource.Kind.VIDEO)
BY_WORDS, BY_MEANING, OF_SKILLS = 12, 8, 12
EXERCISES = 12
COUNTED = 2_000
MAX_KEYS = 3_000  # exercises of a course whose answers are compared; beyond it those of the skills in play
KEPT_KEYS = 16  # courses
MAX_SEARCHED = 1_500  # characters of a message that exercises are looked for by

FOUND = """
WITH asked AS (SELECT replace(plainto_tsquery(adaptive_search_config(%(language)s), %(text)s)::text, '&', '|')::tsquery
    || replace(plainto_tsquery('simple', %(text)s)::text, '&', '|')::tsquery AS any_word)
SELECT r.id, ts_rank(r.search, asked.any_word, 1) AS rank FROM asked CROSS JOIN adaptive_resource r
WHERE r.search @@ asked.any_word AND r.course_id = %(course)s AND NOT r.is_retired AND r.kind = ANY(%(kinds)s)
ORDER BY rank DESC, r.id LIMIT %(limit)s
"""
HOW_MANY = """
SELECT asked.word, (SELECT count(*) FROM (
    SELECT 1 FROM adaptive_resource r
    WHERE r.course_id = %(course)s AND NOT r.is_retired
        AND r.search @@ plainto_tsquery(adaptive_search_config(%(language)s), asked.word) LIMIT %(cap)s) hits)
FROM unnest(%(words)s::text[]) asked(word)
UNION ALL
SELECT '', (SELECT count(*) FROM (
    SELECT 1 FROM adaptive_resource r WHERE r.course_id = %(course)s AND NOT r.is_retired LIMIT %(cap)s) counted)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Resources to quote from, best first; `known`: content word -> how many resources hold it."""

    resources: tuple[Read, ...]
    rows: dict[int, Resource]
    known: dict[str, int]
    n_resources: int
    similarity: float | None


def _by_words(course: Course, text: str, kinds: Sequence[str], limit: int) -> list[int]:
    values = {"language": course.language, "text": text, "course": course.pk, "kinds": list(kinds), "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(FOUND, values)
        return [row[0] for row in cursor.fetchall()]


def how_many(course: Course, words: Sequence[str]) -> tuple[dict[str, int], int]:
    """({word: resources that hold it}, resources of the course); both counted up to COUNTED. One query."""
    values = {"language": course.language, "course": course.pk, "words": list(words), "cap": COUNTED}
    with connection.cursor() as cursor:
        cursor.execute(HOW_MANY, values)
        counts = dict(cursor.fetchall())
    return counts, counts.pop("")


def find(
    *, course: Course, words: Sequence[str], skills: Sequence[int], vector: Sequence[float] | None, model: str
) -> Found:
    """At most six queries."""
    known, n_resources = how_many(course, words)
    ids = _by_words(course, " ".join(words), EXPLAINING, BY_WORDS) if words else []
    near: dict[int, float] = {}
    if vector is not None:
        (hits,) = nearest(probes=[Probe(vector, model)], course_id=course.pk, kinds=EXPLAINING, limit=BY_MEANING)
        near = dict(hits)
    named: list[int] = []
    if skills:
        links = ResourceSkill.objects.filter(skill__in=skills, resource__course=course, resource__is_retired=False)
        links = links.filter(resource__kind__in=EXPLAINING).order_by("position", "resource_id")
        named = list(links.values_list("resource_id", flat=True)[:OF_SKILLS])
    order = list(dict.fromkeys([*ids, *named, *near]))
    rows = Resource.objects.filter(pk__in=order).defer("embedding", "search").in_bulk()
    read = tuple(
        read_resource(
            id=pk,
            kind=rows[pk].kind,
            title=rows[pk].title,
            body=rows[pk].body,
            language=rows[pk].language or course.language,
            is_named=pk in named,
            similarity=near.get(pk),
        )
        for pk in order
        if pk in rows
    )
    return Found(read, rows, known, n_resources, max(near.values(), default=None))


def questions_like(*, course: Course, text: str) -> list[Question]:
    """Exercises that share words with the message. Two queries."""
    ids = _by_words(course, text[:MAX_SEARCHED], [Resource.Kind.EXERCISE], EXERCISES)
    rows = Resource.objects.filter(pk__in=ids).values_list("pk", "title", "body")
    by_id = {pk: Question(pk, title, body) for pk, title, body in rows}
    return [by_id[pk] for pk in ids if pk in by_id]


def skills_of(resources: Sequence[int]) -> dict[int, int]:
    """Resource id -> its main skill, in the order given. One query."""
    links = ResourceSkill.objects.filter(resource__in=resources, position=0).values_list("resource_id", "skill_id")
    main = dict(links)
    return {resource: main[resource] for resource in resources if resource in main}


# Answers


_KEY_FIELDS = ("response_format", "body", "answer", "choices", "hints", "explanation", "rubric")
_kept: OrderedDict[tuple[Any, ...], Keys] = OrderedDict()
_lock = Lock()


def keys_of(*, course: Course, resources: Sequence[int] = (), exercises: Sequence[int] = ()) -> Keys:
    """The answers of the course's exercises, kept in this process while none of them changes. One to three queries.

    Of a course with more than MAX_KEYS exercises: those of the skills of these resources, and these exercises.
    """
    rows = Resource.objects.filter(course=course, kind=Resource.Kind.EXERCISE)
    state = rows.aggregate(n=Count("pk"), latest=Max("updated_at"))
    scope: tuple[int, ...] = ()
    if state["n"] > MAX_KEYS:
        skills = sorted(set(skills_of(resources).values()))
        scope = (*skills, 0, *sorted(exercises))
        rows = rows.filter(Q(skill_links__skill__in=skills) | Q(pk__in=exercises)).distinct()
    mark = (course.pk, state["n"], state["latest"], scope)
    with _lock:
        if mark in _kept:
            _kept.move_to_end(mark)
            return _kept[mark]
    keys = Keys.of(_key(row) for row in rows.values("pk", *_KEY_FIELDS)[:MAX_KEYS])
    with _lock:
        _kept[mark] = keys
        while len(_kept) > KEPT_KEYS:
            _kept.popitem(last=False)
    return keys


def _key(row: dict[str, Any]) -> Key:
    return key_of(exercise=row["pk"], **{name: row[name] for name in _KEY_FIELDS})


def solved(*, learner: Learner, course: Course) -> set[int]:
    """Exercises that the learner has answered right, and has not opened again since. Two queries."""
    attempts = Attempt.objects.filter(learner=learner, course=course).filter(
        Q(assessments__is_current=True, assessments__is_released=True, assessments__score__gte=RIGHT_FROM)
        | Q(assessments__isnull=True, given_score__gte=RIGHT_FROM)
    )
    right_at = {
        row["resource_id"]: row["at"] for row in attempts.values("resource_id").annotate(at=Max("submitted_at"))
    }
    started = ImpressionEvent.objects.filter(
        impression__slate__learner=learner,
        impression__slate__course=course,
        impression__resource__in=list(right_at),
        type=ImpressionEvent.Type.START,
    )
    again = {
        row["impression__resource_id"]: row["at"]
        for row in started.values("impression__resource_id").annotate(at=Max("created_at"))
    }
    return {pk for pk, at in right_at.items() if pk not in again or again[pk] <= at}
