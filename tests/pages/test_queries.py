"""A page costs as many queries for a class of forty with a term of answers as for two with none."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from adaptive.common.clock import now
from adaptive.performance import jobs
from adaptive.performance.models import PerformanceAssessment
from adaptive.planning.calendar import feed_open
from adaptive.planning.services import plan_set
from adaptive.practice.services import answer_submit, slate_next
from adaptive.recommendation.reviewing import review_record
from tests.factories import Cast, attempt_make, enrol, exercise_make, learner_make, mastery_make, right, wrong

LEARNERS_PAGES = ["course", "performance", "plan", "skills", "skill", "resource", "attempt", "pick", "why"]
LEARNERS_PAGES += ["ask", "asked", "my-data", "my-data-delete"]
LEARNERS_PAGES += ["feed", "catalogue", "preferences", "reading"]
TEACHERS_PAGES = ["report", "report-map", "report-skill", "report-exercise", "learner", "learner-skill", "review"]
TEACHERS_PAGES += ["picks", "pick-review", "lesson", "homework", "homework-new", "settings"]
MOST = {"course": 40, "resource": 20, "attempt": 40, "report": 24}
ELSE = 22


def address(cast: Cast, name: str) -> str:
    slate = cast.extra["slate"]
    values = {
        "my-data": (),
        "my-data-delete": (),
        "ask": (cast.course.pk,),
        "feed": (cast.course.pk,),
        "catalogue": (cast.course.pk,),
        "preferences": (cast.course.pk,),
        "reading": (cast.course.pk, cast.reading.pk),
        "asked": (cast.course.pk, cast.extra["asked"].pk),
        "course": (cast.course.pk,),
        "performance": (cast.course.pk,),
        "plan": (cast.course.pk,),
        "skills": (cast.course.pk,),
        "skill": (cast.course.pk, cast.skills[0].pk),
        "resource": (cast.course.pk, cast.exercises["choice"].pk),
        "attempt": (cast.course.pk, cast.extra["attempt"].pk),
        "pick": (slate.pk, 1),
        "why": (slate.pk, 1),
        "report": (cast.course.pk,),
        "report-map": (cast.course.pk,),
        "report-skill": (cast.course.pk, cast.skills[0].pk),
        "report-exercise": (cast.course.pk, cast.exercises["choice"].pk),
        "learner": (cast.course.pk, cast.alice.pk),
        "learner-skill": (cast.course.pk, cast.alice.pk, cast.skills[0].pk),
        "review": (cast.course.pk,),
        "lesson": (cast.course.pk,),
        "homework": (cast.course.pk,),
        "homework-new": (cast.course.pk,),
        "settings": (cast.course.pk,),
        "picks": (cast.course.pk,),
        "pick-review": (cast.course.pk, slate.pk, 1),
    }
    return reverse(f"adaptive:{'resource' if name == 'reading' else name}", args=values[name])


def submit(cast: Cast, learner, name: str, response: dict, **values):
    return answer_submit(
        tenant=cast.tenant,
        learner=learner,
        course=cast.course,
        resource=cast.exercises[name],
        response=response,
        source="page",
        **values,
    ).attempt


def some(cast: Cast) -> None:
    """Enough that every section of every page is drawn."""
    for name in ("choice", "numeric", "cloze"):
        for learner in (cast.alice, cast.bob):
            submit(cast, learner, name, wrong(name), submitted_at=now() - timedelta(days=1), n_hints=1)
    third = learner_make(cast.tenant, "dora")
    enrol(third, cast.course)
    submit(cast, third, "choice", wrong("choice"))
    mastery_make(third, cast.skills[1], 0.2)
    attempt_make(cast.alice, cast.exercises["short_text"], state="needs_review")
    cast.extra["attempt"] = submit(cast, cast.alice, "choice", wrong("choice"))
    cast.extra["slate"] = slate_next(learner=cast.alice, course=cast.course)
    cast.extra["asked"] = slate_next(learner=cast.alice, course=cast.course, query="exercises, not too hard")
    in_ten_days = now() + timedelta(days=10)
    plan = {"exam_at": in_ten_days, "target": 0.99, "minutes_per_weekday": [20] * 7, "days_off": [in_ten_days.date()]}
    feed_open(plan=plan_set(learner=cast.alice, course=cast.course, **plan))
    cast.alice.shares_performance = True
    cast.alice.save()
    review_record(
        slate=slate_next(learner=cast.bob, course=cast.course), position=1, decision="pin", teacher=cast.charlie
    )
    assess(cast)


def assess(cast: Cast) -> None:
    jobs.sessions_note(at=now() + timedelta(hours=1))
    jobs.weeks_note(at=now() + timedelta(days=8))
    for found in PerformanceAssessment.objects.filter(state="pending", learner=cast.alice):
        assert jobs.performance_work(found.pk) == "made"


def many(cast: Cast) -> None:
    for n in range(20):
        learner = learner_make(cast.tenant, f"learner{n}", login=False)
        enrol(learner, cast.course)
        for skill in cast.skills:
            mastery_make(learner, skill, 0.1 + n / 30)
        attempt_make(learner, cast.exercises["choice"], score=0.0, misconception="swaps", response={"choice": "c"})
        attempt_make(learner, cast.exercises["short_text"], state="needs_review")
        review_record(slate=slate_next(learner=learner, course=cast.course), position=2, decision="never")
    for n in range(10):
        exercise_make(cast.course, cast.skills[:2], "choice", external_id=f"more{n}")
        submit(cast, cast.alice, "choice", right("choice"), submitted_at=now() - timedelta(hours=n + 2))
        submit(cast, cast.alice, "multiple_choice", right("multiple_choice"))
    assess(cast)


def count(client, url: str) -> int:
    client.get(url)  # what is made once (a slate, an event of being seen) is made now
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", LEARNERS_PAGES + TEACHERS_PAGES)
def test_queries_do_not_grow(cast, as_user, name):
    client = as_user("alice" if name in LEARNERS_PAGES else "charlie")
    some(cast)
    before = count(client, address(cast, name))
    many(cast)
    after = count(client, address(cast, name))
    print("queries", name, before, after)
    assert after <= before + 1, "one more for a section that had nothing in it"
    assert after <= MOST.get(name, ELSE), after
