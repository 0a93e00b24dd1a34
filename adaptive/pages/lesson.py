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

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from adaptive.assessment.models import Assessment
from adaptive.catalog.models import WORDS_FORMATS, Course, Resource
from adaptive.common.text import normalise
from adaptive.events.models import Attempt
from adaptive.learners.models import Enrolment, Learner
from adaptive.pages.presenters.answers import answer_text
from adaptive.pages.selectors import HEAVY, main_skill_links, skills_of_resource
from adaptive.recommendation.filtering import RIGHT_FROM
from adaptive.recommendation.models import Homework

LATELY = timedelta(days=14)
CARDS = 3
FEWEST_LEARNERS = 2  # fewer are no matter for the whole class
FOLLOW_FOR = timedelta(days=7)  # so long a card stays that homework was given from
BEFORE = timedelta(days=7)  # what "before" means where it is counted
COUNT_AFTER = timedelta(days=2)  # from then on it says what became of it
FOLLOWED = 2  # cards at most that look back, so that one is left for what is new
SET = 5
LOOKED_AT = 40  # answers a misconception that are looked through for words to quote
QUOTES = 3
MOST_EXERCISES = 400  # on the skills concerned, that a set's candidates are looked for in
CANDIDATES = 25  # of them a misconception, for which it is counted who has answered them right


@dataclass(slots=True)
class Shown:
    """A misconception as it showed lately. `by_exercise`: resource id -> ids of learners who showed it there."""

    code: str
    n: int = 0
    learners: set[int] = field(default_factory=set)
    by_exercise: dict[int, set[int]] = field(default_factory=dict)


def _counting(course: Course, since: datetime) -> QuerySet[Assessment]:
    """Assessments that count, of whoever learns in the course now."""
    here = Enrolment.objects.filter(course=course, role=Enrolment.Role.LEARNER).values("learner")
    return Assessment.objects.filter(
        is_current=True,
        is_released=True,
        attempt__course=course,
        attempt__submitted_at__gte=since,
        attempt__learner__in=here,
    )


def shown_lately(*, course: Course, at: datetime) -> dict[str, Shown]:
    """Misconception id -> how it showed in the last two weeks, those that most learners showed first. One query."""
    rows = _counting(course, at - LATELY).exclude(misconception="").order_by()
    rows = rows.values_list("misconception", "attempt__learner_id", "attempt__resource_id").annotate(n=Count("pk"))
    found: dict[str, Shown] = {}
    for code, learner_id, resource_id, n in rows:
        one = found.setdefault(code, Shown(code))
        one.n += n
        one.learners.add(learner_id)
        one.by_exercise.setdefault(resource_id, set()).add(learner_id)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1].learners), -item[1].n, item[0])))


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


def _names_of(learners: Iterable[Learner]) -> re.Pattern[str] | None:
    parts = {part for one in learners for part in re.findall(r"[^\W\d_]{3,}", f"{one.display_name} {one.external_id}")}
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(parts)))})\b", re.IGNORECASE) if parts else None


def quotes_of(
    *, course: Course, codes: Collection[str], learners: Iterable[Learner], at: datetime
) -> dict[str, list[Attempt]]:
    """Misconception id -> answers that showed it, different ones, words before choices, the latest first. One query.

    An answer that holds a name of somebody in the class is left out: the quotes are to be shown to the class.
    """
    found: dict[str, list[Attempt]] = {code: [] for code in codes}
    in_words = Case(
        When(attempt__resource__response_format__in=WORDS_FORMATS, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    order = [in_words, F("attempt__submitted_at").desc(), F("pk").desc()]
    rows = (
        _counting(course, at - LATELY)
        .filter(misconception__in=codes)
        .annotate(place=Window(RowNumber(), partition_by=[F("misconception")], order_by=order))
        .filter(place__lte=LOOKED_AT)
        .select_related("attempt", "attempt__resource")
        .defer(*(f"attempt__{name}" for name in HEAVY))
        .order_by("misconception", "place")
    )
    names = _names_of(learners)
    seen: set[tuple[str, str]] = set()
    for row in rows:
        text = answer_text(row.attempt.resource, row.attempt.response)
        key = (row.misconception, normalise(text))
        has_name = row.attempt.resource.is_words and names is not None and names.search(text)
        if row.attempt.response is None or not text.strip() or key in seen or has_name:
            continue
        seen.add(key)
        if len(found[row.misconception]) < QUOTES:
            found[row.misconception].append(row.attempt)
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
    """Misconception id -> its exercises, without retired ones. Four queries."""
    met = {pk for code in codes if code in shown for pk in shown[code].by_exercise}
    rows = Resource.objects.filter(course=course, kind=Resource.Kind.EXERCISE, is_retired=False)
    rows = rows.defer("embedding", "search", "rubric", "hints").prefetch_related(main_skill_links())
    naming = list(rows.filter(_naming(codes) | Q(pk__in=met)).order_by("pk")[:MOST_EXERCISES])
    skills = {_main(one) for one in naming} - {None}
    beside = rows.filter(skill_links__skill__in=skills, skill_links__position=0)
    beside = list(beside.exclude(pk__in=[one.pk for one in naming]).order_by("pk")[:MOST_EXERCISES])

    found: dict[str, Pool] = {}
    for code in codes:
        shown_on = shown[code].by_exercise if code in shown else {}
        own = sorted((one for one in naming if one.pk in shown_on or names_it(one, code)), key=_ease)
        of_skills = {_main(one) for one in own} - {None}
        taken = {one.pk for one in own}
        near = [one for one in (*naming, *beside) if one.pk not in taken and _main(one) in of_skills]
        found[code] = Pool(own, sorted(near, key=_ease))
    return found


def _ease(one: Resource) -> tuple[float, int]:
    return (0.5 if one.authored_difficulty is None else one.authored_difficulty, one.pk)


def _main(exercise: Resource) -> int | None:
    links = skills_of_resource(exercise)
    return links[0].pk if links else None


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


def solved_by(*, course: Course, learners: Collection[int], exercises: Collection[int]) -> Counter[int]:
    """Resource id -> how many of these learners have ever answered it right. One query."""
    right = Assessment.objects.filter(is_current=True, is_released=True, score__gte=RIGHT_FROM)
    rows = right.filter(attempt__course=course, attempt__learner__in=learners, attempt__resource__in=exercises)
    rows = rows.order_by().values_list("attempt__resource_id").annotate(n=Count("attempt__learner", distinct=True))
    return Counter(dict(rows))


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


def before_and_after(
    *, course: Course, given: Mapping[str, Homework], pools: Mapping[str, Pool], at: datetime
) -> dict[str, BeforeAfter]:
    """Misconception id -> its counts, of homework that was given two days ago or earlier. One query, none for none.

    Only answers to exercises on which it can show (or did) are counted, and how many there were is told: a quiet week
    is not a better one.
    """
    due = {code: one for code, one in given.items() if at - one.created_at >= COUNT_AFTER}
    if not due:
        return {}
    sums: dict[str, Any] = {}
    days = {code: (at - one.created_at).days for code, one in due.items()}
    for number, (code, given_one) in enumerate(due.items()):
        pool = pools.get(code)
        can = Q(attempt__resource__in=[one.pk for one in pool.own] if pool else [])
        is_it = Q(misconception=code)
        given_at = given_one.created_at
        for name, start, end in (("before", given_at - BEFORE, given_at), ("after", given_at, at)):
            then = can & Q(attempt__submitted_at__gte=start, attempt__submitted_at__lt=end)
            key = f"{name}_{number}"
            sums[f"n_{key}"] = Count("pk", filter=then & is_it)
            sums[f"of_{key}"] = Count("pk", filter=then)
            sums[f"learners_{key}"] = Count("attempt__learner", filter=then & is_it, distinct=True)
            sums[f"all_{key}"] = Count("attempt__learner", filter=then, distinct=True)
    there = {one.pk for code in due if (pool := pools.get(code)) for one in pool.own}
    found = _counting(course, at - FOLLOW_FOR - BEFORE).filter(attempt__resource__in=there).aggregate(**sums)

    def window(key: str) -> Counted:
        return Counted(found[f"learners_{key}"], found[f"n_{key}"], found[f"all_{key}"], found[f"of_{key}"])

    return {
        code: BeforeAfter(BEFORE.days, days[code], window(f"before_{number}"), window(f"after_{number}"))
        for number, code in enumerate(due)
    }


def claims_of(
    *, course: Course, starters: Mapping[str, Resource], learners: Iterable[Learner], at: datetime
) -> dict[str, str]:
    """Misconception id -> the answer that most often showed it on its starter, in words. One query, none for none."""
    if not starters:
        return {}
    wanted = Q(pk__in=())
    for code, starter in starters.items():
        wanted |= Q(misconception=code, attempt__resource=starter.pk)
    rows = _counting(course, at - LATELY).filter(wanted).select_related("attempt").order_by("-attempt__submitted_at")
    names = _names_of(learners)
    counts: dict[str, Counter[str]] = {code: Counter() for code in starters}
    for row in rows[: LOOKED_AT * CARDS]:
        starter = starters[row.misconception]
        text = answer_text(starter, row.attempt.response).strip() if row.attempt.response else ""
        if text and not (starter.is_words and names is not None and names.search(text)):
            counts[row.misconception][text] += 1
    return {code: found.most_common(1)[0][0] for code, found in counts.items() if found}
