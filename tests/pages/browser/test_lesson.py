"""A teacher assigns from tomorrow's card, a student finds it, with and without JavaScript; all pages at any width."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from adaptive.common.clock import now
from adaptive.learners.models import Cohort
from adaptive.recommendation.homework import homework_give
from adaptive.recommendation.models import Homework
from tests.factories import Cast, attempt_make, enrol, exercise_make, learner_make

LONG = "Maximiliane-Charlotte von Hohenstein-Wolkenbruch zu Untersteinach"


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


@pytest.fixture
def erring(cast: Cast) -> Cast:
    Cohort.objects.create(tenant=cast.tenant, course=cast.course, name=f"Class of {LONG}")
    dora = learner_make(cast.tenant, "dora", display_name=LONG, login=False)
    enrol(dora, cast.course)
    for learner in (cast.alice, cast.bob, dora):
        attempt_make(
            learner,
            cast.exercises["choice"],
            score=0.0,
            misconception="part-to-part",
            response={"choice": "a"},
            submitted_at=now() - timedelta(hours=1),
        )
    attempt_make(
        cast.bob,
        cast.exercises["short_text"],
        score=0.0,
        misconception="part-to-part",
        response={"text": "Three of the five are red, so it is three fifths" + "!" * 200},
        submitted_at=now() - timedelta(hours=1),
    )
    for n in range(3):
        exercise_make(cast.course, [cast.skills[0]], external_id=f"more{n}", title=f"Parts {n} of {LONG}")
    return cast


def check(w, name: str) -> None:
    found = Axe().run(w.page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    too_wide = w.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{name} is {too_wide} px too wide"


def test_from_the_card_to_the_student_and_back(window, erring):
    w = window()
    w.log_in("charlie")
    w.goto("/")
    w.page.get_by_role("link", name="Tomorrow", exact=True).click()
    card = w.page.get_by_role("article", name="Compares a part with the other part")
    expect(card).to_contain_text("3 of 3 learners")
    card.get_by_label("For", exact=True).select_option("the 3 who showed it")
    card.get_by_role("button", name="Assign").dblclick()
    expect(w.page.get_by_text("Two days after it was assigned, this card counts again.")).to_be_visible()
    assert Homework.objects.count() == 1

    student = window()
    student.log_in("alice")
    student.goto(reverse("adaptive:course", args=[erring.course.pk]))
    given = student.page.get_by_role("region", name="From your teacher")
    first = given.get_by_role("link").first
    title = first.inner_text()
    first.click()
    expect(student.page.locator("h1")).to_contain_text(title[:20])

    w.page.get_by_role("button", name="Take back").click()
    expect(w.page.get_by_text("Taken back: “")).to_be_visible()
    student.goto(reverse("adaptive:course", args=[erring.course.pk]))
    expect(student.page.get_by_role("region", name="From your teacher")).to_have_count(0)


def test_without_javascript_a_wrong_day_loses_nothing(window, erring):
    w = window(javascript=False)
    w.expected.append("422")
    w.log_in("charlie")
    w.goto(reverse("adaptive:report-exercise", args=[erring.course.pk, erring.exercises["choice"].pk]))
    w.page.get_by_role("link", name="Assign it").click()
    expect(w.page.get_by_label("A bar of chocolate")).to_be_checked()
    w.page.get_by_label("Exercises on").select_option("Equivalent fractions")
    w.page.get_by_role("button", name="Show them").click()
    expect(w.page.get_by_label("A bar of chocolate")).to_be_checked()
    w.page.get_by_label("Which are a half?").check()
    w.page.get_by_label("those I tick").check()
    w.page.get_by_role("button", name="Assign").click()
    expect(w.page.get_by_role("alert")).to_contain_text("Choose for whom it is.")
    expect(w.page.get_by_label("Which are a half?")).to_be_checked()
    w.page.get_by_label("Bob").check()
    w.page.get_by_role("button", name="Assign").click()
    expect(w.page.locator("main")).to_contain_text("Assigned: “2 exercises”.")


def test_settings_say_what_is_wrong_and_keep_what_was_typed(window, erring):
    w = window()
    w.expected.append("422")
    w.log_in("charlie")
    w.goto("/")
    w.page.get_by_role("link", name="Course settings").click()
    w.page.get_by_label("The window begins at, in %").fill("95")
    w.page.get_by_role("button", name="Save").click()
    expect(w.page.get_by_role("alert").first).to_be_focused()
    expect(w.page.get_by_label("The window begins at, in %")).to_have_value("95")
    w.page.get_by_label("The window begins at, in %").fill("60")
    w.page.get_by_role("button", name="Save").click()
    expect(w.page.get_by_text("Saved.")).to_be_visible()
    w.page.get_by_role("button", name=re.compile("Switch off ?: Leo's pizza")).click()
    expect(w.page.get_by_text("marked by you alone").first).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1440, "light")])
def test_all_pages_hold_at_any_width(window, erring, width, scheme):
    exercises = [erring.exercises[name].pk for name in ("choice", "cloze", "short_text", "numeric", "ordering")]
    given, _ = homework_give(
        course=erring.course, teacher=erring.charlie, exercises=exercises, title=f"For {LONG}", misconception="swaps"
    )
    Homework.objects.update(created_at=now() - timedelta(days=3))
    w = window(width=width, scheme=scheme)
    w.log_in("charlie")
    course = erring.course.pk
    addresses = {
        "lesson": reverse("adaptive:lesson", args=[course]),
        "homework": reverse("adaptive:homework", args=[course]),
        "homework-one": reverse("adaptive:homework-one", args=[course, given.pk]),
        "homework-new": reverse("adaptive:homework-new", args=[course]),
        "settings": reverse("adaptive:settings", args=[course]),
        "exercise": reverse("adaptive:report-exercise", args=[course, erring.exercises["choice"].pk]),
        "report": reverse("adaptive:report", args=[course]),
    }
    for name, path in addresses.items():
        w.goto(path)
        for details in w.page.locator("main details").all():
            details.evaluate("one => one.open = true")
        check(w, f"{name} at {width}")
    student = window(width=width, scheme=scheme)
    student.log_in("alice")
    student.goto(reverse("adaptive:course", args=[course]))
    expect(student.page.get_by_role("region", name="From your teacher")).to_be_visible()
    check(student, f"home at {width}")
