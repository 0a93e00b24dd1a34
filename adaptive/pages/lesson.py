"""What tomorrow's ten minutes are made from: misconceptions shown lately, who showed them and in which words, the
exercises on which they can show, and the counts before and after homework that was given for one.

Sums are made by the database; the number of queries is the same for any class.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from adaptive.catalog.models import WORDS_FORMATS, Course, Resource, ResourceSkill
from adaptive.common.text import normalise
from adaptive.events.models import Attempt
from adaptive.pages.presenters.answers import answer_text
from adaptive.pages.report import Name
from adaptive.pages.selectors import HEAVY, main_skill_links
from adaptive.recommendation.filtering import RIGHT_FROM
from adaptive.recommendation.models import Homework

LATELY = timedelta(days=14)
MOST_ANSWERS = 5_000  # of the course that are looked at, so that a course of thousands is read as fast as a class
CARDS = 3
FEWEST_LEARNERS = 2  # fewer are no matter for the whole class
FOLLOW_FOR = timedelta(days=7)  # so long a card stays that homework was given from
BEFORE = timedelta(days=7)  # what "before" means where it is counted
COUNT_AFTER = timedelta(days=2)  # from then on it says what became of it
FOLLOWED = 2  # cards at most that look back, so that one is left for what is new
SET = 5
LOOKED_AT = 15  # answers a misconception that are looked through for words to quote
CLAIMED_IN = 30  # answers to its starter, of which the most frequent is the claim
QUOTES = 3
MOST_EXERCISES = 400  # on the skills concerned, that a set's candidates are looked for in
CANDIDATES = 15  # of them a misconception, for which it is counted who has answered them right
COUNTED_ANSWERS = 60  # to each of them
WORDS = re.compile(r"\w+")
NAMES = re.compile(r"[^\W\d_]{3,}")


@dataclass(slots=True)
class Shown:
    """A misconception as it showed lately. `answers`: (id, resource id) of those that showed it, the latest first.
    `by_exercise`: resource id -> ids of learners who showed it there. `span`: how far back "lately" reaches."""

    code: str
    span: timedelta = LATELY
    answers: list[tuple[int, int]] = field(default_factory=list)
    learners: set[int] = field(default_factory=set)
    by_exercise: dict[int, set[int]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.answers)


# Of all marks that count few name an error: an index of them alone is read, and one of the answers of these days.
SHOWN_SQL = """
WITH latest AS MATERIALIZED (
    SELECT id, learner_id, resource_id, submitted_at FROM adaptive_attempt
    WHERE course_id = %(course)s AND submitted_at >= %(since)s
    ORDER BY submitted_at DESC LIMIT %(most)s
)
SELECT m.misconception, a.id, a.learner_id, a.resource_id, a.submitted_at,
    CASE WHEN (SELECT count(*) FROM latest) = %(most)s THEN (SELECT min(submitted_at) FROM latest) END
FROM latest a
JOIN adaptive_assessment m ON m.attempt_id = a.id AND m.is_current AND m.is_released AND m.misconception <> ''
WHERE a.learner_id IN (SELECT learner_id FROM adaptive_enrolment WHERE course_id = %(course)s AND role = 'learner')
ORDER BY a.submitted_at DESC, a.id DESC
"""


def shown_lately(*, course: Course, at: datetime) -> dict[str, Shown]:
    """Misconception id -> how it showed in the last two weeks, those that most learners showed first; where the course
    had more than MOST_ANSWERS answers in that time, in the whole days (hours) that so many reach back. One query."""
    with connection.cursor() as cursor:
        cursor.execute(SHOWN_SQL, {"course": course.pk, "since": at - LATELY, "most": MOST_ANSWERS})
        rows = cursor.fetchall()
    span = _whole(at - rows[0][5]) if rows and rows[0][5] else LATELY
    since = at - span
    found: dict[str, Shown] = {}
    for code, attempt_id, learner_id, resource_id, submitted_at, _ in rows:
        if submitted_at < since:
            break
        one = found.get(code) or found.setdefault(code, Shown(code, span))
        one.answers.append((attempt_id, resource_id))
        one.learners.add(learner_id)
        one.by_exercise.setdefault(resource_id, set()).add(learner_id)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1].learners), -item[1].n, item[0])))


def _whole(span: timedelta) -> timedelta:
    """In days, or hours where it is less than one, so that it can be said as it is."""
    unit = timedelta(days=1) if span >= timedelta(days=1) else timedelta(hours=1)
    return max(span // unit, 1) * unit


def given_for(*, course: Course, at: datetime) -> dict[str, Homework]:
    """Misconception id -> the latest homework that was given for it of late and not taken back, the latest first."""
    rows = Homework.objects.filter(course=course, ended_at=None, created_at__gte=at - FOLLOW_FOR)
    found: dict[str, Homework] = {}
    for one in rows.exclude(misconception="").order_by("-created_at", "-pk")[:50]:
        found.setdefault(one.misconception, one)
    return found


def codes_of_cards(shown: Mapping[str, Shown], given: Mapping[str, Homework]) -> list[str]:
    """At most three: those that look back, then those that most learners showed."""
    back = list(given)[:FOLLOWED]
    new = [code for code, one in shown.items() if code not in given and len(one.learners) >= FEWEST_LEARNERS]
    return [*back, *new][:CARDS]


def names_of(learners: Iterable[Name]) -> frozenset[str]:
    """The words of their names that could tell who it is, in small letters."""
    names = " ".join(f"{one.display_name} {one.external_id}" for one in learners)
    return frozenset(NAMES.findall(names.casefold()))


def _has_name(text: str, names: frozenset[str]) -> bool:
    return not names.isdisjoint(WORDS.findall(text.casefold()))


def quotes_of(*, shown: Mapping[str, Shown], codes: Collection[str], names: frozenset[str]) -> dict[str, list[Attempt]]:
    """Misconception id -> answers that showed it, different ones, words before choices, the latest first. Two queries.

    An answer that holds one of `names` (of the class) is left out: the quotes are to be shown to the class.
    """
    answers = {code: shown[code].answers for code in codes if code in shown}
    met = {resource_id for rows in answers.values() for _, resource_id in rows}
    in_words = Resource.objects.filter(pk__in=met, response_format__in=WORDS_FORMATS)
    in_words = set(in_words.values_list("pk", flat=True))
    looked_at = {
        code: [pk for pk, _ in sorted(rows, key=lambda row: row[1] not in in_words)[:LOOKED_AT]]
        for code, rows in answers.items()
    }
    rows = Attempt.objects.select_related("resource").defer(*HEAVY)
    attempts = rows.in_bulk([pk for ids in looked_at.values() for pk in ids])
    found: dict[str, list[Attempt]] = {code: [] for code in codes}
    for code, ids in looked_at.items():
        seen: set[str] = set()
        for attempt in (attempts[pk] for pk in ids if pk in attempts):
            text = answer_text(attempt.resource, attempt.response)
            key = normalise(text)
            has_name = attempt.resource.is_words and _has_name(text, names)
            if attempt.response is None or not text.strip() or key in seen or has_name:
                continue
            seen.add(key)
            found[code].append(attempt)
            if len(found[code]) == QUOTES:
                break
    return found


def _naming(codes: Iterable[str]) -> Q:
    """Exercises in which the author foresaw one of these."""
    wanted = Q(pk__in=())
    for code in codes:
        wanted |= Q(misconceptions__contains=[code]) | Q(choices__contains=[{"misconception": code}])
        wanted |= Q(answer__common_errors__contains=[{"misconception": code}])
    return wanted


def names_it(exercise: Resource, code: str) -> bool:
    """Did the author foresee the misconception here?"""
    common = exercise.answer.get("common_errors", ()) if isinstance(exercise.answer, dict) else ()
    rows: list[Any] = [*exercise.choices, *common]
    return code in exercise.misconceptions or any(
        isinstance(row, dict) and row.get("misconception") == code for row in rows
    )


@dataclass(frozen=True, slots=True)
class Pool:
    """Exercises of one misconception, the easiest first. `own`: on which it can show, or did; `near`: the rest on the
    same main skills."""

    own: list[Resource]
    near: list[Resource]


def exercises_for(*, course: Course, shown: Mapping[str, Shown], codes: Sequence[str]) -> dict[str, Pool]:
    """Misconception id -> its exercises, without retired ones, read as far as choosing takes (see `in_full`). Four
    queries at most: those on the same skills are looked for only where its own are too few for a set."""
    met = {pk for code in codes if code in shown for pk in shown[code].by_exercise}
    rows = Resource.objects.filter(course=course, kind=Resource.Kind.EXERCISE, is_retired=False)
    rows = rows.only("response_format", "authored_difficulty", "misconceptions", "choices", "answer").order_by("pk")
    naming = list(rows.filter(_naming(codes) | Q(pk__in=met))[:MOST_EXERCISES])
    own: dict[str, list[Resource]] = {}
    for code in codes:
        shown_on = shown[code].by_exercise if code in shown else {}
        own[code] = sorted((one for one in naming if one.pk in shown_on or names_it(one, code)), key=_ease)
    if all(len(found) > CANDIDATES for found in own.values()):
        return {code: Pool(found, []) for code, found in own.items()}
    main = _main_skills(naming)
    beside = rows.filter(skill_links__skill__in=set(main.values()), skill_links__position=0)
    beside = list(beside.exclude(pk__in=[one.pk for one in naming])[:MOST_EXERCISES])
    main |= _main_skills(beside)
    found: dict[str, Pool] = {}
    for code, mine in own.items():
        of_skills, taken = {main.get(one.pk) for one in mine} - {None}, {one.pk for one in mine}
        near = [one for one in (*naming, *beside) if one.pk not in taken and main.get(one.pk) in of_skills]
        found[code] = Pool(mine, sorted(near, key=_ease))
    return found


def _main_skills(exercises: Iterable[Resource]) -> dict[int, int]:
    """Resource id -> id of its main skill. One query."""
    links = ResourceSkill.objects.filter(resource__in=[one.pk for one in exercises], position=0)
    return dict(links.values_list("resource_id", "skill_id"))


def in_full(exercises: Iterable[Resource]) -> dict[int, Resource]:
    """Id -> the exercise with all that a page shows of it. Two queries."""
    rows = Resource.objects.defer("embedding", "search").prefetch_related(main_skill_links())
    return rows.in_bulk({one.pk for one in exercises})


def _ease(one: Resource) -> tuple[float, int]:
    return (0.5 if one.authored_difficulty is None else one.authored_difficulty, one.pk)


def starters_of(*, shown: Mapping[str, Shown], pools: Mapping[str, Pool], codes: Sequence[str]) -> dict[str, Resource]:
    """Misconception id -> the exercise of the course on which most learners showed it, to open the lesson with; another
    card's only where there is no other."""
    found: dict[str, Resource] = {}
    for code in codes:
        by_exercise = shown[code].by_exercise if code in shown else {}
        there = [one for one in pools[code].own if one.pk in by_exercise]
        free = [one for one in there if one not in found.values()] or there
        if free:
            found[code] = max(free, key=lambda one: (len(by_exercise[one.pk]), -one.pk))
    return found


SOLVED_SQL = """
SELECT wanted.id, count(DISTINCT latest.learner_id)
FROM unnest(%(exercises)s::bigint[]) AS wanted(id)
CROSS JOIN LATERAL (
    SELECT id, learner_id FROM adaptive_attempt WHERE resource_id = wanted.id ORDER BY submitted_at DESC LIMIT %(most)s
) latest
JOIN adaptive_assessment m ON m.attempt_id = latest.id AND m.is_current AND m.is_released AND m.score >= %(right_from)s
WHERE latest.learner_id = ANY(%(learners)s)
GROUP BY wanted.id
"""


def solved_by(*, learners: Collection[int], exercises: Collection[int]) -> Counter[int]:
    """Resource id -> how many of these learners answered it right among the last COUNTED_ANSWERS to it. One query."""
    values = {"exercises": list(exercises), "learners": list(learners)}
    with connection.cursor() as cursor:
        cursor.execute(SOLVED_SQL, {**values, "most": COUNTED_ANSWERS, "right_from": RIGHT_FROM})
        return Counter(dict(cursor.fetchall()))


def candidates_for(pool: Pool, *, starter: Resource | None, code: str) -> list[tuple[int, Resource]]:
    """Exercises that a set may be made of, each with how far it is from the misconception: 0 where it can show and the
    author says so, 1 where it only did, 2 on the same skills. Near and easy ones first, few enough to be counted."""
    near_by = [(0 if names_it(one, code) else 1, one) for one in pool.own] + [(2, one) for one in pool.near]
    free = [(far, one) for far, one in near_by if starter is None or one.pk != starter.pk]
    return sorted(free, key=lambda pair: (pair[0], _ease(pair[1])))[:CANDIDATES]


def set_of(candidates: Sequence[tuple[int, Resource]], *, solved: Mapping[int, int], n: int = SET) -> list[Resource]:
    """Five at most, to practise with after the lesson: where it can show before others, those that fewest of the
    learners have answered right already first; handed out from easy to hard. The starter is used up."""
    best = sorted(candidates, key=lambda pair: (pair[0], solved.get(pair[1].pk, 0), _ease(pair[1])))
    return sorted((one for _, one in best[:n]), key=_ease)


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts of one stretch of days: who showed it and how often, of all who answered where it can show."""

    n_learners: int = 0
    n: int = 0
    of_learners: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """The seven days before homework was given, and the days since."""

    days_before: int
    days_since: int
    before: Counted
    after: Counted


COUNTED_SQL = """
SELECT can.code, a.submitted_at >= can.given_at,
    count(DISTINCT a.learner_id) FILTER (WHERE m.misconception = can.code),
    count(*) FILTER (WHERE m.misconception = can.code),
    count(DISTINCT a.learner_id),
    count(*)
FROM unnest(%(codes)s::text[], %(exercises)s::bigint[], %(given)s::timestamptz[]) AS can(code, resource_id, given_at)
JOIN adaptive_attempt a ON a.resource_id = can.resource_id
    AND a.submitted_at >= can.given_at - %(before)s AND a.submitted_at < %(at)s AND a.course_id = %(course)s
JOIN adaptive_assessment m ON m.attempt_id = a.id AND m.is_current AND m.is_released
WHERE a.learner_id IN (SELECT learner_id FROM adaptive_enrolment WHERE course_id = %(course)s AND role = 'learner')
GROUP BY 1, 2
"""


def before_and_after(
    *, course: Course, given: Mapping[str, Homework], pools: Mapping[str, Pool], at: datetime
) -> dict[str, BeforeAfter]:
    """Misconception id -> its counts, of homework that was given two days ago or earlier. One query, none for none.

    Only answers to exercises on which it can show (or did) are counted, and how many there were is told: a quiet week
    is not a better one.
    """
    due = {code: one for code, one in given.items() if at - one.created_at >= COUNT_AFTER}
    pairs = [(code, one.pk) for code in due if (pool := pools.get(code)) for one in pool.own]
    counted: dict[tuple[str, bool], Counted] = {}
    if pairs:
        values = {
            "course": course.pk,
            "at": at,
            "before": BEFORE,
            "codes": [code for code, _ in pairs],
            "exercises": [pk for _, pk in pairs],
            "given": [due[code].created_at for code, _ in pairs],
        }
        with connection.cursor() as cursor:
            cursor.execute(COUNTED_SQL, values)
            counted = {(code, is_after): Counted(*numbers) for code, is_after, *numbers in cursor.fetchall()}
    return {
        code: BeforeAfter(
            BEFORE.days,
            (at - one.created_at).days,
            counted.get((code, False), Counted()),
            counted.get((code, True), Counted()),
        )
        for code, one in due.items()
    }


def claims_of(*, shown: Mapping[str, Shown], starters: Mapping[str, Resource], names: frozenset[str]) -> dict[str, str]:
    """Misconception id -> the answer that most often showed it on its starter, in words. One query, none for none."""
    there = {
        code: [pk for pk, resource_id in shown[code].answers if resource_id == starter.pk][:CLAIMED_IN]
        for code, starter in starters.items()
    }
    if not there:
        return {}
    responses = Attempt.objects.filter(pk__in=[pk for ids in there.values() for pk in ids])
    responses = dict(responses.values_list("pk", "response"))
    found: dict[str, str] = {}
    for code, ids in there.items():
        starter, said = starters[code], Counter[str]()
        for response in filter(None, map(responses.get, ids)):
            text = answer_text(starter, response).strip()
            if text and not (starter.is_words and _has_name(text, names)):
                said[text] += 1
        if said:
            found[code] = said.most_common(1)[0][0]
    return found
