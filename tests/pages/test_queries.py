"""A page costs as many queries for a class of forty with a term of answers as for two with none."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from adaptive.common.clock import now
from adaptive.conversation.services import conversation_start, message_post
from adaptive.pages.urls import urlpatterns
from adaptive.performance import jobs
from adaptive.performance.models import PerformanceAssessment
from adaptive.planning.calendar import feed_open
from adaptive.planning.services import plan_set
from adaptive.practice.services import answer_submit, slate_next
from adaptive.recommendation.homework import homework_give
from adaptive.recommendation.reviewing import review_record
from tests.factories import Cast, attempt_make, enrol, exercise_make, learner_make, mastery_make, right, wrong

LEARNERS_PAGES = ["course", "performance", "plan", "skills", "skill", "resource", "attempt", "pick", "why"]
LEARNERS_PAGES += ["ask", "asked", "my-data", "my-data-delete"]
LEARNERS_PAGES += ["feed", "catalogue", "preferences", "reading"]
LEARNERS_PAGES += ["home", "courses", "practice", "attempt-state", "my-data-export", "calendar", "tutor", "tutor-state"]
TEACHERS_PAGES = ["report", "report-map", "report-skill", "report-exercise", "learner", "learner-skill", "review"]
TEACHERS_PAGES += ["picks", "pick-review", "lesson", "homework", "homework-new", "homework-one", "settings"]
TEACHERS_PAGES += ["review-one"]
MOST = {"course": 40, "resource": 20, "attempt": 40, "report": 24, "my-data-export": 36}
ELSE = 22
OF_NOBODY = ["login"]


def address(cast: Cast, name: str) -> str:
    pattern = next(one for one in urlpatterns if one.name == ("resource" if name == "reading" else name))
    values = {
        "course_id": cast.course.pk,
        "resource_id": (cast.reading if name == "reading" else cast.exercises["choice"]).pk,
        "attempt_id": cast.extra["waiting" if name == "review-one" else "attempt"].pk,
        "skill_id": cast.skills[0].pk,
        "learner_id": cast.alice.pk,
        "slate_id": cast.extra["asked" if name == "asked" else "slate"].pk,
        "position": 1,
        "token": cast.extra["token"],
        "message_id": cast.extra["message"].pk,
        "ruling_id": 1,
        "homework_id": cast.extra["homework"].pk,
    }
    return reverse(f"adaptive:{pattern.name}", kwargs={one: values[one] for one in pattern.pattern.converters})


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
    cast.extra["waiting"] = attempt_make(cast.alice, cast.exercises["short_text"], state="needs_review")
    cast.extra["attempt"] = submit(cast, cast.alice, "choice", wrong("choice"))
    cast.extra["slate"] = slate_next(learner=cast.alice, course=cast.course)
    cast.extra["asked"] = slate_next(learner=cast.alice, course=cast.course, query="exercises, not too hard")
    in_ten_days = now() + timedelta(days=10)
    plan = {"exam_at": in_ten_days, "target": 0.99, "minutes_per_weekday": [20] * 7, "days_off": [in_ten_days.date()]}
    cast.extra["token"] = feed_open(plan=plan_set(learner=cast.alice, course=cast.course, **plan))
    cast.extra["talk"] = conversation_start(learner=cast.alice, course=cast.course)
    cast.extra["message"] = message_post(conversation=cast.extra["talk"], text="What is a fraction?")
    cast.extra["homework"], _ = homework_give(
        course=cast.course, teacher=cast.charlie, exercises=[cast.exercises["choice"].pk, cast.exercises["cloze"].pk]
    )
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
    for n in range(5):
        message_post(conversation=cast.extra["talk"], text=f"And what is {n}/8 of it?")
        homework_give(course=cast.course, teacher=cast.charlie, exercises=[cast.exercises["numeric"].pk], title=f"{n}")
    assess(cast)


def count(client, url: str) -> int:
    client.get(url)  # what is made once (a slate, an event of being seen) is made now
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code in (200, 302)
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


def test_no_page_is_forgotten(cast, as_user):
    """Whatever address answers a GET of somebody's is in one of the lists above."""
    some(cast)
    for who, listed in (("alice", LEARNERS_PAGES), ("charlie", TEACHERS_PAGES)):
        client = as_user(who)
        answers = {one.name for one in urlpatterns if client.get(address(cast, one.name)).status_code in (200, 302)}
        assert answers <= {*listed, *OF_NOBODY, *(LEARNERS_PAGES if who == "charlie" else ())}, who


def test_logging_in_asks_the_database_next_to_nothing(client, db):
    assert count(client, reverse("adaptive:login")) <= 2
