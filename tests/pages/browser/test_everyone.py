"""Every page for everyone: no accessibility violation, nothing that has to be scrolled sideways, light and dark; and
(see the window fixture) no error in the console, none of the content policy's either, and no other host asked.

None is forgotten: whatever address shows a whole page to somebody is looked at, beside the states that are named here.
"""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from adaptive.audit.services import sent_record
from adaptive.common.clock import now
from adaptive.conversation.services import conversation_start, message_post
from adaptive.learners.models import Learner
from adaptive.mastery.models import SkillMastery
from adaptive.pages.urls import urlpatterns
from adaptive.performance import jobs
from adaptive.performance.models import PerformanceAssessment
from adaptive.planning.calendar import feed_open
from adaptive.planning.services import plan_set
from adaptive.practice.services import answer_submit, slate_next
from adaptive.recommendation.homework import homework_give
from adaptive.recommendation.services import impression_event
from tests.factories import EXERCISES, Cast, attempt_make, enrol, learner_make, right, wrong

LONG = "Maximiliane-Charlotte von Hohenstein-Wolkenbruch zu Untersteinach"


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


@pytest.fixture
def lively(cast: Cast) -> Cast:
    """The cast after some days of work: every section of every page has something in it."""
    cast.skills[2].name = "Adding and subtracting fractions with unlike denominators and mixed numbers"
    cast.skills[2].save()
    long_name = learner_make(cast.tenant, "long", display_name=LONG, login=False)
    enrol(long_name, cast.course)
    for learner in (cast.alice, cast.bob, long_name):
        for name in ("choice", "numeric", "cloze", "matching", "ordering", "multiple_choice"):
            for response in (wrong(name), wrong(name), right(name) if learner is cast.bob else wrong(name)):
                submit(cast, learner, name, response, n_hints=1)
    SkillMastery.objects.filter(learner=long_name).update(p_mastery=0.2)
    SkillMastery.objects.filter(learner=cast.bob).update(p_mastery=0.95)
    cast.extra["waiting"] = submit(cast, cast.alice, "short_text", right("short_text"))
    cast.extra["wrong"] = submit(cast, cast.alice, "matching", wrong("matching"))
    cast.extra["right"] = submit(cast, cast.alice, "choice", right("choice"))
    cast.extra["in review"] = attempt_make(cast.alice, cast.exercises["long_text"], state="needs_review")
    for text, host in (("… says that they are not equal. " * 40, "models.example.org"), (LONG.replace(" ", ""), "")):
        note = {"purpose": "marking", "model": "reader 7", "host": host, "text": text, "removed": {"name": 2}}
        sent_record(learner=cast.alice, subject=cast.course, **note)
    Learner.objects.filter(pk=cast.alice.pk).update(shares_performance=True)
    jobs.sessions_note(at=now() + timedelta(hours=7))
    jobs.weeks_note(at=now() + timedelta(days=8))
    for assessment in PerformanceAssessment.objects.all():
        jobs.performance_work(assessment.pk)
    plan = {"exam_at": now() + timedelta(days=21), "target": 0.95, "minutes_per_weekday": [20] * 7}
    day = (now() + timedelta(days=3)).date()
    cast.extra["token"] = feed_open(plan=plan_set(learner=cast.alice, course=cast.course, days_off=[day], **plan))
    slate = cast.extra["slate"] = slate_next(learner=cast.alice, course=cast.course)
    impression_event(slate=slate, position=1, type="start")
    query = f"exercises or texts on what a fraction means, adding fractions, not too hard, under 30 minutes, {LONG}"
    ask = {"learner": cast.alice, "course": cast.course, "query": query}
    cast.extra["asked"] = slate_next(**ask, without=["at_most"])
    cast.extra["asked in vain"] = slate_next(**{**ask, "query": "a video, no videos, with pictures"})
    return cast


WHOLE = b"<!doctype html>"


def walked(cast: Cast) -> dict[str, list[tuple[str, str]]]:
    """Who can open what: name of the address -> (who, path) of each that shows a whole page. What takes a form alone,
    leads elsewhere, or is a part of a page or a file, has none."""
    given, _ = homework_give(course=cast.course, teacher=cast.charlie, exercises=[cast.exercises["choice"].pk])
    values = {
        "course_id": cast.course.pk,
        "resource_id": cast.exercises["choice"].pk,
        "attempt_id": cast.extra["in review"].pk,
        "skill_id": cast.skills[0].pk,
        "learner_id": cast.alice.pk,
        "slate_id": cast.extra["slate"].pk,
        "position": 1,
        "token": cast.extra["token"],
        "message_id": message_post(
            conversation=conversation_start(learner=cast.alice, course=cast.course), text="What is a fraction?"
        ).pk,
        "ruling_id": 1,
        "homework_id": given.pk,
    }
    found: dict[str, list[tuple[str, str]]] = {}
    for pattern in urlpatterns:
        missing = set(pattern.pattern.converters) - set(values)
        assert not missing, f"“{pattern.name}” needs a value for {missing} here, so that it is looked at"
        path = reverse(f"adaptive:{pattern.name}", kwargs={name: values[name] for name in pattern.pattern.converters})
        found[pattern.name], statuses = [], {}
        for who in ("alice", "charlie"):
            client = Client()
            client.force_login(User.objects.get(username=who))
            response = client.get(path)
            statuses[who] = response.status_code
            if response.status_code == 200 and response.getvalue().lstrip()[:15].lower() == WHOLE:
                found[pattern.name].append((who, path))
        assert set(statuses.values()) <= {200, 302, 303, 404, 405} and set(statuses.values()) != {404}, statuses
    return found


def students_pages(cast: Cast) -> dict[str, str]:
    course = cast.course.pk
    return {
        "home": reverse("adaptive:course", args=[course]),
        "courses": reverse("adaptive:courses"),
        "my data": reverse("adaptive:my-data"),
        "delete my data": reverse("adaptive:my-data-delete"),
        "performance": reverse("adaptive:performance", args=[course]),
        "plan": reverse("adaptive:plan", args=[course]),
        "plan, what if": reverse("adaptive:plan", args=[course]) + f"?skip={(now() + timedelta(days=2)).date()}",
        **{f"practice {n}": reverse("adaptive:resource", args=[course, cast.exercises[n].pk]) for n in EXERCISES},
        **{
            f"result {n}": reverse("adaptive:attempt", args=[course, cast.extra[n].pk])
            for n in ("waiting", "wrong", "right")
        },
        "pick": reverse("adaptive:pick", args=[cast.extra["slate"].pk, 1]),
        "why": reverse("adaptive:why", args=[cast.extra["slate"].pk, 1]),
        "reading": reverse("adaptive:resource", args=[course, cast.reading.pk]),
        "ask": reverse("adaptive:ask", args=[course]),
        "asked": reverse("adaptive:asked", args=[course, cast.extra["asked"].pk]),
        "asked, nothing found": reverse("adaptive:asked", args=[course, cast.extra["asked in vain"].pk]),
        "skills": reverse("adaptive:skills", args=[course]),
        "skill": reverse("adaptive:skill", args=[course, cast.skills[0].pk]),
    }


def teachers_pages(cast: Cast) -> dict[str, str]:
    course = cast.course.pk
    return {
        "report": reverse("adaptive:report", args=[course]),
        "map": reverse("adaptive:report-map", args=[course]),
        "skill": reverse("adaptive:report-skill", args=[course, cast.skills[0].pk]),
        "exercise": reverse("adaptive:report-exercise", args=[course, cast.exercises["choice"].pk]),
        "learner": reverse("adaptive:learner", args=[course, cast.alice.pk]),
        "learner's skill": reverse("adaptive:learner-skill", args=[course, cast.alice.pk, cast.skills[0].pk]),
        "review": reverse("adaptive:review", args=[course]),
    }


def problems(w, name: str) -> list[str]:
    found = []
    seen = Axe().run(w.page)
    if seen.violations_count:
        found.append(f"{name}: {seen.generate_report()}")
    too_wide = w.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, f"{name} is {too_wide} px too wide"] if too_wide > 0 else found


def check(w, name: str) -> None:
    found = problems(w, name)
    assert not found, "\n".join(found)


def every_page(cast: Cast) -> dict[str, dict[str, str]]:
    """Who -> name of a page -> its path."""
    named = {"alice": students_pages(cast), "charlie": teachers_pages(cast)}
    for name, places in walked(cast).items():
        for who, path in places:
            if path not in named[who].values():
                named[who][f"/{name}/"] = path
    assert len(named["alice"]) > 30 and len(named["charlie"]) > 8
    return named


@pytest.mark.timeout(900)  # a hundred pages, each looked at by axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_every_page(window, lively, width, scheme):
    w = window(width=width, scheme=scheme)
    w.goto("/login/")
    found = problems(w, "login")
    for who, pages in every_page(lively).items():
        w.log_in(who)
        for name, path in pages.items():
            w.goto(path)
            found += problems(w, f"{who}: {name}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [320, 1440])
def test_every_page_in_german_whose_words_are_longer(window, lively, width):
    w = window(width=width)
    w.goto("/login/")
    w.page.get_by_role("button", name="Deutsch").click()
    w.page.get_by_role("button", name="Anmelden").wait_for()
    found = problems(w, "login")
    named = every_page(lively)
    Learner.objects.update(language="de")
    for who, pages in named.items():
        w.log_in(who)
        for name, path in pages.items():
            w.goto(path)
            found += problems(w, f"{who}: {name}")
            if w.page.evaluate("document.documentElement.lang") != "de":
                found.append(f"{who}: {name} is not in German")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_states_that_arrive_without_a_reload(window, lively, scheme):
    w = window(scheme=scheme)
    w.expected = ["422"]
    w.log_in("alice")
    w.goto(students_pages(lively)["practice numeric"])
    w.page.get_by_role("button", name="Show a hint").click()
    w.page.get_by_text("Hint 1 of 3").wait_for()
    w.page.get_by_label("Your answer").fill("what?")
    w.page.get_by_role("button", name="Check my answer").click()
    w.page.locator("#form-error").wait_for()
    check(w, "error")
    w.page.get_by_label("Your answer").fill("5")
    w.page.get_by_role("button", name="Check my answer").click()
    w.page.locator(".verdict").wait_for()
    check(w, "result in place")
    w.page.get_by_role("link", name="Why this?").click()
    w.page.get_by_role("dialog").wait_for()
    check(w, "drawer")


def test_no_data_at_all(window, cast):
    w = window(width=320)
    for who, pages in (
        ("bob", ["adaptive:course", "adaptive:performance", "adaptive:plan", "adaptive:skills"]),
        ("charlie", ["adaptive:report", "adaptive:report-map", "adaptive:review"]),
    ):
        w.log_in(who)
        for name in pages:
            w.goto(reverse(name, args=[cast.course.pk]))
            check(w, f"{who}: {name}, empty")


def test_twice_as_large_a_text_still_fits(window, lively):
    w = window(width=640)
    w.log_in("alice")
    for name, path in students_pages(lively).items():
        w.goto(path)
        w.page.evaluate("document.documentElement.style.fontSize = '212.5%'")
        too_wide = w.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{name} is {too_wide} px too wide at 200 %"


def test_right_to_left_holds(window, lively):
    w = window(width=320)
    w.log_in("alice")
    for name, path in students_pages(lively).items():
        w.goto(path)
        w.page.evaluate("document.documentElement.dir = 'rtl'")
        too_wide = w.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{name} is {too_wide} px too wide from right to left"


def test_the_skip_link_comes_first_and_leads_to_the_content(window, lively):
    w = window()
    w.log_in("alice")
    w.goto(students_pages(lively)["home"])
    w.page.keyboard.press("Tab")
    skip = w.page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("one => one === document.activeElement") and skip.bounding_box()["y"] >= 0
    w.page.keyboard.press("Enter")
    assert w.page.evaluate("document.activeElement.id") == "main"
